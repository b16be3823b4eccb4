"""Networks of any shape in the real window: each card shows something, and nothing breaks."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
from PySide6.QtCore import QPoint, Qt
from torch import nn

import cnnviewer
import shapes
from cnnviewer.analysis.statistics import feature_maps
from cnnviewer.messages import View
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.qt.panels.explanation.explanation_panel import Side
from cnnviewer.qt.panels.learn.pages import PAGES
from cnnviewer.qt.widgets.numbers import value_text
from quick_networks import torchvision_model

from .live.conftest import camera as camera
from .live.conftest import media as media
from .live.conftest import picture

SIDE = 64


def preprocessing(channels=3):
    return Preprocessing(
        size=(SIDE, SIDE), resize=SIDE, channels=channels, order="L" if channels == 1 else "RGB",
        mean=(0.5,) * channels, deviation=(0.25,) * channels,
    )  # fmt: skip


def open_module(driver, monkeypatch, module, channels=3, sample="chelsea"):
    torch.manual_seed(0)
    network = cnnviewer.from_module(module, preprocessing=preprocessing(channels))
    driver.failures = []
    driver.session.failed.connect(driver.failures.append)
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
    layers = driver.session.recording.layers
    for layer in layers:
        assert is_shown(driver.card(layer.name)), layer
        driver.session.select(layer.name, 0, (0, 0))
        driver.settle()
        assert driver.window.inspector.title.startswith(layer.name)
    assert not driver.failures, [failure.sentence for failure in driver.failures]
    return [layer.name for layer in layers]


RETURNS = {
    "u-net": (lambda: shapes.Unet(), 3, "out 4×64×64, aux 16×32×32"),
    "u-net of 4 channels": (lambda: shapes.Unet(4), 4, "out 4×64×64, aux 16×32×32"),
    "u-net of 1 channel": (lambda: shapes.Unet(1), 1, "out 4×64×64, aux 16×32×32"),
    "nothing": (lambda: shapes.Function(lambda h: None), 3, "no tensor"),
    "its input": (nn.Identity, 3, "3×64×64"),
    "a view of its input": (lambda: shapes.Function(lambda h: h), 3, "6×32×32"),
    "nothing in it": (lambda: shapes.Function(lambda h: h[:, :, :0]), 3, "6×0×32"),
    "an empty vector": (lambda: shapes.Function(lambda h: h.flatten()[:0] * 2), 3, "no numbers"),
    "whole numbers": (lambda: shapes.Function(lambda h: h.argmax(1)), 3, "32×32"),
    "true and false": (lambda: shapes.Function(lambda h: (h > 0).flatten(1)), 3, "6144 numbers"),
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
    driver.session.inputs.step_image(1)
    driver.settle()
    dark = look_through(driver)
    assert bright != dark
    changing, _ = names
    assert changing & (set(bright) ^ set(dark))
    assert len(driver.window.layers.visible_layers) > 0
    driver.session.inputs.step_image(1)
    driver.settle()
    assert [layer.name for layer in driver.session.recording.layers] == bright


# ---- tokens


def vision_transformer():
    return timm.create_model(
        "vit_tiny_patch16_224", img_size=SIDE, patch_size=8, embed_dim=24, depth=2, num_heads=3, num_classes=5
    )


def click_unit(driver, row, column):
    """Click a unit of the inspector's map."""
    view = driver.window.inspector.view
    rect, cell = view.image_rect(), view.cell_size
    driver.click(view, QPoint(round(rect.left() + (column + 0.5) * cell), round(rect.top() + (row + 0.5) * cell)))


@pytest.fixture
def transformer(driver, monkeypatch, samples):
    """The window with a small vision transformer on a photo, and the same recording."""
    network = open_module(driver, monkeypatch, vision_transformer())
    driver.recording = cnnviewer.record(network, samples / "chelsea.png")
    return driver


def test_a_click_on_a_token_explains_the_unit_of_that_place(transformer):
    driver = transformer
    driver.session.select("blocks.0.norm1", 7)
    driver.settle()
    click_unit(driver, 5, 2)
    panel = driver.window._presenter.units.panel
    # Behind the class token the tokens stand row by row: 8 in each.
    value = float(driver.recording["blocks.0.norm1"].output[1 + 5 * 8 + 2, 7])
    assert panel.title == "blocks.0.norm1 (43, 7)"
    assert panel.arithmetic.answer.recorded == pytest.approx(value, rel=1e-5)
    assert driver.window.inspector.unit_text.startswith("unit (5, 2) = ")
    # The field is the patch at that place of the input.
    box = driver.window._presenter.units._field.box
    assert box == (40, 16, 48, 24)
    field = cnnviewer.receptive_field(driver.recording, "blocks.0.norm1", (43, 7))
    assert (field.top, field.left, field.bottom, field.right) == box


def test_the_card_and_the_inspector_show_the_tokens_at_their_places(transformer):
    driver = transformer
    card = driver.card("blocks.0.norm1")
    assert (card.layer.maps, card.layer.map_shape) == (24, (8, 8))
    assert "class token left out" in card.note
    driver.session.select("blocks.0.norm1", 3)
    driver.settle()
    shown = driver.window._presenter.map_answer.values
    expected = driver.recording["blocks.0.norm1"].output[1:, 3].reshape(8, 8)
    assert torch.equal(torch.from_numpy(shown), expected)


