"""What the program knows of networks of which their libraries don't tell it: a table that it ships.

``tests/benchmarks/make_catalogue.py`` makes the table.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from cnnviewer.resources import resource
from cnnviewer.sizes import byte_text

__all__ = ["Facts", "facts_of"]

_FLOAT = 4  # bytes


@dataclass(frozen=True)
class Facts:
    """What is known of a network.

    Parameters
    ----------
    parameters
        How many learnt numbers; None where not known.
    top1
        The share of ImageNet-1k's validation images that its pretrained weights name right, 0..1; None where not known.
    """

    parameters: int | None = None
    top1: float | None = None

    @property
    def nbytes(self) -> int | None:
        """The size of the parameters as float32: about that of a file of weights."""
        return None if self.parameters is None else self.parameters * _FLOAT

    @property
    def size(self) -> str:
        """The size of a file of weights, for people: "about 15 MB"."""
        return "size unknown" if self.nbytes is None else f"about {byte_text(self.nbytes)}"


def facts_of(name: str) -> Facts:
    """Return what is known of a network, by its name."""
    return _table().get(name, Facts())


@cache
def _table() -> dict[str, Facts]:
    with resource("networks", "catalogue.csv").open(encoding="utf-8", newline="") as file:
        return {row["name"]: _facts(row) for row in csv.DictReader(file)}


def _facts(row: dict[str, str]) -> Facts:
    return Facts(
        int(row["parameters"]) if row["parameters"] else None, float(row["top1"]) / 100 if row["top1"] else None
    )
