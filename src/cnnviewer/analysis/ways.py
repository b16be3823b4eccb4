"""Ways through a network: back from a unit to what it comes from, and on to what it feeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from cnnviewer.analysis.explaining.table import explain
from cnnviewer.analysis.links.table import links_of
from cnnviewer.analysis.links.unit_sets import UnitSet
from cnnviewer.analysis.units import checked_layer, checked_unit
from cnnviewer.operations import Kind
from cnnviewer.recording import INPUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnnviewer.analysis.explanation import Rule, Term
    from cnnviewer.recording import Layer, Recording

__all__ = ["Fed", "Step", "way_back", "way_forward"]

_FEW = 48
"""So many units are explained one by one rather than the whole layer worked again."""


@dataclass(frozen=True)
class Step:
    """A unit on the way back.

    Parameters
    ----------
    layer
        Its layer's name; `INPUT` for a pixel.
    unit
        Its index in that layer's output.
    value
        Its value.
    contribution
        What it adds to the unit of the step before; None for the unit that is asked for.
    rule
        What combines its own terms; None for a pixel, and where nothing more is known.
    """

    layer: str
    unit: tuple[int, ...]
    value: float
    contribution: float | None
    rule: Rule | None


def way_back(recording: Recording, layer: Layer | str, unit: Sequence[int]) -> Iterator[Step]:
    """Follow a unit to its strongest contributor, that to its own, and so on down to a pixel.

    Parameters
    ----------
    recording
        A recording.
    layer, unit
        As for `explain`.

    Yields
    ------
    Step
        The unit that is asked for first. The last is a pixel, or a unit of which no layer made any term.

    Raises
    ------
    RecordingError
        As `explain`.
    """
    found = checked_layer(recording, layer)
    name, contribution = INPUT if found is None else found.name, None
    index = _output_index(recording, name, checked_unit(recording, found, unit))
    while name != INPUT:
        explanation = explain(recording, name, index)
        yield Step(name, index, explanation.recorded, contribution, explanation.rule)
        strongest = explanation.strongest
        if strongest is None:
            return
        name, contribution = strongest.source, strongest.contribution
        index = _completed(recording, strongest)
    yield Step(INPUT, index, float(recording.input[index]), contribution, None)


def _output_index(recording: Recording, name: str, index: tuple[int, ...]) -> tuple[int, ...]:
    return index[1:] if name == INPUT or recording[name].is_batched else index


def _completed(recording: Recording, term: Term) -> tuple[int, ...]:
    """Return the place of a term; of a whole row the unit that is largest by amount."""
    assert term.place is not None
    output = recording.input if term.source == INPUT else recording[term.source].output
    row = output[term.place]
    if not row.ndim:
        return term.place
    best = int(row.detach().abs().argmax())
    return (*term.place, *(int(axis) for axis in torch.unravel_index(torch.tensor(best), row.shape)))


@dataclass(frozen=True)
class Fed:
    """What a unit feeds in one of the next layers.

    Parameters
    ----------
    layer
        That layer's name.
    reached
        How many of its units the unit can change.
    strongest
        Those to which it adds most, the largest amount first: their index and what it adds; empty where the operation
        has no slope.
    """

    layer: str
    reached: int
    strongest: tuple[tuple[tuple[int, ...], float], ...]


def way_forward(recording: Recording, layer: Layer | str, unit: Sequence[int], count: int = 12) -> tuple[Fed, ...]:
    """Tell which units of the next layers a unit feeds, and how much.

    What it adds to another is its value times that one's slope along it: for sums the very term.

    Parameters
    ----------
    recording
        A recording.
    layer, unit
        As for `explain`; `INPUT` is asked for a pixel of one channel.
    count
        How many of the strongest are told of each layer.

    Raises
    ------
    RecordingError
        If there is no such layer or unit.
    """
    found = checked_layer(recording, layer)
    index = checked_unit(recording, found, unit)
    name = INPUT if found is None else found.name
    return tuple(_fed(recording, recording[follower], name, index, count) for follower in recording.followers[name])


def _fed(recording: Recording, layer: Layer, source: str, index: tuple[int, ...], count: int) -> Fed:
    shape = recording.result(source).shape
    places = [place for place, name in enumerate(layer.inputs) if name == source]
    reached = UnitSet.none(layer.result.shape)
    for place in places:
        reached |= links_of(layer, recording)[place].forth(UnitSet.single(shape, index))
    if reached.size <= _FEW and layer.kind not in (Kind.SOFTMAX, Kind.ATTENTION):
        return Fed(layer.name, reached.size, _told_one_by_one(recording, layer, source, index, reached)[:count])
    try:
        added = _added(recording, layer, places, index)
    except (RuntimeError, NotImplementedError):  # the function has no slope, or PyTorch does not know it forwards
        return Fed(layer.name, reached.size, ())
    order = added.abs().flatten().nan_to_num().topk(min(count, added.numel())).indices
    units = [tuple(int(axis) for axis in torch.unravel_index(place, added.shape)) for place in order]
    strongest = tuple((unit[1:] if layer.is_batched else unit, float(added[unit])) for unit in units)
    return Fed(layer.name, reached.size, tuple((unit, amount) for unit, amount in strongest if amount))


def _told_one_by_one(
    recording: Recording, layer: Layer, source: str, index: tuple[int, ...], reached: UnitSet
) -> tuple[tuple[tuple[int, ...], float], ...]:
    """Return what a unit adds to each of a few others, by their own explanations: no map has to be worked whole."""
    own = _output_index(recording, source, index)
    found = []
    for place in np.argwhere(reached.mask):
        unit = tuple(int(axis) for axis in (place[1:] if layer.is_batched else place))
        terms = explain(recording, layer, unit).terms
        parts = [part for part in terms.parts if part.source == source and part.places.shape[1] == len(own)]
        amount = sum(float(part.contributions[(part.places == own).all(1)].sum()) for part in parts)
        found.append((unit, amount))
    return tuple(sorted(found, key=lambda pair: -abs(pair[1])))


def _added(recording: Recording, layer: Layer, places: list[int], index: tuple[int, ...]) -> torch.Tensor:
    """Return what a unit adds to each unit of a layer: the operation's derivative along it, times its value."""
    with torch.inference_mode(False):
        operands = [recording.result(name).clone() for name in layer.inputs]
        call = layer.call.with_tensors(lambda tensor: tensor.clone() if tensor.is_inference() else tensor.detach())
        own = operands[places[0]]
        along = torch.zeros_like(own)
        along[index] = own[index]

        def run(changed: torch.Tensor) -> torch.Tensor:
            return call.run([changed if place in places else operand for place, operand in enumerate(operands)])

        added: torch.Tensor = torch.func.jvp(run, (own,), (along,))[1]
    return added.detach()
