"""What a frame of a stream costs: which layers have to be kept for what is on the screen, and what is remembered."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from cnnviewer.analysis.excitation import BestFrames, activation_of
from cnnviewer.layouts import plain_layout
from cnnviewer.messages import BarsRequest, MapRequest, MatrixRequest, Scope, TilesRequest, View
from cnnviewer.places import on_photo
from cnnviewer.questions import QUESTIONS, FieldRequest, ReachRequest, UnitRequest, WayRequest
from cnnviewer.recording import INPUT

if TYPE_CHECKING:
    from cnnviewer.analysis.statistics import MapStatistics
    from cnnviewer.frames import Activation, Best, Chosen, Frame, Watch
    from cnnviewer.messages import PictureRequest
    from cnnviewer.places import Box
    from cnnviewer.questions import Question
    from cnnviewer.recording import Layer, Recording

__all__ = ["Memory", "Signs", "changes", "layers_for", "needs"]

_MAPS_REMEMBERED = 16


def changes(request: PictureRequest) -> bool:
    """Whether an answer is another one for each image; pictures of weights are not, nor which pixels a unit sees."""
    if isinstance(request, (FieldRequest, ReachRequest)):
        return False
    return not isinstance(request, (TilesRequest, MatrixRequest)) or request.view not in (View.FILTERS, View.WEIGHTS)


def layers_for(watch: Watch, recording: Recording) -> frozenset[int]:
    """Return the numbers of the layers whose outputs are needed for what the window wants."""
    wanted = {watch.chosen.layer} if watch.chosen is not None else set()
    for _, request in watch.pictures:
        needed = needs(request, recording)
        if needed is None:
            return frozenset(range(len(recording.layers)))
        wanted |= needed
    return frozenset(index for index in wanted if index < len(recording.layers))


def needs(request: PictureRequest, recording: Recording) -> frozenset[int] | None:
    """Return the numbers of the layers whose outputs a picture is made of; None where it is of all."""
    if isinstance(request, QUESTIONS):
        return _questioned(request, recording)
    if not changes(request) or not isinstance(request, (TilesRequest, MatrixRequest, MapRequest, BarsRequest)):
        return frozenset()
    if not isinstance(request, BarsRequest) and request.scale.scope is Scope.NETWORK:
        return None
    operands: set[int] = set()
    if isinstance(request, TilesRequest) and request.view is View.POOLED:
        operands = {recording[name].index for name in recording.layers[request.layer].inputs if name != INPUT}
    return frozenset({request.layer, *operands})


def _questioned(request: Question, recording: Recording) -> frozenset[int] | None:
    """Return what a question is answered of: a way goes through all layers, a field needs no values."""
    if isinstance(request, WayRequest):
        return None
    if not isinstance(request, UnitRequest):
        return frozenset()
    inputs = recording.layers[request.layer].inputs
    return frozenset({request.layer, *(recording[name].index for name in inputs if name != INPUT)})


class Signs:
    """Remembers of which layers a stream has shown negative values, so that colours do not change with each frame."""

    def __init__(self) -> None:
        self._signed: set[int] = set()

    def is_signed(self, layer: int, statistics: MapStatistics) -> bool:
        """Whether any of the layer's maps that were shown so far had a negative value."""
        if layer not in self._signed and statistics.is_signed:
            self._signed.add(layer)
        return layer in self._signed


class Memory:
    """What a stream leaves behind: the frames that excited each chosen map most, of the maps chosen last."""

    def __init__(self) -> None:
        self._found: OrderedDict[Chosen, BestFrames] = OrderedDict()

    def add(
        self, frame: Frame, chosen: Chosen, recording: Recording
    ) -> tuple[Activation | None, tuple[Best, ...] | None]:
        """Return how much a frame excites the chosen map, and the best frames where the frame is one of them."""
        layer = recording.layers[chosen.layer]
        activation = activation_of(layer, chosen)
        if activation is None:
            return None, None
        found = self._found.setdefault(chosen, BestFrames())
        self._found.move_to_end(chosen)
        if len(self._found) > _MAPS_REMEMBERED:
            self._found.popitem(last=False)
        is_new = found.offer(frame, activation, _place(frame, layer, activation, recording))
        return activation, found.best if is_new else None

    def best(self, chosen: Chosen) -> tuple[Best, ...]:
        """Return the frames that excited a map most."""
        return self._found[chosen].best if chosen in self._found else ()


def _place(frame: Frame, layer: Layer, activation: Activation, recording: Recording) -> Box:
    """Return the place of a unit in pixels of the frame, in proportion to its place in the map."""
    height, width = frame.pixels.shape
    preprocessing = recording.network.preprocessing
    rows, columns = layer.layout.map_shape
    is_matrix = len(layer.shape) < 3 and layer.layout == plain_layout(layer.shape)
    if is_matrix or rows == 1 or columns == 1:
        return 0.0, 0.0, float(width), float(height)
    row, column = activation.unit
    crop = preprocessing.crop(width, height)
    return on_photo(
        (column / columns, row / rows, (column + 1) / columns, (row + 1) / rows),
        (crop.left, crop.top, crop.right, crop.bottom),
        (preprocessing.padding, preprocessing.padding),
        preprocessing.size,
    )
