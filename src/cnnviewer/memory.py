"""Memory: how much is free, and giving the system back what is free but not the system's again."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["free_memory", "give_back"]

_UNKNOWN = 4 * 2**30
"""What is taken to be free, in bytes, where the system does not tell."""


def free_memory() -> int:
    """Return how many bytes can be allocated without another program having to give some back.

    In a container, what its limit leaves. Where a system tells only how much memory there is, half of that.
    """
    told = [found for found in (_available(), *_left_by_limits()) if found is not None]
    return max(0, min(told, default=_UNKNOWN))


def give_back() -> None:
    """Give the system back what was freed.

    The C library of Linux keeps most of it: after a large network a small one would go on holding hundreds of
    megabytes. Elsewhere this does nothing.
    """
    trim = _trim()
    if trim is not None:
        trim(0)


def _available() -> int | None:
    if sys.platform == "win32":
        return _available_on_windows()
    with suppress(OSError, ValueError, IndexError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    with suppress(OSError, ValueError):
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None


def _available_on_windows() -> int | None:
    """Return ``ullAvailPhys`` of MEMORYSTATUSEX: two words of 32 bits, then lengths of 64 bits."""
    status = (ctypes.c_uint64 * 8)()
    ctypes.cast(status, ctypes.POINTER(ctypes.c_uint32))[0] = ctypes.sizeof(status)
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - there only on Windows
    return int(status[2]) if kernel.GlobalMemoryStatusEx(status) else None


def _left_by_limits() -> tuple[int | None, int | None]:
    """Return what the limits of a Linux container leave, of both versions of control groups."""
    root = Path("/sys/fs/cgroup")
    first = root / "memory"
    return (
        _left(root / "memory.max", root / "memory.current", root / "memory.stat"),
        _left(first / "memory.limit_in_bytes", first / "memory.usage_in_bytes", first / "memory.stat"),
    )


def _left(limit: Path, used: Path, details: Path) -> int | None:
    """Return what a limit leaves; pages of files that can be let go count as free. None where there is no limit."""
    with suppress(OSError, ValueError):
        most, now = int(limit.read_text()), int(used.read_text())
        stored = dict(line.split(" ", 1) for line in details.read_text().splitlines())
        return most - now + int(stored.get("total_inactive_file", stored.get("inactive_file", "0")))
    return None


@cache
def _trim() -> Callable[[int], int] | None:
    """Return ``malloc_trim``; None where the C library has none."""
    if sys.platform != "linux":
        return None
    found: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return found
