"""The receptive field: the box of input pixels that can change a unit, and the units that a pixel can change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.analysis.links.table import links_of
from cnnviewer.analysis.links.unit_sets import UnitSet
from cnnviewer.analysis.units import checked_layer, checked_unit
from cnnviewer.recording import INPUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.analysis.links.links import Link, Spans
    from cnnviewer.recording import Layer, Recording

__all__ = ["Box", "ReceptiveField", "reach_of_pixel", "receptive_field"]


_UNSEEN = (
    "it was given numbers that were made of the image where no layer is seen to make them: each pixel may change it"
)


@dataclass(frozen=True)
class Box:
    """A box of pixels of the network's input, half-open; it may reach outside the image, into the padding."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """Its height and width."""
        return self.bottom - self.top, self.right - self.left

    @property
    def centre(self) -> tuple[float, float]:
        """The row and column of its middle, where pixel 0 reaches from 0 to 1."""
        return (self.top + self.bottom) / 2, (self.left + self.right) / 2


@dataclass(frozen=True)
class ReceptiveField(Box):
    """The receptive field of a unit.

    Parameters
    ----------
    seen
        The smallest box around the pixels of the image that can change the unit; None where none can. The box itself
        reaches further where padding lies between the unit and the image.
    stride
        By how many pixels, down and across, the box of the next unit is shifted; None along an axis of one unit, or
        where the box of the next is the same.
    channels
        Which channels of the image can change the unit.
    notes
        Why the box may be larger than what really changes the unit: attention, data that decide.
    """

    seen: Box | None = None
    stride: tuple[int | None, int | None] = (None, None)
    channels: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def receptive_field(recording: Recording, layer: Layer | str, unit: Sequence[int]) -> ReceptiveField:
    """Return the box of input pixels that can change a unit.

    It is followed back through each operation that ran, along branches and skips, so it is exact for the network as
    it ran. Its size is that of an image without ends: as in Araujo, Norris and Sim, "Computing Receptive Fields of
    Convolutional Neural Networks", Distill (2019), for networks with several paths.

    Parameters
    ----------
    recording
        A recording; its values do not matter.
    layer
        The layer or its name; `INPUT` for the image itself.
    unit
        The unit's index in `Layer.output`, e.g. ``(channel, row, column)``; a negative one counts from the end.

    Raises
    ------
    RecordingError
        If there is no such layer or unit.
    """
    found = checked_layer(recording, layer)
    index = checked_unit(recording, found, unit)
    trace = _trace(recording, found, index)
    (top, bottom), (left, right) = trace.spans[-2:] if trace.spans else ((0, 0), (0, 0))
    units = trace.units
    seen = None
    if not units.is_empty:
        (first, last), (start, end) = units.bounds(-2), units.bounds(-1)
        seen = Box(first, start, last, end)
        # Mirrored, repeated or rolled pixels are seen elsewhere than where they lie.
        top, left, bottom, right = min(top, first), min(left, start), max(bottom, last), max(right, end)
    return ReceptiveField(
        top=top,
        left=left,
        bottom=bottom,
        right=right,
        seen=seen,
        stride=_stride(recording, found, index, trace),
        channels=tuple(units.projections[1].nonzero()[0].tolist()),
        notes=trace.notes,
    )


@dataclass(frozen=True, eq=False)
class _Trace:
    """What was found at the image: its units, the span of each axis, and what was noted on the way."""

    units: UnitSet
    spans: Spans
    notes: tuple[str, ...]


