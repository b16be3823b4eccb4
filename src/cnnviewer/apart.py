"""Calls that change a tensor in place, made so that they change nothing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import torch

from cnnviewer.operations import change_of, results_of

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["apart", "run_apart"]


class _OnCopy:
    """A function that changes its first argument: it changes and returns a copy of it."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.__name__ = str(getattr(function, "__name__", type(function).__name__))
        self.__self__ = getattr(function, "__self__", None)  # by it properties are named

    def __call__(self, changed: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        copy = changed.clone()
        result = self._function(copy, *args, **kwargs)
        return copy if result is None else result


@cache
def _on_copy(function: Callable[..., Any]) -> _OnCopy:
    return _OnCopy(function)


def apart(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """Return a call that returns the same, and changes none of its arguments."""
    change = change_of(function)
    if not change.targets(args, kwargs):
        return function, args, kwargs
    if change.functional is not None and _keeps_type(args):
        return (change.functional, *change.without(args, kwargs))
    if "out" in kwargs:
        return function, args, {name: value for name, value in kwargs.items() if name != "out"}
    return _on_copy(function), args, kwargs


def run_apart(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[torch.Tensor, ...]:
    """Call a function without changing any of its arguments; return the tensors that it returns."""
    function, args, kwargs = apart(function, args, kwargs)
    return results_of(function(*args, **kwargs))


def _keeps_type(args: tuple[Any, ...]) -> bool:
    """Whether the result has the type of what is changed also where it is a tensor of its own."""
    return len({value.dtype for value in args if isinstance(value, torch.Tensor)}) < 2
