"""Threads for workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QThread

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

__all__ = ["worker_thread"]

# Networks nest deeply; 512 KiB, the default of some systems, is too little.
_STACK = 16 * 1024 * 1024


def worker_thread(name: str, worker: QObject, parent: QObject) -> QThread:
    """Return a thread, yet to be started, in which a worker lives."""
    thread = QThread(parent)
    thread.setObjectName(name)
    thread.setStackSize(_STACK)
    worker.moveToThread(thread)
    return thread
