"""A bound on what a forward pass takes, memory and time, kept before it is taken.

A file of some kilobytes can hold a layer whose output has terabytes, or one that is run a million times: a system that
grants memory before it has it ends the program then. So each operation runs first on the device "meta", where tensors
have shapes and no numbers; what it will make, and how much it will compute, is counted from that.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter, tree_map_only
from torch.utils.flop_counter import flop_registry

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.result_shapes import on_meta, shaped_result

if TYPE_CHECKING:
    from cnnviewer.downloads.progress import Beat

__all__ = ["MOST_OPERATIONS", "MOST_WORK", "Bounded", "decomposed"]


MOST_OPERATIONS = 20_000
"""Of all passes over one image: several times as many as the longest listed networks have."""
MOST_WORK = 2e13
"""Of one image, in floating point operations: ten times as many as the largest listed networks have."""


class Bounded(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """While it is entered, operations of torch may make tensors of so many bytes together.

    Parameters
    ----------
    most
        The bound, in bytes. What was freed since counts too, as a recording keeps all.
    operations, work
        Bounds on how many operations there are, and on what those compute that PyTorch knows the work of (matrix
        products, convolutions, attention), in floating point operations.
    beat
        Told at each operation; what it raises ends the pass.

    Raises
    ------
    MemoryError
        By the operation that would pass the bound, before it runs.
    NetworkError
        By the operation that would pass one of the other bounds.
    """

    def __init__(
        self,
        most: int,
        *,
        operations: float = math.inf,
        work: float = math.inf,
        beat: Beat | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._most, self._operations, self._work, self._beat = most, operations, work, beat
        self.taken = 0
        self.ran = 0
        self.worked = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else PyTorch imports its compiler, which takes seconds

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        written = decomposed(self, func, args, kwargs)
        if written is not NotImplemented:
            return written
        asked, work = _asked(func, args, kwargs)
        self._take(asked or 0)
        self._count(work)
        result = func(*args, **kwargs)
        if asked is None:
            self._take(_new_bytes(result, (args, kwargs)))
        return result

    def _count(self, work: int) -> None:
        self.ran, self.worked = self.ran + 1, self.worked + work
        if self.ran > self._operations:
            raise NetworkError(
                f"recorded, it takes more than {self._operations:,} operations, which are more than can be shown"
            )
        if self.worked > self._work:
            raise NetworkError(f"it computes more than {self._work:,.0f} products and sums of one image")
        if self._beat is not None:
            self._beat(self.ran, None)

    def _take(self, nbytes: int) -> None:
        self.taken += nbytes
        if self.taken > self._most:
            raise MemoryError(f"{self.taken:,} bytes, and {self._most:,} are free for it")


def decomposed(mode: TorchDispatchMode, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return what an operation that is written in others returns, those run in a mode; NotImplemented for others."""
    if not func.has_kernel_for_dispatch_key(torch.DispatchKey.CompositeImplicitAutograd):
        return NotImplemented
    with mode:
        return func.decompose(*args, **kwargs)


def _asked(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int | None, int]:
    """Return how many bytes the results of an operation will take, None where it can't be told, and its work."""
    known = shaped_result(func, args, kwargs)
    if known is not None:
        return _new_bytes(known, ()), _work_of(func, args, kwargs, known)
    try:
        given = tree_map_only(torch.Tensor, on_meta, (args, kwargs))
        if "device" in given[1] or not any(isinstance(value, torch.Tensor) for value in tree_iter(given)):
            given[1]["device"] = torch.device("meta")
        result = func(*given[0], **given[1])
        return _new_bytes(result, given), _work_of(func, given[0], given[1], result)
    # What is quantised, has no kernel for shapes alone, or asks for a number; what is wrong shows when it runs.
    except Exception:
        return None, 0


def _work_of(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> int:
    """Return how many floating point operations an operation does; 0 for those that are not counted."""
    count = flop_registry.get(func.overloadpacket)
    return 0 if count is None else int(count(*args, **kwargs, out_val=result))


def _new_bytes(result: Any, given: Any) -> int:
    """Return how many bytes of memory of their own results have; views of what was given have none."""
    old = {_storage(value) for value in tree_iter(given) if isinstance(value, torch.Tensor)}
    new = {_storage(value): value for value in tree_iter(result) if isinstance(value, torch.Tensor)}
    return sum(value.untyped_storage().nbytes() for key, value in new.items() if key not in old)


def _storage(tensor: torch.Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
