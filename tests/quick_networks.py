"""Torchvision's networks with random weights, built quickly."""

from __future__ import annotations

import warnings
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING
from unittest.mock import patch

import torch
import torchvision
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = ("kaiming_uniform_", "kaiming_normal_", "xavier_uniform_", "xavier_normal_",
          "normal_", "trunc_normal_", "uniform_")  # fmt: skip


@contextmanager
def quick_weights() -> Iterator[None]:
    """Random weights of the usual size from one pool of random numbers: VGG's own take seconds."""
    pool = torch.randn(1 << 18, generator=torch.Generator().manual_seed(0))

    def fill(tensor, *args, **kwargs):
        flat = tensor.data.view(-1)
        for part in flat.split(len(pool)):
            part.copy_(pool[: len(part)])
        return flat.mul_((2 / max(1, tensor.numel() // tensor.shape[0])) ** 0.5)

    with ExitStack() as stack:
        for name in _NAMES:
            stack.enter_context(patch.object(nn.init, name, fill))
        yield


def torchvision_model(name: str, **more) -> nn.Module:
    """Return a network of torchvision in eval mode."""
    with quick_weights(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GoogLeNet warns that its initialisation is slow
        return torchvision.models.get_model(name, weights=None, **more).eval()
