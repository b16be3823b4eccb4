"""Which axes of a file's own input are channels, rows and columns, told by their lengths. No torch here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["image_shape", "is_channels_last"]

_CHANNELS = (1, 3, 4)


def is_channels_last(shape: Sequence[int | None]) -> bool:
    """Whether an input of four axes, None for a free one, is ``(1, H, W, C)``, as TensorFlow has it."""
    return shape[3] in _CHANNELS and shape[1] not in _CHANNELS


def image_shape(shape: Sequence[int | None]) -> tuple[int | None, int | None, int | None] | None:
    """Return what is known of ``(C, H, W)``, in whatever order the file has the axes; None where all are free."""
    if all(length is None for length in shape[1:]):
        return None
    return (shape[3], shape[1], shape[2]) if is_channels_last(shape) else (shape[1], shape[2], shape[3])
