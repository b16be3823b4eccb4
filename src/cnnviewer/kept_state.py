"""What a network keeps between two images: seen when a forward pass has changed it, and put back."""

from __future__ import annotations

import random
from collections import deque
from operator import is_
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KeptState"]

_DEEP = 3
"""So many containers within each other are looked into."""
_HOOKS = frozenset(vars(torch.nn.Module())) - {"_parameters", "_buffers", "_modules"}
"""What each module has of torch's own, but for its tensors and parts."""
_CONTAINERS = (dict, list, set, deque)


class KeptState:
    """The attributes and tensors of a network's modules, and the generators of Python and NumPy, at a moment.

    Parameters
    ----------
    modules
        All modules of the network.
    has_values
        Whether the values of buffers and of other tensors are kept too, but for the parameters, to be put back.
    """

    def __init__(self, modules: Iterable[torch.nn.Module], *, has_values: bool = False) -> None:
        self._attributes = [(vars(module), dict(vars(module))) for module in modules]
        own = [value for _, values in self._attributes for name, value in values.items() if name not in _HOOKS]
        self._contents: list[tuple[Any, Any]] = []
        self._seen: set[int] = set()
        self._tensors: dict[int, torch.Tensor] = {}
        self._look_into(own, _DEEP)
        self._versions = {key: _version(tensor) for key, tensor in self._tensors.items()}
        own = [tensor for tensor in self._tensors.values() if not isinstance(tensor, torch.nn.Parameter)]
        self._values = [(tensor, tensor.clone()) for tensor in own if has_values or tensor.is_inference()]
        self._python, self._numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 (the network's own)

    @property
    def is_changed(self) -> bool:
        """Whether anything is another than it was."""
        return (
            any(not _is_same(now, then) for now, then in self._attributes)
            or any(not _is_same(now, then) for now, then in self._contents)
            or any(_version(tensor) != self._versions[key] for key, tensor in self._tensors.items())
            or any(tensor.is_inference() and not _is_equal(tensor, value) for tensor, value in self._values)
            or random.getstate() != self._python
            or not _is_same_draw(np.random.get_state(), self._numpy)  # noqa: NPY002
        )

    def restore(self) -> None:
        """Put all back that is another than it was."""
        for now, then in (*self._attributes, *self._contents):
            if not _is_same(now, then):
                _refill(now, then)
        for tensor, value in self._values:
            if tensor.is_inference() or tensor._version != self._versions[id(tensor)]:
                tensor.data.copy_(value)
        random.setstate(self._python)
        np.random.set_state(self._numpy)  # noqa: NPY002

    def _look_into(self, values: Iterable[Any], deep: int) -> None:
        for value in values:
            if isinstance(value, torch.Tensor):
                self._tensors[id(value)] = value
                continue
            if isinstance(value, tuple) and deep:
                self._look_into(value, deep - 1)
                continue
            container = _container(value)
            if container is None or id(container) in self._seen:
                continue
            self._seen.add(id(container))
            content = _content(container)
            self._contents.append((container, content))
            if deep:
                self._look_into(list(content.values()) if isinstance(content, dict) else content, deep - 1)


def _container(value: Any) -> Any:
    """Return what holds other things: a container, or the attributes of an object that is no module; else None."""
    if isinstance(value, _CONTAINERS):
        return value
    is_plain = hasattr(value, "__dict__") and not isinstance(value, (torch.nn.Module, type, ModuleType))
    return vars(value) if is_plain and not callable(value) else None


def _content(container: Any) -> Any:
    return dict(container) if isinstance(container, dict) else list(container)


def _version(tensor: torch.Tensor) -> int:
    """Return what changes with each change in place; of a tensor of the inference mode nothing tells it."""
    return 0 if tensor.is_inference() else tensor._version


def _is_equal(now: torch.Tensor, then: torch.Tensor) -> bool:
    return now.shape == then.shape and bool(torch.equal(now.nan_to_num(), then.nan_to_num()))


def _is_same(now: Any, then: Any) -> bool:
    """Whether a container holds the very same things as before; numbers and texts need only be equal."""
    if len(now) != len(then):
        return False
    if isinstance(now, dict):
        if all(map(is_, now.values(), then.values())) and all(map(is_, now, then)):
            return True  # as nearly always, and quickly seen
        return all(name in now and _is_it(now[name], value) for name, value in then.items())
    if isinstance(now, set):
        return now == set(then)
    return all(_is_it(one, other) for one, other in zip(now, then, strict=True))


def _is_it(now: Any, then: Any) -> bool:
    if now is then:
        return True
    if type(now) is not type(then):
        return False
    return _is_same(now, then) if isinstance(now, tuple) else isinstance(now, (int, float, str)) and now == then


def _is_same_draw(now: Any, then: Any) -> bool:
    return now[2:] == then[2:] and bool(np.array_equal(now[1], then[1]))


def _refill(container: Any, content: Any) -> None:
    container.clear()
    if isinstance(container, (dict, set)):
        container.update(content)
    else:
        container.extend(content)
