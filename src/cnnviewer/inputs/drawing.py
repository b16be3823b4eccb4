"""A drawing by hand: strokes, and the picture that a network sees of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Drawing", "Point", "Stroke"]

Point = tuple[float, float]
"""(x, y), as shares 0..1 of the pad's side, from its upper left corner."""

_SIDE = 280
"""Ten pixels for each of MNIST's 28: what is made smaller later is smooth."""
_FINER = 4
"""In how many times finer pixels it is painted: a line has the same ink wherever between two pixels it lies."""
_BOX = 20 / 28
"""MNIST's digits fill 20 of 28 pixels in their longer direction, and their centre of mass lies in the middle."""


@dataclass(frozen=True)
class Stroke:
    """One movement of the pen.

    Parameters
    ----------
    points
        Where the pen was, in order; a single one is a dot.
    width
        Of the line, as a share 0..1 of the pad's side.
    """

    points: tuple[Point, ...]
    width: float


@dataclass(frozen=True)
class Drawing:
    """Strokes, the first drawn first."""

    strokes: tuple[Stroke, ...] = ()

    def begun(self, point: Point, width: float) -> Drawing:
        """Return the drawing with the pen put down at a point."""
        return Drawing((*self.strokes, Stroke((point,), width)))

    def drawn(self, point: Point) -> Drawing:
        """Return the drawing with the last stroke led on to a point."""
        if not self.strokes:
            return self
        last = self.strokes[-1]
        return Drawing((*self.strokes[:-1], replace(last, points=(*last.points, point))))

    def undone(self) -> Drawing:
        """Return the drawing without its last stroke."""
        return Drawing(self.strokes[:-1])

    def centred(self) -> Drawing:
        """Return the drawing as MNIST's digits were made: as large as its box, its mass in the middle."""
        points = [point for stroke in self.strokes for point in stroke.points]
        if not points:
            return self
        (left, top), (right, bottom) = np.min(points, axis=0), np.max(points, axis=0)
        width = max(stroke.width for stroke in self.strokes)
        size = max(right - left, bottom - top)
        # The line's own width counts too; a dot stays one.
        scale = max(_BOX - width, 0.1) / size if size > width else 1.0
        moved = self._moved(scale, ((left + right) / 2, (top + bottom) / 2))
        x, y = _centre_of_mass(moved.pixels())
        return moved._moved(1.0, (x, y))

    def pixels(self) -> NDArray[np.uint8]:
        """Return the picture: white lines on black, uint8 ``(280, 280)``."""
        side = _SIDE * _FINER
        image = Image.new("L", (side, side), 0)
        painter = ImageDraw.Draw(image)
        for stroke in self.strokes:
            _paint(painter, stroke, side)
        return np.asarray(image.reduce(_FINER))

    def _moved(self, scale: float, middle: Point) -> Drawing:
        """Return the drawing enlarged, with a point put into the middle of the pad."""
        strokes = tuple(
            replace(
                stroke,
                points=tuple((0.5 + (x - middle[0]) * scale, 0.5 + (y - middle[1]) * scale) for x, y in stroke.points),
            )
            for stroke in self.strokes
        )
        return Drawing(strokes)


def _paint(painter: ImageDraw.ImageDraw, stroke: Stroke, side: int) -> None:
    width = max(1, round(stroke.width * side))
    points = [(x * side, y * side) for x, y in stroke.points]
    painter.line(points, fill=255, width=width)
    for x, y in points:  # round ends, and round joints
        # As wide as a whole number of pixels: PIL rounds each side of the box by itself.
        left, top = round(x - width / 2), round(y - width / 2)
        painter.ellipse((left, top, left + width - 1, top + width - 1), fill=255)


def _centre_of_mass(pixels: NDArray[np.uint8]) -> Point:
    ink = pixels.astype(np.float64)
    total = ink.sum()
    if not total:
        return 0.5, 0.5
    middles = (np.arange(_SIDE) + 0.5) / _SIDE
    return float(ink.sum(axis=0) @ middles / total), float(ink.sum(axis=1) @ middles / total)
