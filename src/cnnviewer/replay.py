"""Replaying a forward pass: the operations that a tape saw, with another image, without the network's code.

Python's part of a forward pass (modules calling modules, checks of shapes, the tape itself) takes longer than the
arithmetic of small layers. Where the operations can't depend on the image's values, running them one after another
gives the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.modules import module as module_internals

from cnnviewer.devices import clock_of
from cnnviewer.operations import change_of
from cnnviewer.slots import Slot, filled, slots_in, with_slots
from cnnviewer.tape import CONSTANT, IMAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cnnviewer.network import Network
    from cnnviewer.tape import Operation, Tape

__all__ = ["Plan", "Step", "plan_of"]

_PLAIN = (
    int,
    float,
    bool,
    str,
    complex,
    type(None),
    type(Ellipsis),
    torch.Size,
    torch.dtype,
    torch.device,
    torch.layout,
    torch.memory_format,
)


@dataclass(slots=True)
class Step:
    """One call: its arguments, with slots where results of earlier steps go; it makes `results` tensors.

    `holes` are the places of the positional arguments that are slots; `is_nested` tells that slots lie deeper, or
    among the named arguments.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    holes: tuple[tuple[int, int], ...]
    is_nested: bool
    results: int

    @property
    def sources(self) -> tuple[int, ...]:
        """The operations whose results it takes, and `IMAGE`, in the order of its arguments."""
        return tuple(slots_in((self.args, tuple(self.kwargs.values()))))

    def run(self, made: Sequence[Any]) -> Any:
        """Call the function, with what earlier steps made in the slots."""
        args: tuple[Any, ...] | list[Any] = self.args
        kwargs = self.kwargs
        if self.is_nested:
            args = filled(args, made)
            kwargs = {name: filled(value, made) for name, value in kwargs.items()}
        elif self.holes:
            args = list(args)
            for position, index in self.holes:
                args[position] = made[index]
        return self.function(*args, **kwargs)

    def store(self, result: Any, made: list[Any], place: int) -> int:
        """Put what the call returned into its slots, from `place` on; return the place behind them."""
        if self.results == 1:
            made[place] = result if isinstance(result, torch.Tensor) else _only(result)
            return place + 1
        for part in result:
            if isinstance(part, torch.Tensor):
                made[place] = part
                place += 1
        return place


class Plan:
    """The operations of a forward pass, to be run again."""

    def __init__(self, steps: tuple[Step, ...], image: torch.Tensor, network: Network, scores: int | None) -> None:
        self.steps = steps
        self.count = sum(step.results for step in steps)
        self._shape, self._dtype, self._device = image.shape, image.dtype, image.device
        self.clock = clock_of(image.device)
        self._modules = network.modules
        self._registered = tuple(_registrations(network.modules))
        self._sizes = tuple((names, len(names)) for names in _registries(network.modules))
        self.scores = scores

    @property
    def places(self) -> tuple[int, ...]:
        """For each step, the slot of its first result: the number of the operation."""
        return tuple(accumulate((step.results for step in self.steps), initial=0))[:-1]

    def fits(self, image: torch.Tensor) -> bool:
        """Whether an image has the shape of the first, and the network is as it was."""
        return (
            image.shape == self._shape
            and image.dtype == self._dtype
            and image.device == self._device
            and not _has_hooks(self._modules)
            and all(names.get(name) is value for names, name, value in self._registered)
            and all(len(names) == size for names, size in self._sizes)
        )

    def run(self, image: torch.Tensor) -> tuple[list[torch.Tensor], list[float]]:
        """Run all operations on an image; return what each returned, and how long it took on the device in seconds."""
        # The image stands last: index -1 is IMAGE.
        made: list[Any] = [None] * self.count + [image]
        spans: list[tuple[Any, Any]] = []
        place, mark = 0, self.clock.mark
        for step in self.steps:
            start = mark()
            result = step.run(made)
            span = start, mark()
            place = step.store(result, made, place)
            spans += [span] * step.results
        made.pop()
        self.clock.finish()
        return made, [self.clock.seconds(*span) for span in spans]


