"""A bound on the memory that a forward pass takes, kept before it is taken.

A file of some kilobytes can hold a layer whose output has terabytes: a system that grants memory before it has it ends
the program then. So each operation runs first on the device "meta", where tensors have shapes and no numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter, tree_map_only

from cnnviewer.networks.files.result_shapes import shaped_result

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Bounded"]


class Bounded(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it is entered, operations of torch may make tensors of so many bytes together.

    Parameters
    ----------
    most
        The bound, in bytes. What was freed since counts too, as a recording keeps all.

    Raises
    ------
    MemoryError
        By the operation that would pass the bound, before it runs.
    """

    def __init__(self, most: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._most = most
        self.taken = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else PyTorch imports its compiler, which takes seconds

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func.has_kernel_for_dispatch_key(torch.DispatchKey.CompositeImplicitAutograd):
            with self:
                result = func.decompose(*args, **kwargs)
            if result is not NotImplemented:
                return result
        asked = _made_bytes(func, args, kwargs)
        self._take(asked or 0)
        result = func(*args, **kwargs)
        if asked is None:
            self._take(_new_bytes(result, (args, kwargs)))
        return result

    def _take(self, nbytes: int) -> None:
        self.taken += nbytes
        if self.taken > self._most:
            raise MemoryError(f"{self.taken:,} bytes, and {self._most:,} are free for it")


def _made_bytes(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | None:
    """Return how many bytes the results of an operation will take; None where it can't be told."""
    known = shaped_result(func, args, kwargs)
    if known is not None:
        return _new_bytes(known, ())
    given = tree_map_only(torch.Tensor, _on_meta, (args, kwargs))
    if "device" in given[1] or not any(isinstance(value, torch.Tensor) for value in tree_iter(given)):
        given[1]["device"] = torch.device("meta")
    try:
        return _new_bytes(func(*given[0], **given[1]), given)
    except Exception:  # what has no kernel for shapes alone, or asks for a number; what is wrong shows when it runs
        return None


def _on_meta(tensor: torch.Tensor) -> torch.Tensor:
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")


def _new_bytes(result: Any, given: Any) -> int:
    """Return how many bytes of memory of their own results have; views of what was given have none."""
    old = {_storage(value) for value in tree_iter(given) if isinstance(value, torch.Tensor)}
    new = {_storage(value): value for value in tree_iter(result) if isinstance(value, torch.Tensor)}
    return sum(value.untyped_storage().nbytes() for key, value in new.items() if key not in old)


def _storage(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
