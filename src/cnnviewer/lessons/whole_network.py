"""A network in one picture: the maps of all its layers, and which are made of which."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import torch

from cnnviewer.analysis.connections import connections, tile_count, tiles, weights_through
from cnnviewer.analysis.description import describe
from cnnviewer.inputs.samples import list_samples
from cnnviewer.lessons.network_messages import Link, NetworkColumn, NetworkPicture
from cnnviewer.messages import ScaleChoice
from cnnviewer.networks import load_network
from cnnviewer.operations import Kind
from cnnviewer.outputs import Form, Returns
from cnnviewer.recorder import record
from cnnviewer.recording import INPUT
from cnnviewer.rendering.packing import packed_rgb
from cnnviewer.rendering.scales import shared_scale
from cnnviewer.rendering.tiles import cut_down, paint_tiles

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.network_messages import WholeNetworkRequest
    from cnnviewer.network import Network
    from cnnviewer.recording import Layer, Recording

__all__ = ["MOST_COLUMNS", "MOST_TILES", "network_picture", "too_large", "whole_network"]

_LARGEST = 64
"""How many rows and columns of a map are shown."""
MOST_COLUMNS, MOST_TILES = 32, 2_000
"""So many columns, and maps and single numbers in them, a picture has at most where the open network is asked for."""
_WITHOUT_COLUMN = {Kind.RESHAPE, Kind.DROPOUT, Kind.ACTIVATION, Kind.NORMALISATION}
"""Kinds of layers that lie in the columns of others."""
_ARE_PROBABILITIES = {Form.SHARES, Form.BOUNDED}
_SIGNED = {Kind.CONVOLUTION, Kind.NORMALISATION, Kind.LINEAR, Kind.ADDITION}


def whole_network(request: WholeNetworkRequest, context: LessonContext) -> NetworkPicture:
    """Return all maps of LeNet-5 on a digit, a drawn one or a sample; or of the open network, on that or its photo."""
    if not request.is_open:
        network = _lenet()
        image = _image_of(request)
        assert image is not None
        return network_picture(record(network, image), is_folded=request.is_folded, is_dark=request.is_dark)
    if context.network is None:
        return NetworkPicture((), note="No network is open: choose one above.")
    note = "" if context.recording is None else too_large(context.recording)
    if note:
        return NetworkPicture((), context.network.name, note)
    return _open_network(request, context, context.network)


def _open_network(request: WholeNetworkRequest, context: LessonContext, network: Network) -> NetworkPicture:
    image = _image_of(request)
    recording = context.recording if image is None else record(network, image)
    if recording is None:
        note = "There is no image: open one, or draw a digit."
    elif any(layer.output.is_meta for layer in recording.layers):
        note = "Freeze the stream, to look into one of its frames."
    else:
        note = too_large(recording)
    if recording is None or note:
        return NetworkPicture((), network.name, note)
    return network_picture(recording, is_folded=request.is_folded, is_dark=request.is_dark)


def _image_of(request: WholeNetworkRequest) -> NDArray[np.uint8] | Path | None:
    """Return the digit that was drawn, or the sample; None where the photo of the window is meant."""
    if request.drawing is not None and request.drawing.strokes:
        return request.drawing.centred().pixels()
    return next((item.path for item in list_samples() if item.name == request.sample), None)


def too_large(recording: Recording) -> str:
    """Return why a network is too large for the picture: too many columns, or too many maps and units; else ''."""
    shown = [layer for layer in recording.layers if layer.kind not in _WITHOUT_COLUMN]
    columns, count = len(shown) + 2, sum(tile_count(layer) for layer in shown)
    if columns <= MOST_COLUMNS and count <= MOST_TILES:
        return ""
    return (
        f"{recording.network.name} would have {columns} columns with {count:,} maps and single numbers; this picture "
        f"is for networks of at most {MOST_COLUMNS} columns with {MOST_TILES:,}. The graph (Ctrl+G) shows larger ones."
    )


def network_picture(recording: Recording, *, is_folded: bool, is_dark: bool) -> NetworkPicture:
    """Return the picture of a network at work.

    Parameters
    ----------
    recording
        Of any network; its picture can be read where its layers and maps are not too many.
    is_folded
        Whether activations and normalisations lie in the column of what they act on. What only reorders numbers, or
        does nothing in use, never has a column of its own.
    is_dark
        Whether the window is dark.
    """
    return _Builder(recording, is_folded, is_dark).picture()


@cache
def _lenet() -> Network:
    return load_network("lenet5")


class _Builder:
    """Makes columns of layers.

    `_places` tells for each layer its column, `_passed` how it reorders the tiles of that.
    """

    def __init__(self, recording: Recording, is_folded: bool, is_dark: bool) -> None:
        self._recording, self._scale = recording, ScaleChoice(dark=is_dark)
        self._joined = {Kind.ACTIVATION, Kind.NORMALISATION} if is_folded else set()
        self._groups: list[list[Layer]] = [[]]
        self._places: dict[str, int] = {INPUT: 0}
        self._passed: dict[str, torch.Tensor] = {}

    def picture(self) -> NetworkPicture:
        links: list[tuple[Link, ...]] = [()]
        for layer in self._recording.layers:
            if not self._joins(layer):
                links.append(self._links(layer))
                self._places[layer.name] = len(self._groups)
                self._groups.append([layer])
        columns = [self._input_column()]
        columns += [self._column(group, linked) for group, linked in zip(self._groups[1:], links[1:], strict=True)]
        return NetworkPicture((*columns, *self._probabilities_column(len(columns) - 1)), self._recording.network.name)

    def _joins(self, layer: Layer) -> bool:
        """Put a layer into the column of what it acts on, where it belongs there; return whether it does."""
        if len(layer.inputs) != 1:
            return False
        source = layer.inputs[0]
        place = self._places[source]
        if layer.kind in (Kind.RESHAPE, Kind.DROPOUT):
            passed = connections(self._recording, layer)[0][1]
            before = self._passed.get(source)
            self._passed[layer.name] = passed if before is None else passed @ before
            self._places[layer.name] = place
            return True
        group = self._groups[place]
        is_last = bool(group) and group[-1].name == source and self._recording.followers[source] == (layer.name,)
        if layer.kind not in self._joined or not is_last:
            return False
        self._places[layer.name] = place
        group.append(layer)
        return True

    def _links(self, layer: Layer) -> tuple[Link, ...]:
        found = []
        for source, strengths in connections(self._recording, layer):
            passed = self._passed.get(source)
            shown = strengths if passed is None else weights_through(strengths, passed)
            found.append(Link(self._places[source], shown.numpy()))
        return tuple(found)

    def _column(self, group: list[Layer], links: tuple[Link, ...]) -> NetworkColumn:
        last = group[-1]
        shown = cut_down(tiles(last), (_LARGEST, _LARGEST)).float().cpu()
        low, high = float(shown.min()), float(shown.max())
        scale = shared_scale(low, high, low < 0 or last.kind in _SIGNED, len(shown))
        size = (shown.shape[1], shown.shape[2])
        return NetworkColumn(
            title=group[0].name,
            layers=tuple(layer.name for layer in group),
            kinds=tuple(layer.kind.value for layer in group),
            shape=last.shape,
            values=shown.numpy(),
            pixels=paint_tiles(shown, scale.low, scale.high, size, scale.colormap(self._scale)),
            low=float(scale.low[0]),
            high=float(scale.high[0]),
            names=self._categories(len(shown)) if last.index == self._recording.scores_index else (),
            links=links,
            settings=tuple(describe(layer, self._recording) for layer in group),
        )

    def _input_column(self) -> NetworkColumn:
        fed = self._recording.input
        pixels = cut_down(self._recording.network.preprocessing.invert(fed).float(), (_LARGEST, _LARGEST))
        grey = pixels.to(torch.uint8).numpy()
        shown = cut_down(fed, (_LARGEST, _LARGEST)).float().cpu()
        return NetworkColumn(
            title="image",
            layers=(),
            kinds=(INPUT,),
            shape=tuple(fed.shape),
            values=shown.numpy(),
            pixels=packed_rgb(grey, grey, grey),
            low=float(shown.min()),
            high=float(shown.max()),
        )

    def _probabilities_column(self, last: int) -> tuple[NetworkColumn, ...]:
        """Return the column that the softmax makes of the scores, where the network leaves that to its user.

        Of several labels, and of one number, it is a sigmoid; what is a probability already gets none.
        """
        recording = self._recording
        if recording.scores is None or recording.scores_index is None or recording.returned.form in _ARE_PROBABILITIES:
            return ()
        shown = recording.probabilities.reshape(-1, 1, 1)
        count = len(shown)
        is_softmax = recording.returns is Returns.CLASSES
        is_each = recording.returns is Returns.MULTI_LABEL
        made_of = torch.eye(count) if is_each else torch.ones(count, recording.scores.numel())
        scale = shared_scale(0.0, 1.0, False, count)
        return (
            NetworkColumn(
                title="softmax" if is_softmax else "sigmoid",
                layers=(),
                kinds=(Kind.SOFTMAX.value,),
                shape=(count,),
                values=shown.numpy(),
                pixels=paint_tiles(shown, scale.low, scale.high, (1, 1), scale.colormap(self._scale)),
                low=0.0,
                high=1.0,
                names=self._categories(count),
                links=(Link(last, made_of.numpy()),),
            ),
        )

    def _categories(self, count: int) -> tuple[str, ...]:
        return tuple(self._recording.category(index) for index in range(count))
