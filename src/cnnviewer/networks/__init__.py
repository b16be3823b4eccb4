"""Where a network comes from: one file a source, and one line in the table below.

Nothing heavy is imported here: the window lists the names before torch is imported. A source is imported when
one of its networks is asked for; what it must have is told in `cnnviewer.networks.recipe`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from cnnviewer.errors import NetworkError
from cnnviewer.networks.run_folder import is_run
from cnnviewer.suggestions import suggestion

if TYPE_CHECKING:
    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.network import Network
    from cnnviewer.networks.recipe import Recipe

__all__ = ["DEFAULT_NETWORK", "check_name", "is_downloaded", "list_networks", "load_network", "recipe_of"]

DEFAULT_NETWORK = "efficientnet-lite0"
"""The network that opens first: its weights are installed with the program."""


@dataclass(frozen=True)
class _Source:
    """The heading under which a source is listed, its file, and the names of its networks."""

    group: str
    file: str
    names: tuple[str, ...]


_TORCHVISION = (
    "alexnet", "vgg11", "vgg16", "vgg19", "resnet18", "resnet50",
    "resnet152", "googlenet", "densenet121", "densenet201", "squeezenet1_0",
)  # fmt: skip

_SOURCES = (
    _Source("bundled", "efficientnet_lite", (DEFAULT_NETWORK,)),
    _Source("bundled", "lenet5", ("lenet5",)),
    _Source("bundled", "fashion_cnn", ("fashion-cnn",)),
    _Source("torchvision", "torchvision_networks", _TORCHVISION),
    _Source("untrained", "tiny_vgg", ("tiny-vgg",)),
    _Source("untrained", "cifar_resnet", ("resnet20", "resnet32", "resnet44", "resnet56")),
)


def list_networks() -> dict[str, tuple[str, ...]]:
    """Return the names of the networks, grouped by source.

    Returns
    -------
    dict
        "bundled" (installed with the program, weights included), "torchvision" (weights downloaded once) and
        "untrained" (to be trained, or opened with random weights).
    """
    groups: dict[str, tuple[str, ...]] = {}
    for source in _SOURCES:
        groups[source.group] = groups.get(source.group, ()) + source.names
    return groups


def load_network(
    name: str | Path, weights: str | Path | None = "DEFAULT", *, progress: ProgressCallback | None = None
) -> Network:
    """Load a network, in eval mode, on the CPU; `Network.to` brings it to another device, or to half precision.

    Parameters
    ----------
    name
        One of the names that `list_networks` gives, or the folder of a training run.
    weights
        "DEFAULT" for pretrained weights (of a run those of its latest checkpoint), None for random ones, or
        the path of a file of weights for this network: ``.safetensors``, or what
        ``torch.save(module.state_dict(), path)`` wrote. No code in a file is run.
    progress
        Called as ``progress(done, total, text)`` in this thread while weights are downloaded, about 20 times
        a second: bytes so far, all bytes (None where not known), and a line for people. It may raise
        `Cancelled` to stop the download; nothing of it is left on the disk.

    Raises
    ------
    NetworkError
        If there is no network of this name.
    WeightsError
        If the weights can't be downloaded or read, or don't fit.
    Cancelled
        If `progress` raised it.
    """
    if is_run(name):
        from cnnviewer.networks.trained import load_run

        return load_run(name, weights)
    return recipe_of(name).make(weights, progress)


def is_downloaded(name: str) -> bool:
    """Return whether the pretrained weights of a network lie on this machine; this imports torch.

    Raises
    ------
    NetworkError
        If there is no network of this name.
    """
    return recipe_of(name).is_local()


def check_name(name: str | Path) -> None:
    """Do nothing if there is a network of this name, or a training run in this folder; torch is not imported.

    Raises
    ------
    NetworkError
        If there is none. The sentence tells the nearest names, or what to do with a file.
    """
    if not is_run(name):
        _source(name)


def recipe_of(name: str | Path) -> Recipe:
    """Return how a listed network is made; this imports torch.

    Raises
    ------
    NetworkError
        If there is no network of this name.
    """
    module = import_module(f"{__name__}.{_source(name).file}")
    recipe: Recipe = module.recipe(name)
    return recipe


def _source(name: str | Path) -> _Source:
    for source in _SOURCES:
        if name in source.names:
            return source
    if _exists(name):
        raise NetworkError(
            f"{name} is a file or folder, not a network. Choose the network that it holds weights for, "
            f"and give the path as its weights: load_network(NAME, weights={str(name)!r})."
        )
    names = [known for source in _SOURCES for known in source.names]
    raise NetworkError(f"There is no network {str(name)!r}. {suggestion(str(name), names)}")


def _exists(name: str | Path) -> bool:
    with suppress(OSError):  # a name too long for the file system
        return bool(str(name)) and Path(name).exists()
    return False
