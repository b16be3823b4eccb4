"""Ten minutes of training in the window: the memory at the end against that after the first minute."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench_training import Window
from measuring import Result, resident

if TYPE_CHECKING:
    from collections.abc import Iterator

MINUTES = 10


def measure(networks: list[str]) -> Iterator[Result]:
    del networks
    from cnnviewer.qt.app import create_app

    app = create_app()
    with tempfile.TemporaryDirectory() as folder:
        bench = Window(app, "lenet5", Path(folder) / "run")
        sizes = []
        for _ in range(MINUTES):
            bench.rate(60.0)
            sizes.append(resident())
        bench.close()
    for minute, size in enumerate(sizes, start=1):
        yield Result(f"resident memory after minute {minute}", "lenet5", size / 1e6, "MB")
    yield Result("memory at the end / after the first minute", "lenet5", sizes[-1] / sizes[0], "ratio", 1.02)
