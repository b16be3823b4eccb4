"""Watches a window from within its process: exceptions, warnings, stalls, memory and threads."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from children import resident
from PySide6.QtCore import QObject, QTimer, QtMsgType, Slot, qInstallMessageHandler

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["STALL", "Trail", "Watch"]

STALL = 1.0
"""For how many seconds the window may stand still."""
_BEAT = 50
_SAMPLE = 5.0
_EXPECTED = (
    "This plugin does not support",  # what the platform without a screen says of itself
    "No RHI backend",
    "pipewire-0.3",  # a library that screens of Wayland need
    "not accepted by receiving widget",  # what the test library says of a widget that lets a key or a click go
    "Could not open media.",  # what Qt says of a video that is damaged
)
"""Warnings that tell of no fault."""


class Trail:
    """What is done, a line each, in the file before it is done: it survives a crash."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("a", encoding="utf-8", errors="backslashreplace")
        self._begun = time.perf_counter()
        self.number, self.last = 0, ""

    def write(self, what: str) -> None:
        self.number, self.last = self.number + 1, what
        self.note(f"{self.number:6d}  {what}")

    def note(self, what: str) -> None:
        """Write a line that is no action."""
        self._file.write(f"{time.perf_counter() - self._begun:9.3f}  {what}\n")
        self._file.flush()


class Watch(QObject):
    """Writes each sort of failure once, at once, as a line of a file; how often each came is counted."""

    def __init__(self, folder: Path, trail: Trail) -> None:
        super().__init__()
        self._file = (folder / "failures.jsonl").open("a", encoding="utf-8")
        self._trail = trail
        self._lock = threading.Lock()
        self.counts: dict[str, int] = {}
        self.memory: list[tuple[float, int]] = []
        """Resident bytes, every few seconds."""
        self.longest = 0.0
        """The longest stall."""
        self._beaten = self._begun = time.perf_counter()
        self._waits = _waits_for_core()
        self._stack = ""
        self._timer = QTimer(self)
        self._timer.setInterval(_BEAT)
        self._timer.timeout.connect(self._on_beat)

    def begin(self) -> None:
        """Watch from now on; call it in the thread of the window."""
        sys.excepthook = lambda *what: self._on_exception("exception", *what)
        threading.excepthook = lambda what: self._on_exception(
            "exception in a thread", what.exc_type, what.exc_value, what.exc_traceback
        )
        sys.unraisablehook = lambda what: self._on_exception(
            "exception that nobody catches", what.exc_type, what.exc_value, what.exc_traceback
        )
        qInstallMessageHandler(self._on_message)
        # The handler runs in this very thread, between two of its own steps: no other one's frames are walked.
        signal.signal(signal.SIGALRM, self._on_alarm)
        signal.siginterrupt(signal.SIGALRM, False)

    def time_window(self) -> None:
        """Watch how long the window stands still, and its memory, from now on."""
        self._beaten = self._begun = time.perf_counter()
        self._timer.start()

    def end(self) -> None:
        """Watch stalls no longer."""
        self._timer.stop()
        signal.setitimer(signal.ITIMER_REAL, 0)

    def fail(self, sort: str, what: str, more: str = "") -> None:
        """Tell a failure; one of a sort that was told already is only counted."""
        key = f"{sort}: {re.sub(r'0x[0-9a-f]+|[0-9.]+', '#', what)}"
        with self._lock:
            self.counts[key] = self.counts.get(key, 0) + 1
            if self.counts[key] > 1:
                return
            told = {"what": f"{sort}: {what}", "after": self._trail.number, "action": self._trail.last, "more": more}
            self._file.write(json.dumps(told) + "\n")
            self._file.flush()
            self._trail.note(f"FAILED {sort}: {what}")

    # ---- what happens

    def _on_exception(self, sort: str, kind, value, trace) -> None:
        lines = traceback.format_exception(kind, value, trace)
        place = traceback.extract_tb(trace)
        where = f" at {Path(place[-1].filename).name}:{place[-1].lineno}" if place else ""
        self.fail(sort, f"{kind.__name__}: {value}".split("\n")[0] + where, "".join(lines))

    def _on_message(self, kind: QtMsgType, context, text: str) -> None:
        if kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) or any(part in text for part in _EXPECTED):
            return
        print(text, file=sys.stderr, flush=True)
        self.fail("Qt warns", text, "".join(traceback.format_stack()[:-1]))

    def _on_alarm(self, number: int, frame: FrameType | None) -> None:
        self._stack = "".join(traceback.format_stack(frame))

    @Slot()
    def _on_beat(self) -> None:
        now, waits = time.perf_counter(), _waits_for_core()
        # What other processes of a busy machine took is not the window's: neither from it, nor from a thread on which
        # it waited for the interpreter.
        taken = max((wait - self._waits.get(thread, 0.0) for thread, wait in waits.items()), default=0.0)
        still = now - self._beaten - taken - _BEAT / 1000
        self.longest = max(self.longest, still)
        if still > STALL:
            self.fail("the window stood still", f"for {still:.1f} s, {_place(self._stack)}", self._stack)
        self._beaten, self._waits, self._stack = now, waits, ""
        signal.setitimer(signal.ITIMER_REAL, STALL)
        if not self.memory or now - self._begun - self.memory[-1][0] > _SAMPLE:
            self.memory.append((now - self._begun, resident(os.getpid())))

    def figures(self) -> dict[str, str]:
        """Return what was measured."""
        sizes = [size for _, size in self.memory] or [0]
        early = sizes[min(len(sizes) - 1, max(1, len(sizes) // 10))]
        return {
            "longest stall": f"{self.longest:.2f} s",
            "memory early": f"{early / 1e6:.0f} MB",
            "at the end": f"{sizes[-1] / 1e6:.0f} MB",
            "peak": f"{max(sizes) / 1e6:.0f} MB",
        }


def _waits_for_core() -> dict[str, float]:
    """Return for how many seconds each thread was ready to run and had no core; none where the system does not tell."""
    waits = {}
    for task in Path("/proc/self/task").iterdir():
        try:
            waits[task.name] = int((task / "schedstat").read_text().split()[1]) / 1e9
        except (OSError, IndexError):
            continue  # it has just ended
    return waits


def _place(stack: str) -> str:
    """Return where in the program a stack is, as words: its innermost line there."""
    lines = [line.strip() for line in stack.split("\n") if "cnnviewer/" in line and "File" in line]
    found = re.match(r'File ".*/(cnnviewer/[^"]+)", line (\d+), in (\w+)', lines[-1]) if lines else None
    return f"in {found[3]} ({found[1]}:{found[2]})" if found else "outside of Python"
