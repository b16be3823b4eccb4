"""Threads beside a window: how many PyTorch computes with, and which go first."""

from __future__ import annotations

import os
import sys
import threading

import torch

__all__ = ["begin_to_help", "leave_a_core", "let_others_go_first"]

_STANDS_BACK = 10
"""How much nicer than others, in Unix's sense, a thread is that stands back."""

_lock = threading.Lock()
_count = 0


def leave_a_core() -> None:
    """Have this thread compute with all cores but one, which is left to the window.

    OpenMP's threads spin while they wait for each other: with as many as there are cores, a window that paints can make
    a forward pass ten times slower. A thread begins with the count that another one set, so the one of the program's
    start is remembered: else each further thread would leave one more.
    """
    global _count
    with _lock:
        _count = _count or max(1, torch.get_num_threads() - 1)
        torch.set_num_threads(_count)


def let_others_go_first() -> None:
    """Have this thread stand back where more threads want to run than there are cores.

    The threads that help must not hold up the one in which the network runs, nor the window. Linux knows a priority
    of each thread; elsewhere this does nothing.
    """
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _STANDS_BACK)


def begin_to_help() -> None:
    """Prepare a thread that works beside the network's."""
    leave_a_core()
    let_others_go_first()