def plan_of(
    tape: Tape,
    network: Network,
    image: torch.Tensor,
    scores: torch.Tensor | None,
    scores_index: int | None,
) -> Plan | None:
    """Return the plan of what a tape saw; None where another image might take another path.

    `scores` is the network's output for the classes, which operation `scores_index` made.
    """
    operations = tape.operations
    if not tape.is_static or not operations or _has_hooks(network.modules):
        return None
    if scores is not None and scores_index is None:
        return None
    steps: list[Step] = []
    for operation, results in _grouped(operations):
        step = _step(operation, results)
        if step is None:
            return None
        steps.append(step)
    return Plan(tuple(steps), image, network, scores_index)


def _grouped(operations: list[Operation]) -> Iterator[tuple[Operation, int]]:
    """Return each call once, with how many tensors it returned: they stand side by side and share arguments."""
    place = 0
    while place < len(operations):
        first, count = operations[place], 1
        while place + count < len(operations) and operations[place + count].part > 0:
            count += 1
        yield first, count
        place += count


def _step(operation: Operation, results: int) -> Step | None:
    function, args, kwargs = operation.function, operation.args, operation.kwargs
    change = change_of(function)
    if change.targets(args, kwargs):
        if change.functional is None:
            return None
        args, kwargs = change.without(args, kwargs)
        function = change.functional
    origins = iter(operation.origins)
    try:
        slotted = tuple(_slotted(value, origins) for value in args)
        named = {name: _slotted(value, origins) for name, value in kwargs.items()}
    except TypeError:
        return None
    holes = tuple((place, value.index) for place, value in enumerate(slotted) if isinstance(value, Slot))
    is_nested = len(holes) < len(list(slots_in((slotted, tuple(named.values())))))
    return Step(function, slotted, named, holes, is_nested, results)


def _slotted(value: Any, origins: Iterator[int]) -> Any:
    """Return an argument with slots for results; TypeError where it is of a kind that might hide tensors."""
    _check_plain(value)

    def slot_of(tensor: torch.Tensor) -> torch.Tensor | Slot:
        origin = next(origins)
        return tensor if origin == CONSTANT else Slot(origin)

    return with_slots(value, slot_of)


def _check_plain(value: Any) -> None:
    """Raise a TypeError where a value might hide tensors."""
    if type(value) in (list, tuple):
        for part in value:
            _check_plain(part)
    elif isinstance(value, slice):
        if any(isinstance(part, torch.Tensor) for part in (value.start, value.stop, value.step)):
            raise TypeError
    elif not isinstance(value, (torch.Tensor, *_PLAIN)):
        raise TypeError


def _only(result: Any) -> torch.Tensor:
    """Return the one tensor in a tuple: attention returns its output and no weights."""
    (tensor,) = (part for part in result if isinstance(part, torch.Tensor))
    return tensor


def _registries(modules: tuple[torch.nn.Module, ...]) -> Iterator[Mapping[str, Any]]:
    for module in modules:
        yield from (module._modules, module._parameters, module._buffers)


def _registrations(modules: tuple[torch.nn.Module, ...]) -> Iterator[tuple[Mapping[str, Any], str, Any]]:
    """Return where each submodule, parameter and buffer is registered, to see whether it still is."""
    for names in _registries(modules):
        for name, value in names.items():
            yield names, name, value


def _has_hooks(modules: tuple[torch.nn.Module, ...]) -> bool:
    """Whether calling one of the modules would run a hook."""
    return bool(
        module_internals._global_forward_hooks
        or module_internals._global_forward_pre_hooks
        or any(module._forward_hooks or module._forward_pre_hooks for module in modules)
    )


assert IMAGE == -1, "Plan.run puts the image last"
