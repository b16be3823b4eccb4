"""Linear layers and products of matrices: a row times a column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cnnviewer.analysis.explaining.asked import numbers, one_by_one, repeated
from cnnviewer.analysis.explanation import Rule
from cnnviewer.slots import Slot

if TYPE_CHECKING:
    from cnnviewer.analysis.explaining.asked import Asked
    from cnnviewer.analysis.explanation import Explanation, Part

__all__ = ["linear", "matrix_product"]


def linear(asked: Asked) -> Explanation | None:
    """Explain as the sum of the products of all inputs with the unit's weights, and the bias."""
    given = asked.given
    weight, bias = given["weight"], given.get("bias")
    if not isinstance(asked.main, Slot) or asked.tensor(weight).ndim != 2:
        return None
    unit = asked.index[-1]
    part = _row(asked, asked.main, asked.index[:-1], -1, numbers(asked.tensor(weight)[unit]))
    return asked.explanation(Rule.SUM, [part], 0.0 if bias is None else float(asked.tensor(bias)[unit]))


def matrix_product(asked: Asked) -> Explanation | None:
    """Explain as the sum of the products of a row of the first matrix with a column of the second."""
    values = list(asked.given.values())
    bias, factor = 0.0, 1.0
    if asked.layer.operation in ("addmm", "baddbmm"):
        added = asked.tensor(values.pop(0))
        factor = float(asked.given.get("alpha", 1))
        bias = float(asked.given.get("beta", 1)) * float(added.broadcast_to(asked.layer.result.shape)[asked.index])
    first, second = values[:2]
    a, b = asked.tensor(first), asked.tensor(second)
    if min(a.ndim, b.ndim) < 2:
        return None
    *lead, row, column = asked.index
    own = a[(*repeated(lead, a.shape[:-2]), row)], b.movedim(-1, -2)[(*repeated(lead, b.shape[:-2]), column)]
    if isinstance(first, Slot):
        part = _row(asked, first, (*repeated(lead, a.shape[:-2]), row), -1, numbers(own[1]) * factor)
    else:
        part = _row(asked, second, (*repeated(lead, b.shape[:-2]), column), -2, numbers(own[0]) * factor)
    return asked.explanation(Rule.SUM, [part], bias)


def _row(asked: Asked, argument: Any, index: tuple[int, ...], axis: int, weights: np.ndarray[Any, Any]) -> Part:
    """Return the terms along one axis of an argument; `index` are the others."""
    tensor = asked.tensor(argument)
    axis %= tensor.ndim
    axes = [np.array([place]) for place in index]
    axes.insert(axis, np.arange(tensor.shape[axis]))
    line = tensor.movedim(axis, -1)[index]
    return asked.part(argument, one_by_one(axes), numbers(line), weights)
