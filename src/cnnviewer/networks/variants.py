"""What an architecture is given so that it fits a file of weights: another number of classes, or of channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import nn

    from cnnviewer.network_reports import FitRow
    from cnnviewer.networks.recipe import Recipe

__all__ = ["Variant", "variant_for"]


@dataclass(frozen=True)
class Variant:
    """How a network differs from the usual one: its classes (0: no head), its channels; None where it does not."""

    classes: int | None = None
    channels: int | None = None

    def describe(self, recipe: Recipe) -> str:
        """Return it for people: "7 classes instead of 1,000, 1 channel instead of 3"; '' for the usual one."""
        parts = []
        if self.classes is not None:
            usual = f" instead of {len(recipe.categories):,}" if recipe.categories else ""
            parts.append(f"{_number(self.classes, 'class')}{usual}" if self.classes else "without its head")
        if self.channels is not None:
            parts.append(f"{_number(self.channels, 'channel')} instead of {recipe.preprocessing.channels}")
        return ", ".join(parts)


def variant_for(recipe: Recipe, module: nn.Module, rows: Iterable[FitRow]) -> Variant:
    """Return what would make a network fit a file of weights better.

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
    return Variant(_classes(misfits, usual), _channels(misfits, recipe.preprocessing.channels))


def _classes(misfits: list[FitRow], usual: int) -> int | None:
    """Return the number of classes that the heads of a file have; None where the file does not tell."""
    if not usual:
        return _classes_of_another_head(misfits)
    told = set()
    for row in misfits:
        if row.wanted and row.found and row.wanted[1:] == row.found[1:] and row.wanted[0] % usual == 0:
            # A detection head has several outputs for each class.
            outputs = row.wanted[0] // usual
            told.add(row.found[0] / outputs)
    if len(told) == 1:
        (classes,) = told
        return int(classes) if classes.is_integer() and classes > 0 else None
    lacks_head = misfits and all(row.found is None and row.wanted and row.wanted[0] == usual for row in misfits)
    return 0 if lacks_head else None


def _classes_of_another_head(misfits: list[FitRow]) -> int | None:
    """Return the number of classes of the head that a file has and the usual network lacks."""
    extra = {row.key: row.found for row in misfits if row.wanted is None and row.found}
    for key, shape in reversed(extra.items()):
        parent, _, own = key.rpartition(".")
        if own == "weight" and len(shape) in (2, 4) and extra.get(f"{parent}.bias") == shape[:1]:
            return shape[0]
    return None


def _channels(misfits: list[FitRow], usual: int) -> int | None:
    """Return the number of channels that the first convolution of a file takes; None where it is the usual one."""
    for row in misfits:
        wanted, found = row.wanted, row.found
        if wanted is None or found is None or len(wanted) != 4 or len(found) != 4:
            continue
        # Some stems see several pixels as one with more channels.
        pixels = max(wanted[1] // usual, 1)
        is_alike = (wanted[0], *wanted[2:]) == (found[0], *found[2:]) and wanted[1] % usual == 0
        if is_alike and found[1] % pixels == 0:
            return found[1] // pixels
    return None


def _number(count: int, of: str) -> str:
    plural = {"class": "classes", "channel": "channels"}[of]
    return f"{count:,} {of if count == 1 else plural}"
