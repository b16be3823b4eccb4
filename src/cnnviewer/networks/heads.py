"""The head of a classification network, the layer that makes the class scores; and another one in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from cnnviewer.errors import NetworkError

if TYPE_CHECKING:
    from cnnviewer.network import Network

__all__ = ["find_head", "frozen_modules", "replace_head"]


def find_head(network: Network) -> str:
    """Return the path of the layer that makes the class scores.

    It is the last linear layer, or convolution of one pixel (SqueezeNet), that a forward pass meets and that has an
    output for each class; names do not matter.

    Raises
    ------
    NetworkError
        If there is no such layer, or others beside it: heads that work only while the network learns.
    """
    met, classes = _run(network)
    heads = {name: module for name, module in network.module.named_modules() if _outputs(module) == classes}
    # Attention runs its own subclass of Linear without calling it.
    idle = [name for name, module in heads.items() if name not in met and type(module) is nn.Linear]
    if idle:
        raise NetworkError(
            f"{network.name} has further heads, which work only while it learns ({', '.join(idle)}): build it without."
        )
    for name in reversed(met):
        if name in heads:
            return name
    raise NetworkError(f"{network.name} has no layer with an output for each class: it can't be given a new head.")


def _run(network: Network) -> tuple[list[str], int]:
    """Return the paths of the layers that a forward pass meets, in their order; and its class count, 0 if none."""
    met: list[str] = []
    handles = []
    for name, module in network.module.named_modules():
        if isinstance(module, (nn.Linear, nn.Conv2d)):
            handles.append(module.register_forward_hook(lambda _module, _inputs, _output, name=name: met.append(name)))
    try:
        preprocessing = network.preprocessing
        with torch.inference_mode():
            zeros = torch.zeros(
                1, preprocessing.channels, *preprocessing.size, device=network.device, dtype=network.dtype
            )
            scores = network.module(zeros)
    finally:
        for handle in handles:
            handle.remove()
    return met, scores.shape[1] if isinstance(scores, torch.Tensor) and scores.ndim == 2 else 0


def replace_head(network: Network, classes: int, *, frozen: bool) -> None:
    """Give a network a new head, with random weights, in place.

    Parameters
    ----------
    network
        Its module is in eval mode.
    classes
        How many outputs the new head has.
    frozen
        Whether all other weights stay as they are when the network learns.

    Raises
    ------
    NetworkError
        If the network has no head that could be replaced.
    """
    name = find_head(network)
    old = network.module.get_submodule(name)
    new: nn.Module
    if isinstance(old, nn.Conv2d):
        new = nn.Conv2d(old.in_channels, classes, kernel_size=1, bias=old.bias is not None)
    else:
        assert isinstance(old, nn.Linear)
        new = nn.Linear(old.in_features, classes, bias=old.bias is not None)
    new = new.to(device=old.weight.device, dtype=old.weight.dtype)
    if frozen:
        network.module.requires_grad_(False)
    parent, _, own = name.rpartition(".")
    setattr(network.module.get_submodule(parent), own, new)


def frozen_modules(module: nn.Module) -> tuple[nn.Module, ...]:
    """Return the submodules that have weights, none of which learns.

    A trainer keeps them in eval mode: else batch normalisation would go on moving its running statistics.
    """
    return tuple(
        part
        for part in module.modules()
        if next(part.parameters(), None) is not None and not any(weight.requires_grad for weight in part.parameters())
    )


def _outputs(module: nn.Module) -> int:
    if isinstance(module, nn.Linear):
        return module.out_features
    is_pixel = isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1)
    return int(module.out_channels) if is_pixel else -1  # type: ignore[arg-type]
