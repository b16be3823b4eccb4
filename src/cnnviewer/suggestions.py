"""Names in sentences: what to try instead of one that is not known, and some of many."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["some_of", "suggestion"]

_SHOWN = 3


def suggestion(name: str, names: Sequence[str], few: Sequence[str] = ()) -> str:
    """Return a sentence with the nearest of some names; where none is near, with `few` of them, or all."""
    from difflib import get_close_matches  # rarely needed, and the window imports this before its first paint

    near = get_close_matches(name.lower(), names, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else f"Choose one of {', '.join(few or names)}."


def some_of(names: Sequence[str], more: str = " and {} more") -> str:
    """Return the first three of some names for a sentence, and how many more there are."""
    left = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (more.format(left) if left > 0 else "")
