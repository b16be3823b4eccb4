"""`Photo`: an image as it was read, its picture for people and its channels for networks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cnnviewer.errors import ImageError
from cnnviewer.readings import Read

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

__all__ = ["Photo", "band_names"]


@dataclass(frozen=True, eq=False)
class Photo:
    """An image.

    Parameters
    ----------
    picture
        What people see of it, opaque, of mode "L" or "RGB".
    bands
        All its channels, each of mode "L", where there are others than those of the picture: with transparency,
        or with two, four or more channels. Else none.
    names
        What `bands` are called.
    is_picture
        Whether the picture is the whole image but for its transparency; else it shows some of its channels only.
    read
        How it was read.
    name
        What messages call it.
    """

    picture: Image.Image
    bands: tuple[Image.Image, ...] = ()
    names: tuple[str, ...] = ()
    is_picture: bool = True
    read: Read = field(default_factory=Read)
    name: str = "The image"

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, in pixels."""
        return self.picture.size

    @property
    def channels(self) -> int:
        """How many channels it has."""
        return len(self.bands) or len(self.picture.getbands())

    def has_channels(self, count: int) -> bool:
        """Whether a network of so many channels is given them all, one by one, and not those of the picture."""
        return len(self.bands) == count

    def flat(self, taken: int = 3) -> Image.Image:
        """Return the picture, for a network that takes another number of channels.

        Parameters
        ----------
        taken
            How many it takes.

        Raises
        ------
        ImageError
            If the image has channels that the picture does not show.
        """
        if not self.is_picture:
            raise ImageError(
                f"{self.name} has {self.channels} channels that are no colours, and the network takes {taken}: choose "
                f"a network that takes {self.channels}, or save some of the channels as a picture."
            )
        return self.picture

    def each(self, change: Callable[[Image.Image], Image.Image]) -> Photo:
        """Return it with a picture and bands that a function makes of its own."""
        return replace(self, picture=change(self.picture), bands=tuple(change(band) for band in self.bands))


def band_names(count: int, *, is_color: bool, has_alpha: bool) -> tuple[str, ...]:
    """Return what channels are called: R, G, B, grey, alpha, or by their numbers, from 1 on."""
    plain = count - has_alpha
    names = ["R", "G", "B"][:plain] if is_color else ["grey"] if plain == 1 else []
    names += [f"channel {number + 1}" for number in range(len(names), plain)]
    return (*names, "alpha") if has_alpha else tuple(names)
