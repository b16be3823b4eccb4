"""The pictures of a frame, rendered beside the network: each as soon as the layers are there that it shows."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from cnnviewer.engine.live import needs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor, Future

    from cnnviewer.messages import PictureAnswer, PictureRequest
    from cnnviewer.recording import Recording

__all__ = ["FramePictures"]


class FramePictures:
    """Renders what is wanted of one frame, in other threads, from `begin` to `finish`.

    Parameters
    ----------
    wanted
        What is asked for, each with the panel's key.
    render
        Renders a request from a recording; called in any thread.
    pool
        Where to render while the network runs.
    """

    def __init__(
        self,
        wanted: Sequence[tuple[str, PictureRequest]],
        render: Callable[[PictureRequest, Recording], PictureAnswer],
        pool: Executor,
    ) -> None:
        self._wanted, self._render, self._pool = wanted, render, pool
        self._there: set[int] = set()
        self._waiting: dict[int, frozenset[int] | None] | None = None
        self._ready: deque[tuple[int, Recording]] = deque()
        self._answers: dict[int, PictureAnswer] = {}
        self._job: Future[None] | None = None

    def begin(self, recording: Recording, layer: int) -> None:
        """Begin with what can be rendered now that a recording has the values of one more layer."""
        if self._waiting is None:
            self._waiting = {place: needs(request, recording) for place, (_, request) in enumerate(self._wanted)}
        self._there.add(layer)
        for place, needed in list(self._waiting.items()):
            if needed is not None and needed <= self._there:
                del self._waiting[place]
                self._ready.append((place, recording))
        if self._ready and self._is_idle:
            self._job = self._pool.submit(self._work)

    @property
    def _is_idle(self) -> bool:
        """Whether no thread renders; what failed stays, for `finish` to tell."""
        return self._job is None or (self._job.done() and self._job.exception() is None)

    def finish(self, recording: Recording) -> tuple[tuple[str, PictureRequest, PictureAnswer], ...]:
        """Return all pictures; this thread renders as well.

        Raises
        ------
        CnnviewerError
            If one can't be rendered.
        """
        waiting = range(len(self._wanted)) if self._waiting is None else self._waiting
        self._ready.extend((place, recording) for place in waiting)
        self._work()
        if self._job is not None:
            self._job.result()
        return tuple((key, request, self._answers[place]) for place, (key, request) in enumerate(self._wanted))

    def _work(self) -> None:
        """Render what is ready, until nothing is; several threads may do so."""
        while self._ready:
            try:
                place, recording = self._ready.popleft()
            except IndexError:  # another thread was faster
                return
            self._answers[place] = self._render(self._wanted[place][1], recording)
