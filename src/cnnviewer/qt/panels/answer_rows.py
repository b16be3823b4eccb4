"""A network's answer as rows of names, bars and numbers, and the words around them. No torch, and no widgets here."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from cnnviewer.categories import category_name
from cnnviewer.outputs import NO_NUMBERS, Returns, returned_text
from cnnviewer.qt.widgets.bar_list import Bar
from cnnviewer.qt.widgets.numbers import probability_text, value_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.messages import RecordingSummary

__all__ = ["AnswerRows", "noun_of", "probability_bar", "rows_of", "title_of"]

_TITLES = {
    Returns.CLASSES: "Class probabilities",
    Returns.MULTI_LABEL: "Labels: each from 0 to 100 %",
    Returns.BINARY: "Yes or no",
    Returns.VALUES: "Values",
    Returns.FEATURES: "Features",
}
_NOUNS = {
    Returns.MULTI_LABEL: ("label", "labels"),
    Returns.VALUES: ("value", "values"),
}
_LABELS = "Each label holds or not, with a probability of its own: they need not sum to 100 %"
_BITS = "0 bit: sure of one class; log₂ of the number of classes: no idea at all"


@dataclass(frozen=True)
class AnswerRows:
    """What is shown of an answer: its rows, what is said below them, the tooltip of that, and why there are no rows."""

    bars: tuple[Bar, ...]
    text: str
    tooltip: str = ""
    reason: str = ""


def title_of(returns: Returns) -> str:
    """Return what an answer is titled."""
    return _TITLES[returns]


def noun_of(returns: Returns, count: int = 1) -> str:
    """Return what one of the rows is: "class", "label", "value"; of several the plural."""
    return _NOUNS.get(returns, ("class", "classes"))[count != 1]


def rows_of(recording: RecordingSummary, wanted: str, most: int) -> AnswerRows:
    """Return the first rows of an answer; where something is searched for, of those with that in their names."""
    answer = recording.answer
    numbers = answer.values or recording.probabilities
    if not numbers:
        returned = returned_text(recording.outputs)
        text = f"This network gives no class probabilities: it returns {returned}."
        return AnswerRows((), text, reason=answer.reason)
    order = range(len(numbers)) if answer.values else recording.ranking
    ranked = [(rank, index) for rank, index in enumerate(order) if _is_meant(recording, index, wanted)]
    shown = [(index, _name(recording, index, rank if wanted else None)) for rank, index in ranked[:most]]
    if answer.values:
        bars = _value_bars(numbers, shown)
    else:
        bars = tuple(probability_bar(name, numbers[index], index) for index, name in shown)
    if wanted:
        noun = noun_of(answer.returns, len(numbers))
        found, none = f"{len(ranked)} of {len(numbers)} {noun}", f"No {noun_of(answer.returns)} of {len(numbers)}"
        return AnswerRows(bars, found if ranked else f"{none} has this name.")
    return AnswerRows(bars, _text(recording, numbers), _tooltip(recording))


def probability_bar(name: str, value: float, index: int) -> Bar:
    """Return the row of a probability; NaN has no bar."""
    return Bar(name, probability_text(value), 0.0, value if value == value else 0.0, index, is_drawn=value == value)


def _is_meant(recording: RecordingSummary, index: int, wanted: str) -> bool:
    return not wanted or wanted in _name(recording, index).lower()


def _name(recording: RecordingSummary, index: int, rank: int | None = None) -> str:
    name = category_name(recording.categories, index)
    return name if rank is None else f"{rank + 1}. {name}"


def _value_bars(numbers: Sequence[float], shown: Sequence[tuple[int, str]]) -> tuple[Bar, ...]:
    """Return rows whose bars begin at zero, on one scale for all numbers."""
    finite = [number for number in numbers if isfinite(number)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    low, high = min(low, 0.0), max(high, 0.0)
    reach = (high - low) or 1.0
    return tuple(
        Bar(
            name,
            value_text(numbers[index]),
            -low / reach,
            (numbers[index] - low) / reach if isfinite(numbers[index]) else -low / reach,
            index,
            low < 0,
            is_drawn=isfinite(numbers[index]),
        )
        for index, name in shown
    )


def _text(recording: RecordingSummary, numbers: Sequence[float]) -> str:
    """Return what is said below the rows."""
    answer, count = recording.answer, len(numbers)
    unknown = sum(number != number for number in numbers)
    if answer.returns is not Returns.VALUES and (unknown == count or (unknown and answer.returns is Returns.CLASSES)):
        return NO_NUMBERS
    told = f"{count:,} {noun_of(answer.returns, count)}"
    if unknown:
        told = f"{told}, {unknown:,} of them NaN"
    if answer.returns is Returns.MULTI_LABEL:
        return f"{told} · each for itself"
    if answer.returns is Returns.BINARY:
        return "One probability, and what is left of 100 %"
    if answer.returns is Returns.VALUES:
        return f"{told} · no probabilities"
    if answer.groups > 1:
        return f"{told} in {answer.groups} groups, each of 100 %"
    return f"{told} · entropy {abs(recording.entropy):.2f} bit"


def _tooltip(recording: RecordingSummary) -> str:
    """Return why the answer is what it is titled, and what the entropy means."""
    answer = recording.answer
    has_entropy = answer.returns is Returns.CLASSES and answer.groups == 1 and recording.entropy == recording.entropy
    told = _BITS if has_entropy else _LABELS if answer.returns is Returns.MULTI_LABEL else ""
    return "\n".join(filter(None, (told, answer.reason)))
