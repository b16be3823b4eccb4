"""Names from files, for people: whatever is in them, they are one line that can be shown, printed and written."""

from __future__ import annotations

import re

__all__ = ["isolated", "readable", "steady"]

_NO_SIGN = re.compile(r"[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, line ends, signs that turn the direction of a text, and stand-ins for bytes that are no UTF-8."""
_RTL = r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
"""The letters of right-to-left scripts."""
_WORD = rf"[^\s\u2066-\u2069]*{_RTL}[^\s\u2066-\u2069]*(?<![.,;:!?)])"
_NAME = re.compile(rf"\u2068[^\u2069]*\u2069|{_WORD}(?:\s+(?:[^A-Za-z\s\u2066-\u2069]+\s+)*{_WORD})*")
"""A name that is isolated already, or words that have such letters, with numbers and signs between them."""
_LEFT_TO_RIGHT, _FIRST_STRONG_ISOLATE, _POP_ISOLATE = "\u200e", "\u2068", "\u2069"
_LONGEST = 160


def readable(name: str) -> str:
    """Return a name with a sign for what can't be shown: bytes that are no UTF-8, control characters, line ends."""
    return _NO_SIGN.sub("\ufffd", name)


def isolated(name: str) -> str:
    """Return a name as a caption shows it: readable, not too long, and without an effect on what stands around it.

    A name of a right-to-left script is isolated (Unicode Standard Annex 9: first strong isolate): without that it would
    turn the numbers and signs beside it around.
    """
    shown = readable(name)
    if len(shown) > _LONGEST:
        shown = f"{shown[: _LONGEST // 2]}…{shown[-_LONGEST // 2 :]}"
    return f"{_FIRST_STRONG_ISOLATE}{shown}{_POP_ISOLATE}" if re.search(_RTL, shown) else shown


def steady(sentence: str) -> str:
    """Return a sentence, or a caption, that runs from left to right whatever the names in it are.

    Names that are isolated stay so; others are found by their letters.
    """
    if not re.search(_RTL, sentence):
        return sentence
    isolate = rf"{_FIRST_STRONG_ISOLATE}\g<0>{_POP_ISOLATE}"
    return _LEFT_TO_RIGHT + _NAME.sub(
        lambda found: found[0] if found[0][0] == _FIRST_STRONG_ISOLATE else found.expand(isolate), sentence
    )
