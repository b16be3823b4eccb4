"""Where a network comes from: one file a source, one line each in the table below.

Nothing here imports torch before a network is loaded: the window shows the list earlier than that.
"""

from __future__ import annotations

import difflib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from cnnviewer.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviewer.network import Network

    ProgressCallback = Callable[[int, int | None, str], None]

__all__ = ["DEFAULT_NETWORK", "check_name", "list_networks", "load_network"]

DEFAULT_NETWORK = "efficientnet-lite0"

_TORCHVISION = (
    "alexnet",
    "vgg11",
    "vgg16",
    "vgg19",
    "resnet18",
    "resnet50",
    "googlenet",
    "densenet121",
    "densenet201",
    "squeezenet1_0",
)
# The group under which a network is listed, the module of its source, its names.
_SOURCES = (
    ("bundled", "cnnviewer.networks.efficientnet_lite", ("efficientnet-lite0",)),
    ("bundled", "cnnviewer.networks.lenet5", ("lenet5",)),
    ("torchvision", "cnnviewer.networks.torchvision_networks", _TORCHVISION),
)


class _Source(Protocol):
    """What the module of a source offers."""

    @staticmethod
    def load(name: str, weights: str | None, progress: ProgressCallback) -> Network: ...


def list_networks() -> dict[str, tuple[str, ...]]:
    """Return the names of the networks, grouped by where they come from; "bundled" ones need no download."""
    groups: dict[str, tuple[str, ...]] = {}
    for group, _, names in _SOURCES:
        groups[group] = groups.get(group, ()) + names
    return groups


def check_name(name: str) -> None:
    """Raise where there is no network of this name.

    Raises
    ------
    NetworkError
        With the nearest names.
    """
    _source_of(name)


def load_network(
    name: str, weights: str | Path | None = "DEFAULT", *, progress: ProgressCallback | None = None
) -> Network:
    """Load a network, in eval mode.

    Parameters
    ----------
    name
        One of `list_networks`.
    weights
        "DEFAULT" for trained weights (downloaded when they are first used), None for random ones, or the path of
        a file with weights for this network: ``.safetensors``, or a state dict that `torch.load` reads without
        running code.
    progress
        Called with bytes done, bytes in all (None: not known) and a text while weights come; it may raise
        `Cancelled` to stop that.

    Raises
    ------
    NetworkError
        If there is no such network; the message has the nearest names.
    WeightsError
        If the weights can't be had or do not fit.
    Cancelled
        If `progress` raised it.
    """
    source = cast("_Source", import_module(_source_of(name)))
    return source.load(name, None if weights is None else str(weights), progress or _no_progress)


def _source_of(name: str) -> str:
    for _, module, names in _SOURCES:
        if name in names:
            return module
    if Path(name).exists():
        raise NetworkError(
            f"{name} is a file: say which network its weights are for, as in "
            f"load_network('resnet18', weights={name!r}) or --network resnet18 --weights {name}."
        )
    known = [known for _, _, names in _SOURCES for known in names]
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.4)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are {', '.join(known)}."
    raise NetworkError(f"There is no network named {name!r}. {hint}")


def _no_progress(done: int, total: int | None, text: str) -> None:
    del done, total, text
