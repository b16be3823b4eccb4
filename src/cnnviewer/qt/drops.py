"""Images that come by drop or paste: files, folders, a browser's picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from cnnviewer.errors import ImageError
from cnnviewer.inputs.files import find_images
from cnnviewer.messages import ImageRequest
from cnnviewer.qt.widgets.images import from_image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PySide6.QtCore import QMimeData

__all__ = ["accepts", "from_mime", "from_paths", "local_paths"]


def accepts(mime: QMimeData | None) -> bool:
    """Whether something dropped or pasted may hold an image; a clipboard that can't be read gives None."""
    return mime is not None and (mime.hasImage() or mime.hasUrls())


def from_mime(mime: QMimeData) -> tuple[ImageRequest, ...]:
    """Return the images in something dropped or pasted; files are read later, by the worker.

    Raises
    ------
    ImageError
        If a folder holds no image, or there is only the address of one.
    """
    paths = local_paths(mime)
    if paths:
        return from_paths(paths)
    if mime.hasImage():
        image = mime.imageData()
        if isinstance(image, QImage) and not image.isNull():
            return (_from_image(image),)
    raise ImageError(
        "Only the picture's address came, and nothing is downloaded unasked: "
        "copy the picture itself in the browser, and paste it here (Ctrl+V)."
    )


def local_paths(mime: QMimeData) -> list[Path]:
    """Return the files and folders in something dropped or pasted."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


def from_paths(paths: Iterable[Path]) -> tuple[ImageRequest, ...]:
    """Return the images that files and folders hold.

    Raises
    ------
    ImageError
        If one does not exist, or a folder holds no image.
    """
    return tuple(ImageRequest(path.name, path=path) for path in find_images(list(paths)))


def _from_image(image: QImage) -> ImageRequest:
    return ImageRequest("pasted image", pixels=from_image(image))
