"""The answer to each question on a unit."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np
import torch

from cnnviewer.analysis.description import describe
from cnnviewer.analysis.effective_field import effective_field
from cnnviewer.analysis.explaining.table import explain
from cnnviewer.analysis.explanation import CONSTANT
from cnnviewer.analysis.receptive_field import reach_of_pixel, receptive_field
from cnnviewer.analysis.statistics import laid_out
from cnnviewer.analysis.ways import way_back, way_forward, whole_place
from cnnviewer.devices import exact
from cnnviewer.engine.classes import class_of
from cnnviewer.engine.small_maps import painted, small_map
from cnnviewer.errors import CnnviewerError, RecordingError
from cnnviewer.questions import (
    ChannelSum,
    EffectiveAnswer,
    EffectiveRequest,
    FieldAnswer,
    FieldRequest,
    ReachAnswer,
    ReachRequest,
    TermShown,
    UnitAnswer,
    UnitRequest,
    WayAnswer,
    WayStep,
    Window,
)
from cnnviewer.recording import INPUT
from cnnviewer.rendering.colormaps import color_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnnviewer.analysis.explanation import Explanation, Part
    from cnnviewer.engine.scene import Scene
    from cnnviewer.messages import ScaleChoice
    from cnnviewer.questions import Question, QuestionAnswer, WayRequest
    from cnnviewer.recording import Layer, Recording

    Numbers = NDArray[np.float64]

__all__ = ["answer_question"]

_TERMS_SHOWN = 24
_CHANNELS_SHOWN = 64
_FOLLOWERS_SHOWN = 6
_FED_SHOWN = 5
_HELD = 0.9
"""The share of a gradient that the told part of its pixels holds."""


def answer_question(request: Question, scene: Scene) -> QuestionAnswer:
    """Return what is asked on a unit.

    Raises
    ------
    CnnviewerError
        If the recording has no such layer or unit, or it can't be worked again.
    """
    recording = scene.recording
    if not 0 <= request.layer < len(recording.layers):
        raise CnnviewerError(f"The recording has no layer {request.layer}; it has {len(recording.layers)}.")
    layer = recording.layers[request.layer]
    if isinstance(request, UnitRequest):
        return _unit(request, layer, recording)
    if isinstance(request, FieldRequest):
        return _field(request, layer, recording)
    if isinstance(request, EffectiveRequest):
        return _effective(request, layer, recording)
    if isinstance(request, ReachRequest):
        return _reach(request, layer, recording)
    return _way(request, layer, recording)


# ---- arithmetic


def _unit(request: UnitRequest, layer: Layer, recording: Recording) -> UnitAnswer:
    explanation = explain(recording, layer, request.unit)
    contributions = explanation.terms.contributions
    order = np.argsort(-np.abs(np.nan_to_num(contributions)), kind="stable")[:_TERMS_SHOWN]
    if explanation.rule in ("product", "quotient"):
        order = np.sort(order)  # the order of the formula
    shown = tuple(_term(explanation, int(index), recording) for index in order)
    channels = _channels(explanation, recording)
    listed = channels[:_CHANNELS_SHOWN]
    return UnitAnswer(
        layer=layer.name,
        unit=explanation.unit,
        kind=layer.kind.value,
        settings=describe(layer, recording),
        category=class_of(layer.name, explanation.unit, recording),
        rule=explanation.rule.value,
        value=explanation.value,
        recorded=explanation.recorded,
        bias=explanation.bias,
        count=len(explanation.terms),
        terms=shown,
        rest=float(contributions.sum()) - sum(term.contribution for term in shown),
        channels=listed,
        channels_rest=sum(channel.total for channel in channels[_CHANNELS_SHOWN:]),
        channel_count=len(channels),
        window=_window(explanation, channels, request, recording),
        facts=tuple(explanation.facts.items()),
        curve=explanation.curve,
        notes=explanation.notes,
    )


def _term(explanation: Explanation, index: int, recording: Recording) -> TermShown:
    term = explanation.terms[index]
    sources = {part.source for part in explanation.terms.parts}
    name = _unit_name(term.source, term.place, recording, is_named=len(sources) > 1)
    place = None if term.place is None else whole_place(recording, term)
    category = "" if place is None else class_of(term.source, place, recording)
    return TermShown(term.source, place, name, term.value, term.weight, term.contribution, category)


def _unit_name(source: str, place: tuple[int, ...] | None, recording: Recording, *, is_named: bool) -> str:
    if source == CONSTANT:
        return "a constant"
    if place is None:
        return "padding"
    if not place:
        return source
    category = class_of(source, place, recording)
    if category:
        return category
    where = f"({', '.join(map(str, place))})" if len(place) > 1 else f"unit {place[0]}"
    if source == INPUT:
        channel = channel_name(recording, place[0])
        return f"{channel} ({place[1]}, {place[2]})"
    return f"{source} {where}" if is_named else where


def channel_name(recording: Recording, channel: int) -> str:
    """Return what a channel of the network's input is called: R, G, B, alpha, or its number."""
    return recording.channel_names[channel] if len(recording.input) > 1 else f"channel {channel}"


