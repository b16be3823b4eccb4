"""What networks of files return, on their cards: guessed with the reason, and which parts of a card are guesses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from torch import nn

from cnnviewer.networks.files.guessing import guess
from cnnviewer.networks.files.opened import Hints
from cnnviewer.networks.files.returning import with_returns

if TYPE_CHECKING:
    from cnnviewer.network_reports import Reason


def network(count, *end):
    torch.manual_seed(0)
    body = (nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return nn.Sequential(*body, nn.Linear(4, count), *end).eval()


def guessed(module, **told):
    hints = Hints(shape=(3, 32, 32), **told)
    return with_returns(guess(module, hints, title="net"), module)


def reason(found, what) -> Reason:
    return next(reason for reason in found.reasons if reason.what == what)


@pytest.mark.parametrize(
    ("module", "returns", "names"),
    [
        (network(7), "classes", 7),
        (network(7, nn.Sigmoid()), "multi-label", 7),
        (network(1), "binary", 2),
        (network(7, nn.Tanh()), "values", 7),
        (network(7)[:-1], "features", 0),
    ],
)
def test_what_a_network_returns_is_on_its_card_with_the_reason(module, returns, names):
    found = guessed(module)
    assert (found.card.returns, found.classes) == (returns, names)
    assert reason(found, "returns").text.startswith("Its last operation is ")
    assert reason(found, "returns") in found.card.guessed


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (network(3), ("a", "b", "c")),
        (network(1, nn.Sigmoid()), ("cat", "dog")),
        (network(3, nn.Sigmoid()), ("a", "b", "c")),
        (network(4, nn.Tanh()), ("left", "top", "right", "bottom")),
    ],
)
def test_names_that_the_file_tells_are_those_of_classes_labels_and_values(module, names):
    found = guessed(module, categories=names)
    assert found.card.categories == names
    assert "categories" not in {guess.what for guess in found.card.guessed}


def test_what_is_told_is_no_guess():
    found = guessed(network(3), categories=("a", "b", "c"))
    assert reason(found, "size").is_told  # the file says the shape
    assert reason(found, "returns").is_told  # as many names as logits, and they are told
    assert {reason.what for reason in found.card.guessed} == {"mean"}


def test_missing_names_are_told_as_those_of_labels_and_values():
    assert "7 labels; nothing tells" in reason(guessed(network(7, nn.Sigmoid())), "categories").text
    assert "4 values; nothing tells" in reason(guessed(network(4, nn.Tanh())), "categories").text
