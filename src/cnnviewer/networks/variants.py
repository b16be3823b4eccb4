"""What an architecture is given so that it fits a file of weights: other classes or channels, another head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn

    from cnnviewer.network_reports import FitRow
    from cnnviewer.networks.file_heads import Head
    from cnnviewer.networks.recipe import Recipe

__all__ = ["Variant", "variant_for"]


@dataclass(frozen=True)
class Variant:
    """How a network differs from the usual one: its classes (0: no head), channels, head; None where it does not."""

    classes: int | None = None
    channels: int | None = None
    head: Head | None = None

    def describe(self, recipe: Recipe) -> str:
        """Return it for people: "7 classes instead of 1,000, 1 channel instead of 3"; '' for the usual one."""
        parts = []
        if self.classes is not None:
            usual = f" instead of {len(recipe.categories):,}" if recipe.categories else ""
            parts.append(f"{_number(self.classes, 'class')}{usual}" if self.classes else "without its head")
        if self.channels is not None:
            parts.append(f"{_number(self.channels, 'channel')} instead of {recipe.preprocessing.channels}")
        if self.head is not None:
            parts.append(self.head.describe())
        return ", ".join(parts)


def variant_for(recipe: Recipe, module: nn.Module, rows: Iterable[FitRow]) -> tuple[Variant, bool]:
    """Return what would make a network fit a file of weights better, and whether it looks as if it did wholly.

    Parameters
    ----------
    recipe
        The network's.
    module
        The usual one.
    rows
        How its tensors fit.
    """
    misfits = [row for row in rows if not row.is_match]
    usual = len(recipe.categories) or int(getattr(module, "num_classes", 0) or 0)
    heads = [row for row in misfits if _is_of_head(row, usual)]
    stems = [row for row in misfits if _is_of_stem(row, recipe.preprocessing.channels)]
    variant = Variant(_classes(heads, usual), _channels(stems, recipe.preprocessing.channels))
    return variant, len(heads) + len(stems) == len(misfits)


def _is_of_head(row: FitRow, usual: int) -> bool:
    """Return whether another number of classes may explain a misfit: one of the two may lack the head."""
    if row.wanted is None:
        return not usual
    if not usual or not row.wanted or row.wanted[0] % usual:
        return False
    return row.found is None or row.found[1:] == row.wanted[1:]


def _is_of_stem(row: FitRow, usual: int) -> bool:
    """Return whether another number of channels explains a misfit: that of a convolution."""
    wanted, found = row.wanted, row.found
    if wanted is None or found is None or len(wanted) != 4 or len(found) != 4 or wanted[1] % usual:
        return False
    # Some stems see several pixels as one with more channels.
    pixels = wanted[1] // usual
    return (wanted[0], *wanted[2:]) == (found[0], *found[2:]) and found[1] % pixels == 0


def _classes(heads: list[FitRow], usual: int) -> int | None:
    """Return the number of classes that the heads of a file have; None where it does not tell, or has the usual one."""
    if not usual:
        return _classes_of_another_head(heads)
    if heads and all(row.found is None for row in heads):
        return 0
    # A detection head has several outputs for each class.
    told = {row.found[0] / (row.wanted[0] // usual) for row in heads if row.found and row.wanted}
    if len(told) != 1:
        return None
    (classes,) = told
    return int(classes) if classes.is_integer() and classes > 0 else None


def _classes_of_another_head(heads: list[FitRow]) -> int | None:
    """Return the number of classes of the head that a file has and the usual network lacks."""
    extra = {row.key: row.found for row in heads if row.found}
    for key, shape in reversed(extra.items()):
        parent, _, own = key.rpartition(".")
        if own == "weight" and len(shape) in (2, 4) and extra.get(f"{parent}.bias") == shape[:1]:
            return shape[0]
    return None


def _channels(stems: list[FitRow], usual: int) -> int | None:
    """Return the number of channels that the first convolution of a file takes; None where it is the usual one."""
    for row in stems:
        if row.wanted and row.found:
            return row.found[1] // (row.wanted[1] // usual)
    return None


def _number(count: int, of: str) -> str:
    plural = {"class": "classes", "channel": "channels"}[of]
    return f"{count:,} {of if count == 1 else plural}"
