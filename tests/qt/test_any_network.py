"""Networks of any shape in the real window: each card shows something, and nothing breaks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import cnnviewer
import shapes
from cnnviewer.messages import View
from cnnviewer.preprocessing import Preprocessing

SIDE = 64


def preprocessing(channels=3):
    return Preprocessing(
        size=(SIDE, SIDE), resize=SIDE, channels=channels, order="L" if channels == 1 else "RGB",
        mean=(0.5,) * channels, deviation=(0.25,) * channels,
    )  # fmt: skip


def open_module(driver, monkeypatch, module, channels=3, sample="chelsea"):
    torch.manual_seed(0)
    network = cnnviewer.from_module(module, preprocessing=preprocessing(channels))
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: network)
    driver.open("odd", sample=sample)
    return network


def is_shown(card):
    """Whether a card has pictures, cells, bars, or words where there is nothing to paint."""
    if card.view in (View.MAPS, View.FILTERS, View.POOLED):
        return bool(card.grid.channels) or "no numbers" in card.note
    if card.view is View.CELLS:
        return card.cells.answer is not None or "no numbers" in card.note
    return bool(card.bars.bars)


def look_through(driver):
    """Go through all cards, choose each layer, and look at a unit of it; return the layers' names."""
    failures = []
    driver.session.failed.connect(failures.append)
    layers = driver.session.recording.layers
    for layer in layers:
        assert is_shown(driver.card(layer.name)), layer
        driver.session.select(layer.name, 0, (0, 0))
        driver.settle()
    assert not failures, [failure.sentence for failure in failures]
    return [layer.name for layer in layers]


RETURNS = {
    "u-net": (lambda: shapes.Unet(), 3, "out 4×64×64, aux 16×32×32"),
    "u-net of 4 channels": (lambda: shapes.Unet(4), 4, "out 4×64×64, aux 16×32×32"),
    "u-net of 1 channel": (lambda: shapes.Unet(1), 1, "out 4×64×64, aux 16×32×32"),
    "nothing": (lambda: shapes.Function(lambda h: None), 3, "no tensor"),
    "its input": (nn.Identity, 3, "3×64×64"),
    "a view of its input": (lambda: shapes.Function(lambda h: h), 3, "6×32×32"),
    "nothing in it": (lambda: shapes.Function(lambda h: h[:, :, :0]), 3, "6×0×32"),
    "an empty vector": (lambda: shapes.Function(lambda h: h.flatten()[:0] * 2), 3, "0"),
    "whole numbers": (lambda: shapes.Function(lambda h: h.argmax(1)), 3, "32×32"),
    "true and false": (lambda: shapes.Function(lambda h: (h > 0).flatten(1)), 3, "6144"),
    "complex numbers": (lambda: shapes.Function(lambda h: torch.fft.fft2(h)), 3, "6×32×32"),
    "one number": (lambda: shapes.Function(lambda h: h.mean()), 3, "one number"),
    "five axes": (lambda: shapes.Function(lambda h: h.view(1, 2, 3, 8, 4, 32).relu()), 3, "2×3×8×4×32"),
    "a list of a mapping": (
        lambda: shapes.Function(lambda h: [{"boxes": h[0, 0, :5, :4], "labels": h[0, 0, 0].long()}]),
        3,
        "boxes 5×4, labels 32",
    ),
}


@pytest.mark.parametrize("name", RETURNS)
def test_a_network_without_classes_says_what_it_returns(driver, monkeypatch, name):
    make, channels, told = RETURNS[name]
    open_module(driver, monkeypatch, make(), channels)
    panel = driver.window.probabilities
    assert panel.text == f"This network gives no class probabilities: it returns {told}."
    assert not panel.bars
    look_through(driver)


CLASSIFIES = {
    "grouped and dilated, classes as maps": (lambda: shapes.Grouped(4), 4, 5),
    "three axes": (lambda: shapes.Solid(), 3, 5),
    "a named tuple": (
        lambda: nn.Sequential(shapes.Function(lambda h: h.mean((2, 3))), shapes.Named(shapes.Scores)), 3, 4,
    ),
    "a dataclass": (
        lambda: nn.Sequential(shapes.Function(lambda h: h.mean((2, 3))), shapes.Named(shapes.Answer)), 3, 4,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CLASSIFIES)
def test_class_probabilities_are_found_in_what_is_returned(driver, monkeypatch, name):
    make, channels, classes = CLASSIFIES[name]
    open_module(driver, monkeypatch, make(), channels)
    recording = driver.session.recording
    assert len(recording.probabilities) == classes
    look_through(driver)
    scores = [layer for layer in recording.layers if layer.is_scores]
    assert len(scores) == 1
    assert View.BARS in scores[0].views


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (shapes.Chooses, ({"bright", "dark"}, 1)),
        (shapes.Loops, ({"step#2", "step#3"}, 0)),
    ],
)
def test_the_window_follows_a_network_whose_way_depends_on_the_photo(driver, monkeypatch, module, names, tmp_path):
    from PIL import Image

    from cnnviewer.messages import ImageRequest

    paths = []
    for level in (255, 0):
        paths.append(tmp_path / f"{level}.png")
        Image.new("RGB", (80, 80), (level,) * 3).save(paths[-1])
    open_module(driver, monkeypatch, module())
    driver.window.show_images([ImageRequest(path.name, path=path) for path in paths])
    driver.settle()
    bright = look_through(driver)
    driver.session.step_image(1)
    driver.settle()
    dark = look_through(driver)
    assert bright != dark
    changing, _ = names
    assert changing & (set(bright) ^ set(dark))
    assert len(driver.window.layers.visible_layers) > 0
    driver.session.step_image(1)
    driver.settle()
    assert [layer.name for layer in driver.session.recording.layers] == bright
