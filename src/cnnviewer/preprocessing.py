"""From a photo to the tensor that a network takes.

Preprocessing travels with the network, so that a photo can't reach it in a wrong range, size or channel order.

No torch when it is imported: a dialog in which one is set is on the screen before that.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from PIL import Image

    from cnnviewer.images import Photo

__all__ = ["Crop", "Preprocessing"]

# A wider or taller photo is cut to this aspect ratio before it is resized: the network sees its middle only,
# and a 20000 x 3 strip resized to 256 rows would be 1.7 million columns wide.
_WIDEST = 8


@dataclass(frozen=True)
class Crop:
    """The part of the photo that the network sees, in pixels of the photo; half-open."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class Preprocessing:
    """Resize, crop, pad and normalise a photo: ``(x / divisor - mean) / deviation``.

    Parameters
    ----------
    size
        Height and width of the network's input, in pixels, padding included.
    channels
        How many the network takes.
    resize
        The length to which the photo's shorter side is resized before the centre crop, in pixels.
    padding
        Black pixels added on each side after the crop.
    divisor
        What a pixel of 0..255 is divided by: 255 for networks that take 0..1.
    mean, deviation
        One number a channel, in the order in which the network takes the channels.
    order
        What the channels are, as letters: "RGB", "BGR", or "L" for grey. Where there are more channels than letters
        they begin again: with "RGB" a fourth channel of a colour photo is red. A photo of just as many channels gives
        each its own, the colours among them in this order.
    interpolation
        "bilinear" or "bicubic", both antialiased.
    crop_mode
        "centre" keeps the photo's shape and crops its middle; "squash" resizes both sides, each to its own length, so
        that `resize` is the shorter one of what is cropped; "border" resizes the longer side to `resize` and
        fills the rest with the mean.
    """

    size: tuple[int, int]
    resize: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    channels: int = 3
    padding: int = 0
    divisor: float = 255.0
    order: str = "RGB"
    interpolation: str = "bilinear"
    crop_mode: str = "centre"

    @property
    def crop_size(self) -> tuple[int, int]:
        """Height and width of the centre crop, in pixels of the resized photo."""
        height, width = self.size
        return height - 2 * self.padding, width - 2 * self.padding

    def __call__(self, image: Image.Image | Photo) -> torch.Tensor:
        """Return the tensor that the network takes.

        Parameters
        ----------
        image
            A photo, or a PIL image of mode "L" or "RGB".

        Returns
        -------
        torch.Tensor
            float32, ``(1, C, H, W)``.

        Raises
        ------
        ImageError
            If the photo has channels that are no colours, and not as many as the network takes.
        """
        return self.normalise(self.pixels(image)[None])

    def pixels(self, image: Image.Image | Photo) -> torch.Tensor:
        """Return the part of a photo that the network sees, at the size at which it sees it.

        Parameters
        ----------
        image
            A photo, or a PIL image of mode "L" or "RGB".

        Returns
        -------
        torch.Tensor
            uint8, 0..255, ``(3, h, w)`` RGB or ``(1, h, w)`` grey; where the network takes another number of channels,
            ``(C, h, w)``, in the order of a photo that has as many. h and w are those of `crop_size`.

        Raises
        ------
        ImageError
            If the photo has channels that are no colours, and not as many as the network takes.
        """
        import torch

        from cnnviewer.images import Photo

        if isinstance(image, Photo) and image.has_channels(self.channels):
            fills = (self._byte(self.mean[self.own_planes.index(band)]) for band in range(self.channels))
            return torch.cat([self._band(band, (fill,)) for band, fill in zip(image.bands, fills, strict=True)])
        picture = image.flat(self.channels) if isinstance(image, Photo) else image
        pixels = self._band(picture.convert(self.picture_mode), tuple(self._fill))
        if self.channels in (1, 3):
            return pixels
        made = pixels.new_empty(self.channels, *pixels.shape[1:])
        made[list(self.own_planes)] = pixels[list(self.planes)]
        return made

    def _band(self, image: Image.Image, fill: tuple[int, ...]) -> torch.Tensor:
        """Return the part of an "L" or "RGB" image that the network sees; `fill` is the colour of its border."""
        from torchvision.transforms import InterpolationMode
        from torchvision.transforms import functional as transforms

        image = _cut(image, self._seen(image.width, image.height))
        resized = transforms.resize(
            image, self.resized(image.height, image.width), interpolation=InterpolationMode(self.interpolation)
        )
        if self.crop_mode == "border":
            resized = transforms.pad(resized, self._borders(resized.height, resized.width), fill=list(fill))
        cropped = transforms.center_crop(resized, list(self.crop_size))
        pixels: torch.Tensor = transforms.pil_to_tensor(cropped)
        return pixels

    def resized(self, height: int, width: int) -> list[int]:
        """Return the height and width to which a photo is resized before the crop; one number is the shorter side's."""
        if self.crop_mode == "centre":
            return [self.resize]
        target = self._target
        if self.crop_mode == "squash":
            return list(target)
        ratio = max(height / target[0], width / target[1])
        return [max(round(height / ratio), 1), max(round(width / ratio), 1)]

    @property
    def is_grey(self) -> bool:
        """Whether the network sees no colours."""
        return self.order == "L"

    @property
    def picture_mode(self) -> str:
        """The colours of a picture as the network sees it, a letter each: "L" or "RGB"."""
        return "L" if self.is_grey else "RGB"

    @property
    def picture_channels(self) -> int:
        """How many channels a picture has as the network sees it: one in grey, else three."""
        return len(self.picture_mode)

    @property
    def planes(self) -> tuple[int, ...]:
        """For each channel that the network takes, which of a picture's it is: 0, 1, 2 for red, green, blue."""
        letters = self.picture_mode
        return tuple(letters.index(self.order[channel % len(self.order)]) for channel in range(self.channels))

    @property
    def own_planes(self) -> tuple[int, ...]:
        """The same of a photo of just as many channels: its colours in the network's order, and then the others."""
        colors = self.planes[:3] if sorted(self.planes[:3]) == [0, 1, 2] else tuple(range(min(self.channels, 3)))
        return (*colors, *range(len(colors), self.channels))

    def names_of(self, photo: Photo) -> tuple[str, ...]:
        """Return what a photo calls the channels that the network is given one by one, in its order; else nothing."""
        return tuple(photo.names[plane] for plane in self.own_planes) if photo.has_channels(self.channels) else ()

    @property
    def channel_names(self) -> tuple[str, ...]:
        """What each channel is called: its letter, with a number from the second of the same letter on."""
        letters = [self.order[channel % len(self.order)] for channel in range(self.channels)]
        counts = [letters[:place].count(letter) for place, letter in enumerate(letters)]
        return tuple(f"{letter}{count + 1}" if count else letter for letter, count in zip(letters, counts, strict=True))

    def normalise(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return what the network takes of pixels that have its size: padded, scaled, in its order of channels.

        Parameters
        ----------
        pixels
            uint8, ``(N, C, h, w)`` as `pixels` returns them, ``(N, 3, h, w)`` RGB or ``(N, 1, h, w)`` grey; or
            ``(N, ., H, W)``, padded already.

        Returns
        -------
        torch.Tensor
            float32, ``(N, C, H, W)``, on the device of `pixels`.
        """
        import torch
        from torch.nn import functional

        # torchvision divides bytes by 255 when it makes floats of them: the same bits as its own presets.
        values = pixels.to(torch.float32)
        if self.divisor != 1:
            values.div_(self.divisor)
        if self.padding and tuple(values.shape[-2:]) == self.crop_size:
            values = functional.pad(values, [self.padding] * 4)
        count = values.shape[1]
        planes = self.planes if count == self.picture_channels else self.own_planes
        if planes != tuple(range(count)):
            values = values[:, list(planes)]
        # In place, on a tensor of our own: torchvision's normalize looks at the values of the deviation first, which
        # costs more than the arithmetic of a small batch.
        mean, deviation = (values.new_tensor(numbers).view(-1, 1, 1) for numbers in (self.mean, self.deviation))
        return values.sub_(mean).div_(deviation)

    def invert(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the pixels that a preprocessed tensor was made of.

        Parameters
        ----------
        tensor
            float, ``(C, H, W)``, as the network takes it.

        Returns
        -------
        torch.Tensor
            uint8, ``(3, H, W)`` RGB or ``(1, H, W)`` grey, 0..255; a colour that it does not hold is 0.
        """
        import torch

        values, planes = self._denormalised(tensor), self.planes
        colors = range(self.picture_channels)
        if planes != tuple(colors):
            nothing = torch.zeros_like(values[0])
            values = torch.stack([values[planes.index(color)] if color in planes else nothing for color in colors])
        return _as_bytes(values)

    def given(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return the pixels of each channel that a preprocessed tensor was made of, before it was normalised.

        Parameters
        ----------
        tensor
            float, ``(C, H, W)``, as the network takes it.

        Returns
        -------
        torch.Tensor
            uint8, ``(C, H, W)``, 0..255, in the network's order of channels; padding is 0.
        """
        return _as_bytes(self._denormalised(tensor))

    def _denormalised(self, tensor: torch.Tensor) -> torch.Tensor:
        import torch

        mean = torch.tensor(self.mean).view(-1, 1, 1)
        deviation = torch.tensor(self.deviation).view(-1, 1, 1)
        return (tensor.float().cpu() * deviation + mean) * self.divisor

    def crop(self, width: int, height: int) -> Crop:
        """Return the part of a photo of this size that the network sees, padding left out."""
        rows, columns = self.crop_size
        left, top, right, bottom = self._seen(width, height)
        scale_y, scale_x = self._scales(bottom - top, right - left)
        across, down = columns / scale_x, rows / scale_y
        centre_x, centre_y = (left + right) / 2, (top + bottom) / 2
        return Crop(centre_x - across / 2, centre_y - down / 2, centre_x + across / 2, centre_y + down / 2)

    def caution(self, width: int, height: int) -> str:
        """Return a sentence on a photo of this size that the network can't see well; empty for usual ones."""
        crop = self.crop(width, height)
        seen = (min(crop.right, width) - max(crop.left, 0)) * (min(crop.bottom, height) - max(crop.top, 0))
        share = seen / (width * height)
        if share < 0.1:
            return f"The network sees only the middle {share:.2%} of this {width} × {height} image."
        enlarged = max(self._scales(height, width))
        if enlarged >= 16:
            return f"The image has only {width} × {height} pixels: it is enlarged {enlarged:.0f} times."
        return ""

    def channel_caution(self, photo: Photo) -> str:
        """Return a sentence on a photo that has other channels than the network takes; empty for usual ones."""
        if photo.has_channels(self.channels):
            return ""
        if self.channels not in (1, 3):
            given = ", ".join(self.channel_names)
            return f"The image has no {self.channels} channels: the network is given its colours as {given}."
        unused = [name for name in photo.names[3:] if name != "alpha"]
        if unused:
            return (
                f"The network takes {self.channels} of the image's {photo.channels} channels: not {', '.join(unused)}."
            )
        return ""

    def describe(self) -> str:
        """Return one line for people: ``crop 224 of 256 · (x − 127) / 128``."""
        rows, columns = self.crop_size
        crop = str(rows) if rows == columns else f"{rows}×{columns}"
        parts = [f"resized to {crop}" if rows == columns == self.resize else f"crop {crop} of {self.resize}"]
        if self.crop_mode != "centre":
            parts.append({"squash": "not in its own shape", "border": "whole, in a border"}[self.crop_mode])
        if self.padding:
            parts.append(f"padded to {self.size[0]}")
        if self.order not in ("RGB", "L") or self.channels != len(self.order):
            parts.append(
                self.order if self.channels == len(self.order) else f"{self.order} over {self.channels} channels"
            )
        value = "x" if self.divisor == 1 else f"x / {self.divisor:g}"
        if any(self.mean):
            value = f"{value} − {_numbers(self.mean)}"
        if set(self.deviation) != {1}:
            value = f"{value if value == 'x' else f'({value})'} / {_numbers(self.deviation)}"
        parts.append(value)
        return " · ".join(parts)

    @property
    def _target(self) -> tuple[int, int]:
        """The height and width of which the crop is the middle, where they don't depend on the photo's shape."""
        rows, columns = self.crop_size
        shorter = min(rows, columns)
        return self.resize * rows // shorter, self.resize * columns // shorter

    @property
    def _fill(self) -> list[int]:
        """The colour of the border, 0..255: the mean, or 0 where the network is not given that colour."""
        # The mean is told in the network's order of channels, and the border is drawn on a picture in RGB.
        means = dict(zip(reversed(self.planes), reversed(self.mean), strict=True))
        return [self._byte(means[color]) if color in means else 0 for color in range(self.picture_channels)]

    def _byte(self, mean: float) -> int:
        """Return the pixel that is 0 once the mean is taken away, as near as one of 0..255 is."""
        return min(max(round(mean * self.divisor), 0), 255)

    def _seen(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return the box (left, top, right, bottom) of the photo that is resized."""
        return (0, 0, width, height) if self.crop_mode == "squash" else _central(width, height)

    def _scales(self, height: int, width: int) -> tuple[float, float]:
        """Return how many pixels of the resized photo one of the photo makes, down and across."""
        if self.crop_mode == "centre":
            return (self.resize / min(height, width),) * 2
        rows, columns = self._target
        if self.crop_mode == "squash":
            return rows / height, columns / width
        return (min(rows / height, columns / width),) * 2

    def _borders(self, height: int, width: int) -> list[int]:
        """Return how many pixels a resized photo lacks of the crop: left, top, right, bottom."""
        rows, columns = (max(wanted - found, 0) for wanted, found in zip(self.crop_size, (height, width), strict=True))
        return [columns // 2, rows // 2, (columns + 1) // 2, (rows + 1) // 2]


def _central(width: int, height: int) -> tuple[int, int, int, int]:
    """Return the box (left, top, right, bottom) of the photo's middle, at most `_WIDEST` times longer than wide."""
    across, down = min(width, _WIDEST * height), min(height, _WIDEST * width)
    left, top = (width - across) // 2, (height - down) // 2
    return left, top, left + across, top + down


def _as_bytes(values: torch.Tensor) -> torch.Tensor:
    import torch

    return values.nan_to_num().round().clamp(0, 255).to(torch.uint8)


def _numbers(values: tuple[float, ...]) -> str:
    """Return one number where all are equal, else all of them."""
    if len(set(values)) == 1:
        return f"{values[0]:g}"
    return "(" + ", ".join(f"{value:g}" for value in values) + ")"


def _cut(image: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """Return a part of an image; how large it may be was judged when it was opened, and PIL need not warn of it."""
    from PIL import Image

    if image.width * image.height <= (Image.MAX_IMAGE_PIXELS or 0):
        return image.crop(box)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return image.crop(box)
