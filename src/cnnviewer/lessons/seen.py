"""What layers see: the parts of the photo that excite some of their channels most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from cnnviewer.analysis.receptive_field import Box, receptive_field
from cnnviewer.analysis.statistics import feature_maps
from cnnviewer.inputs.editing import fill_color
from cnnviewer.lessons.network_messages import Depth, Field, Patch, SeenAnswer
from cnnviewer.operations import Kind
from cnnviewer.rendering.packing import packed_rgb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.network_messages import SeenRequest
    from cnnviewer.places import Box as Shares
    from cnnviewer.recording import Layer, Recording

__all__ = ["what_layers_see"]

_DEPTHS = (0.0, 0.4, 1.0)
"""Which layers, as shares of the way through those that have maps."""
_FIELDS = 8
"""How many layers are told of."""
_LEAST_SHOWN, _MOST_SHOWN = 15, 0.45
"""So many pixels of the input a patch shows at least, and at most this share of the shorter side: a unit that could see
all of it is moved most by what lies in the middle."""
_TIE = 1e-3
_LEAST_SIDE = 3
"""Rows and columns that a map has at least: of a smaller one no part of the photo can be told."""


def what_layers_see(request: SeenRequest, context: LessonContext) -> SeenAnswer:
    """Return what excites an early, a middle and a late layer most, and how their receptive fields grow."""
    recording, photo = context.recording, context.photo
    if recording is None or photo is None:
        return SeenAnswer(note="Open a network and a photo first.")
    layers = [layer for layer in recording.layers if _has_maps(layer)]
    if any(layer.output.is_meta for layer in recording.layers):
        return SeenAnswer(note="Freeze the stream, to look into one of its frames.")
    if not layers:
        return SeenAnswer(note=f"{recording.network.name} has no layer whose maps tell parts of the photo.")
    preprocessing = recording.network.preprocessing
    crop = preprocessing.crop(*photo.size)
    chosen = [layers[round(share * (len(layers) - 1))] for share in _DEPTHS]
    fields = [layers[round(place * (len(layers) - 1) / (_FIELDS - 1))] for place in range(_FIELDS)]
    fill, seen = fill_color(photo), _as_seen(recording)
    red, green, blue = (fill,) * 3 if isinstance(fill, int) else fill
    return SeenAnswer(
        depths=tuple(_depth(layer, recording, seen, request) for layer in dict.fromkeys(chosen)),
        fields=tuple(_field(layer, recording) for layer in dict.fromkeys(fields)),
        crop=(crop.left, crop.top, crop.right, crop.bottom),
        size=photo.size,
        fill=0xFF000000 | red << 16 | green << 8 | blue,
    )


def _has_maps(layer: Layer) -> bool:
    """Whether a layer is an activation whose units belong to places of the photo."""
    return layer.kind is Kind.ACTIVATION and not layer.layout.is_vector and min(layer.layout.map_shape) >= _LEAST_SIDE


def _unit(layer: Layer, channel: int, row: int, column: int) -> tuple[int, ...]:
    """Return the index of a map's unit in the layer's output."""
    unit = layer.layout.unit_at(channel, (row, column))
    assert unit is not None
    return unit


def _field(layer: Layer, recording: Recording) -> Field:
    """Return how much of the input the unit in the middle of a map sees; what lies in the padding counts, too."""
    height, width = recording.input.shape[-2:]
    field = receptive_field(recording, layer, _unit(layer, 0, *(length // 2 for length in layer.layout.map_shape)))
    rows, columns = field.size
    share = min(1.0, rows / height) * min(1.0, columns / width)
    return Field(layer.name, field.size, share, _on_photo(recording, field))


def _depth(layer: Layer, recording: Recording, seen: Image.Image, request: SeenRequest) -> Depth:
    """Return the channels whose strongest unit stands out most, each with the part of the input that unit sees."""
    maps = feature_maps(layer).float().nan_to_num(0.0, 0.0, 0.0)
    # Where several units are equally strong, as at the upper end of a ReLU6, the one with the strongest neighbours.
    around = torch.nn.functional.avg_pool2d(maps, 3, stride=1, padding=1)
    places = (maps + _TIE * around).flatten(1).argmax(1)
    strongest = maps.flatten(1).gather(1, places[:, None])[:, 0]
    order = (strongest - maps.mean(dim=(1, 2))).argsort(descending=True)[: request.patches].tolist()
    patches = []
    for channel in order:
        row, column = divmod(int(places[channel]), maps.shape[2])
        field = receptive_field(recording, layer, _unit(layer, channel, row, column))
        window = _window(field, recording.input.shape[-2:])
        patches.append(
            Patch(
                channel=channel,
                unit=(row, column),
                value=float(strongest[channel]),
                pixels=_cut(seen, window, request.side),
                frame=_within(field, window),
                box=_on_photo(recording, window),
            )
        )
    return Depth(layer.name, _field(layer, recording), tuple(patches))


def _window(field: Box, size: Sequence[int]) -> Box:
    """Return what is shown of the input around a receptive field: a square that is neither too small nor too large."""
    height, width = size
    shortest = min(height, width)
    least, most = min(_LEAST_SHOWN, shortest), max(1, round(_MOST_SHOWN * shortest))
    side = max(least, min(max(field.size), max(most, least)))
    top, left = (round(at - side / 2) for at in field.centre)
    if max(field.size) > side:  # its middle part, on the image
        top, left = min(max(top, 0), height - side), min(max(left, 0), width - side)
    return Box(top, left, top + side, left + side)


def _within(field: Box, window: Box) -> Shares:
    """Return where a receptive field lies on the window, as shares of that; it may reach outside."""
    side = window.bottom - window.top
    edges = field.left - window.left, field.top - window.top, field.right - window.left, field.bottom - window.top
    left, top, right, bottom = (edge / side for edge in edges)
    return left, top, right, bottom


def _on_photo(recording: Recording, window: Box) -> Shares:
    """Return where a part of the input lies, as shares of what the network sees of the photo."""
    padding = recording.network.preprocessing.padding
    height, width = (length - 2 * padding for length in recording.input.shape[-2:])
    return (
        (window.left - padding) / width,
        (window.top - padding) / height,
        (window.right - padding) / width,
        (window.bottom - padding) / height,
    )


def _cut(seen: Image.Image, window: Box, side: int) -> NDArray[np.uint32]:
    """Return a part of what the network is given as pixels ``(side, side)``; padding is black."""
    part = seen.crop((window.left, window.top, window.right, window.bottom))
    is_small = max(part.size) < side
    found = np.asarray(part.resize((side, side), Image.Resampling.NEAREST if is_small else Image.Resampling.BOX))
    return packed_rgb(found[..., 0], found[..., 1], found[..., 2])


def _as_seen(recording: Recording) -> Image.Image:
    """Return the pixels that the network is given, in colour."""
    pixels = recording.network.preprocessing.invert(recording.input)
    colors = pixels.expand(3, -1, -1) if len(pixels) == 1 else pixels[:3]
    return Image.fromarray(np.ascontiguousarray(colors.permute(1, 2, 0).numpy()))
