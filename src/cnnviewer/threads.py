"""How many threads PyTorch computes with, beside a window."""

from __future__ import annotations

import threading

import torch

__all__ = ["leave_a_core"]

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