def _channels(explanation: Explanation, recording: Recording) -> tuple[ChannelSum, ...]:
    """Return what each channel of a window adds, the largest amount first."""
    grid = explanation.grid
    if grid is None or len(explanation.terms.parts) != 1 or not len(explanation.terms):
        return ()
    part = explanation.terms.parts[0]
    sums = np.nan_to_num(part.contributions.reshape(grid[0], -1)).sum(1)
    numbers = _channel_numbers(part, grid)
    order = np.argsort(-np.abs(sums), kind="stable")
    return tuple(
        ChannelSum(int(numbers[i]), _channel_label(part.source, int(numbers[i]), recording), float(sums[i]))
        for i in order
    )


def _channel_numbers(part: Part, grid: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the number of each channel of a window: that of any of its cells on the map."""
    axis = part.places.shape[1] - len(grid)
    if axis < 0:  # a vector of one channel
        return np.zeros(grid[0], np.int64)
    found = part.places[:, axis].reshape(grid[0], -1).max(1)
    known = np.flatnonzero(found >= 0)
    # Channels stand one behind the other; where all cells are padding, none has a number.
    first = int(found[known[0]]) - int(known[0]) if len(known) else 0
    return first + np.arange(grid[0])


def _channel_label(source: str, channel: int, recording: Recording) -> str:
    return channel_name(recording, channel) if source == INPUT else f"map {channel}"


def _window(
    explanation: Explanation, channels: tuple[ChannelSum, ...], request: UnitRequest, recording: Recording
) -> Window | None:
    grid = explanation.grid
    if grid is None or not channels:
        return None
    part = explanation.terms.parts[0]
    numbers = _channel_numbers(part, grid)
    asked = request.channel
    wanted = asked if asked is not None and asked in numbers else channels[0].channel
    row = int(np.flatnonzero(numbers == wanted)[0])
    shape = prod(grid[1:-1]), grid[-1]

    places = part.places.reshape(grid[0], *shape, -1)[row]
    is_outside = (places < 0).any(-1)
    cut = [each.reshape(grid[0], *shape)[row] for each in (part.values, part.weights, part.contributions)]
    values, kernel, products = cut
    winner = None
    if explanation.rule in ("maximum", "minimum"):
        winner = tuple(int(axis) for axis in np.unravel_index(int(kernel.argmax()), shape))
    return Window(
        channel=wanted,
        name=_channel_label(part.source, wanted, recording),
        values=values,
        kernel=kernel if explanation.rule == "sum" else np.empty((0, 0)),
        products=products,
        is_padding=is_outside | _is_padded(part.source, places, recording),
        cells=_cells(np.where(is_outside, 0.0, values), request.scale, is_signed=None),
        factors=_cells(kernel, request.scale, is_signed=True),
        shares=_cells(products, request.scale, is_signed=True),
        places=tuple(tuple(None if min(place) < 0 else tuple(place) for place in line) for line in places.tolist()),
        source=part.source,
        winner=winner,  # type: ignore[arg-type]
    )


def _is_padded(source: str, places: NDArray[np.int64], recording: Recording) -> NDArray[np.bool_]:
    """Whether cells lie in the padding that a layer before put around the map."""
    found = np.zeros(places.shape[:-1], bool)
    if source == INPUT or recording[source].operation != "pad":
        return found
    layer = recording[source]
    pads = list(layer.call.given["pad"])
    for axis in range(min(len(pads) // 2, places.shape[-1])):
        first, last = pads[2 * axis], pads[2 * axis + 1]
        place = places[..., -1 - axis]
        found |= (place < first) | (place >= layer.shape[-1 - axis] - last)
    return found


def _cells(values: Numbers, scale: ScaleChoice, *, is_signed: bool | None) -> NDArray[np.uint32]:
    return painted(torch.from_numpy(np.nan_to_num(values)).float(), values.shape[0], values.shape[1], scale, is_signed)


# ---- fields


def _field(request: FieldRequest, layer: Layer, recording: Recording) -> FieldAnswer:
    field = receptive_field(recording, layer, request.unit)
    seen = field.seen
    return FieldAnswer(
        box=(field.top, field.left, field.bottom, field.right),
        seen=None if seen is None else (seen.top, seen.left, seen.bottom, seen.right),
        stride=field.stride,
        notes=field.notes,
    )


def _effective(request: EffectiveRequest, layer: Layer, recording: Recording) -> EffectiveAnswer:
    found = exact(effective_field(recording, layer, request.unit)).numpy()
    seen = receptive_field(recording, layer, request.unit).seen
    total = float(found.sum())
    if not np.isfinite(total):
        raise RecordingError(f"The gradient of this unit of {layer.name} is not finite: there is no effect to show.")
    share = None
    if seen is not None and total > 0:
        inside = np.sort(found[seen.top : seen.bottom, seen.left : seen.right].reshape(-1))[::-1]
        share = (int(np.searchsorted(np.cumsum(inside), _HELD * total)) + 1) / len(inside)
    largest = float(found.max())
    return EffectiveAnswer(
        _effect_colors(found / max(largest, 1e-300), request.scale),
        share,
        largest,
        _effect_colors(np.linspace(0.0, 1.0, 256)[None], request.scale),
    )


def _effect_colors(effects: Numbers, scale: ScaleChoice) -> NDArray[np.uint32]:
    """Return pixels 0xAARRGGBB of effects 0..1: the weaker, the clearer.

    They follow the root: a field's middle is so much stronger that its edges would not be seen.
    """
    strength = np.sqrt(effects)
    colors = color_table(scale.sequential)[np.minimum((strength * 255).astype(np.int64), 255)]
    alpha = (strength * 215).astype(np.uint32) << np.uint32(24)
    return np.ascontiguousarray((colors & np.uint32(0xFFFFFF)) | alpha)


def _reach(request: ReachRequest, layer: Layer, recording: Recording) -> ReachAnswer:
    units = reach_of_pixel(recording, layer, request.pixel)
    mask = units.mask[0] if layer.is_batched else units.mask
    maps = laid_out(torch.from_numpy(mask), layer.layout)
    # Of a vector that is one map, the channel is the number of a unit.
    mask = maps[min(request.channel, len(maps) - 1)].numpy()
    return ReachAnswer(mask, int(mask.sum()))


# ---- ways


def _way(request: WayRequest, layer: Layer, recording: Recording) -> WayAnswer:
    if request.is_forward:
        return _forward(request, layer, recording)
    steps = way_back(recording, layer, request.unit)
    return WayAnswer(
        tuple(_way_step(request, recording, step.layer, step.unit, step.value, step.contribution) for step in steps)
    )


def _forward(request: WayRequest, layer: Layer, recording: Recording) -> WayAnswer:
    own = float(layer.output[request.unit])
    steps, notes = [_way_step(request, recording, layer.name, request.unit, own, None)], []
    for fed in way_forward(recording, layer, request.unit, _FED_SHOWN)[:_FOLLOWERS_SHOWN]:
        output = recording[fed.layer].output
        adds = "" if fed.strongest else ", and adds nothing to them"
        notes.append(f"feeds {fed.reached:,} of {output.numel():,} units of {fed.layer}{adds}")
        for unit, amount in fed.strongest:
            steps.append(_way_step(request, recording, fed.layer, unit, float(output[unit]), amount))
    return WayAnswer(tuple(steps), tuple(notes))


def _way_step(
    request: WayRequest,
    recording: Recording,
    name: str,
    unit: tuple[int, ...],
    value: float,
    contribution: float | None,
) -> WayStep:
    pixels, cell = small_map(recording, name, unit, request.side, request.scale)
    kind = INPUT if name == INPUT else recording[name].kind.value
    return WayStep(name, unit, kind, value, contribution, pixels, cell, class_of(name, unit, recording))
