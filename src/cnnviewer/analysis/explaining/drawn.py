"""What is drawn at random: dropout that is on, and numbers that the network draws."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cnnviewer.analysis.explaining.copying import constant
from cnnviewer.analysis.explanation import Rule
from cnnviewer.operations import Kind, is_random

if TYPE_CHECKING:
    from cnnviewer.analysis.explaining.asked import Asked
    from cnnviewer.analysis.explanation import Explanation

__all__ = ["drawn", "is_drawn"]

_DRAWN = "It was drawn at random in this pass: another pass draws another number."
_ATTENDED = (
    "Which weights of the attention are dropped was drawn at random in this pass: another pass gives another number."
)
_DROPPED = "Whether it is dropped was drawn at random in this pass, with a probability of {p:g}: it was."
_KEPT = "Whether it is dropped was drawn at random in this pass, with a probability of {p:g}: it was not, and grew."


def is_drawn(asked: Asked) -> bool:
    """Whether the layer of a unit draws random numbers."""
    call = asked.layer.call
    return is_random(call.function, call.args, dict(call.kwargs))


def drawn(asked: Asked) -> Explanation:
    """Explain as the unit that was kept or dropped; of other numbers only that they were drawn can be told."""
    operation = asked.layer.operation
    if asked.layer.kind is Kind.ATTENTION:
        return replace(constant(asked), notes=(_ATTENDED,))
    if not operation.startswith("dropout") or asked.tensor(asked.main).shape != asked.layer.result.shape:
        return replace(constant(asked), notes=(_DRAWN,))
    chance = float(asked.given.get("p", 0.5))
    value, recorded = float(asked.tensor(asked.main)[asked.index]), asked.recorded
    is_dropped = recorded == 0 and value != 0
    factor = 0.0 if is_dropped or chance == 1 else 1 / (1 - chance)
    part = asked.part(asked.main, np.array([asked.index]), np.array([value]), np.array([factor]))
    note = (_DROPPED if is_dropped else _KEPT).format(p=chance)
    return asked.explanation(Rule.SUM, [part], notes=(note,))
