"""What layers see: the parts of the photo that excite some of their channels most."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from cnnviewer.analysis.statistics import feature_maps
from cnnviewer.errors import CnnviewerError
from cnnviewer.inputs.editing import fill_color
from cnnviewer.lessons.fields import receptive_field
from cnnviewer.lessons.network_messages import Depth, Field, Patch, SeenAnswer
from cnnviewer.operations import Kind
from cnnviewer.places import on_photo
from cnnviewer.rendering.packing import packed_rgb

if TYPE_CHECKING:
    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.network_messages import SeenRequest
    from cnnviewer.places import Box
    from cnnviewer.recording import Layer, Recording

__all__ = ["what_layers_see"]

_DEPTHS = (0.0, 0.4, 1.0)
"""Which layers, as shares of the way through those that have maps."""
_FIELDS = 8
"""How many layers are told of."""
_LEAST_SIDE = 3
"""Rows and columns that a map has at least: of a smaller one no part of the photo can be told."""


def what_layers_see(request: SeenRequest, context: LessonContext) -> SeenAnswer:
    """Return what excites an early, a middle and a late layer most, and how their receptive fields grow.

    Raises
    ------
    CnnviewerError
        If there is no recording of a whole photo, or no layer in it has maps.
    """
    recording, photo = context.recording, context.photo
    if recording is None or photo is None:
        raise CnnviewerError("Open a network and a photo first: there is nothing to look at yet.")
    layers = [layer for layer in recording.layers if _has_maps(layer)]
    if not layers:
        raise CnnviewerError(f"{recording.network.name} has no layer whose maps tell parts of the photo.")
    preprocessing = recording.network.preprocessing
    crop = preprocessing.crop(*photo.size)
    chosen = [layers[round(share * (len(layers) - 1))] for share in _DEPTHS]
    fields = [layers[round(place * (len(layers) - 1) / (_FIELDS - 1))] for place in range(_FIELDS)]
    fill = fill_color(photo)
    red, green, blue = (fill,) * 3 if isinstance(fill, int) else fill
    return SeenAnswer(
        network=recording.network.name,
        depths=tuple(_depth(layer, recording, photo, request) for layer in dict.fromkeys(chosen)),
        fields=tuple(_field(layer, recording) for layer in dict.fromkeys(fields)),
        crop=(crop.left, crop.top, crop.right, crop.bottom),
        size=photo.size,
        fill=0xFF000000 | red << 16 | green << 8 | blue,
    )


def _has_maps(layer: Layer) -> bool:
    """Whether a layer is an activation whose units belong to places of the photo, and was kept."""
    is_whole = layer.output.ndim == 3 and not layer.output.is_meta
    return layer.kind is Kind.ACTIVATION and is_whole and min(layer.shape[1:]) >= _LEAST_SIDE


def _field(layer: Layer, recording: Recording) -> Field:
    height, width = recording.input.shape[-2:]
    box = receptive_field(recording, layer, (0, layer.shape[1] // 2, layer.shape[2] // 2))
    rows, columns = box.bottom - box.top, box.right - box.left
    return Field(layer.name, (rows, columns), min(1.0, rows / height) * min(1.0, columns / width))


def _depth(layer: Layer, recording: Recording, photo: Image.Image, request: SeenRequest) -> Depth:
    maps = feature_maps(layer).float().nan_to_num(0.0, 0.0, 0.0)
    strongest, places = maps.flatten(1).max(1)
    order = strongest.argsort(descending=True)[: request.patches].tolist()
    patches = []
    for channel in order:
        row, column = divmod(int(places[channel]), maps.shape[2])
        box = _on_photo(recording, layer, (channel, row, column), photo)
        pixels = _cut(photo, box, request.side)
        patches.append(Patch(channel, (row, column), float(strongest[channel]), pixels, box))
    return Depth(layer.name, _field(layer, recording), tuple(patches))


def _on_photo(recording: Recording, layer: Layer, unit: tuple[int, int, int], photo: Image.Image) -> Box:
    preprocessing = recording.network.preprocessing
    field = receptive_field(recording, layer, unit)
    height, width = recording.input.shape[-2:]
    shares = field.left / width, field.top / height, field.right / width, field.bottom / height
    crop = preprocessing.crop(*photo.size)
    padding = preprocessing.padding, preprocessing.padding
    return on_photo(shares, (crop.left, crop.top, crop.right, crop.bottom), padding, (height, width))


def _cut(photo: Image.Image, box: Box, side: int) -> np.ndarray:
    """Return a part of the photo as pixels ``(side, side)``; what lies outside the photo is black."""
    edges = round(box[0]), round(box[1]), max(round(box[2]), round(box[0]) + 1), max(round(box[3]), round(box[1]) + 1)
    part = photo.convert("RGB").crop(edges)
    is_small = max(part.size) < side
    found = np.asarray(part.resize((side, side), Image.Resampling.NEAREST if is_small else Image.Resampling.BOX))
    return packed_rgb(found[..., 0], found[..., 1], found[..., 2])
