"""Values between the nodes of a graph: tensors, and arrays of numbers that are known without looking at an image.

A shape, and what is worked out from it, is an array of NumPy: arithmetic with it is no part of what the network does to
an image, so it is not recorded.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from onnx import TensorProto, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

    Value = torch.Tensor | np.ndarray[Any, Any] | list[Any] | None

__all__ = [
    "UnsupportedError",
    "counted",
    "is_on_host",
    "number",
    "numbers",
    "on_axis",
    "on_host",
    "tensor_of",
    "to_host",
    "torch_type",
    "wholes",
]

_TYPES: dict[str, torch.dtype] = {
    "FLOAT": torch.float32,
    "FLOAT16": torch.float16,
    "BFLOAT16": torch.bfloat16,
    "DOUBLE": torch.float64,
    "BOOL": torch.bool,
    "INT8": torch.int8,
    "INT16": torch.int16,
    "INT32": torch.int32,
    "INT64": torch.int64,
    "UINT8": torch.uint8,
    # torch has little arithmetic for these: the next wider one holds all their numbers.
    "UINT16": torch.int32,
    "UINT32": torch.int64,
    "UINT64": torch.int64,
    "INT4": torch.int8,
    "UINT4": torch.uint8,
    "INT2": torch.int8,
    "UINT2": torch.uint8,
    "COMPLEX64": torch.complex64,
    "COMPLEX128": torch.complex128,
    "FLOAT8E4M3FN": torch.float8_e4m3fn,
    "FLOAT8E4M3FNUZ": torch.float8_e4m3fnuz,
    "FLOAT8E5M2": torch.float8_e5m2,
    "FLOAT8E5M2FNUZ": torch.float8_e5m2fnuz,
}


_MOST_NUMBERS = 2**48
_LONGEST_AXIS = 2**20


class UnsupportedError(NotImplementedError):
    """An operation is in a form that can't be run here; the message tells which."""


def torch_type(kind: int) -> torch.dtype:
    """Return torch's type for one of ONNX's.

    Raises
    ------
    UnsupportedError
        If there is none.
    """
    name = TensorProto.DataType.Name(kind) if kind in TensorProto.DataType.values() else str(kind)
    if name not in _TYPES:
        raise UnsupportedError(f"numbers of the type {name.lower()}")
    return _TYPES[name]


def tensor_of(stored: TensorProto) -> torch.Tensor | np.ndarray[Any, Any]:
    """Return the tensor that a file holds; an array where it holds texts."""
    if stored.data_type == TensorProto.STRING:
        return np.asarray(numpy_helper.to_array(stored), dtype=object)
    kind = torch_type(stored.data_type)
    if not math.prod(stored.dims):  # empty tensors have no numbers to read
        return torch.zeros(tuple(stored.dims), dtype=kind)
    found = numpy_helper.to_array(stored)
    if kind in (torch.int32, torch.int64, torch.int8, torch.uint8):
        return torch.from_numpy(found.astype(str(kind).removeprefix("torch.")))
    if kind.is_floating_point and kind not in (torch.float16, torch.float32, torch.float64):
        return torch.from_numpy(found.astype(np.float32)).to(kind)
    return torch.from_numpy(found.copy())


def is_on_host(value: Value) -> bool:
    """Whether a value is an array of numbers that are known already."""
    return isinstance(value, np.ndarray)


def on_host(value: Value) -> Value:
    """Return a tensor as an array, for what is read as numbers."""
    return _array(value) if isinstance(value, torch.Tensor) else value


def to_host(value: Any) -> Any:
    """Return the results of an operation on arrays as arrays."""
    if isinstance(value, (tuple, list)):
        return type(value)(to_host(part) for part in value)
    return _array(value) if isinstance(value, torch.Tensor) else value


def _array(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    tensor = tensor.detach().cpu()
    if tensor.is_floating_point() and tensor.dtype not in (torch.float16, torch.float32, torch.float64):
        tensor = tensor.float()
    return np.asarray(tensor.numpy())


def numbers(value: Value) -> list[Any]:
    """Return the numbers of a value, in one list; none where there is no value."""
    if value is None:
        return []
    assert isinstance(value, (torch.Tensor, np.ndarray))
    return list(value.reshape(-1).tolist())


def wholes(value: Value | Sequence[int]) -> list[int]:
    """Return the whole numbers of a value, in one list."""
    found = numbers(value) if value is None or isinstance(value, (torch.Tensor, np.ndarray)) else value
    return [int(part) for part in found]


def counted(lengths: Sequence[int]) -> list[int]:
    """Return lengths of axes that a node asks for.

    Raises
    ------
    MemoryError
        If nothing can have so many numbers.
    """
    count = math.prod(max(1, abs(length)) for length in lengths)
    if count > _MOST_NUMBERS:
        raise MemoryError(f"{count:,} numbers")
    return list(lengths)


def on_axis(length: int) -> int:
    """Return the length of an axis of which a list of places is made.

    Raises
    ------
    MemoryError
        If no image has so many.
    """
    if length > _LONGEST_AXIS:
        raise MemoryError(f"an axis of {length:,} numbers")
    return length


def number(value: Value, usual: Any) -> Any:
    """Return the one number of a value; `usual` where there is no value."""
    found = numbers(value)
    return found[0] if found else usual
