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
from cnnviewer.networks.files.formats import is_network_file
from cnnviewer.networks.files.places import has_network, is_factory
from cnnviewer.networks.names import CIFAR_DEPTHS, cifar_name, nearest, source_file
from cnnviewer.networks.run_folder import is_run

if TYPE_CHECKING:
    from cnnviewer.card import Card
    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.network import Network
    from cnnviewer.networks.recipe import Recipe

__all__ = [
    "DEFAULT_NETWORK",
    "check_name",
    "is_downloaded",
    "is_file",
    "list_networks",
    "load_network",
    "needs_download",
    "recipe_of",
]

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
    _Source("untrained", "cifar_resnet", tuple(map(cifar_name, CIFAR_DEPTHS))),
)


def list_networks() -> dict[str, tuple[str, ...]]:
    """Return the names of some networks, grouped by source; `cnnviewer.networks.catalogue` knows all.

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
    name: str | Path,
    weights: str | Path | None = "DEFAULT",
    *,
    card: Card | None = None,
    allow_code: bool = False,
    progress: ProgressCallback | None = None,
) -> Network:
    """Load a network, in eval mode, on the CPU; `Network.to` brings it to another device, or to half precision.

    Parameters
    ----------
    name
        One of the names that `list_networks` gives, any network of torchvision, ``timm/NAME`` or ``timm/NAME.TAG`` for
        one of timm; the folder of a training run; a file with a network or with weights, or the folder of one; or a
        factory, ``package.module:function`` or ``file.py:function``.
    weights
        "DEFAULT" for pretrained weights (of a run those of its latest checkpoint), None for random ones, or
        the path of a file of weights for this network: ``.safetensors``, or what
        ``torch.save(module.state_dict(), path)`` wrote. No code in a file is run.
    card
        Of a file or a factory: how it wants its images, its categories, for weights alone their architecture. By
        default what was set for the file in the window, what a JSON file beside it tells, or a guess.
    allow_code
        Whether code may run that comes with a file: a factory is code, and an exported program (``.pt2``) may hold
        some.
    progress
        Called as ``progress(done, total, text)`` in this thread while weights are downloaded, about 20 times
        a second: bytes so far, all bytes (None where not known), and a line for people. It may raise
        `Cancelled` to stop the download; nothing of it is left on the disk.

    Raises
    ------
    NetworkError
        If there is no network of this name, a file holds none, or code would run that is not allowed.
    WeightsError
        If the weights can't be downloaded or read, or don't fit.
    Cancelled
        If `progress` raised it.
    """
    if is_run(name):
        from cnnviewer.networks.trained import load_run

        return load_run(name, weights)
    if is_file(name):
        from cnnviewer.networks.files.opening import FileOpener

        return FileOpener().open(name, card, weights=weights, allow_code=allow_code, progress=progress)
    return recipe_of(name).make(weights, progress)


def is_file(name: str | Path) -> bool:
    """Whether a name is that of a file with a network, of its folder, or of a factory; it may be damaged."""
    if is_run(name) or any(name in source.names for source in _SOURCES):
        return False
    return _exists(name) or is_factory(str(name))


def is_downloaded(name: str) -> bool:
    """Return whether the pretrained weights of a network lie on this machine; this imports torch.

    Raises
    ------
    NetworkError
        If there is no network of this name.
    """
    return recipe_of(name).is_local()


def needs_download(name: str | Path, weights: str | Path | None) -> bool:
    """Whether loading a network would download its weights; this imports torch.

    Raises
    ------
    NetworkError
        If there is no network of this name.
    """
    return weights == "DEFAULT" and not is_run(name) and not is_file(name) and not is_downloaded(str(name))


def check_name(name: str | Path) -> None:
    """Do nothing if there is a network of this name, a file, or a training run in this folder.

    For a listed name, a file and a run, torch is not imported.

    Raises
    ------
    NetworkError
        If there is none; the sentence tells the nearest names.
    """
    if not is_run(name) and not is_file(name):
        _file(name)


def recipe_of(name: str | Path) -> Recipe:
    """Return how a listed network is made; this imports torch.

    Raises
    ------
    NetworkError
        If there is no network of this name.
    """
    module = import_module(f"{__name__}.{_file(name)}")
    recipe: Recipe = module.recipe(name)
    return recipe


def _file(name: str | Path) -> str:
    """Return the file of the source that makes a network."""
    for source in _SOURCES:
        if name in source.names:
            return source.file
    if is_network_file(Path(name)):
        raise NetworkError(f"There is no file {name}. Check the path.")
    file = source_file(str(name))
    if file is None:
        listed = [known for source in _SOURCES for known in source.names]
        raise NetworkError(f"There is no network {str(name)!r}. {nearest(str(name), listed)}")
    return file


def _exists(name: str | Path) -> bool:
    """Whether a name is that of a file, or of a folder with networks: one of another sort hides no network's name."""
    path = Path(name)
    with suppress(OSError, ValueError):  # a name that no file can have
        return path.is_file() or (path.is_dir() and bool(str(name)) and (len(path.parts) > 1 or has_network(path)))
    return False
