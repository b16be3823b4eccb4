"""Replaying a forward pass: the operations that a tape saw, with another image, without the network's code.

Python's part of a forward pass (modules calling modules, checks of shapes, the tape itself) takes longer than the
arithmetic of small layers. Where the operations can't depend on the image's values, running them one after another
gives the same bits. What the pass works out of the network's weights alone is kept until those have changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.modules import module as module_internals

from cnnviewer import obstacles
from cnnviewer.apart import apart
from cnnviewer.arguments import tensors_in
from cnnviewer.autocasting import Autocast, under
from cnnviewer.devices import clock_of
from cnnviewer.operations import results_of
from cnnviewer.slots import Slot, filled, slots_in, with_slots
from cnnviewer.tape import CONSTANT, IMAGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from cnnviewer.network import Network
    from cnnviewer.tape import Operation, Tape

__all__ = ["Constants", "Plan", "Step", "plan_of", "versions_of"]

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
    autocast: Autocast | None = None

    @classmethod
    def of(
        cls,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        results: int,
        autocast: Autocast | None = None,
    ) -> Step:
        """Return the step of a call whose arguments have their slots."""
        holes = tuple((place, value.index) for place, value in enumerate(args) if isinstance(value, Slot))
        is_nested = len(holes) < len(list(slots_in((args, tuple(kwargs.values())))))
        return cls(function, args, kwargs, holes, is_nested, results, autocast)

    @property
    def sources(self) -> tuple[int, ...]:
        """The operations whose results it takes, and `IMAGE`, in the order of its arguments."""
        return tuple(slots_in((self.args, tuple(self.kwargs.values()))))

    @property
    def weights(self) -> tuple[torch.Tensor, ...]:
        """The tensors among its arguments."""
        return tuple(tensors_in(self.args, self.kwargs))

    def is_call_of(self, operation: Operation) -> bool:
        """Whether an operation is this very call, with the same operands as far as their origins tell."""
        if self.function != operation.function or self.autocast != operation.autocast:
            return False
        args, kwargs = _with_origins(operation.args, operation.kwargs, operation.origins)
        return _is_it(self.args, args) and _is_it(tuple(self.kwargs.items()), tuple(kwargs.items()))

    def with_constants(self, values: Mapping[int, torch.Tensor]) -> Step:
        """Return the step with these tensors in the slots of constants."""
        if all(source > CONSTANT for source in self.sources):
            return self
        known = _Known(values)
        kwargs = {name: filled(value, known) for name, value in self.kwargs.items()}
        return Step.of(self.function, filled(self.args, known), kwargs, self.results, self.autocast)

    def run(self, made: Sequence[Any] | Mapping[int, Any]) -> Any:
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
        if self.autocast is None:
            return self.function(*args, **kwargs)
        with under(self.autocast):
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


class _Known(dict[int, Any]):
    """Tensors by the numbers of their slots; a slot that is not known stays one."""

    def __missing__(self, index: int) -> Slot:
        return Slot(index)


class Constants:
    """What a forward pass works out of the network's weights alone; it is worked out again when those have changed.

    Parameters
    ----------
    steps
        The calls in their order, each with the numbers of what it makes.
    values
        What they made at first, and what is the same for any weights, by their numbers: as far as it is taken.
    stand_ins
        For the layers of which a call takes nothing but the shape and the type, a tensor that has them.
    """

    def __init__(
        self,
        steps: Sequence[tuple[tuple[int, ...], Step]],
        values: Mapping[int, torch.Tensor],
        stand_ins: Mapping[int, torch.Tensor],
    ) -> None:
        self._steps, self._values, self._stand_ins = steps, values, stand_ins
        self.weights = tuple(weight for _, step in steps for weight in step.weights)
        self._versions = versions_of(self.weights)

    def current(self) -> Mapping[int, torch.Tensor]:
        """Return the tensors by their numbers; the same mapping as long as the weights tell of no change in place."""
        versions = versions_of(self.weights)
        if versions is None or versions != self._versions:
            self.renew()
        return self._values

    def renew(self) -> None:
        """Work them out again: `Tensor.data` is changed without the weight telling it."""
        made = {**self._stand_ins, **self._values}
        for numbers, step in self._steps:
            made.update(zip(numbers, results_of(step.run(made)), strict=True))
        self._versions = versions_of(self.weights)
        changed = {
            number: made[number] for number, before in self._values.items() if not torch.equal(made[number], before)
        }
        if changed:
            self._values = {**self._values, **changed}


class Plan:
    """The operations of a forward pass, to be run again."""

    def __init__(
        self, steps: tuple[Step, ...], constants: Constants, image: torch.Tensor, network: Network, scores: int | None
    ) -> None:
        self._written, self._constants = steps, constants
        self._filled: Mapping[int, torch.Tensor] = {}
        self._steps: tuple[Step, ...] = ()
        self.weights = (*(weight for step in steps for weight in step.weights), *constants.weights)
        self.count = sum(step.results for step in steps)
        self._shape, self._dtype, self._device = image.shape, image.dtype, image.device
        self.clock = clock_of(image.device)
        self._modules = network.modules
        self._registered = tuple(_registrations(network.modules))
        self._sizes = tuple((names, len(names)) for names in _registries(network.modules))
        self.scores = scores

    @property
    def constants(self) -> Mapping[int, torch.Tensor]:
        """What the pass works out without the image, with the weights as they are now, by numbers below `CONSTANT`."""
        return self._constants.current()

    @property
    def written(self) -> tuple[Step, ...]:
        """The calls that make layers, with slots for `constants`."""
        return self._written

    @property
    def steps(self) -> tuple[Step, ...]:
        """The calls that make layers, with `constants` in their places; the same tuple as long as those stand."""
        constants = self.constants
        if constants is not self._filled or not self._steps:
            self._filled = constants
            self._steps = tuple(step.with_constants(constants) for step in self._written)
        return self._steps

    @property
    def places(self) -> tuple[int, ...]:
        """For each step, the slot of its first result: the number of the operation."""
        return tuple(accumulate((step.results for step in self._written), initial=0))[:-1]

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
        self._constants.renew()
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


def versions_of(weights: Iterable[torch.Tensor]) -> tuple[int, ...] | None:
    """Return what changes when any of some tensors is changed in place; None where one of them does not tell."""
    return None if any(weight.is_inference() for weight in weights) else tuple(weight._version for weight in weights)


def plan_of(tape: Tape, network: Network, image: torch.Tensor, scores: int | None) -> tuple[Plan | None, str]:
    """Return the plan of what a tape saw; None where another image might take another path, and why.

    `scores` is the operation that made the network's output for the classes.
    """
    if tape.obstacle or not tape.operations:
        return None, tape.obstacle or obstacles.NO_LAYER
    if _has_hooks(network.modules):
        return None, obstacles.HOOKS
    try:
        steps = tuple(_step(operation, results) for operation, results in _grouped(tape.operations))
        constants = _constants_of(tape)
    except TypeError:  # an argument that might hide tensors
        return None, obstacles.HIDDEN
    return Plan(steps, constants, image, network, scores), ""


def _constants_of(tape: Tape) -> Constants:
    """Return what a tape saw made without the image."""
    taken = {origin for operation in tape.operations for origin in operation.origins}
    by_steps = {origin for operation in tape.constants if not operation.is_fixed for origin in operation.origins}
    values: dict[int, torch.Tensor] = {}
    steps: list[tuple[tuple[int, ...], Step]] = []
    stand_ins: dict[int, torch.Tensor] = {}
    first = CONSTANT
    for operation, results in _grouped(tape.constants):
        numbers = tuple(range(first - 1, first - 1 - results, -1))
        first -= results
        kept = taken | by_steps if operation.is_fixed else taken
        values.update({number: tape.operation(number).output for number in numbers if number in kept})
        if operation.is_fixed:
            continue
        steps.append((numbers, _step(operation, results)))
        for tensor, origin in zip(tensors_in(operation.args, operation.kwargs), operation.origins, strict=True):
            if origin > CONSTANT:
                stand_ins[origin] = tensor.new_empty(()).expand(tensor.shape)
    return Constants(steps, values, stand_ins)


def _grouped(operations: list[Operation]) -> Iterator[tuple[Operation, int]]:
    """Return each call once, with how many tensors it returned: they stand side by side and share arguments."""
    place = 0
    while place < len(operations):
        first, count = operations[place], 1
        while place + count < len(operations) and operations[place + count].part > 0:
            count += 1
        yield first, count
        place += count


def _step(operation: Operation, results: int) -> Step:
    """Return the step of a call; TypeError where it can't be made again."""
    function, args, kwargs = apart(operation.function, operation.args, operation.kwargs)
    _check_plain((*args, *kwargs.values()))
    return Step.of(function, *_with_origins(args, kwargs, operation.origins), results, operation.autocast)


def _with_origins(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], origins: Sequence[int]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a call with slots for the results of others."""
    numbers = iter(origins)

    def slot_of(tensor: torch.Tensor) -> torch.Tensor | Slot:
        origin = next(numbers)
        return tensor if origin == CONSTANT else Slot(origin)

    return with_slots(args, slot_of), {name: with_slots(value, slot_of) for name, value in kwargs.items()}


def _is_it(one: Any, other: Any) -> bool:
    """Whether two arguments are the same: the very same tensors, and plain values that are equal."""
    if one is other:
        return True
    if type(one) is not type(other) or isinstance(one, torch.Tensor):
        return False
    if type(one) in (list, tuple):
        return len(one) == len(other) and all(map(_is_it, one, other))
    return bool(one == other)


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
