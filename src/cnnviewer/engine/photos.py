"""The photo, the crop that the network sees, and the tensor that it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image

from cnnviewer.messages import PhotoAnswer, PhotoRequest
from cnnviewer.rendering.colormaps import diverging
from cnnviewer.rendering.tiles import paint_tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnnviewer.engine.engine import Scene

__all__ = ["packed", "photo_answer"]

_LONGEST = 4096
"""A longer photo is made smaller for the screen (never for the network)."""


def photo_answer(request: PhotoRequest, scene: Scene) -> PhotoAnswer:
    """Return the photo and what the network is given of it."""
    recording, photo = scene.recording, scene.photo
    preprocessing = recording.network.preprocessing
    fed = recording.input.float().cpu()
    reach = fed.abs().nan_to_num(0.0, 0.0, 0.0).amax().reshape(1).clamp(min=1e-30)
    size = (fed.shape[1], fed.shape[2])
    planes = paint_tiles(
        fed,
        -reach.expand(len(fed)),
        reach.expand(len(fed)),
        size,
        diverging(request.scale.dark),
        request.scale.gamma,
    )
    crop = preprocessing.crop(*photo.size)
    return PhotoAnswer(
        photo=packed(_shrunk(photo)),
        full_size=photo.size,
        crop=(crop.left, crop.top, crop.right, crop.bottom),
        padding=(preprocessing.padding, preprocessing.padding),
        fed=fed.numpy(),
        fed_pixels=_as_photo(preprocessing.invert(fed)),
        planes=tuple(planes),
        plane_names=_plane_names(preprocessing.order, len(fed)),
        low=-float(reach),
        high=float(reach),
    )


def packed(photo: Image.Image) -> NDArray[np.uint32]:
    """Return a photo's pixels, uint32 ``(H, W)``, 0xffRRGGBB."""
    rgb = np.asarray(photo.convert("RGB"), dtype=np.uint32)
    return np.ascontiguousarray(0xFF000000 | rgb[..., 0] << 16 | rgb[..., 1] << 8 | rgb[..., 2], dtype=np.uint32)


def _shrunk(photo: Image.Image) -> Image.Image:
    if max(photo.size) <= _LONGEST:
        return photo
    smaller = photo.copy()
    smaller.thumbnail((_LONGEST, _LONGEST))
    return smaller


def _as_photo(pixels: torch.Tensor) -> NDArray[np.uint32]:
    colors = pixels.expand(3, -1, -1) if len(pixels) == 1 else pixels[:3]
    return packed(Image.fromarray(np.ascontiguousarray(colors.permute(1, 2, 0).numpy())))


def _plane_names(order: str, count: int) -> tuple[str, ...]:
    return tuple(order) if len(order) == count and count > 1 else ("L",) if count == 1 else tuple(map(str, range(count)))
