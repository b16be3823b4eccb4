"""Numbers of the image that reach an operation where no tape looks on: through NumPy, a scripted part, a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from cnnviewer.arguments import tensors_in
from cnnviewer.draws import draws_now, same_draws
from cnnviewer.passes import run_pass
from cnnviewer.proving import as_before, is_same, noise_like
from cnnviewer.tape import CONSTANT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.network import Network
    from cnnviewer.tape import Operation, Tape

__all__ = ["fed_unseen"]


def fed_unseen(tape: Tape, network: Network, image: torch.Tensor) -> frozenset[int]:
    """Return the numbers of the operations that are given something of the image that no operation is seen to make.

    A tensor or a number that comes from outside may be one of the network's own, as a kernel made by NumPy is. So the
    network is run on random numbers in the image's place: what it is given there as well is its own. Where that tells
    nothing, as the network does something else there, each tensor from outside is taken to be of the image.

    Parameters
    ----------
    tape
        That of a pass.
    network
        The network; what it keeps, and the random generators, are afterwards as they were.
    image
        What it was run on.
    """
    foreign = frozenset(number for number, operation in enumerate(tape.operations) if _is_foreign(operation, tape))
    if not (foreign or tape.has_escaped):
        return foreign
    noise = noise_like(image)
    # A whole number is easily the same for two images, and less so for three.
    others = (noise, 2 * noise.mean() - noise.flip(-1))
    return frozenset().union(*(_differing(tape, _pass_over(other, network), foreign) for other in others))


def _differing(tape: Tape, other: list[Operation], foreign: frozenset[int]) -> set[int]:
    """Return which operations are given something else in another pass; the foreign ones where it went another way."""
    found, compared = set(), 0
    for number, (one, two) in enumerate(zip(tape.operations, other, strict=False)):
        if one.function is not two.function or len(one.origins) != len(two.origins):
            break
        compared = number + 1
        if not _is_given_same(_given(one), _given(two)):
            found.add(number)
    return found | {number for number in foreign if number >= compared}


def _pass_over(image: torch.Tensor, network: Network) -> list[Operation]:
    """Return what the network does with an image; nothing where it fails on it."""
    draws = draws_now(image.device)
    try:
        with as_before(network, image), same_draws(draws, image.device):
            return run_pass(network, image).tape.operations
    except Exception:  # the network may be made for photos only: then nothing is told
        return []


def _is_foreign(operation: Operation, tape: Tape) -> bool:
    tensors = tensors_in(operation.args, operation.kwargs)
    return any(
        origin == CONSTANT and tape.is_foreign(tensor)
        for tensor, origin in zip(tensors, operation.origins, strict=True)
    )


def _given(operation: Operation) -> list[Any]:
    """Return what a call was given that no operation made: tensors and settings, in their order."""
    origins = iter(operation.origins)
    values = _flat((*operation.args, *operation.kwargs.values()))
    return [value for value in values if not isinstance(value, torch.Tensor) or next(origins) == CONSTANT]


def _flat(values: tuple[Any, ...] | list[Any]) -> Iterator[Any]:
    for value in values:
        if type(value) in (list, tuple):
            yield from _flat(value)
        elif isinstance(value, slice):
            yield from (value.start, value.stop, value.step)
        else:
            yield value


def _is_given_same(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(map(_is_same_value, one, other))


def _is_same_value(one: Any, other: Any) -> bool:
    if one is other:
        return True
    try:
        if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
            return is_same(one, other)
        return type(one) is type(other) and bool(np.all(one == other))
    except (RuntimeError, NotImplementedError):  # sparse and nested tensors are not compared
        return False
