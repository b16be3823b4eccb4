"""What an explanation says: the terms that a unit was made of, and what combines them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from itertools import accumulate
from types import MappingProxyType
from typing import TYPE_CHECKING, overload

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Places = NDArray[np.int64]

__all__ = ["CONSTANT", "Explanation", "Part", "Rule", "Term", "Terms"]

CONSTANT = "constant"
"""The source of a term that no layer made: a weight of the network, a number in its code."""


class Rule(StrEnum):
    """What combines the terms to the value."""

    SUM = "sum"
    AVERAGE = "average"
    MAXIMUM = "maximum"
    MINIMUM = "minimum"
    PRODUCT = "product"
    QUOTIENT = "quotient"
    FUNCTION = "function"
    NORMALISATION = "normalisation"
    SHARE = "share"
    COPY = "copy"
    ATTENTION = "attention"
    SLOPE = "slope"


@dataclass(frozen=True)
class Term:
    """One of the numbers that a unit was made of.

    Parameters
    ----------
    source
        The layer that made it, `INPUT` for the image, or `CONSTANT`.
    place
        Its index in that layer's output; shorter than that has axes where a whole row is meant (a token of
        attention). None for padding, and for constants.
    value
        The number.
    weight
        Its factor.
    contribution
        What it adds: ``value * weight``, but for the rules whose functions say else.
    """

    source: str
    place: tuple[int, ...] | None
    value: float
    weight: float
    contribution: float


@dataclass(frozen=True, eq=False)
class Part:
    """The terms that come from one source.

    Parameters
    ----------
    source
        See `Term`.
    places
        int64 ``(n, axes)``; a row of -1 for padding and constants.
    values, weights
        float64 ``(n,)``.
    contributions
        float64 ``(n,)``.
    """

    source: str
    places: Places
    values: Numbers
    weights: Numbers
    contributions: Numbers

    def term(self, index: int) -> Term:
        """Return one of its terms."""
        place = tuple(int(part) for part in self.places[index])
        return Term(
            self.source,
            None if min(place, default=0) < 0 or self.source == CONSTANT else place,
            float(self.values[index]),
            float(self.weights[index]),
            float(self.contributions[index]),
        )


class Terms(Sequence[Term]):
    """The terms of an explanation, part by part; as arrays they are had without making an object of each."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        self._starts = list(accumulate((len(part.values) for part in self.parts), initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> Term: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Term, ...]: ...
    def __getitem__(self, index: int | slice) -> Term | tuple[Term, ...]:
        if isinstance(index, slice):
            return tuple(self[place] for place in range(*index.indices(len(self))))
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        place = index % len(self)
        part = bisect_right(self._starts, place) - 1
        return self.parts[part].term(place - self._starts[part])

    @cached_property
    def values(self) -> Numbers:
        """The values of all terms, float64 ``(n,)``."""
        return self._joined("values")

    @cached_property
    def weights(self) -> Numbers:
        """Their factors, float64 ``(n,)``."""
        return self._joined("weights")

    @cached_property
    def contributions(self) -> Numbers:
        """What they add, float64 ``(n,)``."""
        return self._joined("contributions")

    def _joined(self, name: str) -> Numbers:
        return np.concatenate([np.empty(0), *(getattr(part, name) for part in self.parts)])


@dataclass(frozen=True, eq=False)
class Explanation:
    """Where a unit's value comes from.

    Parameters
    ----------
    layer
        The layer's name.
    unit
        The unit's index in `Layer.output`.
    rule
        What combines the terms.
    terms
        What the unit was made of.
    bias
        What is added whatever the terms are.
    value
        The unit's value, worked out of the terms in float64.
    recorded
        What the network recorded.
    facts
        Further numbers by name: "mean", "variance", "divisor", "sum of exponentials".
    grid
        For a window: how many channels, and how many cells along each axis; the terms are in that order.
    curve
        For a function of one number: some of its arguments and what it makes of them, float64 ``(n,)`` each.
    notes
        Sentences on what is particular here.
    """

    layer: str
    unit: tuple[int, ...]
    rule: Rule
    terms: Terms
    bias: float
    value: float
    recorded: float
    facts: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    grid: tuple[int, ...] | None = None
    curve: tuple[Numbers, Numbers] | None = None
    notes: tuple[str, ...] = ()

    @property
    def difference(self) -> float:
        """The worked value less the recorded one: what the network rounded away."""
        return self.value - self.recorded

    @cached_property
    def strongest(self) -> Term | None:
        """The term that pushed the value furthest in its own direction; None where no layer made any.

        Of a maximum or minimum it is the winner; one that is not finite outdoes all others, for it is the cause.
        """
        if self.rule is Rule.SHARE:
            own = [term for term in self.terms if term.place == self.unit]
            return own[0] if own else None
        push = self.terms.contributions * (-1.0 if self.value < 0 else 1.0)
        if self.rule in (Rule.MAXIMUM, Rule.MINIMUM):
            push = self.terms.weights
        known = np.concatenate([np.empty(0, bool), *(_has_place(part) for part in self.terms.parts)])
        if not known.any():
            return None
        broken = known & ~np.isfinite(self.terms.contributions)
        if broken.any():
            return self.terms[int(broken.argmax())]
        return self.terms[int(np.where(known, push, -np.inf).argmax())]


def _has_place(part: Part) -> NDArray[np.bool_]:
    known: NDArray[np.bool_] = np.asarray((part.places >= 0).all(1))
    return known if part.source != CONSTANT else np.zeros_like(known)
