"""Raw photos of cameras, which are TIFFs to the eye: PIL would show the small preview in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.images.tiff import is_tiff
from cnnviewer.kinds import refusal, type_of_head

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["camera_raw"]

_DNG_VERSION, _PHOTOMETRIC, _SUBFILE, _MAKE, _INNER = 50706, 262, 254, 271, 330
"""Tags of TIFF: DNGVersion, PhotometricInterpretation, NewSubfileType, Make, SubIFDs."""
_MOSAIC, _LINEAR = 32803, 34892
"""The photometric interpretations of a sensor's numbers."""


def camera_raw(head: bytes, name: str, tags: Mapping[int, object]) -> str:
    """Return a sentence on a TIFF that is a raw photo; '' on others.

    Parameters
    ----------
    head, name
        Its first bytes, and its name: the content tells most, and the name what is left.
    tags
        Those of its first page.
    """
    named = type_of_head(head, name)
    is_named = named is not None and not named.is_read and (_INNER in tags or _MAKE in tags)
    is_preview = bool(int(_number(tags.get(_SUBFILE))) & 1) and _INNER in tags and _MAKE in tags
    is_canon = is_tiff(head) and head[8:10] == b"CR"
    is_mosaic = _number(tags.get(_PHOTOMETRIC)) in (_MOSAIC, _LINEAR)
    if not (is_canon or _DNG_VERSION in tags or is_preview or is_mosaic or is_named):
        return ""
    known = type_of_head(head, "photo.dng")
    return "" if known is None else refusal(name, known)


def _number(value: object) -> float:
    if isinstance(value, tuple):
        value = value[0] if value else 0
    return float(value) if isinstance(value, (int, float)) else 0.0
