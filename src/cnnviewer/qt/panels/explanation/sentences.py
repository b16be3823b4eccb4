"""An explanation in words and rows of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.qt.widgets.numbers import exact_text, percent_text, value_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviewer.questions import EffectiveAnswer, FieldAnswer, UnitAnswer

    Rows = list[tuple[str, str]]

__all__ = [
    "effect_text",
    "field_text",
    "formula_of",
    "rows_of",
    "sentence_of",
]


def field_text(field: FieldAnswer) -> str:
    """Return a receptive field's size, stride and centre: ``receptive field 14×14 · stride 2 · centre (17, 17)``."""
    if field.seen is None:
        return "no pixel can change this unit"
    top, left, bottom, right = field.box
    down, across = field.stride
    stride = "" if not down or not across else f" · stride {down if down == across else f'{down}×{across}'}"
    centre = f"({(top + bottom) / 2:g}, {(left + right) / 2:g})"
    return f"receptive field {bottom - top}×{right - left}{stride} · centre {centre}"


def effect_text(effect: EffectiveAnswer | None) -> str:
    """Return in how much of the field nearly all of the effect lies: ``90 % of the effect in 12 % of it``."""
    if effect is None or effect.share is None:
        return ""
    return f"90 % of the effect in {percent_text(effect.share)} of it"


def sentence_of(answer: UnitAnswer) -> str:
    """Return one sentence on what the layer does to make the unit."""
    channels = "one channel" if answer.channel_count == 1 else f"{answer.channel_count:,} channels"
    count = dict(answer.facts).get("divisor", answer.count)
    terms = "One term" if answer.count == 1 else f"{answer.count:,} terms"
    return _SENTENCES[_case_of(answer)].format(count=count, terms=terms, channels=channels, settings=answer.settings)


def _case_of(answer: UnitAnswer) -> str:
    """Return the key of the sentence that fits."""
    if answer.rule == "sum" and answer.kind in _SENTENCES:
        return answer.kind
    if answer.rule == "normalisation" and "variance" not in dict(answer.facts):
        return "division"
    if answer.rule == "share" and answer.settings.startswith("log"):
        return "log share"
    return "dropout" if answer.kind == "dropout" else answer.rule


def rows_of(answer: UnitAnswer) -> Rows:
    """Return the numbers of the sum: what each is, and its text."""
    rows = _ROWS.get(answer.rule, _facts)(answer)
    rows.append(("worked", exact_text(answer.value)))
    rows.append(("recorded", exact_text(answer.recorded)))
    rows.append(("difference", value_text(answer.value - answer.recorded)))
    return rows


_SENTENCES = {
    "convolution": "The window of {channels}, times the filter, cell by cell; then all is added up.",
    "linear": "{count:,} inputs, each times its weight; then all is added up.",
    "resampling": "The neighbours of its place, each weighed by how near it is.",
    "sum": "{terms} added up.",
    "addition": "The units at the same place, added up.",
    "average": "The mean of {count:,.0f} values.",
    "maximum": "The largest of {count:,} values wins; the others are forgotten.",
    "minimum": "The smallest of {count:,} values wins; the others are forgotten.",
    "product": "The product of the units at the same place.",
    "quotient": "The first unit divided by the second, at the same place.",
    "function": "The function {settings} of the unit at the same place.",
    "normalisation": "The unit at the same place, shifted and scaled to a standard spread.",
    "division": "The unit at the same place, divided by a size of its neighbours.",
    "log share": "The logarithm of the share of its exponential in the sum of all {count:,}.",
    "dropout": "The same number: units are dropped in training only.",
    "share": "The share of its exponential in the sum of all {count:,}.",
    "copy": "The same number: it was only moved here.",
    "attention": "The values of {count:,} places, each weighed by the attention to it.",
    "slope": "Worked by the operation itself; each term is a unit times the slope along it.",
}
"""By rule; for sums by the layer's kind where it has a sentence of its own."""


def formula_of(answer: UnitAnswer) -> str:
    """Return the formula of a unit that was made of one other, with its numbers; '' for one that was made of more."""
    if len(answer.terms) != 1:
        return ""
    before, after = value_text(answer.terms[0].value), value_text(answer.value)
    facts = {name: value_text(number) for name, number in answer.facts}
    if answer.rule == "normalisation" and "variance" in facts:
        deviation = f"√({facts['variance']} + {facts['epsilon']})"
        return f"({before} − {facts['mean']}) / {deviation} × {facts['scale']} + {facts['shift']} = {after}".replace(
            "+ −", "− "
        ).replace("− −", "+ ")
    if answer.rule == "normalisation":
        return f"{before} × {value_text(answer.terms[0].weight)} = {after}"
    if answer.rule == "function":
        return f"{answer.settings} ({before}) = {after}"
    return f"{before} = {after}" if answer.rule == "copy" else ""


def _facts(answer: UnitAnswer) -> Rows:
    return [(name, exact_text(number)) for name, number in answer.facts]


def _sum_rows(answer: UnitAnswer) -> Rows:
    total = sum(term.contribution for term in answer.terms) + answer.rest
    what = (
        "term"
        if answer.count == 1
        else "products"
        if answer.kind in ("convolution", "linear", "multiplication")
        else "terms"
    )
    rows = [(f"{answer.count:,} {what}", exact_text(total))]
    if answer.bias:
        rows.append(("constant" if answer.kind == "addition" else "bias", exact_text(answer.bias)))
    return rows + [(name, text) for name, text in _facts(answer) if name not in ("sum", "divisor")]


def _single(before: str) -> Callable[[UnitAnswer], Rows]:
    def rows(answer: UnitAnswer) -> Rows:
        first = [(before, exact_text(answer.terms[0].value))] if answer.terms else []
        return first + _facts(answer)

    return rows


def _product_rows(answer: UnitAnswer) -> Rows:
    return [(f"factor {place + 1}", exact_text(term.value)) for place, term in enumerate(answer.terms)]


def _quotient_rows(answer: UnitAnswer) -> Rows:
    names = ("dividend", "divisor")
    return [(name, exact_text(term.value)) for name, term in zip(names, answer.terms, strict=False)]


_ROWS: dict[str, Callable[[UnitAnswer], Rows]] = {
    "sum": _sum_rows,
    "slope": _sum_rows,
    "attention": _sum_rows,
    "function": _single("before"),
    "normalisation": _single("before"),
    "product": _product_rows,
    "quotient": _quotient_rows,
}
