"""Numbers as people of many countries type them: text to number and back; Qt is not known here.

A decimal mark is a full stop or a comma anywhere in the world, and each of them parts thousands elsewhere. What can be
one number only is read, whatever the user's country; `1.000` and `1,000` are read by its rule, and where that says
nothing, or the other mark of it was meant as likely, they are not read.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from math import isinf

__all__ = ["ENGLISH", "NumberStyle", "UnreadableNumber", "number_text", "plain_text", "read_number"]


@dataclass(frozen=True)
class NumberStyle:
    """How a country writes numbers: its decimal mark, the mark between thousands, its nought, minus and exponent."""

    decimal: str = "."
    group: str = ","
    zero: str = "0"
    minus: str = "-"
    exponent: str = "e"


ENGLISH = NumberStyle()


class UnreadableNumber(ValueError):
    """A text is not one number; its message is half a sentence that tells why: ``'1.2.3' is no number``."""


_ARABIC_DECIMAL, _ARABIC_GROUP = "\u066b", "\u066c"
_SIGNS = {
    **dict.fromkeys("\u2212\u2010\u2011\u2012\u2013\ufe63\uff0d", "-"),
    **dict.fromkeys("\u00a0\u2007\u2008\u2009\u202f\t", " "),
    **dict.fromkeys("\u2018\u2019\u02bc\uff07", "'"),
    "\uff0b": "+",
    "\uff0e": ".",
    "\uff0c": ",",
    "\u060c": ",",  # the Arabic comma
}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-", strict=True))
_RAISED_RUN = re.compile(f"[{''.join(_RAISED)}]+")
_POWER = re.compile(r"(?P<number>[^e×x*·⋅]*?)\s*(?:e\s*|[×x*·⋅]\s*10\s*\^\s*)(?P<power>[+-]?[0-9]+)")
_POWER_ALONE = re.compile(r"(?P<sign>[+-]?)10\s*\^\s*(?P<power>[+-]?[0-9]+)")
_SIGNED = re.compile(rf"([+-]?)\s*([0-9., '{_ARABIC_DECIMAL}{_ARABIC_GROUP}]+)")
_THOUSANDS = re.compile(rf"[1-9][0-9]{{0,2}}(?:([., '{_ARABIC_GROUP}])[0-9]{{3}})(?:\1[0-9]{{3}})*")
_LAKHS = re.compile(r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")
_LARGEST_WHOLE = 1e18


def read_number(text: str, style: NumberStyle = ENGLISH, *, is_whole: bool = False) -> float:
    """Return the number that a text says.

    Parameters
    ----------
    text
        Digits of any script, with a decimal mark, thousands parted by marks, spaces or apostrophes, and an exponent
        (``1e-3``, ``1×10^-3``), as far as there are such.
    style
        How the user's country writes numbers: it decides where a mark may be either.
    is_whole
        Whether only a whole number will do: then the answer is an int.

    Raises
    ------
    UnreadableNumber
        If it is no number, or could be two.
    """
    sign, digits, power = _parts(text, style)
    whole, fraction = _split(text, digits, power, style, is_whole=is_whole)
    plain = f"{sign}{whole or 0}.{fraction or 0}e{power or 0}"
    value = float(plain)
    if isinf(value) or (is_whole and abs(value) > _LARGEST_WHOLE):
        raise UnreadableNumber(f"{_quoted(text)} is too large")
    if value == 0 and (whole + fraction).strip("0"):
        raise UnreadableNumber(f"{_quoted(text)} is too near to 0")
    if not is_whole:
        return value
    if value != int(value) or (exact := Decimal(plain)) != exact.to_integral_value():
        raise UnreadableNumber(f"{_quoted(text)} is no whole number")
    return int(exact)


def number_text(value: float, style: NumberStyle = ENGLISH) -> str:
    """Return a finite number with the fewest digits that say it exactly: ``0.00001``, ``5e-12``, ``1000000``.

    `read_number` makes the same number of it.
    """
    text = str(value) if isinstance(value, int) else repr(value).removesuffix(".0")
    if "e-" in text and abs(value) >= 1e-7:
        text = format(Decimal(text), "f")
    zero = ord(style.zero)
    letters = {ord("0") + digit: chr(zero + digit) for digit in range(10)}
    letters |= {ord("."): style.decimal, ord("-"): style.minus}
    return text.replace("e+", "e").replace("e-0", "e-").translate(letters)


def plain_text(text: str, style: NumberStyle) -> str:
    """Return a text in ASCII digits, signs and spaces, without marks of the direction of writing."""
    text = _RAISED_RUN.sub(lambda run: "^" + "".join(_RAISED[letter] for letter in run[0]), text)
    exponent = _ascii(style.exponent)
    plain = _ascii(text)
    return (plain.replace(exponent, "e") if exponent else plain).strip()


def _ascii(text: str) -> str:
    letters = []
    for letter in text:
        digit = unicodedata.decimal(letter, None)
        if digit is not None:
            letters.append(str(digit))
        elif unicodedata.category(letter) != "Cf":
            letters.append(_SIGNS.get(letter, letter).lower())
    return "".join(letters)


def _parts(text: str, style: NumberStyle) -> tuple[str, str, str]:
    """Return the sign, what is between, and the power of ten of a number's text."""
    plain = plain_text(text, style)
    alone = _POWER_ALONE.fullmatch(plain)
    if alone is not None:
        return alone["sign"], "1", alone["power"]
    found = _POWER.fullmatch(plain)
    number, power = (plain, "") if found is None else (found["number"], found["power"])
    signed = _SIGNED.fullmatch(number)
    if signed is None:
        raise _nothing(text)
    return signed[1], signed[2], power


def _split(text: str, digits: str, power: str, style: NumberStyle, *, is_whole: bool) -> tuple[str, str]:
    """Return the digits before and behind the decimal mark."""
    mark = _decimal_mark(text, digits, power, style, is_whole=is_whole)
    whole, _, fraction = digits.rpartition(mark) if mark else (digits, "", "")
    is_grouped = _THOUSANDS.fullmatch(whole) or _LAKHS.fullmatch(whole)
    plain = re.sub(r"[^0-9]", "", whole) if is_grouped else whole
    if not (plain + fraction).isdigit():
        raise _nothing(text)
    return plain, fraction


def _decimal_mark(text: str, digits: str, power: str, style: NumberStyle, *, is_whole: bool) -> str:
    """Return which letter is the decimal mark; '' where none is."""
    if _ARABIC_DECIMAL in digits:
        return _ARABIC_DECIMAL
    marks = [mark for mark in ".," if mark in digits]
    if len(marks) == 2:
        return max(marks, key=digits.rindex)
    if not marks or digits.count(marks[0]) > 1:
        return ""
    mark = marks[0]
    if power or not _THOUSANDS.fullmatch(digits):
        return mark
    if is_whole and mark == style.group:
        return ""
    if not is_whole and mark == style.decimal:
        return mark
    small, large = (number_text(float(digits.replace(mark, by)), style) for by in (".", ""))
    raise UnreadableNumber(f"{_quoted(text)} could be {small} or {large}")


def _nothing(text: str) -> UnreadableNumber:
    return UnreadableNumber(f"{_quoted(text)} is no number" if text.strip() else "There is no number")


def _quoted(text: str) -> str:
    text = text.strip()
    return f"“{text}”" if len(text) <= 24 else f"“{text[:23]}…”"
