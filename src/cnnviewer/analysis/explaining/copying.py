"""What only moves values: concatenation, reshaping, padding, dropout outside training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnviewer.analysis.explanation import CONSTANT, Part, Rule
from cnnviewer.analysis.links.table import links_of
from cnnviewer.analysis.links.unit_sets import UnitSet
from cnnviewer.slots import Slot

if TYPE_CHECKING:
    from cnnviewer.analysis.explaining.asked import Asked
    from cnnviewer.analysis.explanation import Explanation

__all__ = ["constant", "copying", "dropout"]


def copying(asked: Asked) -> Explanation | None:
    """Explain as the one value that was moved here; a constant where none of a layer's was."""
    unit = UnitSet.single(asked.layer.result.shape, asked.index)
    for place, link in enumerate(links_of(asked.layer, asked.recording)):
        before = link.back(unit)
        if before.size > 1:
            return None
        if not before.is_empty:
            index = tuple(int(axis.argmax()) for axis in before.projections)
            value = float(asked.tensor(Slot(place))[index])
            part = asked.part(Slot(place), np.array([index]), np.array([value]), np.ones(1))
            return asked.explanation(Rule.COPY, [part])
    return constant(asked)


def constant(asked: Asked) -> Explanation:
    """Explain as a number of the network's own, that no layer made."""
    value = np.array([asked.recorded])
    return asked.explanation(Rule.COPY, [Part(CONSTANT, np.full((1, 1), -1), value, np.ones(1), value)])


def dropout(asked: Asked) -> Explanation | None:
    """Explain as the same value: units are dropped in training only."""
    return None if asked.given.get("training") else copying(asked)
