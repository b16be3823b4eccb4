"""The call of a layer, as a recording keeps it: told from the operation that a tape saw."""

from __future__ import annotations

from collections import Counter
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch

from cnnviewer.arguments import operands_in, tensors_in
from cnnviewer.operations import argument_names, function_name, is_random
from cnnviewer.quantised import is_packed, unpacked
from cnnviewer.recording import INPUT, Call
from cnnviewer.slots import Slot, with_slots
from cnnviewer.tape import CONSTANT
from cnnviewer.worked_out import WorkedOut

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnnviewer.network import Network
    from cnnviewer.tape import Operation, Tape

__all__ = ["call_of", "unique_names"]


def call_of(operation: Operation, tape: Tape, network: Network) -> Call:
    """Return the call with its arguments by name, tensors that no layer made apart from the rest."""
    names = argument_names(operation.function)
    args, kwargs = _slotted(operation, tape)
    named = {names[place] if place < len(names) else f"argument{place}": value for place, value in enumerate(args)}
    origins = iter(operation.origins)
    held = _held_weights(operation)
    settings = {name: value for name, value in held.items() if not isinstance(value, torch.Tensor)}
    tensors = {name: value for name, value in held.items() if isinstance(value, torch.Tensor)}
    worked_out: dict[str, WorkedOut] = {}
    for name, value in {**named, **kwargs}.items():
        parts = list(operands_in(value))
        if not parts and not name.startswith("_") and not is_packed(value):
            settings[name] = value
        for part in parts:
            origin = next(origins)
            if isinstance(part, Slot) or name == "out":
                continue
            told = _worked_out(origin, operation.module, tape, network) if origin < CONSTANT else None
            own = _tensor_name(name if isinstance(value, torch.Tensor) else "", part, told, network)
            own = own if own not in tensors else f"{own}#{len(tensors) + 1}"
            tensors[own] = part
            if told is not None:
                worked_out[own] = told
    return Call(
        function=operation.function,
        settings=MappingProxyType(settings),
        tensors=MappingProxyType(tensors),
        args=args,
        kwargs=MappingProxyType(kwargs),
        names=names,
        part=operation.part,
        is_constant_first=operation.origins[:1] != () and operation.origins[0] <= CONSTANT,
        worked_out=MappingProxyType(worked_out),
        autocast=operation.autocast,
        unpacked=held,
    )


def _held_weights(operation: Operation) -> Mapping[str, Any]:
    """Return what the packed weights among a call's arguments hold, by the names of arguments; nothing as a rule."""
    packed = next((value for value in operation.args if is_packed(value)), None)
    return MappingProxyType({}) if packed is None else unpacked(packed, function_name(operation.function))


def _slotted(operation: Operation, tape: Tape) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call with slots for the tensors that layers made, numbered in their order."""
    origins, places = iter(operation.origins), count()

    def slot_of(tensor: torch.Tensor) -> torch.Tensor | Slot:
        origin = next(origins)
        return Slot(next(places)) if origin > CONSTANT else tape.value(tensor, origin)

    args = with_slots(operation.args, slot_of)
    return args, {name: with_slots(value, slot_of) for name, value in operation.kwargs.items()}


def _tensor_name(argument: str, tensor: Any, told: WorkedOut | None, network: Network) -> str:
    """Return the argument's name where it tells something, else the last part of the parameter's path."""
    if argument not in ("", "input", "other", "self") and not argument.startswith("argument"):
        return argument
    path = network.tensor_names.get(id(tensor), "") if told is None else next(iter(told.behind), "")
    return path.rpartition(".")[2] or "constant"


def _worked_out(number: int, module: str, tape: Tape, network: Network) -> WorkedOut:
    """Return how the constant of this number was worked out; `module` is the path of the module that uses it."""
    found: set[int] = set()
    behind: dict[str, torch.Tensor] = {}
    waiting = [number]
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        operation = tape.operation(current)
        for tensor, origin in zip(tensors_in(operation.args, operation.kwargs), operation.origins, strict=True):
            if origin == CONSTANT:
                behind[_path(tensor, module, network)] = tensor
        waiting += [origin for origin in operation.origins if origin < CONSTANT]
    # One call makes several: each part has its own number, the first of them the largest.
    calls = {place + tape.operation(place).part: tape.operation(place) for place in sorted(found, reverse=True)}
    operations = tuple(function_name(operation.function) for operation in calls.values())
    is_drawn = any(is_random(operation.function, operation.args, operation.kwargs) for operation in calls.values())
    told = sorted(behind.items(), key=lambda item: (not item[1].requires_grad, item[0]))
    return WorkedOut(MappingProxyType(dict(told)), operations, is_drawn)


def _path(tensor: torch.Tensor, module: str, network: Network) -> str:
    path = network.tensor_names.get(id(tensor), "a constant")
    return path.removeprefix(f"{module}.") if module else path


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
