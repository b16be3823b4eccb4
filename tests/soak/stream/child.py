"""The process of one stream: ``child.py SEED SECONDS FOLDER``."""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

_SOAK = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(_SOAK), str(_SOAK.parent)]

from children import resident  # noqa: E402
from PySide6.QtCore import QObject, Qt, QTimer, Slot  # noqa: E402
from PySide6.QtGui import QColor, QImage  # noqa: E402
from windows import Stage, make_app, open_window  # noqa: E402

if TYPE_CHECKING:
    from cameras import GivenCamera

NETWORKS = ("lenet5", "fashion-cnn", "efficientnet-lite0")
"""Those that the program carries: they take turns."""
_SHORT = 60.0
"""Streams that are shorter go without the last, largest one."""
_PART = 20.0
"""For how many seconds each runs, at most."""
_RATE = 30
_GROWTH = 1.1
"""How much more memory may be held at the end than when each network was open once."""
_SLOWER = 3.0
"""How many times the latency of the beginning that of the end may be: the machine does other things too."""
_FRAMES = 1000
"""After how many frames that is told: of a few, each waits for whatever else runs."""
_SILENCE = 20.0
"""For how many seconds no frame may be shown."""


class Feed(QObject):
    """Gives a camera pictures, and notes what becomes of them."""

    def __init__(self, camera: GivenCamera, stage: Stage) -> None:
        super().__init__()
        self._camera, self._stage = camera, stage
        self._pictures = [_picture(number) for number in range(12)]
        self._sent, self.shown, self._last = 0, 0, time.perf_counter()
        self.latencies: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1000 // _RATE)
        self._timer.timeout.connect(self._on_beat)
        stage.session.framed.connect(self._on_framed)
        self._timer.start()

    def end(self) -> None:
        self._timer.stop()

    @Slot()
    def _on_beat(self) -> None:
        self._sent += 1
        self._camera.offer(self._pictures[self._sent % len(self._pictures)])
        if time.perf_counter() - self._last > _SILENCE:
            self._stage.watch.fail("no frame came", f"for {_SILENCE:.0f} s")
            self._last = time.perf_counter()

    @Slot(object)
    def _on_framed(self, answer) -> None:
        # Connected after the window's own: the frame is on the screen.
        self._last = time.perf_counter()
        self.shown += 1
        self.latencies.append(self._last - answer.frame.arrived)


def main() -> None:
    seed, seconds, folder = int(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3])
    app = make_app(folder)
    with open_window(folder, NETWORKS[0], "digit-3") as stage:
        _stream(stage, random.Random(seed), seconds)

    from cnnviewer.qt.threads import leave

    del app
    sys.exit(leave(0))


def _stream(stage: Stage, dice: random.Random, seconds: float) -> None:
    from cameras import GivenCamera

    camera = GivenCamera()
    live = stage.window.open_live().live
    live.run(camera)
    feed = Feed(camera, stage)
    networks = NETWORKS if seconds >= _SHORT else NETWORKS[:-1]
    part = min(_PART, seconds / (2 * len(networks)))
    begun, turn, early = time.perf_counter(), 0, (0, 0.0)
    # Each at least twice, and the last one at the end: what it holds is compared.
    while time.perf_counter() - begun < seconds or turn < 2 * len(networks) or turn % len(networks) != 0:
        _show(stage, networks[turn % len(networks)], dice, part, feed)
        turn += 1
        if turn == len(networks):
            early = resident(os.getpid()), statistics.median(feed.latencies)
            feed.latencies.clear()
    late = resident(os.getpid()), statistics.median(feed.latencies[-500:])
    feed.end()
    dropped = stage.session.mailbox.counts.dropped
    live.stop()
    _tell(stage, feed.shown, dropped, early, late)


def _show(stage: Stage, network: str, dice: random.Random, seconds: float, feed: Feed) -> None:
    """Stream through a network for a while, and scroll through its layers."""
    stage.trail.write(f"open {network}")
    stage.session.open_network(network)
    end = time.perf_counter() + seconds
    if not stage.wait(lambda: stage.session.network is not None and stage.session.network.name == network):
        stage.watch.fail("a network does not come", network)
    shown = feed.shown
    while time.perf_counter() < end or feed.shown == shown:
        if time.perf_counter() > end + _SILENCE:
            break  # told by the feed
        if stage.session.recording is not None:
            layer = dice.choice(stage.session.recording.layers).name
            stage.trail.write(f"scroll to {layer}")
            stage.window.layers.scroll_to(layer)
        stage.run(1.0)


def _tell(stage: Stage, shown: int, dropped: int, early: tuple[int, float], late: tuple[int, float]) -> None:
    stage.figures.update(
        {
            "frames": str(shown),
            "dropped": str(dropped),
            "latency": f"{early[1] * 1e3:.0f} ms, at the end {late[1] * 1e3:.0f} ms",
            "memory": f"{early[0] / 1e6:.0f} MB, at the end {late[0] / 1e6:.0f} MB",
        }
    )
    if late[0] > _GROWTH * early[0]:
        stage.watch.fail("memory grows", f"from {early[0] / 1e6:.0f} to {late[0] / 1e6:.0f} MB")
    if shown >= _FRAMES and late[1] > _SLOWER * early[1] + 0.1:
        stage.watch.fail("frames come later", f"{early[1] * 1e3:.0f} ms, then {late[1] * 1e3:.0f} ms")


def _picture(number: int) -> QImage:
    image = QImage(640, 480, QImage.Format.Format_RGB32)
    image.fill(QColor.fromHsv(number * 30, 200, 200))
    return image


if __name__ == "__main__":
    main()
