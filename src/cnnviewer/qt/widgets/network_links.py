"""Which maps of a network are drawn as linked: the strongest links of one of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cnnviewer.lessons.network_messages import NetworkPicture

__all__ = ["Line", "lines_of"]

_MOST_LINKS = 48
"""So many links are drawn in each direction, the strongest."""


@dataclass(frozen=True)
class Line:
    """A link that is drawn: between two tiles, how strong (0..1), and whether its weights add or subtract."""

    source: tuple[int, int]
    target: tuple[int, int]
    share: float
    is_positive: bool


def lines_of(picture: NetworkPicture, place: int, tile: int) -> tuple[Line, ...]:
    """Return the strongest links of a tile, to what it is made of and to what it feeds."""
    found = []
    for link in picture.columns[place].links:
        strengths = link.strengths[tile]
        found += [
            Line((link.source, int(other)), (place, tile), share, bool(strengths[other] > 0))
            for other, share in _strongest(strengths)
        ]
    for behind, column in enumerate(picture.columns):
        for link in column.links:
            if link.source == place:
                strengths = link.strengths[:, tile]
                found += [
                    Line((place, tile), (behind, int(other)), share, bool(strengths[other] > 0))
                    for other, share in _strongest(strengths)
                ]
    return tuple(found)


def _strongest(strengths: np.ndarray) -> list[tuple[int, float]]:
    """Return which are the largest, with each one's share of the largest; none of them is 0."""
    sizes = np.abs(strengths)
    largest = float(sizes.max(initial=0.0))
    order = np.argsort(-sizes, kind="stable")[:_MOST_LINKS]
    return [(int(index), float(sizes[index]) / largest) for index in order if sizes[index] > 0]
