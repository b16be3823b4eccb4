"""`Scene`: a recording with what it is of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cnnviewer.analysis.statistics import MapStatistics, feature_maps

if TYPE_CHECKING:
    from cnnviewer.engine.learning import Learning
    from cnnviewer.engine.live import Signs
    from cnnviewer.images import Photo
    from cnnviewer.messages import Pixels
    from cnnviewer.recording import Layer, Recording

__all__ = ["Scene"]


@dataclass(frozen=True, eq=False)
class Scene:
    """A recording with the photo that it is of, and what was worked out about it so far.

    `held` is the same photo under the weights of the moment that is held, `learning` what is known of the training
    that the weights come from. `pixels` are those of a frame, `signs` those of its stream; a photo has neither.
    """

    recording: Recording
    photo: Photo
    title: str
    held: Scene | None = None
    learning: Learning | None = None
    signs: Signs | None = None
    pixels: Pixels | None = None

    @property
    def is_frame(self) -> bool:
        """Whether it is a frame of a stream: only some of its layers have values, and each picture has its price."""
        return self.signs is not None

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