def _trace(recording: Recording, layer: Layer | None, index: tuple[int, ...]) -> _Trace:
    """Follow a unit back to the image; `index` counts the batch axis."""
    shape = tuple(recording.input[None].shape) if layer is None else tuple(layer.result.shape)
    start = UnitSet.single(shape, index), tuple((place, place + 1) for place in index)
    found: dict[str, tuple[UnitSet, Spans]] = {INPUT if layer is None else layer.name: start}
    notes: dict[str, None] = {}
    for current in () if layer is None else reversed(recording.layers[: layer.index + 1]):
        known = found.pop(current.name, None)
        if known is None:
            continue
        if current.call.is_fed_unseen:
            found[INPUT] = _joined(found.get(INPUT), _everywhere(recording))
            notes[_UNSEEN] = None
        for name, link in zip(current.inputs, links_of(current, recording), strict=True):
            reached = _followed(link, *known)
            if reached is not None:
                found[name] = _joined(found.get(name), reached)
                notes.update({link.note: None} if link.note else {})
    units, spans = found.get(INPUT, (UnitSet.none(recording.input[None].shape), ()))
    return _Trace(units, spans, tuple(notes))


def _everywhere(recording: Recording) -> tuple[UnitSet, Spans]:
    shape = tuple(recording.input[None].shape)
    return UnitSet.whole(shape), tuple((0, length) for length in shape)


def _followed(link: Link, units: UnitSet, spans: Spans) -> tuple[UnitSet, Spans] | None:
    """Return what of an operand feeds these units; None where nothing does."""
    before = link.back(units)
    if before.is_empty:
        return None
    known = link.spans(spans)
    return before, tuple(span or before.bounds(axis) for axis, span in enumerate(known))


def _joined(first: tuple[UnitSet, Spans] | None, second: tuple[UnitSet, Spans]) -> tuple[UnitSet, Spans]:
    if first is None:
        return second
    pairs = zip(first[1], second[1], strict=True)
    return first[0] | second[0], tuple((min(a[0], b[0]), max(a[1], b[1])) for a, b in pairs)


def _stride(
    recording: Recording, layer: Layer | None, index: tuple[int, ...], trace: _Trace
) -> tuple[int | None, int | None]:
    """Return how far the box moves from a unit to the next, down and across."""
    if len(index) < 3 or not trace.spans:
        return None, None
    shape = recording.result(INPUT if layer is None else layer.name).shape
    steps = [1 if index[axis] + 1 < shape[axis] else -1 for axis in (-2, -1)]
    # One neighbour tells both: rows and columns do not depend on each other.
    neighbour = (
        *index[:-2],
        *(index[axis] + (step if shape[axis] > 1 else 0) for axis, step in zip((-2, -1), steps, strict=True)),
    )
    spans = _trace(recording, layer, neighbour).spans
    if not spans:
        return None, None
    down, across = (
        ((spans[axis][0] - trace.spans[axis][0]) * step or None) if shape[axis] > 1 else None
        for axis, step in zip((-2, -1), steps, strict=True)
    )
    return down, across


def reach_of_pixel(recording: Recording, layer: Layer | str, pixel: tuple[int, int]) -> UnitSet:
    """Return the units of a layer that a pixel of the network's input can change.

    Parameters
    ----------
    recording
        A recording; its values do not matter.
    layer
        The layer or its name.
    pixel
        Its row and column; all its channels count.

    Returns
    -------
    UnitSet
        Of the shape of `Layer.result`, with the batch axis.

    Raises
    ------
    RecordingError
        If there is no such layer or pixel.
    """
    target = checked_layer(recording, layer)
    unit = checked_unit(recording, None, (0, *pixel))
    shape = tuple(recording.input[None].shape)
    image = UnitSet.single(shape, unit)
    assert image.axes is not None
    everywhere = UnitSet.whole(shape)
    assert everywhere.axes is not None
    found = {INPUT: UnitSet((*everywhere.axes[:-2], *image.axes[-2:]))}
    if target is None:
        return found[INPUT]
    needed = recording.ancestors(target)
    for layer_before in recording.layers[: target.index + 1]:
        if layer_before.index in needed:
            found[layer_before.name] = _reached(layer_before, recording, found)
    return found[target.name]


def _reached(layer: Layer, recording: Recording, found: dict[str, UnitSet]) -> UnitSet:
    if layer.call.is_fed_unseen:
        return UnitSet.whole(layer.result.shape)
    units = UnitSet.none(layer.result.shape)
    for name, link in zip(layer.inputs, links_of(layer, recording), strict=True):
        if not found[name].is_empty:
            units |= link.forth(found[name])
    return units
