"""Ten minutes of a camera, with another network every 30 s: the memory at the end, and what is left behind."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from measuring import Result, photo, resident, weights_for

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTES = 10
PART = 30.0
NETWORKS = 4
"""How many networks take turns: after the second minute each was open once, and at the end the same one is again."""
RATE = 30


def measure(networks: list[str]) -> Iterator[Result]:
    from PySide6.QtCore import QTimer
    from streaming import Stage

    from cameras import GivenCamera
    from cnnviewer.engine.photos import packed
    from cnnviewer.images import as_image
    from cnnviewer.qt.widgets.images import to_image

    stage = Stage()
    stage.open("lenet5")
    camera, picture = GivenCamera(), to_image(packed(as_image(photo())))
    timer = QTimer()
    timer.setInterval(1000 // RATE)
    timer.timeout.connect(lambda: camera.send(picture))
    files = _open_files()
    stage.commands.live.run(camera)
    timer.start()
    sizes, threads, shown, begun = [], [], stage.shown, time.perf_counter()
    names = itertools.islice(itertools.cycle(networks[:NETWORKS]), round(MINUTES * 60 / PART))
    for part, name in enumerate(names, start=1):
        stage.session.open_network(name, weights_for(name))
        while time.perf_counter() < begun + part * PART:
            stage.run(1.0)
        assert stage.session.network.name == name
        if part * PART % 60 == 0:
            sizes.append(resident())
            threads.append(_threads())
            yield Result(f"resident memory after minute {len(sizes)}", name, sizes[-1] / 1e6, "MB")
    yield Result("frames shown a second", "", (stage.shown - shown) / (time.perf_counter() - begun), "")
    yield Result("memory at the end / after the second minute", "", sizes[-1] / sizes[1], "ratio", 1.02)
    yield Result("threads more than after the second minute", "", (threads[-1] - threads[1]).total(), "", 0)
    timer.stop()
    stage.commands.live.stop()
    yield Result("cameras left on when the source is stopped", "", int(camera.is_running), "", 0)
    yield Result("files left open when the source is stopped", "", (_open_files() - files).total(), "", 0)
    stage.close()
    time.sleep(0.5)  # a thread that has ended is the system's for a moment longer
    left = sum(count for name, count in _threads().items() if name.startswith("cnnviewer"))
    yield Result("threads left when the window is closed", "", left, "", 0)


def _open_files() -> Counter[str]:
    """Return the files and devices that this program holds open, as Linux tells it."""
    found: Counter[str] = Counter()
    for link in Path("/proc/self/fd").iterdir():
        try:
            target = str(link.readlink())
        except FileNotFoundError:  # that of the listing itself
            continue
        if target.startswith("/") and not target.startswith("/proc"):
            found[target] += 1
    return found


def _threads() -> Counter[str]:
    """Return how many threads of each name this program has, as Linux tells it."""
    return Counter(path.read_text().strip() for path in Path("/proc/self/task").glob("*/comm"))
