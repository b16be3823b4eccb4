"""What the benchmarks share."""

from __future__ import annotations

import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cnnviewer.network import Network

NETWORKS = ["efficientnet-lite0", "alexnet", "vgg16", "resnet50", "googlenet", "densenet121"]
PAIRS = 15


@dataclass(frozen=True)
class Result:
    """One figure of one network (empty: of the program), or None where it can't be measured here.

    A mark is the most it may be, a negative one the least.
    """

    benchmark: str
    network: str
    value: float | None
    unit: str
    mark: float | None = None

    def line(self) -> str:
        mark = ""
        if self.value is None:
            return f"{self.benchmark:52s} {self.network:20s} not measured: this machine lacks what it needs"
        if self.mark is not None:
            is_reached = self.value <= self.mark if self.mark >= 0 else self.value >= -self.mark
            mark = f"   mark {abs(self.mark):g} {'reached' if is_reached else 'MISSED'}"
        return f"{self.benchmark:52s} {self.network:20s} {self.value:9.3f} {self.unit:6s}{mark}"


def median_ratio(one: Callable[[], object], other: Callable[[], object], pairs: int = PAIRS) -> float:
    """Return the median of the ratios of the times of `one` and `other`, taken in turn after a warm-up."""
    for call in (other, one, other, one):
        call()
    return statistics.median(seconds(one) / seconds(other) for _ in range(pairs))


def seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def network_for(name: str) -> Network:
    """Return a network without a download: random weights take as long as trained ones."""
    from cnnviewer import load_network

    return load_network(name, weights=weights_for(name))


def weights_for(name: str) -> str | None:
    return "DEFAULT" if name in ("efficientnet-lite0", "lenet5") else None


@contextmanager
def opened_by_name(networks: Mapping[str, Network]) -> Iterator[None]:
    """Have the window find these networks among those that it knows."""
    with patch("cnnviewer.engine.engine.load_network", lambda name, *args, **kwargs: networks[name]):
        yield


def resident() -> int:
    """Return the resident memory in bytes, as Linux tells it."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def photo() -> np.ndarray:
    """Return the pixels of a photo in memory, uint8 ``(H, W, 3)``."""
    from cnnviewer.images import read_image
    from cnnviewer.resources import resource

    return np.asarray(read_image(resource("samples", "chelsea.png")))


def packed_photo() -> np.ndarray:
    """Return the pixels of a photo as a source gives them, uint32 ``(H, W)``."""
    from PIL import Image

    from cnnviewer.images import to_packed

    pixels = to_packed(Image.fromarray(photo()))
    pixels.setflags(write=False)
    return pixels


class Gaps:
    """The times between two ticks of a timer, in seconds."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.all, self._last = [], None

    def pause(self) -> None:
        """Begin anew, and keep what was noted."""
        self._last = None

    def tick(self) -> None:
        now = time.perf_counter()
        if self._last is not None:
            self.all.append(now - self._last)
        self._last = now

    @property
    def longest(self) -> float:
        return max(self.all, default=0.0)

    def percentile(self, share: float) -> float:
        return float(np.percentile(self.all, share)) if self.all else 0.0
