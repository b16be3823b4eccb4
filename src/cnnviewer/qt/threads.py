"""Threads for workers."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QThread

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

__all__ = ["end_thread", "leave", "worker_thread"]

# Networks nest deeply; 512 KiB, the default of some systems, is too little.
_STACK = 16 * 1024 * 1024


def worker_thread(name: str, worker: QObject, parent: QObject) -> QThread:
    """Return a thread, yet to be started, in which a worker lives."""
    thread = QThread(parent)
    thread.setObjectName(name)
    thread.setStackSize(_STACK)
    worker.moveToThread(thread)
    return thread


_left: list[tuple[QThread, QObject]] = []
"""Threads that did not end, with their workers: neither may be destroyed while it runs."""


def end_thread(thread: QThread, worker: QObject, seconds: float) -> bool:
    """End a thread after what it does now; leave it behind where that takes longer than so many seconds.

    Code of a network may never return, and nothing can stop it from outside. A thread that is left behind goes on
    until the process ends, which `leave` must see to.

    Returns
    -------
    bool
        Whether it has ended.
    """
    thread.quit()
    if thread.wait(round(seconds * 1000)):
        return True
    thread.setParent(None)  # or it is destroyed with its parent, and the process aborts
    if not _left:
        # The last resort of a process that does not end by `leave`: its status is not known here, and to tell
        # success might be a lie.
        atexit.register(leave, 1)
    _left.append((thread, worker))
    return False


def leave(status: int) -> int:
    """Return a process's exit status; where a thread that was left behind still runs, end the process with it at once.

    Python would end the usual way first: it destroys the thread's object, which aborts, and takes the interpreter
    away under the code that runs.
    """
    if any(thread.isRunning() for thread, _ in _left):
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError, OSError, ValueError):  # a program without a console has none
                stream.flush()
        os._exit(status)
    return status
