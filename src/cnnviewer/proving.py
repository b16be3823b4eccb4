"""Proving that a plan gives what the network's own code gives: to the bit, in all operations, on other images."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from cnnviewer.draws import draws_now, same_draws, set_draws
from cnnviewer.kept_state import KeptState
from cnnviewer.operations import results_of
from cnnviewer.passes import run_pass
from cnnviewer.tape import CONSTANT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cnnviewer.network import Network
    from cnnviewer.passes import Pass
    from cnnviewer.replay import Plan
    from cnnviewer.tape import Tape

__all__ = ["as_before", "gives", "is_same", "noise_like", "repeats", "run_again", "run_beside", "stands_noise"]


def noise_like(image: torch.Tensor) -> torch.Tensor:
    """Return random numbers in an image's place, spread as its own are; always the same ones."""
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randn(image.shape, generator=generator).to(image.device, image.dtype)
    spread, middle = (number.nan_to_num(0, 0, 0) for number in (image.std(), image.mean()))
    return drawn * torch.where(spread == 0, 1, spread) + middle


@contextmanager
def as_before(network: Network, image: torch.Tensor) -> Iterator[None]:
    """Put back afterwards what the network keeps between images, and the random generators of an image's device."""
    state, draws = KeptState(network.modules, has_values=True), draws_now(image.device)
    try:
        yield
    finally:
        state.restore()
        set_draws(draws, image.device)


def stands_noise(plan: Plan, network: Network, image: torch.Tensor) -> bool:
    """Whether a plan gives what the network's own code gives of random numbers in an image's place.

    What the network keeps, and the random generators, are afterwards as they were.
    """
    try:
        with as_before(network, image):
            return run_beside(plan, network, noise_like(image))[1]
    except Exception:  # the network may be made for photos only: then nothing is proved
        return False


def run_beside(plan: Plan, network: Network, image: torch.Tensor) -> tuple[Pass, bool]:
    """Run a network's own code, and a plan with the same random numbers; return the pass, and whether they agree."""
    return _run_with(gives, plan, network, image)


def run_again(plan: Plan, network: Network, image: torch.Tensor) -> tuple[Pass, bool]:
    """Do the same as `run_beside`, but make no call again that the network's code has just made itself."""
    return _run_with(lambda plan, tape: repeats(plan, tape) or gives(plan, tape), plan, network, image)


def _run_with(
    agrees: Callable[[Plan, Tape], bool], plan: Plan, network: Network, image: torch.Tensor
) -> tuple[Pass, bool]:
    draws = draws_now(image.device)
    found = run_pass(network, image)
    if found.obstacle:
        return found, False
    with torch.inference_mode(), same_draws(draws, image.device):
        return found, agrees(plan, found.tape)


def repeats(plan: Plan, tape: Tape) -> bool:
    """Whether a pass made a plan's own calls, of the same operands, so that the plan gives its outputs to the bit.

    What is called otherwise (a change in place is made on a copy) is called here, with what the pass had made, and
    compared. False also where nothing is told by that: a call may draw random numbers.
    """
    outputs = [operation.output for operation in tape.operations]
    constants = plan.constants
    if plan.count != len(outputs) or min(constants, default=0) < CONSTANT - len(tape.constants):
        return False
    if not all(is_same(value, tape.operation(number).output) for number, value in constants.items()):
        return False
    made = [*outputs, tape.image]
    for written, step, place in zip(plan.written, plan.steps, plan.places, strict=True):
        if written.is_call_of(tape.operations[place]):
            continue
        found = results_of(step.run(made))
        if not all(map(is_same, found, outputs[place : place + step.results])):
            return False
    return True


def gives(plan: Plan, tape: Tape) -> bool:
    """Whether a plan gives the outputs of a pass; each is let go as soon as nothing needs it any more."""
    outputs = [operation.output for operation in tape.operations]
    steps, places = plan.steps, plan.places
    last = {source: number for number, step in enumerate(steps) for source in step.sources}
    made: list[Any] = [None] * plan.count + [tape.image]
    if plan.count != len(outputs):
        return False
    for number, (step, place) in enumerate(zip(steps, places, strict=True)):
        end = step.store(step.run(made), made, place)
        if not all(is_same(made[index], outputs[index]) for index in range(place, end)):
            return False
        for index in (*step.sources, *range(place, end)):
            if index >= 0 and last.get(index, number) <= number:
                made[index] = None
    return True


def is_same(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors are equal to the bit; what is no number (NaN) is equal to itself."""
    if one.shape != other.shape or one.dtype != other.dtype or one.is_quantized != other.is_quantized:
        return False
    if one.is_quantized:
        return torch.equal(one.int_repr(), other.int_repr()) and torch.equal(one.dequantize(), other.dequantize())
    if torch.equal(one, other):
        return True
    if not (one.is_floating_point() or one.is_complex()):
        return False
    is_unknown = one.isnan()
    return bool((is_unknown | (one == other)).all()) and torch.equal(is_unknown, other.isnan())
