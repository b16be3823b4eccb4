"""What sums and products make of numbers: factors, offsets, means of several networks, lengths that become one."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isnan
from typing import TYPE_CHECKING

import torch

from cnnviewer.outputs import Form
from cnnviewer.reductions import reduced_axes
from cnnviewer.returned.ids import apart, spread
from cnnviewer.returned.nature import FEATURES, UNKNOWN, Nature, bounded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cnnviewer.recording import Layer
    from cnnviewer.returned.step import Side, Step

__all__ = [
    "added",
    "affine",
    "complements",
    "divided",
    "divided_from",
    "inverted",
    "multiplied",
    "negated",
    "subtracted",
    "subtracted_from",
]

_SMALL = 1e-3
"""What is added to keep a logarithm or a quotient finite is not larger."""
_NORMS = frozenset(["norm", "linalg_norm", "linalg_vector_norm", "vector_norm", "frobenius_norm"])
_SQUARES = frozenset(["pow", "square", "mul"])
_BESIDE = frozenset(
    {
        "clamp", "clamp_min", "add", "unsqueeze", "expand", "expand_as", "reshape", "view", "sqrt", "rsqrt",
        "maximum", "to", "pow", "reciprocal",
    }
)  # fmt: skip
"""What may lie between a norm or a sum and the quotient that is taken with it."""


def affine(nature: Nature, factor: float, offset: float, word: str) -> Nature:
    """Return the nature of numbers that are multiplied by one number, and to which another is added."""
    if factor == 1 and offset == 0:
        return nature
    is_small = abs(offset) <= _SMALL
    if nature.is_log:
        if factor == 1 and is_small:
            return nature.then(word)
        return Nature(Form.LOGITS, (*nature.words, word)) if factor > 0 else _lost(nature, word)
    if nature.form is Form.SHARES:
        # What is smoothed is mixed with equal shares: together they sum to one as before.
        total = nature.total * factor + (0.0 if is_small else offset * nature.size)
        is_share = is_small or (offset > 0 and abs(total - 1) < _SMALL)
        return replace(nature, total=total).then(word) if factor > 0 and is_share else _lost(nature, word)
    if nature.form is Form.BOUNDED:
        low, high = sorted((nature.low * factor + offset, nature.high * factor + offset))
        return _lost(nature, word) if isnan(low) or isnan(high) else replace(nature, low=low, high=high).then(word)
    if nature.form is Form.LOGITS and factor:
        return nature.then(word)
    return nature if nature.is_features or (nature.is_unit and offset == 0) else _lost(nature, word)


def negated(step: Step) -> Nature:
    """Return the nature of numbers whose sign is turned."""
    return affine(step.first, -1.0, 0.0, step.word)


def added(step: Step) -> Nature:
    """Return the nature of a sum."""
    left, right = step.sides()
    return _sum(step, left, right, 1.0)


def subtracted(step: Step) -> Nature:
    """Return the nature of a difference."""
    left, right = step.sides()
    if left.nature is not None and left.layer is not None and _is_log_sum(right.layer, left.layer, step.layers):
        ids = apart(left.layer.result.shape, _axes_of(right.layer, left.layer, step.layers), left.layer.output.device)
        return Nature(Form.SHARES, ("softmax by parts",), ids, is_log=True)
    return _sum(step, left, right, -1.0)


def subtracted_from(step: Step) -> Nature:
    """Return the nature of a difference whose operands are given the other way round."""
    left, right = step.sides()
    return _sum(step, right, left, -1.0)


def _sum(step: Step, left: Side, right: Side, sign: float) -> Nature:
    if left.nature is None and right.nature is None:
        return replace(UNKNOWN, is_constant=True)
    if right.nature is None:
        assert left.nature is not None
        return _with_constant(left.nature, 1.0, None if right.number is None else sign * right.number, step)
    if left.nature is None:
        return _with_constant(right.nature, sign, left.number, step)
    return _sum_of_two(step, left.nature, right.nature, sign)


def _with_constant(nature: Nature, factor: float, offset: float | None, step: Step) -> Nature:
    if offset is not None:
        return affine(nature, factor, offset, step.word)
    # A constant of several numbers, such as a bias.
    return nature if nature.is_features else _kept_logits(nature, step)


def _sum_of_two(step: Step, left: Nature, right: Nature, sign: float) -> Nature:
    if left.is_features or right.is_features:
        return replace(FEATURES, words=(step.word,))
    words, ids = (*left.words, step.word), spread(left.ids, step.layer)
    if left.form is Form.LOGITS:
        is_one_number = right.form is not Form.LOGITS and right.ids is None
        return Nature(Form.LOGITS, words, ids) if right.form is Form.LOGITS or is_one_number else _lost(left, step.word)
    if left.is_log and right.is_log:
        return Nature(Form.LOGITS, words)
    if left.is_log or right.is_log or left.form is not right.form:
        return _lost(left, step.word)
    if left.form is Form.SHARES and sign > 0:
        is_same = left.ids is None or right.ids is None or torch.equal(left.ids, right.ids)
        return replace(left, words=words, total=left.total + right.total) if is_same else _lost(left, step.word)
    if left.form is Form.BOUNDED:
        low, high = (right.low, right.high) if sign > 0 else (-right.high, -right.low)
        return bounded(left.low + low, left.high + high, words, ids)
    return _lost(left, step.word)


def multiplied(step: Step) -> Nature:
    """Return the nature of a product."""
    left, right = step.sides()
    for one, other in ((left, right), (right, left)):
        if one.layer is not None and _is_norm_of(other.layer, one.layer, step.layers):
            return Nature(Form.PLAIN, ("normalisation to length one",), is_unit=True)
    if left.nature is None and right.nature is None:
        return replace(UNKNOWN, is_constant=True)
    if left.nature is None or right.nature is None:
        nature, number = (left.nature, right.number) if left.nature is not None else (right.nature, left.number)
        assert nature is not None
        return _scaled(nature, number, step)
    return _product_of_two(step, left.nature, right.nature)


def divided(step: Step) -> Nature:
    """Return the nature of a quotient."""
    left, right = step.sides()
    if left.layer is not None and _is_norm_of(right.layer, left.layer, step.layers):
        return Nature(Form.PLAIN, ("normalisation to length one",), is_unit=True)
    if left.layer is not None and left.nature is not None and left.nature.is_positive:
        axes = _axes_of(right.layer, left.layer, step.layers)
        if axes:
            shape = tuple(left.layer.result.shape)
            return Nature(Form.SHARES, ("division by the sum",), apart(shape, axes, left.layer.output.device))
    if left.nature is None:
        if right.nature is None:
            return replace(UNKNOWN, is_constant=True)
        return _inverse(step, left.number, right.nature)
    if right.nature is not None:
        return replace(FEATURES, words=(step.word,)) if left.nature.is_features else _kept_logits(left.nature, step)
    return _scaled(left.nature, 1 / right.number if right.number else None, step)


def divided_from(step: Step) -> Nature:
    """Return the nature of a quotient whose operands are given the other way round."""
    left, right = step.sides()
    return _inverse(step, right.number, left.nature) if left.nature is not None else divided(step)


def inverted(step: Step) -> Nature:
    """Return the nature of one through numbers."""
    return _inverse(step, 1.0, step.first)


def _inverse(step: Step, number: float | None, nature: Nature) -> Nature:
    """Return the nature of one number through others: of positive ones that are at least something, it is bounded."""
    if number is None or number < 0 or nature.form is not Form.BOUNDED or nature.is_log or nature.low <= 0:
        return replace(FEATURES, words=(step.word,)) if nature.is_features else _lost(nature, step.word)
    return bounded(number / nature.high, number / nature.low, (*nature.words, step.word), nature.ids)


def _scaled(nature: Nature, factor: float | None, step: Step) -> Nature:
    if factor is not None:
        return affine(nature, factor, 0.0, step.word)
    return nature if nature.is_features else _kept_logits(nature, step)


def _product_of_two(step: Step, left: Nature, right: Nature) -> Nature:
    if left.is_features or right.is_features:
        return replace(FEATURES, words=(step.word,))
    if left.is_positive and right.is_positive:
        high = _top(left) * _top(right)
        return bounded(0.0, inf if isnan(high) else high, (*left.words, step.word), spread(left.ids, step.layer))
    logits = next((one for one in (left, right) if one.form is Form.LOGITS), None)
    return _lost(left, step.word) if logits is None else _lost(logits, step.word)


def _top(nature: Nature) -> float:
    return nature.total if nature.form is Form.SHARES else nature.high


def _kept_logits(nature: Nature, step: Step) -> Nature:
    """Return logits with a temperature, a scale or a bias of their own; of other numbers nothing is known then."""
    return nature.then(step.word) if nature.form is Form.LOGITS else _lost(nature, step.word)


def _lost(nature: Nature, word: str) -> Nature:
    return replace(UNKNOWN, words=(*nature.words, word))


def complements(layer: Layer, other: Layer) -> bool:
    """Whether a layer is one less another: the probability that it does not hold."""
    values = list(layer.call.given.values())[:2]
    is_difference = layer.operation in ("rsub", "sub") and layer.inputs == (other.name,)
    return is_difference and any(isinstance(value, (int, float)) and value == 1 for value in values)


# ---- what is taken of a layer itself


def _is_norm_of(layer: Layer | None, of: Layer, layers: Mapping[str, Layer]) -> bool:
    """Whether a layer is the length of another, or one through that."""
    for _ in range(6):
        if layer is None or not layer.inputs:
            return False
        before = layers.get(layer.inputs[0])
        if layer.operation in _NORMS:
            return layer.inputs[0] == of.name
        if layer.operation == "sum":
            return before is not None and before.operation in _SQUARES and set(before.inputs) == {of.name}
        if layer.operation not in _BESIDE:
            return False
        layer = before
    return False


def _is_log_sum(layer: Layer | None, of: Layer, layers: Mapping[str, Layer]) -> bool:
    """Whether a layer is the logarithm of the sum of another's exponentials."""
    if layer is None or not layer.inputs:
        return False
    if layer.operation == "logsumexp":
        return layer.inputs[0] == of.name
    total = layers.get(layer.inputs[0]) if layer.operation == "log" else None
    powers = None if total is None or total.operation != "sum" else layers.get(total.inputs[0])
    return powers is not None and powers.operation == "exp" and powers.inputs[:1] == (of.name,)


def _axes_of(layer: Layer | None, of: Layer, layers: Mapping[str, Layer]) -> tuple[int, ...]:
    """Return the axes of another layer over which a layer sums; () where it does not sum that one."""
    for _ in range(6):
        if layer is None or not layer.inputs:
            return ()
        if layer.operation in ("sum", "logsumexp"):
            before = layers.get(layer.inputs[0])
            is_power = before is not None and before.operation == "exp" and before.inputs == (of.name,)
            return reduced_axes(layer.call.given, of.result.ndim) if before is of or is_power else ()
        if layer.operation not in _BESIDE | {"log"}:
            return ()
        layer = layers.get(layer.inputs[0])
    return ()
