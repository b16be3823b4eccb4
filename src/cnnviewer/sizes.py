"""Sizes of files and of memory, as people read them: one text for the same size, wherever it is told.

A kB is 1,000 bytes, an MB 1,000,000, as the International System of Units has it, and as disks and browsers tell them.
"""

from __future__ import annotations

__all__ = ["MIB", "byte_text"]

MIB = 2**20
"""How many bytes a MiB has, in which torchvision tells the sizes of its files."""


def byte_text(size: float) -> str:
    """Return an amount of bytes with three digits: ``61 MB``, ``46.8 MB``."""
    for unit in ("B", "kB", "MB"):
        if size < 999.5:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
