"""Names from files, for people: whatever is in them, they are one line that can be shown, printed and written."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["isolated", "readable"]

_NO_SIGN = re.compile(r"[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line ends, signs that turn the direction of a text, and stand-ins for bytes that are no UTF-8."""
_RIGHT_TO_LEFT = ("R", "AL", "AN")
_FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u2068", "\u2069"
_LONGEST = 160


def readable(name: str) -> str:
    """Return a name with a sign for what can't be shown: bytes that are no UTF-8, control characters, line ends."""
    return _NO_SIGN.sub("\ufffd", name)


def isolated(name: str) -> str:
    """Return a name as a caption shows it: readable, not too long, and without an effect on what stands around it.

    A name of a right-to-left script is isolated (Unicode Standard Annex 9: first strong isolate): without that it would
    turn the numbers and signs beside it around, or the whole line.
    """
    shown = readable(name)
    if len(shown) > _LONGEST:
        shown = f"{shown[: _LONGEST // 2]}…{shown[-_LONGEST // 2 :]}"
    if any(unicodedata.bidirectional(letter) in _RIGHT_TO_LEFT for letter in shown):
        return f"{_FIRST_STRONG_ISOLATE}{shown}{_POP_ISOLATE}"
    return shown
