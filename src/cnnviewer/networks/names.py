"""Which names mean a network, beyond the short list: torchvision's, timm's, and residual networks of any depth.

No torch when it is imported; the libraries are imported when a name must be looked up in them.
"""

from __future__ import annotations

import re

from cnnviewer.suggestions import suggestion

__all__ = ["CIFAR_DEPTHS", "TIMM", "cifar_depth", "cifar_name", "dense_name", "nearest", "source_file"]

TIMM = "timm/"
"""How the names of timm's networks begin."""

CIFAR_DEPTHS = (20, 32, 44, 56)
"""The depths of the residual networks for CIFAR-10 that are listed; any other 6n + 2 can be named."""

_CIFAR = re.compile(r"(cifar-)?resnet(\d{1,4})")
_DEPTHS_OF_TORCHVISION = (50, 152)  # of those that are 6n + 2
_FLATTEST = 8
_OLD_DENSE = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


def dense_name(name: str) -> str:
    """Return today's name of a tensor of DenseNet: torchvision's own files say "norm.1.weight" for "norm1.weight"."""
    return _OLD_DENSE.sub(r"\1\2", name)


def cifar_depth(name: str) -> int | None:
    """Return how many layers the residual network for CIFAR-10 of a name has; None where the name means no such one."""
    found = _CIFAR.fullmatch(name)
    if found is None:
        return None
    depth = int(found[2])
    is_taken = found[1] is None and depth in _DEPTHS_OF_TORCHVISION
    return None if is_taken or depth < _FLATTEST or (depth - 2) % 6 else depth


def cifar_name(depth: int) -> str:
    """Return the name of the residual network for CIFAR-10 of a depth."""
    return f"cifar-resnet{depth}" if depth in _DEPTHS_OF_TORCHVISION else f"resnet{depth}"


def source_file(name: str) -> str | None:
    """Return the file beside this one that makes the network of a name; None where there is none.

    It imports torchvision or timm, and torch with them, unless the name tells enough.
    """
    if cifar_depth(name) is not None:
        return "cifar_resnet"
    if name.startswith(TIMM):
        from cnnviewer.networks import timm_networks

        return "timm_networks" if timm_networks.is_name(name) else None
    if not name.isidentifier():
        return None
    from cnnviewer.networks import torchvision_networks

    return "torchvision_networks" if name in torchvision_networks.names() else None


def nearest(name: str, short: list[str]) -> str:
    """Return a sentence with the names that are nearest to one that is not known; it imports torchvision and timm.

    Parameters
    ----------
    name
        The name.
    short
        The listed names: they are told where none is near.
    """
    from cnnviewer.networks import timm_networks, torchvision_networks

    if timm_networks.is_name(TIMM + name):
        return f"Did you mean {TIMM}{name}?"
    names = list(dict.fromkeys((*short, *torchvision_networks.names(), *timm_networks.names())))
    # Before a slash stands whose it is: torchvision/resnet18, microsoft/resnet-50.
    own = name if name.startswith(TIMM) else name.rpartition("/")[2] or name
    return f"Did you mean {own.lower()}?" if own.lower() in names else suggestion(own, names, short)
