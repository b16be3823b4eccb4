"""Child processes: what crashes, hangs or takes all memory there is an answer here, and not the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["End", "resident", "run_child"]

_PAGE = os.sysconf("SC_PAGE_SIZE")
_POLL = 0.05


@dataclass(frozen=True)
class End:
    """How a child ended."""

    status: int
    """Its exit status; below 0, the signal that ended it."""
    seconds: float
    peak: int
    """The most resident memory that was seen, in bytes."""
    broken: str
    """Which limit it broke, as words; empty where it broke none."""
    log: Path
    """What it wrote, with the stacks of a crash."""

    @property
    def failure(self) -> str:
        """What was wrong, as words; empty where it ended with status 0."""
        if self.broken:
            return self.broken
        if self.status < 0:
            return f"ended by {signal.Signals(-self.status).name}"
        return f"ended with status {self.status}: {self.last_line}" if self.status else ""

    @property
    def last_line(self) -> str:
        lines = self.log.read_text(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


def run_child(
    arguments: Sequence[str | Path],
    log: Path,
    *,
    seconds: float,
    gigabytes: float | None = None,
    quiet: tuple[Path, float] | None = None,
    more: Mapping[str, str] | None = None,
) -> End:
    """Run a Python program to its end, or until it breaks a limit.

    Parameters
    ----------
    arguments
        The program's path and its arguments.
    log
        Where its output goes.
    seconds, gigabytes
        For how long it may run, and how much resident memory it may hold.
    quiet
        A file that it writes, and after how many seconds without a change of it it is taken to hang.
    more
        Environment variables beside those of this process.
    """
    command = [sys.executable, "-X", "faulthandler", *map(str, arguments)]
    begun, peak, broken = time.monotonic(), 0, ""
    with log.open("wb") as output:
        child = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **(more or {})})
        try:
            while child.poll() is None and not broken:
                peak = max(peak, resident(child.pid))
                broken = _broken(time.monotonic() - begun, peak, seconds, gigabytes, quiet)
                time.sleep(_POLL)
        finally:
            status = _end(child)
    return End(status, time.monotonic() - begun, peak, broken, log)


def resident(process: int) -> int:
    """Return how much memory a process holds, in bytes; 0 where it has ended, or the system does not tell."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _broken(lasted: float, peak: int, seconds: float, gigabytes: float | None, quiet: tuple[Path, float] | None) -> str:
    if lasted > seconds:
        return f"took more than {seconds:g} s"
    if gigabytes is not None and peak > gigabytes * 1e9:
        return f"held {peak / 1e9:.1f} GB"
    if quiet is not None and quiet[0].exists() and time.time() - quiet[0].stat().st_mtime > quiet[1]:
        return f"did nothing for {quiet[1]:g} s"
    return ""


def _end(child: subprocess.Popen[bytes]) -> int:
    """End what still runs: first so that it writes the stacks of its threads, then in any case."""
    if child.poll() is None:
        child.send_signal(signal.SIGABRT)
        try:
            return child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait()
