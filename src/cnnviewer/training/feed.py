"""`Feed`: the images of a dataset, as batches that a network takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as transforms

from cnnviewer.training.seeds import Purpose, generator_for

if TYPE_CHECKING:
    from cnnviewer.datasets.labelled import LabelledImages
    from cnnviewer.preprocessing import Preprocessing
    from cnnviewer.training.settings import Settings

__all__ = ["Feed", "fit_images", "plain_batch", "shift_images"]


class Feed:
    """Makes batches of one split, with a network's own preprocessing.

    Parameters
    ----------
    data
        The images.
    preprocessing
        The network's.
    settings
        Their batch size, seed and augmentation.
    least
        How many images a batch has at least: of fewer, the last one of an epoch is left out.
    """

    def __init__(
        self, data: LabelledImages, preprocessing: Preprocessing, settings: Settings, *, least: int = 1
    ) -> None:
        self.data = data
        self._least = least
        self._preprocessing = preprocessing
        self._settings = settings
        self._order: tuple[int, torch.Tensor] = (-1, torch.empty(0, dtype=torch.long))

    @property
    def batches_per_epoch(self) -> int:
        """How many batches hold each image once, but for those of a last batch that is left out."""
        whole, rest = divmod(len(self.data), self._settings.batch_size)
        return whole + (rest >= max(self._least, 1))

    def chosen(self, step: int) -> torch.Tensor:
        """Return the numbers of the images of a step's batch, int64 ``(n,)``; steps count from 0.

        Each epoch has an order of its own.
        """
        epoch, place = divmod(step, self.batches_per_epoch)
        if self._order[0] != epoch:
            generator = generator_for(self._settings.seed, Purpose.ORDER, epoch)
            self._order = epoch, torch.randperm(len(self.data), generator=generator)
        first = place * self._settings.batch_size
        return self._order[1][first : first + self._settings.batch_size]

    def training_batch(self, step: int, share: slice = slice(None)) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a step's batch, augmented.

        Parameters
        ----------
        step
            Its number, from 0.
        share
            The part of the batch that is wanted; several machines share a batch.

        Returns
        -------
        tuple
            Inputs, float32 ``(n, C, H, W)``, and labels, int64 ``(n,)``.
        """
        chosen, settings = self.chosen(step), self._settings
        # Drawn for the whole batch: an image is augmented alike whichever machine has it.
        shifts, flips = _draw(len(chosen), settings, step)
        chosen = chosen[share]
        images = fit_images(self.data.images[chosen], self._preprocessing)
        if flips is not None:
            images = torch.where(flips[share, None, None, None], images.flip(3), images)
        if shifts is not None:
            images = shift_images(images, shifts[:, share], settings.shift, self._preprocessing.padding)
        return self._preprocessing.normalise(images), self.data.labels[chosen]


def plain_batch(
    data: LabelledImages, chosen: torch.Tensor | slice, preprocessing: Preprocessing
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the inputs, float32 ``(n, C, H, W)``, and the labels, int64 ``(n,)``, of some images, not augmented."""
    return preprocessing.normalise(fit_images(data.images[chosen], preprocessing)), data.labels[chosen]


def fit_images(images: torch.Tensor, preprocessing: Preprocessing) -> torch.Tensor:
    """Return images with the channels and the size that a network sees of them, before its padding.

    What `Preprocessing.pixels` does to a photo; where an image must be resized, the two may differ by 1 of 255.

    Parameters
    ----------
    images
        uint8, ``(N, C, H, W)``.

    Returns
    -------
    torch.Tensor
        uint8, ``(N, 3, h, w)``, or ``(N, 1, h, w)`` where the network sees no colours; the same tensor where nothing is
        to be done.
    """
    channels = preprocessing.picture_channels
    if images.shape[1] not in (channels, preprocessing.channels):
        images = _grey(images) if preprocessing.is_grey else images.expand(-1, channels, -1, -1)
    if min(images.shape[2:]) != preprocessing.resize:
        mode = InterpolationMode(preprocessing.interpolation)
        images = transforms.resize(images, [preprocessing.resize], interpolation=mode, antialias=True)
    if tuple(images.shape[2:]) != preprocessing.crop_size:
        images = transforms.center_crop(images, list(preprocessing.crop_size))
    return images


def shift_images(images: torch.Tensor, shifts: torch.Tensor, largest: int, padding: int = 0) -> torch.Tensor:
    """Return each image shifted on its own, black where nothing of it is.

    Parameters
    ----------
    images
        uint8, ``(N, C, h, w)``.
    shifts
        int64, ``(2, N)``: by how many pixels down and across, each -largest..largest.
    largest
        The largest shift.
    padding
        Black pixels that each side gets besides; a shifted image may reach into them.

    Returns
    -------
    torch.Tensor
        uint8, ``(N, C, h + 2 padding, w + 2 padding)``.
    """
    count, channels, height, width = images.shape
    wide = functional.pad(images, [padding + largest] * 4)
    down, across = largest - shifts[..., None]
    rows, columns = down + torch.arange(height + 2 * padding), across + torch.arange(width + 2 * padding)
    numbers = torch.arange(count)[:, None, None, None]
    planes = torch.arange(channels)[None, :, None, None]
    return wide[numbers, planes, rows[:, None, :, None], columns[:, None, None, :]]


def _draw(count: int, settings: Settings, step: int) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Draw the shifts, int64 ``(2, count)``, and the mirrorings, bool ``(count,)``, of a batch."""
    if not (settings.shift or settings.flip):
        return None, None
    generator = generator_for(settings.seed, Purpose.AUGMENTATION, step)
    shifts = torch.randint(-settings.shift, settings.shift + 1, (2, count), generator=generator)
    flips = torch.randint(2, (count,), generator=generator).bool()
    return shifts if settings.shift else None, flips if settings.flip else None


def _grey(images: torch.Tensor) -> torch.Tensor:
    """Return the luma of RGB images as Pillow works it out (ITU-R 601-2, in 16-bit fractions, rounded)."""
    red, green, blue = images.to(torch.int32).unbind(1)
    return ((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16).to(torch.uint8)[:, None]
