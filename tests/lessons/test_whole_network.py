"""A network in one picture: its columns hold what plain PyTorch computes, its links the network's own weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from cnnviewer import from_module, load_network, record
from cnnviewer.cli import main
from cnnviewer.designs import Activation, Convolution, Design, FullyConnected, Pooling, save_design
from cnnviewer.inputs.drawing import Drawing
from cnnviewer.lessons.answering import LessonContext, answer
from cnnviewer.lessons.network_messages import WholeNetworkRequest
from cnnviewer.lessons.whole_network import MOST_COLUMNS, MOST_TILES, network_picture, too_large
from cnnviewer.preprocessing import Preprocessing


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


# ---- the open network


class Forked(nn.Module):
    """One's own network: a branch, a skip, a grey image of any size."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 3, 3, padding=1)
        self.left, self.right = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 5, padding=2)
        self.head = nn.Linear(6, 4)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        x = torch.cat([x + self.left(x), self.right(x)], 1)
        return self.head(x.mean((2, 3)))


def context_of(network, image=None) -> LessonContext:
    return LessonContext(network=network, recording=None if image is None else record(network, image))


def open_picture(network, image, **fields):
    return answer(WholeNetworkRequest(is_open=True, sample="", **fields), context_of(network, image))


@pytest.fixture(scope="module")
def trained_design(tmp_path_factory):
    """The folder of a run of a designed network."""
    folder = tmp_path_factory.mktemp("design")
    design = Design("mine", (1, 20, 20), (Convolution(5, 3), Activation(), Pooling(), FullyConnected(12), Activation()))
    save_design(design, folder / "mine.json")
    words = ["train", str(folder / "mine.json"), "--epochs", "1", "--batch-size", "512", "--out", str(folder / "run")]
    assert main(words) == 0
    return folder / "run"


@pytest.mark.parametrize("name", ["tiny-vgg", "fashion-cnn", "a design", "one's own"])
def test_the_open_network_is_drawn_with_its_own_image(name, samples, request):
    if name == "one's own":
        preprocessing = Preprocessing(size=(14, 14), resize=14, channels=1, order="L", mean=(0.3,), deviation=(0.5,))
        network = from_module(Forked().eval(), preprocessing=preprocessing, name="forked")
    elif name == "a design":
        network = load_network(request.getfixturevalue("trained_design"))
    else:
        network = load_network(name, None)
    found = open_picture(network, samples / "clothing-3.png")
    assert (found.note, found.network) == ("", network.name)
    plain = values_of_layers(network, samples / "clothing-3.png")
    for column in found.columns[1:-1]:
        if column.layers[-1] in plain:
            expected = plain[column.layers[-1]]
            shown = column.values
            assert shown.shape[0] == expected.shape[0]
            if shown.size == expected.size:
                assert np.array_equal(shown.reshape(expected.shape), expected)
    with torch.no_grad():
        logits = network.module(network.preprocess(samples / "clothing-3.png"))[0]
    np.testing.assert_allclose(found.columns[-1].values[:, 0, 0], logits.softmax(0), rtol=1e-5)
    if name == "one's own":
        titles = [column.title for column in found.columns]
        fed = {found.columns[link.source].title for link in found.columns[titles.index("add")].links}
        assert fed == {"stem", "left"}
        joined = {found.columns[link.source].title for link in found.columns[titles.index("cat")].links}
        assert joined == {"add", "right"}


def values_of_layers(network, image) -> dict[str, np.ndarray]:
    """Return what each leaf module returned, by hooks of plain PyTorch."""
    found: dict[str, np.ndarray] = {}
    handles = [
        part.register_forward_hook(lambda _, __, out, name=name: found.__setitem__(name, out[0].clone().numpy()))
        for name, part in network.module.named_modules()
        if not list(part.children())
    ]
    with torch.no_grad():
        network.module(network.preprocess(image))
    for handle in handles:
        handle.remove()
    return found


def test_the_open_network_can_read_what_is_drawn(samples):
    lenet = load_network("lenet5")
    one = Drawing().begun((0.5, 0.2), 0.1).drawn((0.5, 0.8))
    assert open_picture(lenet, samples / "digit-7.png").columns[-1].values.argmax() == 7
    assert open_picture(lenet, samples / "digit-7.png", drawing=one).columns[-1].values.argmax() == 1
    asked = WholeNetworkRequest(is_open=True, sample="digit-4")
    assert answer(asked, context_of(lenet)).columns[-1].values.argmax() == 4


def test_what_can_not_be_drawn_is_told(samples):
    asked = WholeNetworkRequest(is_open=True, sample="")
    assert "No network is open" in answer(asked, LessonContext()).note
    assert "no image" in answer(asked, context_of(load_network("lenet5"))).note
    large = open_picture(load_network("resnet50", None), samples / "clothing-3.png")
    assert large.columns == ()
    assert str(MOST_COLUMNS) in large.note
    assert "resnet50 would have 74 columns" in large.note


def test_the_rule_counts_columns_and_maps():
    def network(*layers):
        return record(from_module(nn.Sequential(*layers).eval(), name="it"), torch.rand(1, 1, 6, 6))

    def convolution(filters):
        return nn.Conv2d(1, filters, 1)

    # Two more columns: the image and the probabilities.
    assert too_large(network(*(convolution(1) for _ in range(MOST_COLUMNS - 2)))) == ""
    assert too_large(network(*(convolution(1) for _ in range(MOST_COLUMNS - 1)))) != ""
    assert too_large(network(*(nn.ReLU() for _ in range(2 * MOST_COLUMNS)))) == ""
    assert too_large(network(convolution(MOST_TILES))) == ""
    assert too_large(network(convolution(MOST_TILES + 1))) != ""
