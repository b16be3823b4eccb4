"""The number that is typed into a cell of a grid, before it is taken; Qt is not known here."""

from __future__ import annotations

from cnnviewer.qt.widgets.typed_numbers import NumberStyle, UnreadableNumber, number_text, read_number

__all__ = ["CellTyping"]

_SIGNS = ".,-+'\u2212\u066b"
_LONGEST = 7
"""More letters than these have no room in a cell; further ones are not taken."""


class CellTyping:
    """A text that grows key by key, and why it is no number of the cell; '' both at the beginning."""

    def __init__(self) -> None:
        self.text = self.problem = ""

    def set(self, text: str) -> None:
        """Have typed this."""
        self.text, self.problem = text[:_LONGEST], ""

    def takes(self, key: str) -> bool:
        """Whether a key is one of those with which numbers are typed, in digits of any script."""
        is_exponent = bool(self.text) and key in "eE"
        return len(key) == 1 and (key.isdecimal() or key in _SIGNS or is_exponent)

    def read(self, low: float, high: float, step: float, style: NumberStyle) -> float | None:
        """Return the number that was typed, a whole one where the step is; None where the `problem` tells why not.

        A number beyond an end becomes that end, which the cell then shows; that is told as a `problem`, too.
        """
        try:
            number = float(read_number(self.text, style, is_whole=float(step).is_integer()))
        except UnreadableNumber as error:
            self.problem = f"{error}."
            return None
        taken = min(max(number, low), high)
        if taken != number:
            told = " to ".join(number_text(end, style) for end in (low, high))
            self.problem = f"{self.text} is not from {told}: {number_text(taken, style)} is taken."
        return taken
