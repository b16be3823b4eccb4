"""A device that no machine needs to have: it computes with real numbers, and refuses what CUDA and MPS refuse.

A `FarTensor` says that it lies on another device, and holds its numbers on the CPU. An operation that is given tensors
of both raises as CUDA does, float64 is refused as on MPS, and each copy back to the CPU is noted with its size. So code
that forgets where a tensor lies fails on a machine without a graphics card.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import torch
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

from cnnviewer import devices

if TYPE_CHECKING:
    from collections.abc import Iterator

# One of PyTorch's names for devices that nothing here uses; its autograd takes it as it takes the CPU.
FAR = torch.device("lazy", 0)
_ATEN = torch.ops.aten
# An exporter that ran before leaves `to` whole, which PyTorch otherwise takes apart into the first of these.
_COPIES = {_ATEN._to_copy.default, _ATEN.copy_.default, *(getattr(_ATEN.to, name) for name in _ATEN.to.overloads())}
_CPU_INDICES = {_ATEN.index.Tensor, _ATEN.index_put_.default, _ATEN.index_put.default}


class Copies:
    """What travelled from the device to the CPU: shape and type of each tensor."""

    def __init__(self) -> None:
        self.made: list[tuple[tuple[int, ...], torch.dtype]] = []

    @property
    def largest(self) -> int:
        return max((torch.Size(shape).numel() for shape, _ in self.made), default=0)

    @property
    def nbytes(self) -> int:
        return sum(torch.Size(shape).numel() * dtype.itemsize for shape, dtype in self.made)


_notes: list[Copies] = []


class FarTensor(torch.Tensor):
    """A tensor that lies on the far device; `near` are its numbers."""

    near: torch.Tensor

    @staticmethod
    def __new__(cls, near: torch.Tensor) -> FarTensor:
        if near.dtype is torch.float64 and FAR.type not in devices._WITH_FLOAT64:
            raise TypeError("Cannot convert a far tensor to float64: the device has no such numbers.")
        far = torch.Tensor._make_wrapper_subclass(
            cls,
            near.size(),
            strides=near.stride(),
            storage_offset=near.storage_offset(),
            dtype=near.dtype,
            device=FAR,
        )
        far.near = near
        return far

    def tolist(self) -> Any:
        return self.cpu().tolist()  # as tensors of a card do it by themselves

    __torch_function__ = torch._C._disabled_torch_function_impl

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


class _Factories(TorchDispatchMode):
    """Sees what makes a tensor on the device out of none that is there: ``zeros(device=...)``, ``to(...)``."""

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


def _run(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    asked = None if kwargs.get("device") is None else torch.device(kwargs["device"]).type
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    has_far = any(isinstance(tensor, FarTensor) for tensor in tensors)
    if not has_far and asked != FAR.type:
        return func(*args, **kwargs)
    if func not in _COPIES:
        _refuse_mixture(func, args, tensors)
    if asked is not None:
        kwargs = {**kwargs, "device": torch.device("cpu") if asked == FAR.type else torch.device(asked)}
    result = func(*tree_map(_near, args), **tree_map(_near, kwargs))
    if func is _ATEN.copy_.default:
        if not isinstance(args[0], FarTensor):
            _note(args[1])
        return args[0]
    if asked is not None and asked != FAR.type:
        _note(result)
        return result
    result = tree_map(lambda value: FarTensor(value) if isinstance(value, torch.Tensor) else value, result)
    return return_and_correct_aliasing(func, args, kwargs, result) if has_far else result


def _refuse_mixture(func: Any, args: tuple[Any, ...], tensors: list[torch.Tensor]) -> None:
    """Raise where tensors of both devices meet; single numbers may, and places in a tensor that is on the device."""
    if func in _CPU_INDICES and isinstance(args[0], FarTensor):
        return
    for tensor in tensors:
        if not isinstance(tensor, FarTensor) and tensor.ndim:
            raise RuntimeError(f"Expected all tensors to be on the same device, but found {FAR} and cpu! ({func})")


def _note(tensor: torch.Tensor) -> None:
    for copies in _notes:
        copies.made.append((tuple(tensor.shape), tensor.dtype))


def _near(value: Any) -> Any:
    return value.near if isinstance(value, FarTensor) else value


@contextmanager
def far_device() -> Iterator[None]:
    """Have the device "far" here, as if the machine had it, in this thread.

    In inference mode PyTorch lets no view of such a tensor be made: there gradients are off instead.
    """

    def choose(name: str = "auto", *, number: int = 0) -> torch.device:
        del number
        return FAR if name in ("far", "auto") else torch.device(name)

    def inference_mode(mode: bool = True) -> Any:
        return torch.no_grad() if mode else nullcontext()

    places = ("cnnviewer.network.choose_device", "cnnviewer.engine.engine.choose_device")
    with (
        patch(places[0], choose),
        patch(places[1], choose),
        patch.object(torch, "inference_mode", inference_mode),
        _Factories(),
    ):
        yield


@contextmanager
def float64_there() -> Iterator[None]:
    """Have float64 on the device, as CUDA has: then what is worked exactly is worked there."""
    with patch.object(devices, "_WITH_FLOAT64", frozenset({"cpu", FAR.type})):
        yield


@contextmanager
def noted_copies() -> Iterator[Copies]:
    """Note what travels to the CPU meanwhile."""
    copies = Copies()
    _notes.append(copies)
    try:
        yield copies
    finally:
        _notes.remove(copies)


class HereAndNow:
    """Does at once, in this thread, what an executor would do in another."""

    def submit(self, work: Any, *args: Any) -> Any:
        from concurrent.futures import Future

        assert threading.current_thread() is threading.main_thread()
        future: Future[Any] = Future()
        future.set_result(work(*args))
        return future

    def shutdown(self) -> None:
        """Nothing runs."""
