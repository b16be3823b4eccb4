"""A stream in the real window: from a frame in memory to the screen, frames a second, stalls of the window."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import torch
from measuring import PAIRS, Gaps, Result, network_for, photo, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKS = {"efficientnet-lite0": 1.2, "alexnet": 1.2}
_PART = 1.5


def measure(networks: list[str]) -> Iterator[Result]:
    from PySide6.QtCore import QTimer
    from streaming import Stage

    stage = Stage()
    gaps = Gaps()
    timer = QTimer()
    timer.setInterval(1)
    timer.timeout.connect(gaps.tick)
    stage.open("lenet5")  # the first import of torch, which no measure is about
    try:
        for name in networks:
            bare = _bare(name)
            stage.open(name)
            stage.time_in_worker(bare)
            stage.show_frame()
            # In the worker's thread too: two cores of one machine are rarely equally fast.
            ratios = [seconds(stage.show_frame) / stage.time_in_worker(bare) for _ in range(PAIRS)]
            yield Result(
                "frame in memory to painted / bare pass", name, statistics.median(ratios), "ratio", MARKS.get(name, 1.0)
            )
            for stage_name, value in stages(stage).items():
                yield Result(f"  {stage_name}", name, value * 1000, "ms")
            gaps.clear()
            rates = [_frame_rate(stage, gaps, timer) / _rate(stage, bare) for _ in range(7)]
            yield Result("frames a second on screen / bare passes", name, statistics.median(rates), "ratio", -0.95)
            yield Result("stalls at full load, 99th percentile", name, gaps.percentile(99) * 1000, "ms", 16)
            yield Result("stalls at full load, longest", name, gaps.longest * 1000, "ms", 40)
            stage.session.inputs.close_stream()
    finally:
        stage.close()


def _frame_rate(stage, gaps: Gaps, timer) -> float:
    """Return how many frames a second are shown at full load, and note the times between ticks of the window."""
    with stage.feeding():
        stage.run(0.3)
        begun, shown = time.perf_counter(), stage.shown
        gaps.pause()
        timer.start()
        stage.run(_PART)
        timer.stop()
        rate = (stage.shown - shown) / (time.perf_counter() - begun)
    stage.wait(lambda: stage.is_quiet)
    return rate


def _rate(stage, bare) -> float:
    """Return how many bare passes a second run in the worker's thread."""
    counted: list[float] = []

    def run() -> None:
        begun = time.perf_counter()
        while time.perf_counter() - begun < _PART:
            bare()
            counted.append(time.perf_counter() - begun)

    stage.run_in_worker(run)
    return len(counted) / counted[-1]


def _bare(name: str):
    """Return the network as a notebook runs it: in the usual layout, under inference mode."""
    network = network_for(name)
    tensor = network.preprocess(photo())

    def bare() -> None:
        with torch.inference_mode():
            network.module(tensor)

    return bare


def stages(stage) -> dict[str, float]:
    """Return the medians of the stages of single frames, and of what lies between them."""
    found = []
    for _ in range(PAIRS):
        stage.show_frame()
        _, latency, times = stage.commands.presenter.last
        parts = {"preprocess": times.preprocess, "network": times.network, "render": times.render, "paint": times.paint}
        found.append({**parts, "handing over": latency - sum(parts.values()), "in all": latency})
    return {name: statistics.median(parts[name] for parts in found) for name in found[0]}
