"""The images that the window steps through, and those that are to take their place once one of them is read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cnnviewer.qt.failures import Failure, failure_of_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.messages import ImageRequest

__all__ = ["Album"]

_MOST_TRIED = 12
"""So many images of an offer are tried before it is given up."""


@dataclass(frozen=True)
class _Offer:
    """Images that are to be shown, which of them is tried, and what is told of others that can't be."""

    images: tuple[ImageRequest, ...]
    position: int
    left_out: tuple[str, ...]
    tried: int = 1


class Album:
    """A list of images, one of which is shown; nothing of it goes before an image of another list is there."""

    def __init__(self) -> None:
        self.images: tuple[ImageRequest, ...] = ()
        self.position = 0
        self.photo: ImageRequest | None = None
        """The one of the images that is shown; None where a stream or its last frame is."""
        self._offer: _Offer | None = None

    def offer(self, images: Sequence[ImageRequest], position: int, left_out: Sequence[str] = ()) -> ImageRequest:
        """Take a list to show instead, once the image is read that is returned."""
        self._offer = _Offer(tuple(images), position, tuple(left_out))
        return self._offer.images[position]

    def withdraw(self) -> None:
        """Drop the list that was offered: something else is wanted."""
        self._offer = None

    def take(self, read: ImageRequest) -> tuple[str, ...] | None:
        """Show the list that was offered, now that this image of it is read.

        Returns
        -------
        tuple of str or None
            What is to be told of those that can't be shown; None where it is no image of such a list.
        """
        offer = self._offer
        if offer is None or offer.images[offer.position] is not read:
            return None
        self._offer = None
        self.images, self.position, self.photo = offer.images, offer.position, read
        return offer.left_out

    def refuse(self, failure: Failure) -> ImageRequest | Failure:
        """Return the image to try next, where one of those offered can't be read; else what is to be told."""
        offer = self._offer
        if offer is None or offer.images[offer.position] is not failure.request:
            return failure
        if failure.was_cancelled:
            self._offer = None
            return failure
        left_out = (*offer.left_out, failure.sentence)
        if offer.tried < min(len(offer.images), _MOST_TRIED):
            position = (offer.position + 1) % len(offer.images)
            self._offer = replace(offer, position=position, left_out=left_out, tried=offer.tried + 1)
            return offer.images[position]
        self._offer = None
        return failure if len(left_out) == 1 else failure_of_many(left_out, failure.request)

    def lengthen(self, images: Sequence[ImageRequest], left_out: Sequence[str]) -> bool:
        """Take a longer list around the image that is shown or tried; return whether it is shown.

        A list without that image is dropped: something else was wanted meanwhile.
        """
        offer = self._offer
        wanted = self.photo if offer is None else offer.images[offer.position]
        position = next((place for place, image in enumerate(images) if image is wanted), None)
        if position is None:
            return False
        if offer is not None:
            self._offer = replace(offer, images=tuple(images), position=position, left_out=tuple(left_out))
            return False
        self.images, self.position = tuple(images), position
        return True

    def step_to(self, position: int) -> ImageRequest | None:
        """Choose one of the images, the first behind the last; None where there are none."""
        self._offer = None
        if not self.images:
            return None
        self.position = position % len(self.images)
        self.photo = self.images[self.position]
        return self.photo

    def put_back(self, images: Sequence[ImageRequest], position: int, photo: ImageRequest | None) -> None:
        """Show what was shown before: a list, and an image, which may be none of it."""
        self._offer = None
        self.images, self.position, self.photo = tuple(images), position, photo

    def replace_photo(self, photo: ImageRequest) -> None:
        """Show the image that is shown in another way; it stays so among the others."""
        place, self.photo, self._offer = self.position, photo, None
        self.images = (*self.images[:place], photo, *self.images[place + 1 :])

    @property
    def is_offered(self) -> bool:
        """Whether another list is to be shown once an image of it is read."""
        return self._offer is not None

    @property
    def wanted(self) -> tuple[ImageRequest, ...]:
        """The list that is shown, or is to be once an image of it is read."""
        return self.images if self._offer is None else self._offer.images

    def keep(self, frame: ImageRequest, most: int) -> None:
        """Show a frame, and keep it among those kept before; images of files give way to it."""
        self._offer = None
        kept = [image for image in self.images if image.packed is not None]
        self.images = (*kept[-most + 1 :], frame)
        self.position = len(self.images) - 1
        self.photo = frame
