"""TorchScript: refused. It is deprecated in PyTorch, and its operations run where they can't be recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.errors import NetworkError

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.files.opened import Opened

__all__ = ["open_file"]


def open_file(path: Path, progress: ProgressCallback | None = None) -> Opened:
    """Refuse a TorchScript file with what to save instead; it is not read.

    Raises
    ------
    NetworkError
        Always.
    """
    raise NetworkError(
        f"{path.name} is TorchScript, whose layers can't be seen from outside. Where the Python network is at hand, "
        'save it with torch.export.save(torch.export.export(network, (example,)), "net.pt2"), '
        'or its weights with torch.save(network.state_dict(), "net.pt").'
    )
