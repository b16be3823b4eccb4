"""The photo, the crop that the network sees, and the tensor that it is given."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from cnnviewer.images import to_packed
from cnnviewer.messages import PhotoAnswer, PhotoRequest, PhotoView
from cnnviewer.rendering.colormaps import diverging
from cnnviewer.rendering.tiles import paint_tiles

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    from cnnviewer.engine.scene import Scene

__all__ = ["photo_answer"]


def photo_answer(request: PhotoRequest, scene: Scene) -> PhotoAnswer:
    """Return what is asked for of the photo, with the numbers that the network is given."""
    recording, photo = scene.recording, scene.photo.picture
    preprocessing = recording.network.preprocessing
    fed = recording.input.float().cpu()
    crop = preprocessing.crop(*photo.size)
    is_photo = request.view is PhotoView.PHOTO
    given = None if is_photo else preprocessing.given(fed)
    answer = PhotoAnswer(
        pixels=_photo_pixels(request, scene) if is_photo else _as_photo(preprocessing.invert(fed)),
        full_size=photo.size,
        crop=(crop.left, crop.top, crop.right, crop.bottom),
        padding=(preprocessing.padding, preprocessing.padding),
        fed=fed.numpy(),
        channel_names=recording.channel_names,
        given=None if given is None else given.numpy(),
    )
    return answer if given is None or request.view is PhotoView.FED else _of_channel(request, answer, fed, given)


def _of_channel(request: PhotoRequest, answer: PhotoAnswer, fed: torch.Tensor, given: torch.Tensor) -> PhotoAnswer:
    """Return an answer with the picture of one channel: of its pixels, black to white, or of what the network takes."""
    place = min(max(request.channel, 0), len(fed) - 1)
    if request.in_pixels:
        return replace(answer, pixels=_as_photo(given[place][None]), low=0.0, high=255.0)
    # One scale for all channels, so that they can be compared.
    reach = fed.abs().nan_to_num(0.0, 0.0, 0.0).amax().reshape(1).clamp(min=1e-30)
    size, name = (fed.shape[1], fed.shape[2]), diverging(request.scale.dark)
    pixels = paint_tiles(fed[place][None], -reach, reach, size, name, request.scale.gamma)[0]
    return replace(answer, pixels=np.ascontiguousarray(pixels), colormap=name, low=-float(reach), high=float(reach))


def _photo_pixels(request: PhotoRequest, scene: Scene) -> NDArray[np.uint32]:
    if scene.pixels is not None:
        return _frame_pixels(scene.pixels, scene.photo.picture, request.longest)
    return to_packed(_shrunk(scene.photo.picture, request.longest))


def _shrunk(photo: Image.Image, longest: int, resampling: Image.Resampling = Image.Resampling.BICUBIC) -> Image.Image:
    """Return a photo for the screen, made smaller where it is longer than `longest` pixels."""
    if max(photo.size) <= longest:
        return photo
    share = longest / max(photo.size)
    width, height = (max(1, round(side * share)) for side in photo.size)
    return photo.resize((width, height), resampling, reducing_gap=2.0)


def _frame_pixels(pixels: NDArray[np.uint32], photo: Image.Image, longest: int) -> NDArray[np.uint32]:
    """Return a frame for the screen, at the size at which it is shown where that is smaller: painting it costs less."""
    return pixels if max(photo.size) <= longest else to_packed(_shrunk(photo, longest, Image.Resampling.BILINEAR))


def _as_photo(pixels: torch.Tensor) -> NDArray[np.uint32]:
    colors = pixels.expand(3, -1, -1) if len(pixels) == 1 else pixels[:3]
    return to_packed(Image.fromarray(np.ascontiguousarray(colors.permute(1, 2, 0).numpy())))
