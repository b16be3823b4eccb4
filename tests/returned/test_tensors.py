"""The tensors in what networks return, with their names."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch

import shapes
from cnnviewer.returned.tensors import is_vector, named_tensors

SCORES, AUX, MAPS = torch.zeros(1, 5), torch.ones(1, 5), torch.zeros(1, 5, 8, 8)


@pytest.mark.parametrize(
    ("result", "names"),
    [
        (SCORES, ("",)),
        ((SCORES, AUX), ("0", "1")),
        ([SCORES], ("",)),
        (OrderedDict(out=MAPS, aux=AUX), ("out", "aux")),
        ([{"boxes": AUX, "labels": SCORES}], ("boxes", "labels")),
        ([{"boxes": AUX}, {"boxes": SCORES}], ("0.boxes", "1.boxes")),
        (shapes.Scores(SCORES, AUX), ("logits", "aux")),
        (shapes.Answer(AUX, SCORES), ("features", "logits")),
        ({"features": [AUX, MAPS], "hidden": None, "loss": 3.0}, ("features.0", "features.1")),
        (None, ()),
        ("text", ()),
        ((), ()),
    ],
)
def test_all_tensors_are_found_with_their_names(result, names):
    assert tuple(name for name, _ in named_tensors(result)) == names


@pytest.mark.parametrize("shape", [(1, 5), (5,), (1,), (), (1, 1), (1, 5, 1, 1), (1, 1, 1, 5)])
def test_one_row_of_numbers_is_a_vector(shape):
    assert is_vector(torch.zeros(shape))


@pytest.mark.parametrize(
    "tensor",
    [
        MAPS,
        torch.zeros(2, 5),
        torch.zeros(5, 1),
        torch.zeros(1, 7, 5),
        SCORES.long(),
        SCORES > 0,
        SCORES + 0j,
        SCORES[:, :0],
    ],
)
def test_maps_rows_of_several_and_whole_numbers_are_none(tensor):
    assert not is_vector(tensor)
