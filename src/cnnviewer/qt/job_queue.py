"""What waits for the worker, and what it does now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from cnnviewer.messages import (
    FREE_REQUESTS,
    DeviceRequest,
    HoldRequest,
    ImageRequest,
    NetworkRequest,
    WeightsRequest,
)
from cnnviewer.network_reports import FileRequest

if TYPE_CHECKING:
    from cnnviewer.messages import PictureRequest

__all__ = ["Job", "JobQueue", "Opening"]

Opening = DeviceRequest | NetworkRequest | FileRequest | HoldRequest | ImageRequest | WeightsRequest
"""What changes the recording that is shown, and the look into a file before that."""

_TURNS = (DeviceRequest, NetworkRequest, FileRequest, HoldRequest, ImageRequest, WeightsRequest)
"""What goes to the worker before pictures do, in this order; of each sort only the newest waits."""

_LONG = (DeviceRequest, NetworkRequest, FileRequest, ImageRequest)
"""What may take so long that the window shows that it waits."""

_Sort = TypeVar("_Sort", bound=Opening)


@dataclass(frozen=True, eq=False)
class Job:
    """What the worker is to do next.

    Parameters
    ----------
    generation
        The number of the recording that the window shows; answers carry it back.
    request
        A network or an image to open, weights to show, a device to use, or None.
    pictures
        Pictures to render then, each with the panel's key. After an image or weights they belong to the new
        recording, and are left out where it has other layers than the one before.
    """

    generation: int
    request: Opening | None
    pictures: tuple[tuple[str, PictureRequest], ...] = ()

    @property
    def is_long(self) -> bool:
        """Whether it may take so long that the window shows that it waits."""
        return isinstance(self.request, _LONG)


class JobQueue:
    """Holds the job that is with the worker, and behind it the newest opening of each sort and the newest pictures.

    A picture has a key that tells who asks; a newer one with the same key takes its place. What is shown is asked for
    again with the next image, so it is kept, too.
    """

    def __init__(self) -> None:
        self.in_flight: Job | None = None
        """What the worker does now."""
        self._generation = 0
        self._openings: dict[type[Opening], Opening] = {}
        self._pictures: dict[str, PictureRequest] = {}
        # What the panels show, and so want again of the next image; and what of that is on its way.
        self._shown: dict[str, PictureRequest] = {}
        self._coming: dict[str, PictureRequest] = {}

    def put(self, opening: Opening) -> None:
        """Let this wait, instead of an older one of its sort."""
        self._openings[type(opening)] = opening

    def drop(self, kind: type[Opening]) -> None:
        """Forget what waits of a sort."""
        self._openings.pop(kind, None)

    def show(self, key: str, picture: PictureRequest) -> None:
        """Note what a panel shows of each recording."""
        self._shown[key] = picture

    def ask(self, key: str, picture: PictureRequest) -> None:
        """Let a picture wait; not where it comes with the image that is in flight."""
        if self._coming.get(key) != picture:
            self._pictures.pop(key, None)
            self._pictures[key] = picture

    def withdraw(self, key: str) -> None:
        """Forget the picture that waits with this key, or is shown."""
        self._pictures.pop(key, None)
        self._shown.pop(key, None)

    def clear(self) -> None:
        """Forget all that waits."""
        self._openings.clear()
        self._pictures.clear()

    def take(self) -> Job | None:
        """Return what is to be done next, which is in flight from now on; None where nothing waits, or one is."""
        if self.in_flight is not None:
            return None
        self.in_flight = self._next()
        return self.in_flight

    def finish(self) -> Job | None:
        """Return what was in flight, and is done."""
        done, self.in_flight, self._coming = self.in_flight, None, {}
        return done

    def renew(self, *, has_other_layers: bool) -> None:
        """Begin a new recording: pictures of the old one are wanted no more, nor shown where the layers are others."""
        self._generation += 1
        if has_other_layers:
            self._coming, self._shown = {}, {}
        self._pictures = {key: asked for key, asked in self._pictures.items() if isinstance(asked, FREE_REQUESTS)}

    def is_wanted(self, generation: int, picture: PictureRequest) -> bool:
        """Whether an answer is still to be shown: it is of the recording that is shown, or of none."""
        return generation == self._generation or isinstance(picture, FREE_REQUESTS)

    def coming(self, kind: type[_Sort]) -> _Sort | None:
        """Return the newest of a sort that waits, or else is in flight."""
        flying = None if self.in_flight is None else self.in_flight.request
        newest = next((opening for opening in self._openings.values() if isinstance(opening, kind)), flying)
        return newest if isinstance(newest, kind) else None

    @property
    def shown(self) -> tuple[tuple[str, PictureRequest], ...]:
        """The pictures that the panels show of each recording, with their keys."""
        return tuple(self._shown.items())

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in flight and nothing waits."""
        return self.in_flight is None and not (self._openings or self._pictures)

    def _next(self) -> Job | None:
        kind = next((kind for kind in _TURNS if kind in self._openings), None)
        if kind is not None:
            # What makes a new recording of the same network brings the pictures that are shown of it with it.
            self._coming = {} if kind in (NetworkRequest, FileRequest) else dict(self._shown)
            return Job(self._generation, self._openings.pop(kind), tuple(self._coming.items()))
        pictures = tuple(self._pictures.items())
        self._pictures.clear()
        return Job(self._generation, None, pictures) if pictures else None
