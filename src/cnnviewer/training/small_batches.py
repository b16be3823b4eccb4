"""How few images a network can learn from at once: batch normalisation needs values that differ."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from cnnviewer.errors import TrainingError
from cnnviewer.networks.heads import frozen_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.network import Network

__all__ = ["least_batch", "told_norms"]

_TOO_FEW = "Expected more than 1"
"""How PyTorch begins what it says where a normalisation has one value only."""


def least_batch(network: Network, inputs: torch.Tensor) -> int:
    """Return how many images a batch must have at least: 1, or 2 where a layer normalises over the batch alone.

    The network is run in train mode on one image; it is left as it was.

    Parameters
    ----------
    network
        On its device.
    inputs
        A batch of one, float32 ``(1, C, H, W)``, on that device.

    Raises
    ------
    TrainingError
        If it can't learn from images of this size at all, however many.
    """
    with _rehearsing(network):
        if _runs(network, inputs):
            return 1
        if _runs(network, inputs.expand(2, *inputs.shape[1:])):
            return 2
    raise TrainingError(_norms_told(network))


@contextmanager
def told_norms(network: Network) -> Iterator[None]:
    """Turn what PyTorch says of a normalisation with one value only into a sentence."""
    try:
        yield
    except ValueError as error:
        if _TOO_FEW not in str(error):
            raise
        raise TrainingError(_norms_told(network)) from error


def _norms_told(network: Network) -> str:
    return (
        f"A layer of {network.name} normalises over values of which there is one only, for an image of this size: "
        "give it larger images, or another normalisation."
    )


def _runs(network: Network, inputs: torch.Tensor) -> bool:
    try:
        network.module(inputs)
    except ValueError as error:
        if _TOO_FEW not in str(error):
            raise
        return False
    return True


@contextmanager
def _rehearsing(network: Network) -> Iterator[None]:
    """Have a network in train mode, without gradients; its statistics and torch's random numbers come back."""
    module = network.module
    modes = {part: part.training for part in module.modules()}
    buffers = {name: buffer.clone() for name, buffer in module.named_buffers()}
    devices = [network.device] if network.device.type == "cuda" else []
    module.train()
    for part in frozen_modules(module):
        part.eval()
    try:
        with torch.no_grad(), torch.random.fork_rng(devices):
            yield
    finally:
        for part, mode in modes.items():
            part.training = mode
        with torch.no_grad():
            for name, buffer in module.named_buffers():
                buffer.copy_(buffers[name])