def test_the_class_token_can_be_chosen_and_explained(transformer):
    driver = transformer
    driver.window.resize(1280, 1000)
    driver.session.select("norm", 4)
    driver.settle()
    inspector = driver.window.inspector
    value = float(driver.recording["norm"].output[0, 4])
    assert f'class token <a href="0">{value_text(value)}</a>' in inspector.numbers.text()
    inspector.numbers.linkActivated.emit("0")
    driver.settle()
    assert driver.session.selection.unit == (-1, 0)
    assert inspector.unit_text == f"class token = {value_text(value)}"
    driver.window._presenter.units.open()
    driver.settle()
    panel = driver.window._presenter.units.panel
    assert panel.title == "norm (0, 4)"
    assert panel.arithmetic.answer.recorded == pytest.approx(value, rel=1e-5)


def test_the_way_back_from_a_class_goes_over_the_class_token(transformer):
    driver = transformer
    driver.session.select("head", 2)
    driver.settle()
    driver.window._presenter.units.open()
    driver.settle()
    panel = driver.window._presenter.units.panel
    driver.click(panel.sides.button(Side.BACK.value))
    steps = panel.way.steps
    through = [step for step in steps if step.layer == "norm"]
    assert through
    assert through[0].unit[0] == 0
    panel.unitChosen.emit("norm", through[0].unit)
    driver.settle()
    assert driver.session.selection.unit == (-1, 0)
    assert not driver.failures


class Sampled(nn.Module):
    """Each third token only: there is no grid any more."""

    def __init__(self):
        super().__init__()
        self.conv, self.linear = nn.Conv2d(3, 6, 8, stride=8), nn.Linear(6, 5)

    def forward(self, x):
        return self.linear(self.conv(x).flatten(2).transpose(1, 2)[:, ::3]).mean(1)


def test_tokens_without_a_grid_are_strips_whose_units_can_be_clicked(driver, monkeypatch, samples):
    network = open_module(driver, monkeypatch, Sampled())
    recording = cnnviewer.record(network, samples / "chelsea.png")
    card = driver.card("linear")
    assert (card.layer.maps, card.layer.map_shape) == (5, (1, 22))
    rect = card.grid.tile_rect(3)
    assert rect.width() > 300
    # Into the middle of the 15th of 22 cells.
    driver.click(card.grid, QPoint(rect.left() + round((14 + 0.5) / 22 * rect.width()), rect.center().y()))
    assert driver.session.selection.channel == 3
    assert driver.session.selection.unit == (0, 14)
    assert driver.window.inspector.unit_text == f"unit 14 = {value_text(float(recording['linear'].output[14, 3]))}"
    click_unit(driver, 1, 4)  # wrapped into rows of 5
    assert driver.session.selection.unit == (0, 9)
    assert driver.window._presenter.units.panel.title == "linear (9, 3)"
    assert not driver.failures


# ---- detection and segmentation


def test_a_detector_is_shown_though_it_gives_no_classes(driver, monkeypatch):
    network = open_module(
        driver, monkeypatch, torchvision_model("ssdlite320_mobilenet_v3_large", weights_backbone=None)
    )
    assert network.name == "SSD"
    assert driver.window.probabilities.text.startswith("This network gives no class probabilities: it returns boxes ")
    names = [layer.name for layer in driver.session.recording.layers]
    assert len(names) > 1000
    for name in (names[0], "head.classification_head.cat", "nms", driver.session.recording.outputs[0].layer):
        assert is_shown(driver.card(name)), name
        driver.session.select(name, 0, (0, 0))
        driver.settle()
    assert not driver.failures


@pytest.mark.parametrize("make", [shapes.Unet, vision_transformer])
def test_each_page_of_the_tour_bears_any_network(driver, monkeypatch, make):
    open_module(driver, monkeypatch, make())
    tour = driver.window.open_learn()
    driver.settle()
    tour.panel.chooser.setFocus()
    for _ in PAGES:
        driver.key(Qt.Key.Key_Down, tour.panel.chooser)
    assert tour.panel.number == len(PAGES) - 1
    assert not driver.failures


@pytest.mark.parametrize(("make", "name"), [(shapes.Unet, "down2"), (vision_transformer, "blocks.1.norm2")])
def test_frames_show_what_a_photo_shows(driver, monkeypatch, camera, make, name):
    network = open_module(driver, monkeypatch, make())
    driver.session.select(name, 2)
    live = driver.window.open_live()
    driver.settle()
    live.live.run(camera)
    for number in (4, 9, 9):
        with driver.bot.waitSignal(driver.session.framed, timeout=60_000):
            camera.send(picture(number))
    shown = driver.window._presenter.map_answer
    image = picture(9)
    array = np.frombuffer(image.bits(), np.uint32).reshape(image.height(), image.width())
    rgb = np.stack([array >> 16 & 255, array >> 8 & 255, array & 255], -1).astype(np.uint8)
    recording = cnnviewer.record(network, rgb)
    expected = feature_maps(recording[name])[2].numpy()
    np.testing.assert_allclose(shown.values, expected, rtol=1e-3, atol=1e-4)
    assert not driver.failures
    live.live.stop()
