"""How numbers of a training are told, on the command line and in the window alike."""

from __future__ import annotations

from math import isfinite

__all__ = ["error_text"]


def error_text(loss: float) -> str:
    """Return a cross-entropy error for people: ``0.1234``, ``5.2e+08``, and "no number" for what has grown beyond."""
    if not isfinite(loss):
        return "no number"
    return f"{loss:.4f}" if abs(loss) < 1000 else f"{loss:.3g}"
