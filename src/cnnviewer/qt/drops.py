"""What comes by drop or paste: files, folders, a browser's picture, addresses, paths as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from cnnviewer.inputs.addresses import lines_with_files
from cnnviewer.messages import ImageRequest
from cnnviewer.qt.widgets.images import from_image

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData

__all__ = ["accepts", "addresses", "image", "lines"]

_OF_PAGES = ("http", "https", "data", "blob", "about")
"""Of addresses of a picture in a browser: the picture itself comes with it, or can be copied."""


def accepts(mime: QMimeData | None) -> bool:
    """Whether something dropped or pasted may be opened; a clipboard that can't be read gives None."""
    return mime is not None and (mime.hasImage() or mime.hasUrls() or bool(lines(mime)))


def addresses(mime: QMimeData) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the addresses of files and folders, and those of pictures in a browser."""
    # Encoded: in names that are no UTF-8 each byte stays what it is.
    urls = [(url.scheme(), bytes(url.toEncoded().data()).decode("ascii", "replace")) for url in mime.urls()]
    files = tuple(text for scheme, text in urls if scheme not in _OF_PAGES)
    return files, tuple(text for scheme, text in urls if scheme in _OF_PAGES)


def lines(mime: QMimeData) -> tuple[str, ...]:
    """Return the paths and addresses of a text; none where it is another text."""
    return lines_with_files(mime.text()) if mime.hasText() else ()


def image(mime: QMimeData) -> ImageRequest | None:
    """Return the picture itself; None where there is none, or it can't be read."""
    shown = mime.imageData() if mime.hasImage() else None
    return _from_image(shown) if isinstance(shown, QImage) and not shown.isNull() else None


def _from_image(image: QImage) -> ImageRequest:
    return ImageRequest("pasted image", pixels=from_image(image))
