"""What a long job tells while it goes on, and where it can be stopped."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["BEAT", "Beat", "ProgressCallback"]

ProgressCallback = Callable[[int, int | None, str], None]
"""Called with how much is done, how much there is (None where not known), and a line for people.

A download counts bytes. It may raise `Cancelled`.
"""

BEAT = 0.05
"""The time between two calls, in seconds."""


class Beat:
    """Calls a progress callback, not too often.

    Parameters
    ----------
    text
        The line for people.
    progress
        The callback; None where nobody wants to know.
    """

    def __init__(self, text: str, progress: ProgressCallback | None) -> None:
        self._text, self._progress = text, progress
        self._last = -BEAT

    def __call__(self, done: int, total: int | None) -> None:
        """Tell how far the job is, if the last call is `BEAT` seconds old, or the job is done."""
        now = time.monotonic()
        if self._progress and (now - self._last >= BEAT or done == total):
            self._last = now
            self._progress(done, total, self._text)
