"""Working out the shapes in a graph without its numbers, so that what is too large is seen before it is made."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter, tree_map_only

from cnnviewer.networks.files.result_shapes import on_meta, shaped_result

__all__ = ["ShapesOnly", "nbytes_of"]

_LARGEST_MADE = 2**26
"""So many bytes of numbers are made, that no operand has, without waiting for an image."""


def nbytes_of(value: Any) -> int:
    """Return how many bytes the tensors in a value have, each number counted where it is shown."""
    return sum(part.numel() * part.element_size() for part in tree_iter(value) if isinstance(part, torch.Tensor))


class ShapesOnly(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it is entered, operations on tensors without numbers take other tensors' shapes alone.

    Parameters
    ----------
    most
        How many bytes an operation may make.

    Raises
    ------
    MemoryError
        By an operation whose result would have more.
    """

    def __init__(self, most: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._most = most

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else PyTorch imports its compiler, which takes seconds

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        result = None
        if any(isinstance(part, torch.Tensor) and part.is_meta for part in tree_iter((args, kwargs))):
            result = shaped_result(func, args, kwargs)
            if result is None:
                args, kwargs = tree_map_only(torch.Tensor, _without_numbers, (args, kwargs))
                if "device" in kwargs:
                    kwargs["device"] = torch.device("meta")
        elif "device" in kwargs and not any(isinstance(part, torch.Tensor) for part in tree_iter((args, kwargs))):
            shaped = func(*args, **{**kwargs, "device": torch.device("meta")})
            result = shaped if nbytes_of(shaped) > _LARGEST_MADE else None
        if result is None:
            result = func(*args, **kwargs)
        if nbytes_of(result) > self._most:
            raise MemoryError(f"{nbytes_of(result):,} bytes")
        return result


def _without_numbers(tensor: torch.Tensor) -> torch.Tensor:
    return tensor if tensor.is_meta else on_meta(tensor)
