"""Training in the real window, its panels live, against the bare PyTorch loop; and two processes against one."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from measuring import Gaps, Result
from torch import nn
from torch.nn import functional

from cnnviewer.threads import leave_a_core

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.datasets.labelled import LabelledImages

NETWORKS = ("lenet5", "resnet20")
PAIRS = 15
SECONDS = 1.5
BATCH = 128


def measure(networks: list[str]) -> Iterator[Result]:
    del networks
    yield from _window()
    yield from _processes()


# ---- the window


def _window() -> Iterator[Result]:
    from cnnviewer.qt.app import create_app

    app = create_app()
    for name in NETWORKS:
        with tempfile.TemporaryDirectory() as folder:
            bench = Window(app, name, Path(folder) / "run")
            bare = BareLoop(name)
            bench.rate(1.0)
            bare.rate(1.0)
            ratios, stalls = [], []
            for _ in range(PAIRS):
                live, stall = bench.rate(SECONDS)
                ratios.append(live / bare.rate(SECONDS))
                stalls.append(stall)
            bench.close()
        yield Result("examples a second, panels live / bare loop", name, statistics.median(ratios), "ratio", -0.95)
        yield Result("weights shown while training", name, bench.shown / (PAIRS * SECONDS), "1/s")
        yield Result("longest stall of the GUI while training", name, max(stalls) * 1000, "ms", 50)


class Window:
    """A window that trains, paused between two measures."""

    def __init__(self, app: Any, name: str, folder: Path) -> None:
        from cnnviewer.networks.architectures import Architecture
        from cnnviewer.qt.main_window import MainWindow
        from cnnviewer.qt.session import Session
        from cnnviewer.qt.training_session import Stage
        from cnnviewer.training.plan import Plan
        from cnnviewer.training.settings import Settings

        self._app, self._stage = app, Stage
        self._session = Session()
        self._window = MainWindow(self._session)
        self._window.resize(1280, 800)
        shown: list[bool] = []
        self._window.painted.connect(lambda: shown.append(True))
        self._window.show()
        self.until(lambda: bool(shown))
        self._training = self._window.open_training().training
        self._marks: list[tuple[float, int]] = []
        self.shown = 0
        self._training.told.connect(self._on_told)
        self._session.weightsChanged.connect(self._on_shown)
        # No validation: the bare loop has none either.
        settings = Settings(epochs=100_000, batch_size=BATCH, schedule="constant")
        plan = Plan(Architecture(name), validation=0, settings=settings)
        self._training.begin(plan, folder)
        self.until(lambda: self._training.stage is Stage.RUNNING)
        self.until(lambda: self._session.recording is not None and len(self._marks) > 5)
        self._training.pause()
        self.run(0.5)

    def rate(self, seconds: float) -> tuple[float, float]:
        """Return examples a second with the panels live, and the longest stall of the event loop in seconds."""
        from PySide6.QtCore import QTimer

        gaps, timer = Gaps(), QTimer()
        timer.setInterval(5)
        timer.timeout.connect(gaps.tick)
        self._marks.clear()
        self._training.resume()
        timer.start()
        self.run(seconds)
        self.until(lambda: len(self._marks) > 1)  # a checkpoint may wait for the disk that long
        timer.stop()
        self._training.pause()
        (first, before), (last, after) = self._marks[0], self._marks[-1]
        self.run(0.3)
        return (after - before) / (last - first), gaps.longest

    def run(self, seconds: float) -> None:
        """Run the event loop for a while."""
        from PySide6.QtCore import QEventLoop, QTimer

        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        loop.exec()

    def until(self, condition: Any) -> None:
        while not condition():
            self.run(0.02)

    def close(self) -> None:
        self._window.close()
        self._window.deleteLater()
        self.run(0.1)

    def _on_told(self, told: Any) -> None:
        steps = [news for news in told.news if type(news).__name__ == "Progress"]
        if steps:
            self._marks.append((time.perf_counter(), steps[-1].examples))

    def _on_shown(self, answer: Any) -> None:
        self.shown += 1


class BareLoop:
    """Training as a notebook has it, on the same data and as many threads."""

    def __init__(self, name: str) -> None:
        from cnnviewer.datasets import load_dataset
        from cnnviewer.networks.architectures import Architecture, build

        leave_a_core()
        data = load_dataset("mnist-5k", validation=0)
        network = build(Architecture(name), data.categories, seed=0)
        self._module = network.module.train()
        self._inputs, self._labels = _inputs(network.preprocessing, data.train), data.train.labels
        self._optimiser = torch.optim.SGD(self._module.parameters(), 0.05, 0.9, weight_decay=5e-4, nesterov=True)

    def rate(self, seconds: float) -> float:
        """Return examples a second."""
        begun, count = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds:
            for chosen in torch.split(torch.randperm(len(self._labels)), BATCH):
                loss = functional.cross_entropy(self._module(self._inputs(chosen)), self._labels[chosen])
                self._optimiser.zero_grad()
                loss.backward()
                self._optimiser.step()
                loss.item()
                count += len(chosen)
                if time.perf_counter() - begun >= seconds:
                    break
        return count / (time.perf_counter() - begun)


def _inputs(preprocessing: Any, data: LabelledImages) -> Any:
    """Return what makes a batch: from bytes, as a notebook's transforms do."""
    images = data.images[slice(None)]
    if preprocessing.channels == 3:
        images = functional.interpolate(images.float(), (32, 32), mode="bilinear").byte().expand(-1, 3, -1, -1)
    mean = torch.tensor(preprocessing.mean).view(-1, 1, 1)
    deviation = torch.tensor(preprocessing.deviation).view(-1, 1, 1)
    padding = nn.ZeroPad2d(preprocessing.padding)

    def batch(chosen: torch.Tensor) -> torch.Tensor:
        return (padding(images[chosen].float() / 255) - mean) / deviation

    return batch


# ---- processes


def _processes() -> Iterator[Result]:
    ratios = []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as folder:
            one = _speed(Path(folder) / "one", ())
            launcher = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m")
            two = _speed(Path(folder) / "two", launcher)
            ratios.append(two / one)
    yield Result("two processes / one, one thread each", "resnet20", statistics.median(ratios), "ratio", -1.7)


def _speed(folder: Path, launcher: tuple[str, ...]) -> float:
    """Return examples a second of a run of the command line, its first quarter left out."""
    words = ["train", "resnet20", "--epochs", "2", "--batch-size", "256", "--validation", "0", "--out", str(folder)]
    command = [sys.executable, "-m", *launcher, "cnnviewer", *words]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if "split" not in line]
    first, last = steps[len(steps) // 4], steps[-1]
    return (last["examples"] - first["examples"]) / (last["seconds"] - first["seconds"])
