"""What each operation makes of the nature of numbers: one table from the names of torch's functions to rules."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import torch

from cnnviewer.operations import Kind
from cnnviewer.outputs import Form
from cnnviewer.reductions import reduced_axes, softmax_axis
from cnnviewer.returned import arithmetic
from cnnviewer.returned.ids import along, apart, joined, moved, reduced, spread
from cnnviewer.returned.nature import COMPLEMENT, FEATURES, UNKNOWN, Nature, bounded
from cnnviewer.slots import Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviewer.returned.step import Step

    Rule = Callable[[Step], Nature]

__all__ = ["activated", "rule_of"]


# ---- what begins anew


def _linear(step: Step) -> Nature:
    return Nature(Form.LOGITS, ("linear layer",), along(step.layer, -1))


def _product(step: Step) -> Nature:
    """Follow a matrix product; the mean of places weighted by an attention is no answer."""
    made = [nature for nature in step.made if not nature.is_constant]
    shares = [nature for nature in made if nature.form is Form.SHARES]
    if shares:
        return replace(FEATURES if len(made) > 1 else UNKNOWN, words=(*shares[0].words, "matrix product"))
    return Nature(Form.LOGITS, ("matrix product",), along(step.layer, -1))


def _convolution(step: Step) -> Nature:
    """Follow a convolution: over one pixel, or over the whole map, it is a linear layer."""
    given = step.layer.call.given
    weight = given.get("weight")
    if isinstance(weight, Slot):
        weight = step.layers[step.layer.inputs[weight.index]].result
    kernel = () if not isinstance(weight, torch.Tensor) else tuple(weight.shape[2:])
    is_grouped = given.get("groups", 1) != 1
    is_point = bool(kernel) and all(length == 1 for length in kernel)
    if is_grouped or step.layer.output.ndim < len(kernel) or not (is_point or not step.has_places):
        return replace(FEATURES, words=(step.word,))
    words = ("1×1 convolution" if is_point else "convolution over the whole map",)
    return Nature(Form.LOGITS, words, along(step.layer, -1 - len(kernel)))


def _softmax(step: Step) -> Nature:
    shape = tuple(step.layer.result.shape)
    axis = softmax_axis(step.layer.call.given, len(shape)) if shape else 0
    ids = apart(shape, (axis,), step.layer.output.device)
    size = shape[axis] if shape else 1
    return Nature(Form.SHARES, (step.word,), ids, size, is_log=step.layer.operation == "log_softmax")


def _features(step: Step) -> Nature:
    return replace(FEATURES, words=(step.word,))


def _normalised(step: Step) -> Nature:
    """Follow a vector that is brought to the length one; where that is the sum of its numbers, they become shares."""
    power = step.layer.call.given.get("p", 2.0)
    if power == 1 and step.first.is_positive:
        shape = tuple(step.layer.result.shape)
        axis = int(step.layer.call.given.get("dim", 1)) % len(shape)
        return Nature(Form.SHARES, (step.word,), apart(shape, (axis,), step.layer.output.device), shape[axis])
    return Nature(Form.PLAIN, ("normalisation to length one",), is_unit=True)


# ---- bounds


def _between(low: float, high: float, *, is_log: bool = False) -> Rule:
    def rule(step: Step) -> Nature:
        before = step.first
        ids = None if before.form is Form.SHARES else before.ids
        return replace(bounded(low, high, (step.word,), ids), is_log=is_log)

    return rule


def _clamped(low: float, high: float) -> Rule:
    def rule(step: Step) -> Nature:
        return _cut(step, low, high)

    return rule


def _clamp(step: Step) -> Nature:
    low, high = step.argument("min", "min_val"), step.argument("max", "max_val")
    usual = 1.0 if step.layer.operation == "hardtanh" else inf
    return _cut(step, -usual if low is None else low, usual if high is None else high)


def _cut(step: Step, low: float, high: float) -> Nature:
    return _between_ends(step.first, low, high, step.word, step.has_places)


def _between_ends(before: Nature, low: float, high: float, word: str, has_places: bool) -> Nature:
    """Return the nature of numbers that are cut off at two ends."""
    if before.is_features:
        return replace(before, words=(word,))
    if before.is_log or before.form is Form.SHARES:
        is_harmless = before.is_log or (low <= 0.01 and high >= 0.9 * before.total)
        return before.then(word) if is_harmless else replace(UNKNOWN, words=(*before.words, word))
    if before.form is Form.BOUNDED:
        return bounded(max(low, before.low), min(high, before.high), (*before.words, word), before.ids)
    if before.form is Form.LOGITS:
        # A rectified last 1x1 convolution, as in SqueezeNet, is one still; one cut off above is within a backbone.
        if has_places:
            return before.then(word) if high == inf else replace(FEATURES, words=(word,))
        if low < 0 < high:
            return before.then(word)
    return bounded(low, high, (*before.words, word), before.ids)


def activated(nature: Nature, step: Step) -> Nature:
    """Return the nature of numbers after the activation that is part of the operation which made them."""
    word = step.layer.fused.replace("_", " ")
    if step.layer.fused == "relu":
        return _between_ends(nature, 0.0, inf, word, step.has_places)
    if step.layer.fused == "tanh":
        return bounded(-1.0, 1.0, (word,), nature.ids)
    return replace(FEATURES if nature.is_features or nature.form is Form.LOGITS else UNKNOWN, words=(word,))


def _positive(step: Step) -> Nature:
    """Follow what makes numbers from 0 up: an exponential, a square, a softplus."""
    before = step.first
    if step.layer.operation == "exp" and before.is_log:
        return replace(before, words=(*before.words, step.word), is_log=False)
    if before.is_features and step.has_places:
        return replace(FEATURES, words=(step.word,))
    return bounded(0.0, inf, (step.word,), before.ids)


def _power(step: Step) -> Nature:
    before = step.first
    is_positive = before.is_positive or step.layer.operation in ("square", "abs")
    is_even = step.argument("exponent", "value", "other") in (2.0, 4.0)
    return bounded(0.0, inf, (*before.words, step.word), before.ids) if is_positive or is_even else _unknown(step)


def _log(step: Step) -> Nature:
    before = step.first
    is_share = before.form is Form.SHARES or before.is_probability
    return replace(before.then(step.word), is_log=True) if is_share and not before.is_log else _unknown(step)


def _hidden_activation(step: Step) -> Nature:
    """Follow an activation that stands within networks, and at the end of none that names something."""
    before = step.first
    is_hidden = before.is_features or before.form is Form.LOGITS
    return replace(FEATURES, words=(*before.words, step.word)) if is_hidden else _unknown(step)


# ---- what moves, joins and takes together


def _moved(step: Step) -> Nature:
    before = step.first
    if len(step.layer.inputs) > 1 and step.layer.operation != "type_as":
        return replace(UNKNOWN, words=(*before.words, "choice by the data"))
    return replace(before, ids=moved(step.layer, (before.ids,)))


def _joined(step: Step) -> Nature:
    made = step.made
    first = made[0]
    if all(nature.is_features for nature in made):
        return replace(first, words=(step.word,))
    if len(made) == 2 and first.is_probability and step.layer.result.numel() == 2 and _is_yes_and_no(step):
        both = torch.zeros(step.layer.result.shape, dtype=torch.int64, device=step.layer.output.device)
        return Nature(Form.SHARES, (*first.words, COMPLEMENT), both, 2)
    is_same = all((nature.form, nature.is_log) == (first.form, first.is_log) for nature in made)
    is_each = all(nature.form is Form.SHARES or nature.is_probability for nature in made)
    if is_each and not is_same and not any(nature.is_log for nature in made):
        return bounded(0.0, 1.0, (*first.words, *made[-1].words, step.word), None)
    if not is_same or len(made) != len(step.layer.call.given.get("tensors", made)):
        has_places = step.has_places and any(nature.is_features for nature in made)
        return replace(FEATURES if has_places else UNKNOWN, words=(step.word,))
    if first.form is Form.SHARES:
        size = first.size if len({nature.size for nature in made}) == 1 else 0
        is_whole = len({nature.total for nature in made}) == 1
        followed = joined(step.layer, [nature.ids for nature in made])
        return replace(first, ids=followed, size=size) if is_whole else replace(UNKNOWN, words=(step.word,))
    is_along_batch = step.layer.operation == "stack" or step.layer.call.given.get("dim", 0) == 0
    follow = moved if is_along_batch else joined
    ids = follow(step.layer, [nature.ids for nature in made])
    low, high = min(nature.low for nature in made), max(nature.high for nature in made)
    return replace(first, ids=ids, low=low, high=high)


def _is_yes_and_no(step: Step) -> bool:
    """Whether of two numbers one is one less the other."""
    one, other = (step.layers.get(name) for name in step.layer.inputs)
    if one is None or other is None:
        return False
    return arithmetic.complements(one, other) or arithmetic.complements(other, one)


def _reduction(step: Step) -> Nature:
    """Follow a mean, a sum, a maximum over some axes."""
    if len(step.layer.inputs) > 1:
        return _unknown(step)  # the larger of two
    shape = step.shape_before
    return _taken_together(step, reduced_axes(step.layer.call.given, len(shape)) if shape else ())


def _pooling(step: Step) -> Nature:
    """Follow a pooling with a window; with one that is the whole map it is a mean, or a maximum, over the places."""
    before, shape = step.first, tuple(step.layer.result.shape)
    spatial = 1 if step.layer.operation.endswith("1d") else 2
    if before.is_features:
        return replace(before, words=(step.word,))
    if all(length == 1 for length in shape[-spatial:]):
        return _taken_together(step, tuple(range(len(shape) - spatial, len(shape))))
    if before.ids is None:
        return before
    # What a place belongs to is the same at all places.
    rows = before.ids[..., : shape[-1]]
    return replace(before, ids=rows if spatial == 1 else rows[..., : shape[-2], :])


def _taken_together(step: Step, axes: tuple[int, ...]) -> Nature:
    before, name = step.first, step.layer.operation
    if before.is_features:
        return replace(before, words=(step.word,))
    is_sum, is_extreme = name == "sum", name in ("max", "min", "amax", "amin", "median") or "max_pool" in name
    ids, is_mixed = reduced(before.ids, step.layer, axes, are_groups=before.form is Form.SHARES)
    words = (*before.words, step.word)
    if is_mixed:
        return replace(UNKNOWN, words=words)
    if before.is_log:
        return Nature(Form.LOGITS, words, ids)
    if is_extreme and before.form is Form.SHARES:
        return bounded(0.0, before.total, words, ids)
    if name == "logsumexp" and before.form is not Form.LOGITS:
        return replace(UNKNOWN, words=words)
    count = step.before.result.numel() // max(step.layer.result.numel(), 1) if is_sum and step.before else 1
    after = replace(before, words=words, ids=ids, total=before.total * count)
    return replace(after, low=after.low * count, high=after.high * count) if is_sum else after


def _elementwise(step: Step) -> Nature:
    """Follow what leaves numbers what they are, where they are any: the wiping out of NaN, a masking of logits."""
    made = step.made
    return next((nature.then(step.word) for nature in made if nature.form is Form.LOGITS), _unknown(step))


def _masked(step: Step) -> Nature:
    """Follow logits some of which are written over with what leaves no share to their class."""
    value = step.argument("argument2", "value")
    is_mask = step.first.form is Form.LOGITS and value is not None and value <= _NO_SHARE
    return step.first.then("mask") if is_mask else _unknown(step)


def _kept(step: Step) -> Nature:
    return replace(step.first, ids=spread(step.first.ids, step.layer))


def _unknown(step: Step) -> Nature:
    made = step.made
    if made and all(nature.is_features for nature in made):
        return replace(FEATURES, words=(step.word,))
    is_constant = all(nature.is_constant for nature in made)
    return replace(UNKNOWN, words=(step.word,), is_constant=is_constant)


_NO_SHARE = -1e3
"""A logit that is written over with this or less leaves nothing to its class."""
_PRODUCTS = (
    "addmm", "matmul", "mm", "bmm", "baddbmm", "einsum", "bilinear", "cdist", "cosine_similarity", "inner", "tensordot",
    "mv", "dot",
)  # fmt: skip
_HIDDEN = ("leaky_relu", "prelu", "rrelu", "selu", "celu", "gelu", "silu", "mish", "hardswish", "glu")
_RULES: dict[str, Rule] = {
    "linear": _linear,
    **dict.fromkeys(_PRODUCTS, _product),
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "convolution"), _convolution),
    **dict.fromkeys(("softmax", "log_softmax", "softmin", "gumbel_softmax"), _softmax),
    "normalize": _normalised,
    **dict.fromkeys(("sigmoid", "hardsigmoid"), _between(0.0, 1.0)),
    **dict.fromkeys(("logsigmoid", "log_sigmoid"), _between(0.0, 1.0, is_log=True)),
    **dict.fromkeys(("tanh", "softsign", "erf", "sin", "cos"), _between(-1.0, 1.0)),
    "relu": _clamped(0.0, inf),
    "relu6": _clamped(0.0, 6.0),
    **dict.fromkeys(("clamp", "clip", "clamp_min", "clamp_max", "hardtanh"), _clamp),
    "elu": _between(-1.0, inf),
    **dict.fromkeys(("exp", "softplus"), _positive),
    **dict.fromkeys(("pow", "square", "abs", "sqrt"), _power),
    "log": _log,
    **dict.fromkeys(_HIDDEN, _hidden_activation),
    "add": arithmetic.added,
    "sub": arithmetic.subtracted,
    "rsub": arithmetic.subtracted_from,
    "mul": arithmetic.multiplied,
    **dict.fromkeys(("div", "truediv"), arithmetic.divided),
    "rdiv": arithmetic.divided_from,
    "reciprocal": arithmetic.inverted,
    "neg": arithmetic.negated,
    **dict.fromkeys(["mean", "sum", "amax", "amin", "max", "min", "median", "logsumexp"], _reduction),
    **dict.fromkeys(("where", "masked_fill"), _elementwise),
    **dict.fromkeys(("nan_to_num", "round"), _kept),
    "setitem": _masked,
    **dict.fromkeys(
        ("dequantize", "identity", "alias", "lift_fresh_copy", "type_as", "type", "double", "half"), _moved
    ),
    **dict.fromkeys(("gather", "take", "index_select", "topk", "sort"), _unknown),
}
_RULES_OF_KINDS: dict[Kind, Rule] = {
    Kind.CONVOLUTION: _features,
    Kind.NORMALISATION: _features,
    Kind.ATTENTION: _features,
    Kind.RESAMPLING: _features,
    Kind.POOLING: _pooling,
    Kind.CONCATENATION: _joined,
    Kind.RESHAPE: _moved,
    Kind.DROPOUT: _moved,
}


def rule_of(operation: str, kind: Kind) -> Rule:
    """Return the rule of an operation; of one that is not known its kind's, or that nothing is known then."""
    return _RULES.get(operation) or _RULES_OF_KINDS.get(kind, _unknown)
