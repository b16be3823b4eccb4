"""Ways through a network: back from a unit to what it comes from, and on to what it feeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from cnnviewer.analysis.explaining.table import explain
from cnnviewer.analysis.explanation import CONSTANT, Rule
from cnnviewer.analysis.links.table import is_elementwise, links_of
from cnnviewer.analysis.links.unit_sets import UnitSet
from cnnviewer.analysis.units import checked_layer, checked_unit
from cnnviewer.recording import INPUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnnviewer.analysis.explanation import Explanation, Term
    from cnnviewer.recording import Layer, Recording

__all__ = ["Fed", "Step", "way_back", "way_forward", "whole_place"]

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
        index = whole_place(recording, strongest)
    yield Step(INPUT, index, float(recording.input[index]), contribution, None)


def _output_index(recording: Recording, name: str, index: tuple[int, ...]) -> tuple[int, ...]:
    return index[1:] if name == INPUT or recording[name].is_batched else index


def whole_place(recording: Recording, term: Term) -> tuple[int, ...]:
    """Return the index of the unit that a term is; of a whole row (a token) that of its largest by amount."""
    assert term.place is not None
    output = recording.input if term.source == INPUT else recording[term.source].output
    row = output[term.place]
    if not row.ndim:
        return term.place
    best = int(row.detach().abs().argmax())
    return (*term.place, *_place(best, row.shape))


def _place(number: int, shape: Sequence[int]) -> tuple[int, ...]:
    """Return the index of a unit by its number in the flattened order."""
    return tuple(int(axis) for axis in np.unravel_index(number, tuple(shape)))


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
    told = _told_one_by_one(recording, layer, source, index, reached) if reached.size <= _FEW else None
    if told is not None:
        return Fed(layer.name, reached.size, told[:count])
    try:
        added = _added(recording, layer, places, index)
    except (RuntimeError, NotImplementedError, ValueError):  # no slope, or none that PyTorch knows; whole numbers
        return Fed(layer.name, reached.size, ())
    order = added.abs().flatten().nan_to_num().topk(min(count, added.numel())).indices
    units = [_place(number, added.shape) for number in order.tolist()]
    strongest = tuple((unit[1:] if layer.is_batched else unit, float(added[unit])) for unit in units)
    return Fed(layer.name, reached.size, tuple((unit, amount) for unit, amount in strongest if amount))


def _told_one_by_one(
    recording: Recording, layer: Layer, source: str, index: tuple[int, ...], reached: UnitSet
) -> tuple[tuple[tuple[int, ...], float], ...] | None:
    """Return what a unit adds to each of a few others, by their own terms: no map has to be worked whole.

    None where a term's weight is not the slope along it, or not each operand has terms.
    """
    own = _output_index(recording, source, index)
    found = []
    for place in np.argwhere(reached.mask):
        unit = tuple(int(axis) for axis in (place[1:] if layer.is_batched else place))
        explanation = explain(recording, layer, unit)
        if not _has_slopes(explanation, layer, reached):
            return None
        parts = [part for part in explanation.terms.parts if part.source == source and part.places.shape[1] == len(own)]
        amount = 0.0
        for part in parts:
            here = (part.places == own).all(1) & (part.weights != 0)
            amount += float((part.values[here] * part.weights[here]).sum())
        found.append((unit, amount))
    return tuple(sorted(found, key=lambda pair: -abs(pair[1])))


def _has_slopes(explanation: Explanation, layer: Layer, reached: UnitSet) -> bool:
    """Whether the weights of all terms are the slopes along them."""
    rule, parts = explanation.rule, [part for part in explanation.terms.parts if part.source != CONSTANT]
    if rule is Rule.NORMALISATION:
        return reached.size == 1  # else the mean and the variance depend on the unit as well
    if rule is Rule.COPY:
        return True
    is_told = rule in (Rule.SUM, Rule.AVERAGE, Rule.MAXIMUM, Rule.MINIMUM) or is_elementwise(layer)
    return is_told and len(parts) == len(layer.inputs)


def _added(recording: Recording, layer: Layer, places: list[int], index: tuple[int, ...]) -> torch.Tensor:
    """Return what a unit adds to each unit of a layer: the operation's slope along it, times its value.

    The slopes of all units along one are a column of the Jacobian, where autograd gives rows; a row is linear in what
    it is asked for, and the derivative of that is the column.
    """
    with torch.inference_mode(False), torch.enable_grad():
        operands = [recording.result(name).clone() for name in layer.inputs]
        own = operands[places[0]].requires_grad_()
        call = layer.call.with_tensors(lambda tensor: tensor.clone() if tensor.is_inference() else tensor.detach())
        result = call.run([own if place in places else operand for place, operand in enumerate(operands)])
        asked = torch.zeros_like(result, requires_grad=True)
        row = torch.autograd.grad(result, own, asked, create_graph=True)[0]
        along = torch.zeros_like(own)
        along[index] = own.detach()[index]
        return torch.autograd.grad(row, asked, along)[0].detach()
