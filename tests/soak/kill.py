"""Kills trainings with ``kill -9`` at random moments, and lets them go on: they must end as if nothing had been.

A trial is a training on the real command line, once without interruption and once killed several times: anywhere from
its start on, while it learns, and in the middle of a write. Now and then what a power cut leaves is put there, too: a
torn checkpoint, a torn line. Weights, optimiser, film, curves and results must then be the same to the last bit.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trials import Trial

from cnnviewer.designs import Activation, Convolution, Design, Dropout, Pooling, save_design
from cnnviewer.files import PARTIAL, file_hash
from cnnviewer.networks.run_folder import is_run, list_checkpoints, list_snapshots
from cnnviewer.training.metrics import EVALUATION, METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from trials import Plan

__all__ = ["trials"]

_LONGEST = 1200.0
"""Seconds after which a training is taken to hang."""
_POLL = 0.001


def trials(plan: Plan) -> Iterator[Trial]:
    """Yield a trial for each training that was killed, and ended."""
    seed = plan.seed
    while plan.seconds_left > 0:
        folder = plan.folder / f"seed-{seed}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        case = _Case(folder, random.Random(seed))
        failure = case.run()
        (folder / "trail.txt").write_text("\n".join(case.trail) + "\n")
        yield Trial(seed, case.kills, failure, folder / "trail.txt", {"kills": str(case.kills)})
        if not failure:
            shutil.rmtree(folder, ignore_errors=True)
        seed += 1


class _Case:
    """One training: whole, and killed."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self.folder, self.chance = folder, chance
        self.whole, self.broken = folder / "whole", folder / "broken"
        self.trail: list[str] = []
        self.kills = 0
        save_design(_design(chance), folder / "network.json")
        self.words = [str(folder / "network.json"), *_settings(chance)]
        self.trail.append("cnnviewer train " + " ".join(self.words))

    def run(self) -> str:
        """Return what went wrong; '' where nothing did."""
        begun = time.monotonic()
        ended = self._end(self._start([*self.words, "--out", str(self.whole)]))
        if ended:
            return f"the whole training {ended}"
        pace = _Pace(time.monotonic() - begun, _learning_seconds(self.whole))
        for _ in range(self.chance.randint(2, 5)):
            process = self._start(self._next_words())
            if not self._kill(process, pace):
                break
            if self.chance.random() < 0.3:
                self._cut_power()
        ended = self._end(self._start(self._next_words()))
        return f"the killed training {ended}" if ended else _difference(self.whole, self.broken)

    def _next_words(self) -> list[str]:
        return [*(["--resume"] if is_run(self.broken) else self.words), "--out", str(self.broken)]

    def _start(self, words: Sequence[str]) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
        with (self.folder / "log.txt").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "cnnviewer", "train", *words], stdout=log, stderr=log, env=environment
            )

    def _end(self, process: subprocess.Popen[bytes]) -> str:
        """Wait for a training that nothing kills; return what went wrong."""
        try:
            status = process.wait(_LONGEST)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return f"took more than {_LONGEST:.0f} s"
        last = (self.folder / "log.txt").read_text(errors="replace").strip().split("\n")[-1]
        return f"ended with status {status}: {last}" if status else ""

    def _kill(self, process: subprocess.Popen[bytes], pace: _Pace) -> bool:
        """Kill a training at a random moment; return whether it had not ended by then."""
        how = self.chance.choice(("anywhere", "learning", "learning", "writing"))
        if how == "anywhere":
            time.sleep(self.chance.uniform(0, pace.seconds))
        else:
            size = _size(self.broken / METRICS)
            _wait(process, lambda: _size(self.broken / METRICS) not in (0, size))
            time.sleep(self.chance.uniform(0, pace.learning))
            if how == "writing":
                _wait(process, lambda: any(self.broken.rglob(f"{PARTIAL}*")))
        process.kill()
        is_killed = process.wait() < 0
        self.kills += is_killed
        steps = list(list_checkpoints(self.broken)), _size(self.broken / METRICS)
        self.trail.append(f"killed, {how}: checkpoints {steps[0]}, {steps[1]} bytes of metrics")
        return is_killed

    def _cut_power(self) -> None:
        """Leave what a power cut may leave: what was written last is torn."""
        checkpoints = list(list_checkpoints(self.broken).values())
        metrics = self.broken / METRICS
        if metrics.exists() and self.chance.random() < 0.5:
            tail = self.chance.choice((b'{"step": 7, "lo', b"\0" * 64, b"\xff\xfe{", b"{}\n"))
            metrics.write_bytes(metrics.read_bytes() + tail)
            self.trail.append(f"the metrics end with {tail!r}")
        elif len(checkpoints) > 1:
            file = self.chance.choice(sorted(checkpoints[-1].iterdir()))
            length = self.chance.choice((0, self.chance.randrange(file.stat().st_size + 1)))
            file.write_bytes(file.read_bytes()[:length])
            self.trail.append(f"{file} has {length} bytes")


