"""The outline of a network: the names and shapes of its tensors, without their numbers."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import nn

__all__ = ["COUNTER", "Outline", "build_on_meta", "outline_of"]

Outline = dict[str, tuple[int, ...]]
"""Shapes by name, in the order of the state dict."""

_FILLING = frozenset(
    getattr(torch.Tensor, name)
    for name in ("normal_", "uniform_", "fill_", "zero_", "erfinv_", "clamp_", "mul_", "add_", "sub_", "div_")
)

COUNTER = "num_batches_tracked"
"""How the names of batch normalisation's counters end: old files lack them."""


def build_on_meta(build: Callable[[], nn.Module]) -> nn.Module:
    """Return a module whose tensors have shapes and no numbers: even a large one is built in about a tenth of a second.

    It is of no other use: some buffers that are in no state dict may lie on the CPU.
    """
    with warnings.catch_warnings():
        # An architecture for features has a head for no classes, which its file's makers know.
        warnings.filterwarnings("ignore", "Initializing zero-element tensors")
        try:
            with torch.device("meta"), _NoNumbers():
                return build()
        except (NotImplementedError, RuntimeError):
            # Some work out their widths with tensors (torchvision's RegNet): only what is made for weights is left
            # empty.
            with _EmptyOnMeta(), _NoNumbers():
                return build()


def outline_of(state: Mapping[str, torch.Tensor]) -> Outline:
    """Return the outline of a state dict."""
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


class _EmptyOnMeta(TorchFunctionMode):
    """Has `torch.empty`, with which layers make their weights, make tensors without numbers."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if func is torch.empty and given.get("device") is None:
            given["device"] = "meta"
        return func(*args, **given)


class _NoNumbers(TorchFunctionMode):
    """Leaves out what would fill tensors without numbers: that takes most of the time."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func in _FILLING and args and args[0].is_meta:
            return args[0]
        return func(*args, **(kwargs or {}))
