"""Cameras: which picture size to take, and what is told when one gives none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ENDED", "NONE_FOUND", "NO_PERMISSION", "failure_text", "preferred_size"]

NONE_FOUND = "No camera was found; plug one in, and choose it under Live."
NO_PERMISSION = (
    "cnnviewer may not use the camera; allow it in the system's settings (Privacy, Camera), and choose it again."
)
ENDED = "was unplugged, or ended; plug it in again, and choose it under Live."
_PREFERRED = (1280, 720)
"""Networks see a few hundred pixels: more costs time, and shows nothing."""


def preferred_size(sizes: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """Return the largest width and height that is at most 1280x720; else the smallest. None where there are none."""
    known = sorted(set(sizes), key=lambda size: size[0] * size[1])
    fitting = [size for size in known if size[0] <= _PREFERRED[0] and size[1] <= _PREFERRED[1]]
    return fitting[-1] if fitting else next(iter(known), None)


def failure_text(name: str, reason: str) -> str:
    """Return what is told of a camera that does not start."""
    told = f" ({reason})" if reason else ""
    return (
        f"{name} gives no pictures{told}: another program may be using it. Close that one, "
        "and choose the camera again under Live."
    )
