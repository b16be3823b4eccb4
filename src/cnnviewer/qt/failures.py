"""What went wrong in a worker, as the window tells it."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from cnnviewer.errors import Cancelled, CnnviewerError

__all__ = ["Failure", "failure_of"]


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
