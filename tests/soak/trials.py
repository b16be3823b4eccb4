"""What the soak tests share: what was tried, what failed, and the table that tells it."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["Plan", "Report", "Trial"]


@dataclass(frozen=True)
class Plan:
    """What one kind is to do: from which seed, for how long, and where it keeps what failed."""

    seed: int
    minutes: float
    folder: Path
    """An own folder of the kind: failing inputs, trails and logs go there."""
    begun: float = field(default_factory=time.monotonic)

    @property
    def seconds_left(self) -> float:
        return self.begun + self.minutes * 60 - time.monotonic()


@dataclass(frozen=True)
class Trial:
    """One thing that was tried, or several of a child process that all went well."""

    seed: int
    tried: int = 1
    failure: str = ""
    """What went wrong, as one line; empty where nothing did."""
    trail: Path | None = None
    """The failing input, or what was done up to the failure."""
    figures: Mapping[str, str] = field(default_factory=dict)
    """What was measured."""


class Report:
    """The trials of all kinds, and the table of them."""

    def __init__(self) -> None:
        self._tried: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._seconds: dict[str, float] = defaultdict(float)
        self._lines: list[str] = []

    @property
    def has_failed(self) -> bool:
        return self._failed.total() > 0

    def add(self, kind: str, trial: Trial) -> None:
        """Count a trial; a failure and figures are told at once."""
        self._tried[kind] += trial.tried
        self._failed[kind] += bool(trial.failure)
        if trial.failure:
            self._tell(f"{kind}: failed with seed {trial.seed}: {trial.failure}")
            if trial.trail is not None:
                self._tell(f"    {trial.trail}")
        if trial.figures:
            told = ", ".join(f"{name} {value}" for name, value in trial.figures.items())
            self._tell(f"{kind}: seed {trial.seed}: {told}")

    def add_time(self, kind: str, seconds: float) -> None:
        """Count for how long a kind ran."""
        self._tried[kind] += 0
        self._seconds[kind] += seconds

    def table(self) -> str:
        """Return a row a kind."""
        rows = [f"{'kind':10s}{'tried':>10s}{'failed':>10s}{'minutes':>10s}"]
        for kind, tried in self._tried.items():
            rows.append(f"{kind:10s}{tried:10d}{self._failed[kind]:10d}{self._seconds[kind] / 60:10.1f}")
        return "\n".join(rows)

    def text(self) -> str:
        """Return the table, and all that was told."""
        return "\n".join([self.table(), "", *self._lines]) + "\n"

    def _tell(self, line: str) -> None:
        self._lines.append(line)
        print(line, flush=True)
