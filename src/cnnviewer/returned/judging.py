"""What a vector that a network returned is, and the sentence that tells why."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import torch

from cnnviewer.outputs import NOTHING, Form, Returned, Returns
from cnnviewer.returned.nature import COMPLEMENT

if TYPE_CHECKING:
    from cnnviewer.returned.nature import Nature

__all__ = ["judged", "judged_maps"]

_HIDDEN = 128
"""So many rectified numbers are no answer but what a layer within a network sees."""
_LISTED = 4
_NEAR_ONE = 1e-5
_UNTOLD = frozenset(("to", "contiguous"))


def judged_maps(shape: tuple[int, ...], whole: str = "") -> Returned:
    """Return what a network returns that returns no vector; `whole` is what its numbers are that are no fractions."""
    if not shape:
        return NOTHING
    if 0 in shape:
        return Returned(Returns.FEATURES, f"it returns no number: its output is empty, {_size(shape)}")
    if whole and prod(shape) == 1:
        return Returned(Returns.FEATURES, f"it returns one {whole}, which tells a class maybe, and no score a class")
    if whole:
        return Returned(Returns.FEATURES, f"it returns {_size(shape)} {whole}s, and no score a class")
    what = "maps" if len(shape) > 2 else "rows of numbers"
    return Returned(Returns.FEATURES, f"it returns {what}, {_size(shape)}, and not one number a class")


def _size(shape: tuple[int, ...]) -> str:
    return "×".join(map(str, shape))


def judged(nature: Nature, count: int, names: int, output: str = "", total: float = 0.0) -> Returned:
    """Return what a vector of `count` numbers is.

    Parameters
    ----------
    nature
        What is known of its numbers.
    count
        How many there are.
    names
        How many categories the network has names for.
    output
        The name of the output, where there are several.
    total
        To what the numbers sum.
    """
    ends = _ending(nature, count, output)
    if nature.form is Form.SHARES:
        return _shares(nature, count, ends)
    if nature.is_probability:
        # The shares of what has shares itself, as in a tree of classes, sum to one though no rule tells it.
        is_shared = count > 1 and not nature.is_log and "softmax" in nature.words and abs(total - 1) < _NEAR_ONE
        shared = Returned(Returns.CLASSES, f"{ends}; they sum to one", Form.SHARES)
        return shared if is_shared else _each(nature, count, ends)
    if nature.form is Form.LOGITS:
        return _logits(count, ends)
    return _plain(nature, count, names, ends)


def _shares(nature: Nature, count: int, ends: str) -> Returned:
    groups, sizes = _groups(nature, count)
    if max(sizes) == 1:
        if nature.size == 1:
            return Returned(Returns.VALUES, f"{ends}: the share of one number alone is always 1")
        return _each(nature, count, ends)
    total = nature.total if abs(nature.total - 1) > 1e-6 else 1.0
    several = f", {len(sizes)} groups that each sum to one" if len(sizes) > 1 else ""
    summed = f"; they sum to {total:.4g}" if total != 1 and not nature.is_log else ""
    return Returned(
        Returns.CLASSES,
        f"{ends}{several}{summed}",
        Form.SHARES,
        nature.is_log,
        total,
        tuple(groups) if len(sizes) > 1 else (),
    )


def _groups(nature: Nature, count: int) -> tuple[list[int], list[int]]:
    """Return the group of each number, and how many numbers each group has."""
    if nature.ids is None:
        return [0] * count, [count]
    _, groups, sizes = torch.unique(nature.ids.reshape(-1), return_inverse=True, return_counts=True)
    return groups.tolist(), sizes.tolist()


def _each(nature: Nature, count: int, ends: str) -> Returned:
    returns = Returns.BINARY if count == 1 else Returns.MULTI_LABEL
    each = "" if count == 1 else ", each a probability for itself"
    return Returned(returns, f"{ends}{each}", Form.BOUNDED, nature.is_log)


def _logits(count: int, ends: str) -> Returned:
    if count == 1:
        return Returned(Returns.BINARY, f"{ends}, taken for the logit of yes or no", Form.LOGITS)
    return Returned(Returns.CLASSES, f"{ends}, taken for the logits of classes", Form.LOGITS)


def _plain(nature: Nature, count: int, names: int, ends: str) -> Returned:
    if nature.is_features and count == names and count > 1:
        why = f"{ends}, and it has as many names of classes: they are taken for logits"
        return Returned(Returns.CLASSES, why, Form.LOGITS)
    if nature.is_unit and count > 1:
        return Returned(Returns.FEATURES, f"{ends}, as embeddings have")
    if nature.is_features:
        return Returned(Returns.FEATURES, f"{ends}: no linear layer and no 1×1 convolution makes classes of them")
    if nature.form is Form.BOUNDED and nature.high == float("inf") and count > _HIDDEN:
        return Returned(Returns.FEATURES, f"{ends}: so many rectified numbers are a layer's activations")
    return Returned(Returns.VALUES, f"{ends}, which {'is no probability' if count == 1 else 'are no probabilities'}")


def _ending(nature: Nature, count: int, output: str) -> str:
    """Return how a network ends: its last operations, and which output they are of."""
    numbers = "one number" if count == 1 else f"{count:,} numbers"
    words = [word for word in nature.words if word not in _UNTOLD]
    if not words:
        return f"it returns {numbers}{f' as “{output}”' if output else ''}"
    start, of = ("the", f" of its output “{output}”") if output else ("its", "")
    if len(words) == 1 or nature.form is Form.PLAIN:
        return f"{start} last operation{of} is {_with_article(words[-1])} of {numbers}"
    told = [_with_article(word) for word in words]
    told = told if len(told) <= _LISTED else [told[0], "…", *told[2 - _LISTED :]]
    return f"{start} last operations{of}, of {numbers}, are {', '.join(told)}"


def _with_article(word: str) -> str:
    if word == COMPLEMENT:
        return word
    return f"{'an' if word[0] in 'aeio' else 'a'} {word}"
