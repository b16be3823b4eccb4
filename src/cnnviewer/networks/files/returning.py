"""What a network of a file returns: guessed from its last operations, and put on its card."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from cnnviewer.card import Reason
from cnnviewer.network import Network
from cnnviewer.networks.category_lists import names_of
from cnnviewer.outputs import Returns
from cnnviewer.recorder import record

if TYPE_CHECKING:
    from cnnviewer.networks.files.guessing import Guess
    from cnnviewer.recording import Recording

__all__ = ["with_returns"]


def with_returns(guess: Guess, module: torch.nn.Module) -> Guess:
    """Return a guess whose card tells what the network returns, and all that was guessed.

    Parameters
    ----------
    guess
        A card with which the network runs.
    module
        The network, in eval mode.
    """
    card = guess.card
    how, names = card.preprocessing, names_of(card.categories)
    recording = record(Network(module, card.name, how, names), torch.zeros(1, how.channels, *how.size))
    # As many names as logits, and somebody who tells them: there is nothing to be guessed any more.
    is_named = bool(names) and all(reason.is_told for reason in guess.reasons if reason.what == "categories")
    is_told = recording.returns is Returns.CLASSES and is_named
    told = [
        _worded(reason, recording) if reason.what == "categories" and not names else reason for reason in guess.reasons
    ]
    reasons = (*told, Reason("returns", recording.returns_reason, is_told))
    guessed = tuple(reason for reason in reasons if not reason.is_told)
    return replace(guess, card=replace(card, returns=recording.returns, guessed=guessed), reasons=reasons)


def _worded(reason: Reason, recording: Recording) -> Reason:
    """Return why there are no names, of what the network returns."""
    nouns = {Returns.MULTI_LABEL: "labels", Returns.VALUES: "values"}
    if recording.returns not in nouns:
        return reason
    count = f"{recording.name_count:,} {nouns[recording.returns]}"
    return replace(reason, text=f"The network gives {count}; nothing tells their names.")
