"""What a network of a file returns: guessed from its last operations, and put on its card."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from cnnviewer.card import Reason
from cnnviewer.network import Network
from cnnviewer.networks.category_lists import names_of
from cnnviewer.recorder import record

if TYPE_CHECKING:
    from cnnviewer.networks.files.guessing import Guess

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
    how = card.preprocessing
    recording = record(
        Network(module, card.name, how, names_of(card.categories)), torch.zeros(1, how.channels, *how.size)
    )
    reason = Reason("returns", recording.returns_reason)
    reasons = (*guess.reasons, reason)
    guessed = tuple(reason for reason in reasons if not reason.is_told)
    return replace(guess, card=replace(card, returns=recording.returns, guessed=guessed), reasons=reasons)
