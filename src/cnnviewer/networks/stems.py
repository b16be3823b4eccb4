"""The stem of a network, the convolution that sees the image; and another one in its place."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from cnnviewer.errors import NetworkError

__all__ = ["with_channels"]


def with_channels(module: nn.Module, channels: int) -> nn.Module:
    """Give a network a first convolution for images of so many channels, with random weights, in place.

    Returns
    -------
    torch.nn.Module
        The same module.

    Raises
    ------
    NetworkError
        If it has no convolution, or one that works on groups of channels.
    """
    found = next(((path, part) for path, part in module.named_modules() if isinstance(part, nn.Conv2d)), None)
    if found is None:
        raise NetworkError("The network has no convolution that could take other channels.")
    path, old = found
    if old.groups != 1:
        raise NetworkError("The network's first convolution works on groups of channels: it can't take others.")
    settings: dict[str, Any] = {
        key: getattr(old, key) for key in ("kernel_size", "stride", "padding", "dilation", "padding_mode")
    }
    with torch.device(old.weight.device):
        new = nn.Conv2d(channels, old.out_channels, bias=old.bias is not None, **settings)
    parent, _, own = path.rpartition(".")
    setattr(module.get_submodule(parent), own, new)
    return module
