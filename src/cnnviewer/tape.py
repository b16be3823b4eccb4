"""The tape: sees every operation of a forward pass and keeps what it returned.

A `torch.overrides.TorchFunctionMode` sees each torch function that a network calls, modules and functional calls
alike. The network runs as it is written; an output that is kept is saved just before something changes its
memory. Nothing is put on the module: the module in force is read from the call stack.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from cnnviewer.devices import clock_of
from cnnviewer.operations import Change, argument_names, change_of, function_name, has_free_result, is_query, results_of
from cnnviewer.recording import INPUT, Call
from cnnviewer.slots import Slot, with_slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, FrameType

    from cnnviewer.network import Network

__all__ = ["CONSTANT", "IMAGE", "Operation", "Tape", "call_of", "unique_names"]

IMAGE = -1
"""Stands for the network's input among the numbers of operations."""
CONSTANT = -2
"""Stands for a tensor that no operation made: a weight, a constant."""


@dataclass(slots=True)
class Operation:
    """One call as it was seen.

    Parameters
    ----------
    function, args, kwargs
        The call.
    result
        The tensor that it returned (or changed, where it returned none).
    output
        What `result` was before anything later changed it.
    module
        The path of the module whose method was running; `is_own` tells whether the operation is the module's
        own; `call` numbers that method's call.
    seconds
        How long the call took on the device; known once the tape has ended.
    origins
        For each tensor among the arguments, in order: the number of the operation that made it, or `IMAGE`, or
        `CONSTANT`.
    part
        Which of the tensors that the call returned.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: torch.Tensor
    output: torch.Tensor
    module: str
    is_own: bool
    call: int
    seconds: float
    origins: tuple[int, ...]
    part: int

    @property
    def sources(self) -> tuple[int, ...]:
        """The operations whose results it took, and `IMAGE`."""
        return tuple(origin for origin in self.origins if origin != CONSTANT)

    @property
    def has_weights(self) -> bool:
        """Whether it took a parameter."""
        return any(isinstance(tensor, torch.nn.Parameter) for tensor in _tensors(self.args, self.kwargs))


class Tape(TorchFunctionMode):
    """Keeps every operation that runs while it is entered."""

    def __init__(self, network: Network, image: torch.Tensor) -> None:
        super().__init__()
        self._network = network
        self.image = image
        self.operations: list[Operation] = []
        # Whether another image surely takes the same path: see `cnnviewer.replay`.
        self.is_static = True
        # Tensors are told apart by identity: `operations` keeps each alive, so no id is used twice.
        self._made_by: dict[int, int] = {id(image): IMAGE}
        self._in_storage: dict[int, list[int]] = {}
        self._frame: FrameType | None = None
        self._calls = 0
        self._clock = clock_of(image.device)
        self._spans: list[tuple[Any, Any]] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if is_query(func):
            return func(*args, **kwargs)
        if isinstance(func, torch._ops.OpOverload):
            args = _frozen(args)  # an exported program gives lists of a class of its own
        tensors, made_by = _tensors(args, kwargs), self._made_by
        origins = tuple([made_by.get(id(tensor), CONSTANT) for tensor in tensors])
        change = change_of(func)
        targets = change.targets(args, kwargs)
        start = self._clock.mark()
        if targets:
            result = self._run_in_place(func, change, targets, args, kwargs)
        else:
            result = func(*args, **kwargs)
        span = start, self._clock.mark()
        kept = results_of(targets if result is None else result)
        is_escape = not kept and result is not None and origins
        if is_escape or has_free_result(func, args) or self._has_unknown(tensors):
            self.is_static = False
        if kept:
            # The network may append to a list later, as DenseNet does.
            args, kwargs = _frozen(args), {name: _frozen(value) for name, value in kwargs.items()}
            module, is_own = self._module_in_force(tensors)
            call = self._calls
            for part, tensor in enumerate(kept):
                self._keep(
                    Operation(func, args, kwargs, tensor, tensor, module, is_own, call, 0.0, origins, part), span
                )
        return result

    def _has_unknown(self, tensors: list[torch.Tensor]) -> bool:
        """Whether a call took a tensor that is no weight, and that no operation is known to have made."""
        known, made = self._network.tensor_names, self._made_by
        return any(id(tensor) not in made and id(tensor) not in known for tensor in tensors)

    def end(self) -> None:
        """Wait for the device, and let go of the network's last frame; call it after the forward pass."""
        self._frame = None
        self._clock.finish()
        for operation, span in zip(self.operations, self._spans, strict=True):
            operation.seconds = self._clock.seconds(*span)

    def _keep(self, operation: Operation, span: tuple[Any, Any]) -> None:
        if not _storage(operation.result):
            self.is_static = False  # a tensor inside of vmap: what comes out of it is recorded
            return
        index = len(self.operations)
        self.operations.append(operation)
        self._spans.append(span)
        self._made_by[id(operation.result)] = index
        self._in_storage.setdefault(_storage(operation.result), []).append(index)

    # ---- in-place operations

    def _run_in_place(
        self,
        function: Callable[..., Any],
        change: Change,
        targets: tuple[torch.Tensor, ...],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Run a call that changes `targets`; save the outputs in the same memory from the change."""
        for target in targets:
            storage = _storage(target)
            if storage == _storage(self.image):
                self.image = self.image.clone()
            aliases = self._in_storage.get(storage, [])
            if change.functional is None or not self._is_only(target, aliases):
                self.is_static = False
            for index in aliases:
                operation = self.operations[index]
                if operation.output is operation.result:
                    operation.output = operation.output.clone()
                # Every view of the changed memory now holds what the next operation made.
                self._made_by[id(operation.result)] = len(self.operations)
        return function(*args, **kwargs)

    def _is_only(self, target: torch.Tensor, aliases: list[int]) -> bool:
        """Whether an operation made the memory of `target`, and no other tensor of the network shares it."""
        if not aliases or any(self.operations[index].result is not target for index in aliases):
            return False
        first, storage = self.operations[aliases[0]], _storage(target)
        givers = _tensors(first.args, first.kwargs)
        return all(giver is target or _storage(giver) != storage for giver in givers)

    # ---- the module in force

    def _module_in_force(self, tensors: list[torch.Tensor]) -> tuple[str, bool]:
        """Return the path of the module whose method is running, and whether the operation is the module's own.

        An operation is the module's own where the module has no submodules, or where it takes a parameter or
        buffer that lies on the module itself: timm's ``bn1`` has an activation below it, and yet is the batch
        normalisation.
        """
        names = self._network.module_names
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            if _takes_self(frame.f_code):
                module = frame.f_locals.get("self")
                name = names.get(id(module)) if module is not self else None
                if name is not None:
                    break
            frame = frame.f_back
        else:
            return "", False
        if frame is not self._frame:
            self._frame = frame
            self._calls += 1
        assert isinstance(module, torch.nn.Module)
        owners = self._network.tensor_owners
        key = id(module)
        return name, not module._modules or any(owners.get(id(tensor)) == key for tensor in tensors)


@cache
def _takes_self(code: CodeType) -> bool:
    """Whether the code is that of a method: its first argument is ``self``."""
    return code.co_argcount > 0 and code.co_varnames[0] == "self"


def _storage(tensor: torch.Tensor) -> int:
    """Return what tells the tensor's memory from that of others; 0 where it has none of its own."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):
        return 0


def _tensors(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[torch.Tensor]:
    """Return the tensors among the arguments, those in lists and tuples too, in order."""
    found: list[torch.Tensor] = []
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif type(value) in (list, tuple):
            found += _tensors(tuple(value), {})
    return found


def _frozen(value: Any) -> Any:
    """Return an argument whose lists are copies, and plain ones."""
    if isinstance(value, list):
        return [_frozen(part) for part in value]
    if type(value) is tuple:
        return tuple([_frozen(part) for part in value])
    return value


def unique_names(operations: list[Operation]) -> list[str]:
    """Return a name for each operation: its module's path, or that and the function's name; ``#2`` where taken.

    Where a module's own call makes several operations, the one with the module's own weights has its path.
    """
    in_call = Counter(operation.call for operation in operations if operation.is_own)
    taken: Counter[str] = Counter([INPUT])
    names = []
    for operation in operations:
        own = operation.is_own and (in_call[operation.call] == 1 or operation.has_weights)
        base = operation.module if own and operation.module else _join(operation)
        taken[base] += 1
        names.append(base if taken[base] == 1 else f"{base}#{taken[base]}")
    return names


def _join(operation: Operation) -> str:
    name = function_name(operation.function)
    return f"{operation.module}.{name}" if operation.module else name


def call_of(operation: Operation, network: Network) -> Call:
    """Return the call with its arguments by name, tensors that no layer made apart from the rest."""
    names = argument_names(operation.function)
    named = {
        names[place] if place < len(names) else f"argument{place}": value for place, value in enumerate(operation.args)
    } | operation.kwargs
    origins = iter(operation.origins)
    settings: dict[str, Any] = {}
    tensors: dict[str, torch.Tensor] = {}
    for name, value in named.items():
        if isinstance(value, torch.Tensor):
            if next(origins) == CONSTANT:
                tensors[_tensor_name(name, value, network)] = value
        elif _holds_tensors(value):
            for _ in range(len(_tensors((value,), {}))):
                next(origins)
        elif not name.startswith("_"):
            settings[name] = value
    args, kwargs = _slotted(operation)
    return Call(
        function=operation.function,
        settings=MappingProxyType(settings),
        tensors=MappingProxyType(tensors),
        args=args,
        kwargs=MappingProxyType(kwargs),
        names=names,
        part=operation.part,
        is_constant_first=operation.origins[:1] == (CONSTANT,),
    )


def _slotted(operation: Operation) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call with slots for the tensors that layers made, numbered in their order."""
    origins, places = iter(operation.origins), count()

    def slot_of(tensor: torch.Tensor) -> torch.Tensor | Slot:
        return tensor if next(origins) == CONSTANT else Slot(next(places))

    args = with_slots(operation.args, slot_of)
    return args, {name: with_slots(value, slot_of) for name, value in operation.kwargs.items()}


def _tensor_name(argument: str, tensor: torch.Tensor, network: Network) -> str:
    """Return the argument's name where it tells something, else the last part of the parameter's path."""
    if argument not in ("input", "other", "self") and not argument.startswith("argument"):
        return argument
    return network.tensor_names.get(id(tensor), "constant").rpartition(".")[2]


def _holds_tensors(value: Any) -> bool:
    return type(value) in (list, tuple) and bool(_tensors((value,), {}))
