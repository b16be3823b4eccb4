"""From the numbers that a network returned to probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cnnviewer.outputs import Form, Returns

if TYPE_CHECKING:
    from cnnviewer.outputs import Returned

__all__ = ["HAS_PROBABILITIES", "probabilities"]

HAS_PROBABILITIES = frozenset((Returns.CLASSES, Returns.MULTI_LABEL, Returns.BINARY))
"""What has probabilities; values and features have none."""


def probabilities(numbers: torch.Tensor, returned: Returned, returns: Returns) -> torch.Tensor:
    """Return the probabilities that a network's numbers are or stand for, float32 on the CPU.

    What the network made probabilities of by itself stays as it is, to the last bit: a second softmax would change it.

    Parameters
    ----------
    numbers
        What it returned, ``(N,)``.
    returned
        What its last operations tell of them.
    returns
        What it returns, which the user may have said: `Returns.CLASSES`, `MULTI_LABEL` or `BINARY`.

    Returns
    -------
    torch.Tensor
        ``(N,)``; of one number ``(2,)``: that it holds, and that it does not.
    """
    found = numbers.float().cpu()
    if len(found) == 1:
        share = _as_given(found, returned) if returned.form is Form.BOUNDED else found.sigmoid()
        return torch.cat((share, 1 - share))
    if returned.form in (Form.SHARES, Form.BOUNDED):
        return _as_given(found, returned)
    return found.sigmoid() if returns is Returns.MULTI_LABEL else found.softmax(0)


def _as_given(found: torch.Tensor, returned: Returned) -> torch.Tensor:
    found = found.exp() if returned.is_log else found
    return found if returned.total == 1 else found / returned.total
