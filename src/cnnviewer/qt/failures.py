"""What went wrong in a worker, as the window tells it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.errors import Cancelled, CnnviewerError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Failure", "failure_of", "failure_of_many"]

_TOLD = 2
_DETAILED = 1000
"""Of many sentences, how many are told, and how many stand in the details."""


@dataclass(frozen=True)
class Failure:
    """What went wrong, for the user: a sentence, and details to unfold."""

    sentence: str
    details: str
    request: object
    was_cancelled: bool = False


def failure_of(error: Exception, request: object) -> Failure:
    """Return what is told of an exception; one that nobody foresaw is printed too."""
    if isinstance(error, Cancelled):
        return Failure(str(error), "", request, was_cancelled=True)
    details = "".join(traceback.format_exception(error))
    if isinstance(error, CnnviewerError):
        return Failure(str(error), details, request)
    traceback.print_exception(error)
    return Failure(f"Something went wrong inside cnnviewer: {type(error).__name__}: {error}", details, request)


def failure_of_many(sentences: Sequence[str], request: object) -> Failure:
    """Return what is told of several things that can't be shown: the first ones, and how many more there are."""
    told, more = sentences[:_TOLD], len(sentences) - _TOLD
    if more > 0:
        told = (*told, f"And {more:,} more can't be shown.")
    details = "\n".join(sentences[:_DETAILED]) if more > 0 else ""
    return Failure(" ".join(told), details, request)
