"""A network in one picture: its columns hold what plain PyTorch computes, its links the network's own weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cnnviewer import load_network, record
from cnnviewer.inputs.drawing import Drawing
from cnnviewer.lessons.answering import LessonContext, answer
from cnnviewer.lessons.network_messages import WholeNetworkRequest
from cnnviewer.lessons.whole_network import network_picture


def picture(**fields):
    return answer(WholeNetworkRequest(**fields), LessonContext())


def values_of(module: torch.nn.Module, tensor: torch.Tensor) -> dict[str, np.ndarray]:
    """Return what each submodule returns, by a plain forward pass."""
    found: dict[str, np.ndarray] = {}
    with torch.no_grad():
        for name, part in module.named_children():  # LeNet-5 calls them in this order
            tensor = part(tensor)
            found[name] = tensor[0].numpy()
    return found


def test_each_column_holds_the_last_of_its_layers(samples):
    network = load_network("lenet5")
    expected = values_of(network.module, network.preprocess(samples / "digit-7.png"))
    for is_folded, count in ((True, 9), (False, 13)):
        columns = picture(sample="digit-7", is_folded=is_folded).columns
        assert len(columns) == count
        assert [column.title for column in columns[:2]] == ["image", "c1"]
        for column in columns[1:-1]:
            values = expected[column.layers[-1]]
            assert np.array_equal(column.values, values.reshape(column.values.shape))
            assert column.pixels.shape == column.values.shape
            assert column.low <= column.values.min() <= column.values.max() <= column.high
        logits = torch.from_numpy(expected["output"])
        np.testing.assert_allclose(columns[-1].values[:, 0, 0], logits.softmax(0), rtol=1e-6)
        assert columns[-1].names == columns[-2].names == tuple("0123456789")
    assert picture(is_folded=True).columns[1].kinds == ("convolution", "activation")


def test_links_lead_to_earlier_columns_and_are_the_weights():
    network = load_network("lenet5")
    columns = picture(is_folded=True).columns
    for place, column in enumerate(columns):
        for link in column.links:
            assert link.source < place
            assert link.strengths.shape == (len(column.values), len(columns[link.source].values))
    f6 = next(column for column in columns if column.title == "f6")
    assert columns[f6.links[0].source].title == "c5"  # the flattening between them has no column
    np.testing.assert_allclose(f6.links[0].strengths, network.module.f6.weight.detach(), rtol=1e-6)
    c3 = next(column for column in columns if column.title == "c3")
    norms = network.module.c3.weight.detach().flatten(2).norm(dim=2)
    np.testing.assert_allclose(np.abs(c3.links[0].strengths), norms, rtol=1e-6)


def test_a_drawing_is_read_and_an_empty_sheet_shows_the_sample():
    one = Drawing().begun((0.5, 0.2), 0.1).drawn((0.5, 0.8))
    assert picture(drawing=one).columns[-1].values.argmax() == 1
    empty, sample = picture(drawing=Drawing()), picture()
    assert np.array_equal(empty.columns[0].values, sample.columns[0].values)


@pytest.mark.parametrize("name", ["fashion-cnn", "tiny-vgg", "resnet20", "squeezenet1_0"])
def test_any_small_network_has_a_picture(name, samples):
    recording = record(load_network(name, None), samples / "clothing-3.png")
    columns = network_picture(recording, is_folded=True, is_dark=True).columns
    shown = [layer for column in columns for layer in column.layers]
    passed = [layer.name for layer in recording.layers if layer.kind in ("reshape", "dropout")]
    assert sorted(shown + passed) == sorted(layer.name for layer in recording.layers)
    assert all(column.links for column in columns[1:])
    if name == "resnet20":
        add = next(column for column in columns if column.title == "layer1.0.add")
        assert len(add.links) == 2  # the block, and the skip around it
