"""Requests that change the recording: another network, other weights, another image, another device."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cnnviewer.devices import AUTO, Precision
from cnnviewer.readings import Reading

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import torch
    from numpy.typing import NDArray

    from cnnviewer.card import Card
    from cnnviewer.messages.arrays import Pixels

__all__ = ["DeviceRequest", "HoldRequest", "ImageEdit", "ImageRequest", "NetworkRequest", "WeightsRequest"]


@dataclass(frozen=True)
class NetworkRequest:
    """Open a network.

    Parameters
    ----------
    name
        A listed name, the folder of a run, a file, or a factory.
    weights
        "DEFAULT", None for random ones, or a file.
    card
        Of a file or a factory: what the user said about it.
    allow_code
        Whether the user consented that code of the file is run.
    remember
        Whether the card is kept for the content of the file, once the network has run with it.
    digest
        Of a file: the content that all this was said about; '' for whatever it is.
    may_download
        Whether weights that are not on this machine are downloaded: what opens by itself at the start downloads none.
    """

    name: str
    weights: str | None = "DEFAULT"
    card: Card | None = None
    allow_code: bool = False
    remember: bool = False
    may_download: bool = True
    digest: str = ""


@dataclass(frozen=True, eq=False)
class WeightsRequest:
    """Give the open network other weights: those of now while it learns, or those of a moment of the film.

    Parameters
    ----------
    step
        After how many steps of the training.
    weights, gradients
        Tensors by name, which nothing changes any more; no gradients are known of a moment of the film.
    run
        The folder of the run, where the weights lie in its film.
    network
        What the network was asked for by (`NetworkRequest.name`): while another is open, nothing happens. '' for
        whatever is open.
    """

    step: int
    weights: Mapping[str, torch.Tensor] | None = None
    gradients: Mapping[str, torch.Tensor] | None = None
    run: Path | None = None
    network: str = ""


@dataclass(frozen=True)
class HoldRequest:
    """Hold a moment, to compare others with it; or let it go.

    Parameters
    ----------
    is_held
        Whether one is to be held.
    network
        As of `WeightsRequest`.
    moment
        Which one of a film, that was held before; None for the one that is shown.
    """

    is_held: bool
    network: str = ""
    moment: WeightsRequest | None = None


@dataclass(frozen=True)
class DeviceRequest:
    """Run networks elsewhere, or in another precision, from now on: the open one, and those that are opened later.

    Parameters
    ----------
    device
        "auto", or what `cnnviewer.devices.list_devices` calls it.
    precision
        With how many bits they compute.
    """

    device: str = AUTO
    precision: Precision = Precision.SINGLE


@dataclass(frozen=True)
class ImageEdit:
    """How a photo is moved, turned, scaled and partly covered.

    Parameters
    ----------
    shift
        By how much it is moved to the right and down, as shares of its width and height.
    angle
        By how many degrees it is turned clockwise, around its middle.
    scale
        By how much it is enlarged, around its middle; above 0.
    covers
        What is covered then: (left, top, right, bottom), as shares of the width and height.
    """

    shift: tuple[float, float] = (0.0, 0.0)
    angle: float = 0.0
    scale: float = 1.0
    covers: tuple[tuple[float, float, float, float], ...] = ()

    @property
    def moves(self) -> bool:
        """Whether it does more than cover."""
        return (self.shift, self.angle, self.scale) != ((0.0, 0.0), 0.0, 1.0)


@dataclass(frozen=True, eq=False)
class ImageRequest:
    """Show an image.

    Parameters
    ----------
    title
        What it is called.
    path, data, pixels, packed
        One of them: a file, the bytes of one that was pasted or dropped, pixels of 8 or 16 bits, ``(H, W)`` or
        ``(H, W, 4)``, RGBA, or the pixels of a frame, uint32 ``(H, W)``, 0xffRRGGBB.
    edit
        How it is changed before it is shown; None leaves it as it is.
    reading
        How it is read, where that is in question: the range of its numbers, and its page.
    """

    title: str
    path: Path | None = None
    data: bytes | None = None
    pixels: NDArray[np.uint8] | NDArray[np.uint16] | None = None
    packed: Pixels | None = None
    edit: ImageEdit | None = None
    reading: Reading = field(default_factory=Reading)

    def is_of(self, other: ImageRequest) -> bool:
        """Whether both are of the same image, read in the same way, each with an edit of its own."""
        own, others = ((it.path, it.data, it.pixels, it.packed) for it in (self, other))
        return self.reading == other.reading and all(one is another for one, another in zip(own, others, strict=True))
