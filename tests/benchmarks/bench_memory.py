"""Ten minutes of training in the window: the memory at the end against that after the first minute."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench_training import Window
from measuring import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTES = 10


def measure(networks: list[str]) -> Iterator[Result]:
    del networks
    from cnnviewer.qt.app import create_app

    app = create_app()
    with tempfile.TemporaryDirectory() as folder:
        bench = Window(app, "lenet5", Path(folder) / "run")
        resident = []
        for _ in range(MINUTES):
            bench.rate(60.0)
            resident.append(_resident())
        bench.close()
    for minute, size in enumerate(resident, start=1):
        yield Result(f"resident memory after minute {minute}", "lenet5", size / 1e6, "MB")
    yield Result("memory at the end / after the first minute", "lenet5", resident[-1] / resident[0], "ratio", 1.02)


def _resident() -> int:
    """Return the resident memory in bytes, as Linux tells it."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096