@dataclass(frozen=True)
class _Pace:
    """How long a training takes from its start to its end, and how long it learns."""

    seconds: float
    learning: float


def _design(chance: random.Random) -> Design:
    layers = [Convolution(chance.choice((4, 8)), 3), Activation(), Pooling("max", 4, 4)]
    layers += [Dropout(0.3)] if chance.random() < 0.5 else []
    return Design("small", (1, 28, 28), tuple(layers))


def _settings(chance: random.Random) -> list[str]:
    words = [
        "--epochs",
        chance.randint(2, 4),
        "--batch-size",
        chance.choice((32, 50, 64)),
        "--seed",
        chance.randrange(99),
    ]
    words += ["--optimiser", chance.choice(("sgd", "adamw")), "--learning-rate", chance.choice((0.001, 0.003))]
    words += ["--schedule", chance.choice(("constant", "cosine", "steps"))]
    words += ["--shift", "2"] if chance.random() < 0.5 else []
    words += ["--flip"] if chance.random() < 0.5 else []
    words += ["--target-accuracy", "0.6"] if chance.random() < 0.3 else []
    return [str(word) for word in words]


def _learning_seconds(run: Path) -> float:
    card = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return float(card["results"]["seconds"])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _wait(process: subprocess.Popen[bytes], is_there: Any) -> None:
    """Wait until something is there, or a training has ended."""
    end = time.monotonic() + _LONGEST
    while not is_there() and process.poll() is None and time.monotonic() < end:
        time.sleep(_POLL)


def _difference(whole: Path, broken: Path) -> str:
    """Return in what two runs differ; '' where they are the same."""
    for name, facts in _FACTS.items():
        one, other = facts(whole), facts(broken)
        if one != other:
            return f"{name} differ: {_first_difference(one, other)}"
    return ""


def _first_difference(one: Any, other: Any) -> str:
    if isinstance(one, list) and isinstance(other, list):
        place = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), -1)
        one, other = (one[place], other[place]) if place >= 0 else (f"{len(one)} of them", len(other))
    return f"{str(one)[:200]} and {str(other)[:200]}"


def _curves(run: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (run / METRICS).read_text(encoding="utf-8").splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def _results(run: Path) -> dict[str, Any]:
    card = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return {**card, "results": {**card["results"], "seconds": 0}}


def _last_tensors(run: Path) -> dict[str, str]:
    last = list(list_checkpoints(run).values())[-1]
    return {path.name: file_hash(path) for path in sorted(last.iterdir()) if path.suffix == ".safetensors"}


_FACTS = {
    "weights and optimiser": _last_tensors,
    "curves": _curves,
    "films": lambda run: {step: file_hash(path) for step, path in list_snapshots(run).items()},
    "results": _results,
    "evaluations": lambda run: json.loads((run / EVALUATION).read_text(encoding="utf-8")),
    "unfinished files": lambda run: sorted(path.name for path in run.rglob(f"{PARTIAL}*")),
}
"""What must be the same of both."""
