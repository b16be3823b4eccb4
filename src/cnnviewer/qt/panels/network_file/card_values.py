"""A card as texts that people edit, and back; Qt is not known here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cnnviewer.card import from_json
from cnnviewer.errors import NetworkError
from cnnviewer.outputs import Returns
from cnnviewer.qt.widgets.typed_numbers import (
    ENGLISH,
    NumberStyle,
    UnreadableNumber,
    number_text,
    plain_text,
    read_number,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.card import Card
    from cnnviewer.preprocessing import Preprocessing

__all__ = [
    "RETURNS",
    "categories_sentence",
    "joined",
    "judged",
    "merged",
    "numbers_from",
    "numbers_text",
    "pixel_sentence",
    "still_guessed",
    "unread_sentence",
]

RETURNS = {
    "as its last operations tell": "",
    "classes: one of them": Returns.CLASSES.value,
    "multi-label: each holds or not": Returns.MULTI_LABEL.value,
    "binary: yes or no": Returns.BINARY.value,
    "values: a regression, a box": Returns.VALUES.value,
    "features: an embedding, maps": Returns.FEATURES.value,
}
"""What a card may say that a network returns, as the user reads it."""

_FIELD = re.compile(r'"(\w+)"')
_BETWEEN = re.compile(r"[;\s]+|,(?=\s|$)")
_COMMA_IN_ONE = re.compile(r"[+-]?[0-9]*,[0-9]+(?:e[+-]?[0-9]+)?")
_COMMA_OF_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+\.[0-9]*")


def numbers_text(numbers: Sequence[float], style: NumberStyle = ENGLISH) -> str:
    """Return numbers as they are typed, exactly: ``0.485, 0.456, 0.406``, or one where all are equal."""
    return joined(numbers[:1] if len(set(numbers)) == 1 else numbers, style)


def joined(numbers: Sequence[float | str], style: NumberStyle = ENGLISH) -> str:
    """Return numbers, and words that are none, parted so that they are read again: ``0,485; 0,456``."""
    texts = [number if isinstance(number, str) else number_text(number, style) for number in numbers]
    return ("; " if style.decimal == "," else ", ").join(texts)


def numbers_from(text: str, style: NumberStyle = ENGLISH) -> list[float | str]:
    """Return the numbers that were typed, parted by semicolons, spaces, or commas that are no decimal marks.

    What is no number, or could be one or two, stays as it was typed.
    """
    found: list[float | str] = []
    words = [word for word in _BETWEEN.split(text.strip()) if word]
    for word in words:
        plain = plain_text(word, style)
        has_decimal_comma = bool(_COMMA_IN_ONE.fullmatch(plain))
        is_alone = len(words) == 1 and style.decimal == "."
        if _COMMA_OF_THOUSANDS.fullmatch(plain) or (has_decimal_comma and is_alone):
            found.append(word)  # one number or two
            continue
        found += [_number(part, style) for part in ([word] if has_decimal_comma else plain.split(",")) if part]
    return found


def unread_sentence(word: str, style: NumberStyle = ENGLISH) -> str:
    """Return why a word that `numbers_from` left as it was may be two things; '' where it is plainly no number."""
    try:
        read_number(word, style)
    except UnreadableNumber as error:
        return f"{error}: which one?" if "could be" in str(error) else ""
    first, second = word.split(",", 1)
    return f"“{word}” could be one number or two: write {first}.{second}, or {first}, {second}."


def _number(word: str, style: NumberStyle) -> float | str:
    try:
        return read_number(word, style)
    except UnreadableNumber:
        return word


def judged(stored: dict[str, Any]) -> tuple[Card | None, str, str]:
    """Return the card that the values of a JSON object make; or None, the field that is wrong, and why."""
    try:
        return from_json(stored), "", ""
    except NetworkError as error:
        sentence = str(error)
        field = _FIELD.match(sentence)
        return None, field.group(1) if field else "", sentence


def merged(new: dict[str, Any], old: dict[str, Any], edited: dict[str, Any]) -> dict[str, Any]:
    """Return a newly guessed card with what the user changed in the one guessed before."""
    return new | {key: value for key, value in edited.items() if value != old.get(key)}


def still_guessed(
    edited: dict[str, Any], shown: dict[str, Any], guessed: dict[str, str], *, is_looked_at: bool
) -> dict[str, str]:
    """Return which guesses are still ones: those of values that the user left as they were shown.

    Parameters
    ----------
    edited, shown
        The values as they are now, and as they were shown at first.
    guessed
        The guesses with their reasons.
    is_looked_at
        Whether the user asked for the card, to look through it: then it holds no guess any more.
    """
    if is_looked_at:
        return {}
    return {what: text for what, text in guessed.items() if edited.get(what) == shown.get(what)}


_NUMBERS: dict[str, str] = {
    Returns.MULTI_LABEL: "label",
    Returns.BINARY: "class",
    Returns.VALUES: "value",
    Returns.FEATURES: "feature",
}
"""What the numbers are for which a card has names; class scores by default."""


def categories_sentence(count: int | None, classes: int, returns: str = "") -> tuple[str, bool]:
    """Return what is said of the number of names, and whether it is a warning.

    Parameters
    ----------
    count
        How many names there are; None where that is not known.
    classes
        How many numbers the network gives that may have names; 0 where that is not known.
    returns
        What a card says that they are.
    """
    what = _NUMBERS.get(returns, "class score")
    plural = "classes" if what == "class" else f"{what}s"
    scores = f"{classes:,} {what if classes == 1 else plural}"
    if count is None:
        return (f"The network gives {scores}." if classes else ""), False
    names = f"{count:,} name{'' if count == 1 else 's'}"
    if not classes:
        return names, False
    if count == 0:
        return f"No names for {scores}: they are numbered.", False
    if count == classes or (count, classes) == (1, 2):  # of yes and no the first is enough
        return f"{names} for {scores}.", False
    lack = "the others are numbered" if count < classes else "the last ones are never used"
    return f"{names} for {scores}: {lack}. Is it the right list?", True


def pixel_sentence(how: Preprocessing) -> str:
    """Return what the network is given for a black and for a white pixel."""
    black, white = ([(value - mean) / dev for mean, dev in zip(how.mean, how.deviation, strict=True)] for value in
                    (0.0, 255 / how.divisor))  # fmt: skip
    return f"A black pixel becomes {_values(black)}, a white one {_values(white)}."


def _values(numbers: list[float]) -> str:
    if len(set(numbers)) == 1:
        return _value(numbers[0])
    return "(" + ", ".join(_value(number) for number in numbers[:4]) + (", …)" if len(numbers) > 4 else ")")


def _value(number: float) -> str:
    return f"{number:.3g}".replace("-", "−")
