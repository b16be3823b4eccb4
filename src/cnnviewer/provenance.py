"""Where a network's weights come from: the words that are told, and what follows from them."""

from __future__ import annotations

__all__ = ["NEW_HEAD", "RANDOM_WEIGHTS", "caution_of", "is_random"]

RANDOM_WEIGHTS = "random weights"
NEW_HEAD = "new head"


def is_random(provenance: str) -> bool:
    """Whether all weights are random: nothing was learnt yet."""
    return provenance.startswith(RANDOM_WEIGHTS)


def caution_of(provenance: str) -> str:
    """Return what class probabilities are not to be taken for, in a sentence; '' where they mean what they say."""
    if is_random(provenance):
        return "Random weights: nothing is learnt yet, and these numbers name nothing."
    if NEW_HEAD in provenance:
        return "The last layer has random weights: these numbers name nothing yet."
    return ""
