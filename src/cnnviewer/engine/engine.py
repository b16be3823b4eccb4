"""`Engine`: one network, one recording, and the pictures that are asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from cnnviewer.analysis.statistics import MapStatistics, feature_maps
from cnnviewer.engine import pictures, summaries
from cnnviewer.engine.photos import packed
from cnnviewer.errors import CnnviewerError, ImageError
from cnnviewer.images import as_image, decode_image
from cnnviewer.messages import ThumbnailAnswer, ThumbnailRequest
from cnnviewer.networks import load_network
from cnnviewer.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

    from cnnviewer.messages import (
        ImageRequest,
        LayerSummary,
        NetworkRequest,
        NetworkSummary,
        PictureAnswer,
        PictureRequest,
        RecordingSummary,
    )
    from cnnviewer.recording import Layer, Recording

__all__ = ["Engine", "Scene"]


@dataclass(frozen=True, eq=False)
class Scene:
    """A recording with the photo that it is of, and what was worked out about it so far."""

    recording: Recording
    photo: Image
    title: str

    @cached_property
    def _statistics(self) -> dict[int, MapStatistics]:
        return {}

    def statistics(self, layer: Layer) -> MapStatistics:
        """Return the statistics of a layer's maps; computed once."""
        found = self._statistics.get(layer.index)
        if found is None:
            found = self._statistics[layer.index] = MapStatistics(feature_maps(layer))
        return found

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """The smallest and the largest finite value of all layers."""
        found = [self.statistics(layer) for layer in self.recording.layers if layer.output.numel()]
        lows = [float(statistics.minimum.min()) for statistics in found]
        highs = [float(statistics.maximum.max()) for statistics in found]
        return min(lows, default=0.0), max(highs, default=0.0)


class Engine:
    """Owns the network. All its methods are called by one thread; what they return is frozen.

    When a request fails it raises, and the engine keeps what it had.
    """

    def __init__(self) -> None:
        # OpenMP's threads spin while they wait for each other: with as many as there are cores, a window that
        # paints can make a forward pass ten times slower.
        torch.set_num_threads(max(1, torch.get_num_threads() - 1))
        self._recorder: Recorder | None = None
        self._photo: tuple[str, Image] | None = None
        self._scene: Scene | None = None
        self._layers: tuple[LayerSummary, ...] = ()
        self._layers_of: tuple[object, ...] = ()

    def open_network(
        self, request: NetworkRequest, progress: Callable[[int, int | None, str], None] | None = None
    ) -> NetworkSummary:
        """Load a network and, where there is an image, record it.

        Raises
        ------
        NetworkError
            If it can't be had.
        RecordingError
            If it fails on the image.
        """
        network = load_network(request.name, request.weights, progress=progress)
        recorder = Recorder(network)
        if self._photo is not None:
            self._scene = _scene(recorder, *self._photo)
        self._recorder = recorder
        return summaries.network_summary(network)

    def open_image(self, request: ImageRequest) -> RecordingSummary | None:
        """Read an image and, where there is a network, record it.

        Raises
        ------
        ImageError
            If it can't be read.
        RecordingError
            If the network fails on it.
        """
        title, photo = request.title, _read(request)
        if self._recorder is not None:
            self._scene = _scene(self._recorder, title, photo)
        self._photo = (title, photo)
        return self.summary()

    def summary(self) -> RecordingSummary | None:
        """Return what is shown of the recording held; None where there is none."""
        if self._scene is None:
            return None
        recording = self._scene.recording
        structure = (recording.network, *((layer.name, layer.output.shape) for layer in recording.layers))
        if structure != self._layers_of:
            self._layers, self._layers_of = summaries.layer_summaries(recording), structure
        return summaries.recording_summary(self._scene, self._layers)

    @property
    def layers(self) -> tuple[LayerSummary, ...]:
        """What `summary` tells of the layers: the same object as long as they are the same."""
        return self._layers

    def picture(self, request: PictureRequest) -> PictureAnswer:
        """Render what a panel asks for, from the recording held.

        Raises
        ------
        CnnviewerError
            If there is no recording, or no such layer in it.
        """
        if isinstance(request, ThumbnailRequest):
            return _thumbnail(request)
        if self._scene is None:
            raise CnnviewerError("There is no recording yet: open a network and an image first.")
        with torch.inference_mode():
            return pictures.answer(request, self._scene)


def _scene(recorder: Recorder, title: str, photo: Image) -> Scene:
    return Scene(recorder.record(photo), photo, title)


def _thumbnail(request: ThumbnailRequest) -> ThumbnailAnswer:
    try:
        photo = _read(request.image)
    except ImageError as error:
        return ThumbnailAnswer(None, str(error))
    photo.thumbnail((request.size, request.size))
    return ThumbnailAnswer(packed(photo))


def _read(request: ImageRequest) -> Image:
    if request.path is not None:
        return as_image(request.path)
    if request.data is not None:
        return decode_image(request.data, request.title)
    if request.pixels is not None:
        return as_image(request.pixels)
    raise CnnviewerError("There is no image to open: the request is empty.")
