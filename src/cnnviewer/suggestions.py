"""What to try instead of a name that is not known."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["suggestion"]


def suggestion(name: str, names: Sequence[str], few: Sequence[str] = ()) -> str:
    """Return a sentence with the nearest of some names; where none is near, with `few` of them, or all."""
    near = get_close_matches(name.lower(), names, n=3)
    return f"Did you mean {' or '.join(near)}?" if near else f"Choose one of {', '.join(few or names)}."
