"""Weights alone, in safetensors or in a file of torch.save: they need an architecture, which another must name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.errors import WeightsError
from cnnviewer.networks.weights import read_weights

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.files.opened import Opened

__all__ = ["open_file"]


def open_file(path: Path, progress: ProgressCallback | None = None) -> Opened:
    """Read the weights, so that what is wrong with them is told; then say that an architecture is missing.

    Raises
    ------
    WeightsError
        Always: weights alone are no network. `read_weights` gives them.
    """
    state = read_weights(path)
    numbers = sum(tensor.numel() for tensor in state.values())
    raise WeightsError(
        f"{path.name} holds weights alone, {len(state)} tensors of {numbers:,} numbers; choose the architecture that "
        "they are of."
    )
