"""Over which axes a call takes numbers together, as its arguments by name tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["reduced_axes", "softmax_axis"]


def softmax_axis(given: Mapping[str, Any], ndim: int) -> int:
    """Return the axis of a softmax; where none is given, the one that PyTorch takes."""
    dim = given.get("dim")
    return (0 if ndim in (0, 1, 3) else 1) if dim is None else int(dim) % ndim


def reduced_axes(given: Mapping[str, Any], ndim: int) -> tuple[int, ...]:
    """Return the axes over which a mean, a sum or a maximum is taken."""
    dim = given.get("dim", given.get("axis"))
    extra = [value for name, value in given.items() if name.startswith("argument")]
    if dim is None and extra and all(isinstance(value, int) for value in extra):
        dim = extra
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return tuple(range(ndim))
    return tuple(sorted(int(axis) % ndim for axis in (dim if isinstance(dim, (tuple, list)) else (dim,))))
