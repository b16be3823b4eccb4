"""What to try instead of a name that is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["suggestion"]


def suggestion(name: str, names: Sequence[str], few: Sequence[str] = ()) -> str:
    """Return a sentence with the nearest of some names; where none is near, with `few` of them, or all."""
    from difflib import get_close_matches  # rarely needed, and the window imports this before its first paint

    near = get_close_matches(name.lower(), names, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else f"Choose one of {', '.join(few or names)}."
