"""Modules that `torch.save(network)` wrote, where they are made of the classes of torch.nn and torchvision alone.

The file is read with stand-ins: nothing in it is run. Then objects of the real classes are filled with what the file
says of them, by `Module.__setstate__`; no constructor is called. Hooks, and what would take the place of a method, are
refused: they are how plain classes could be made to run something.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.guards import refusing
from cnnviewer.networks.files.opened import Opened
from cnnviewer.networks.files.stand_ins import MOST_MODULES, StandIn, Stored, asked_of, read_stored
from cnnviewer.suggestions import some_of

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.downloads import ProgressCallback

__all__ = ["foreign_classes", "open_file"]

_HOMES = ("torch.nn.modules.", "torchvision.models.", "torchvision.ops.")
_WRAPPERS = (
    "torch.nn.parallel.data_parallel.DataParallel",
    "torch.nn.parallel.distributed.DistributedDataParallel",
)
# Functions of one tensor that modules keep as settings; they compute, and nothing else.
_FUNCTIONS: dict[str, Any] = {
    "torch.nn.functional.relu": nn.functional.relu,
    "torch.nn.functional.relu6": nn.functional.relu6,
    "torch.nn.functional.silu": nn.functional.silu,
    "torch._C._nn.gelu": nn.functional.gelu,
    "torch.sigmoid": torch.sigmoid,
    "torch.tanh": torch.tanh,
    "torch.flatten": torch.flatten,
}
_PARTIAL = "functools.partial"
_PLAIN = (type(None), bool, int, float, complex, str, bytes, torch.dtype, torch.Size, torch.Tensor, slice)
_REGISTRIES = ("_modules", "_parameters", "_buffers")
_DEEPEST = 100


def open_file(path: Path, progress: ProgressCallback | None = None) -> Opened:
    """Open a pickled module. No code of the file is run.

    Raises
    ------
    NetworkError
        If it can't be read, or wants classes or functions that are none of torch.nn's and torchvision's.
    """
    stored = read_stored(path)
    with refusing(path, "a pickled network"):
        _check_asked(stored, path)
        module = _Builder(path).module(_unwrapped(stored.content))
        if _uses(module, {}) > MOST_MODULES:
            raise NetworkError(
                f"{path.name} is no network: it is made of over {MOST_MODULES:,} modules, each counted as often as it "
                "is used."
            )
        return Opened(module.eval())


def _uses(module: nn.Module, known: dict[int, int]) -> int:
    """Return how many modules a module is made of, itself and those that are used again counted each time."""
    if id(module) not in known:
        known[id(module)] = 1 + sum(_uses(part, known) for part in module._modules.values() if part is not None)
    return known[id(module)]


def foreign_classes(path: Path) -> tuple[str, ...]:
    """Return what a pickled module wants besides the classes of torch.nn and torchvision: none of that is run.

    Raises
    ------
    NetworkError
        If it can't be read.
    """
    return _strange(asked_of(path))


def _unwrapped(content: Any) -> Any:
    """Return the module in what data-parallel training wraps around it."""
    if isinstance(content, StandIn) and content.path in _WRAPPERS and isinstance(content.state, dict):
        return (content.state.get("_modules") or {}).get("module")
    return content


def _check_asked(stored: Stored, path: Path) -> None:
    strange = _strange(stored.asked)
    if not strange:
        return
    raise NetworkError(
        f"{path.name} is a pickled module that would run code: it wants {some_of(strange)}, which is "
        "neither of torch.nn nor of torchvision. Save its weights alone, torch.save(network.state_dict(), "
        '"net.pt"), or give the Python file that defines it: file.py:function.'
    )


def _strange(asked: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in asked if not _is_known(name))


def _is_known(name: str) -> bool:
    return name in _FUNCTIONS or name == _PARTIAL or name in _WRAPPERS or _class_of(name) is not None


def _class_of(name: str) -> type[nn.Module] | None:
    """Return the class of torch.nn or torchvision of this name; None where there is none."""
    home, _, own = name.rpartition(".")
    if not name.startswith(_HOMES) or not own.isidentifier():
        return None
    try:
        found = getattr(import_module(home), own, None)
    except ImportError:
        return None
    if isinstance(found, type) and issubclass(found, nn.Module) and found.__module__ == home:
        return found
    return None


class _Builder:
    """Fills real modules with what stand-ins say."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._built: dict[int, nn.Module] = {}
        self._settings: dict[int, Any] = {}
        self._open: set[int] = set()

    def module(self, given: Any) -> nn.Module:
        """Return the module that a stand-in stands for."""
        kind = _class_of(given.path) if isinstance(given, StandIn) else None
        if kind is None or not isinstance(given.state, dict) or given.args is not None:
            raise NetworkError(f"{self._path.name} holds no module where one is expected; save it with torch.save.")
        if id(given) in self._built:
            return self._built[id(given)]
        if id(given) in self._open:
            raise NetworkError(f"{self._path.name} is no network: one of its modules lies within itself.")
        if not all(isinstance(given.state.get(name), dict) for name in _REGISTRIES):
            raise NetworkError(
                f"{self._path.name} is damaged: a {kind.__name__} in it has no {' or '.join(_REGISTRIES)}."
            )
        self._open.add(id(given))
        made: nn.Module = kind.__new__(kind)
        state = {self._key(kind, key): self._value(kind, key, value) for key, value in given.state.items()}
        made.__setstate__(state)  # type: ignore[no-untyped-call]
        self._built[id(given)] = made
        return made

    def _key(self, kind: type, key: Any) -> str:
        if not isinstance(key, str) or (callable(getattr(kind, key, None)) or key == "_compiled_call_impl"):
            raise NetworkError(
                f"{self._path.name} is refused: it puts something in the place of {kind.__name__}.{key}, "
                "which could run code."
            )
        return key

    def _value(self, kind: type, key: str, value: Any) -> Any:
        if "hook" in key and value:
            raise NetworkError(
                f"{self._path.name} is refused: a {kind.__name__} in it has hooks ({key}), which would run code. "
                "Save network.state_dict() instead."
            )
        if key == "_modules":
            return {name: None if child is None else self.module(child) for name, child in value.items()}
        if key in ("_parameters", "_buffers"):
            return {name: self._tensor(tensor) for name, tensor in value.items()}
        return self._setting(value, 0)

    def _tensor(self, value: Any) -> torch.Tensor | None:
        if value is not None and not isinstance(value, torch.Tensor):
            raise NetworkError(f"{self._path.name} has something else where a tensor is expected.")
        if value is not None and value.is_meta:
            raise NetworkError(
                f"{self._path.name} holds the shapes of weights alone, not their numbers; save it again."
            )
        return value

    def _setting(self, value: Any, depth: int) -> Any:
        if depth > _DEEPEST:
            raise RecursionError
        if isinstance(value, _PLAIN):
            return value
        if isinstance(value, (dict, list, tuple, set, frozenset)):
            if id(value) not in self._settings:  # else one that lies in many others is walked as often
                self._settings[id(value)] = self._container(value, depth)
            return self._settings[id(value)]
        if isinstance(value, StandIn) and value.path == _PARTIAL:
            return self._partial(value, depth)
        if isinstance(value, StandIn):
            return self.module(value)
        return self._named(value)

    def _container(self, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            kind = OrderedDict if isinstance(value, OrderedDict) else dict  # empty hooks must stay what torch made
            return kind((self._setting(key, depth + 1), self._setting(part, depth + 1)) for key, part in value.items())
        return type(value)(self._setting(part, depth + 1) for part in value)

    def _named(self, value: Any) -> Any:
        """Return the class or function that stands among the settings."""
        path = value.path if isinstance(value, type) and issubclass(value, StandIn) else ""
        found = _FUNCTIONS.get(path, _class_of(path))
        if found is None:
            raise NetworkError(f"{self._path.name} is refused: it keeps a {path or type(value).__name__} in a module.")
        return found

    def _partial(self, value: StandIn, depth: int) -> Any:
        """Return a class of torch.nn with some arguments set: its call makes a module, and that is all."""
        function, args, keywords, _ = value.state
        named = self._setting(keywords or {}, depth + 1)
        return partial(self._named(function), *self._setting(args, depth + 1), **named)
