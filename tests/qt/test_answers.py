"""What a network returns, in the window: its title, rows and words, the same numbers on its card, guesses marked."""

from __future__ import annotations

import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from torch.nn import functional as F

import cnnviewer
from answering import Answering
from cnnviewer.messages import NetworkRequest
from cnnviewer.networks.files import card_store
from cnnviewer.outputs import NO_NUMBERS
from cnnviewer.qt.widgets.bar_list import BarList
from cnnviewer.qt.widgets.numbers import probability_text, value_text

KINDS = {
    "classes": (lambda net, y: net.five(y), "Class probabilities", "5 classes · entropy"),
    "clipped": (lambda net, y: net.five(y).softmax(1).clamp(1e-7, 1), "Class probabilities", "5 classes · entropy"),
    "groups": (
        lambda net, y: torch.cat([net.five(y).softmax(1), net.four(y).softmax(1)], 1),
        "Class probabilities",
        "9 classes in 2 groups, each of 100 %",
    ),
    "labels": (lambda net, y: net.five(y).sigmoid(), "Labels: each from 0 to 100 %", "5 labels · each for itself"),
    "binary": (lambda net, y: net.one(y).sigmoid(), "Yes or no", "One probability, and what is left of 100 %"),
    "values": (lambda net, y: net.four(y).tanh(), "Values", "4 values · no probabilities"),
    "features": (
        lambda net, y: F.normalize(net.five(y)),
        "Features",
        "This network gives no class probabilities: it returns 5 numbers.",
    ),
    "maps": (
        lambda net, y: net.maps,
        "Features",
        "it returns 4×222×222.",
    ),
}


def show(driver, monkeypatch, answer, categories=()):
    """Open a network that ends so."""
    torch.manual_seed(0)
    network = cnnviewer.from_module(Answering(answer), categories=categories)
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: network)
    driver.open("odd")
    return driver.window.probabilities


def title(driver) -> str:
    return next(dock.windowTitle() for dock in driver.window.docks if dock.objectName() == "probabilities")


@pytest.mark.parametrize("kind", KINDS)
def test_the_panel_is_titled_and_worded_after_what_is_returned(driver, monkeypatch, kind):
    answer, wanted, text = KINDS[kind]
    panel = show(driver, monkeypatch, answer)
    assert title(driver) == wanted
    assert text in panel.text
    assert bool(panel.bars) == (wanted != "Features")
    assert bool(panel.reason) == (wanted == "Features")
    assert not panel.guessed.isVisible()


@pytest.mark.parametrize("kind", ["clipped", "groups", "labels", "values"])
def test_the_panel_and_the_card_beside_it_say_the_same(driver, monkeypatch, kind):
    panel = show(driver, monkeypatch, KINDS[kind][0])
    recording = driver.session.recording
    numbers = recording.answer.values or recording.probabilities
    card = driver.card(recording.layers[-1].name)
    on_card = {bar.name: bar.text for bar in card.bars.bars}
    told = value_text if recording.answer.values else probability_text
    for bar in panel.bars:
        assert bar.text == told(numbers[bar.index])
        assert on_card[bar.name] == value_text(numbers[bar.index])


def test_it_is_told_why_there_are_no_rows(driver, monkeypatch):
    panel = show(driver, monkeypatch, KINDS["features"][0])
    assert panel.reason == "Its last operation is a normalisation to length one of 5 numbers, as embeddings have."
    assert show(driver, monkeypatch, KINDS["maps"][0]).reason.startswith("It returns maps, 4×222×222")


def test_values_stand_in_their_order_with_their_names(driver, monkeypatch):
    panel = show(driver, monkeypatch, KINDS["values"][0], ("left", "top", "right", "bottom"))
    assert [bar.name for bar in panel.bars] == ["left", "top", "right", "bottom"]
    driver.bot.keyClicks(panel.search, "top")
    assert [(bar.name, bar.index) for bar in panel.bars] == [("2. top", 1)]
    assert panel.text == "1 of 4 values"


@pytest.mark.parametrize(("kind", "row", "unit"), [("labels", 1, None), ("binary", 1, 0), ("values", 2, 2)])
def test_a_click_on_a_row_explains_the_number_before_the_last_bend(driver, monkeypatch, kind, row, unit):
    panel = show(driver, monkeypatch, KINDS[kind][0])
    bars = panel.findChild(BarList)
    index = panel.bars[row].index if unit is None else unit
    driver.click(bars, bars.row_rect(row).center())
    selection = driver.session.selection
    assert (driver.session.layer(selection.layer).kind, selection.channel) == ("linear", index)


def test_names_of_a_binary_network_are_both_told(driver, monkeypatch):
    panel = show(driver, monkeypatch, lambda net, y: (net.one(y) * 0 + 2).sigmoid(), ("cat", "dog"))
    assert [bar.name for bar in panel.bars] == ["dog", "cat"]


def test_nan_has_no_bar_and_is_called_so(driver, monkeypatch):
    panel = show(driver, monkeypatch, lambda net, y: net.five(y) * float("nan"))
    assert panel.text == NO_NUMBERS
    assert {(bar.text, bar.is_drawn) for bar in panel.bars} == {("NaN", False)}
    card = driver.card(driver.session.recording.layers[-1].name)
    assert {(bar.text, bar.is_drawn) for bar in card.bars.bars} == {("NaN", False)}
    assert card.note == "the 5 largest of 5 · 5 not finite"


def test_one_nan_among_labels_and_infinity_among_values_are_told(driver, monkeypatch):
    holes = torch.tensor([0.0, float("nan"), 0.0, 0.0, 0.0])
    panel = show(driver, monkeypatch, lambda net, y: net.five(y).sigmoid() + holes)
    assert "1 of them NaN" in panel.text
    panel = show(driver, monkeypatch, lambda net, y: net.four(y).tanh() / torch.tensor([1.0, 0.0, 1.0, 1.0]))
    assert panel.bars[1].text in ("∞", "−∞")


def test_a_map_of_infinity_is_not_called_dead(driver, monkeypatch):
    full = torch.tensor([float("inf"), 1.0, 1.0, 0.0]).reshape(1, 4, 1, 1)
    show(driver, monkeypatch, lambda net, y: (net.maps + 1) * full)
    layer = driver.session.recording.layers[-1].name
    assert driver.card(layer).note == "1 dead · 1 holds infinity"
    driver.session.select(layer, 0)
    driver.settle()
    assert "no finite number · holds infinity" in driver.window.inspector.numbers.text()


# ---- guesses


@pytest.fixture
def factory(tmp_path, monkeypatch):
    """A file whose function makes a network with five labels."""
    monkeypatch.setattr(card_store, "user_config_path", lambda name: tmp_path / "config" / name)
    path = tmp_path / "labels.py"
    path.write_text(
        "from torch import nn\n\n\ndef make():\n"
        "    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5), "
        "nn.Sigmoid())\n"
    )
    return path


def press(driver, button):
    driver.bot.mouseClick(button, Qt.MouseButton.LeftButton)
    driver.settle()


def open_file(driver, path):
    """Open a file with code, and what was guessed as it is."""
    driver.window.show_sample("digit-1")
    driver.window.files.open(path)
    driver.settle()
    press(driver, driver.window.files.dialog.consent.run)
    return driver.window.files.dialog


def test_a_guess_is_marked_until_its_card_was_looked_through(driver, factory):
    dialog = open_file(driver, factory)
    assert dialog.card.returns.currentData() == "multi-label"
    assert dialog.card.note("returns") == "Its last operation is a sigmoid of 5 numbers, each a probability for itself."
    press(driver, dialog.open_button)
    mark = driver.window.probabilities.guessed
    assert mark.isVisible()
    assert "Returns: Its last operation is a sigmoid of 5 numbers" in mark.toolTip()
    assert "returns" in {reason.what for reason in driver.session.network.guessed}
    driver.bot.mouseClick(mark, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    driver.settle()
    dialog = driver.window.files.dialog
    if dialog.report.consent:
        press(driver, dialog.consent.run)
    press(driver, dialog.open_button)
    assert not mark.isVisible()
    assert driver.session.network.guessed == ()


def test_a_guess_that_is_remembered_is_one_still(driver, factory):
    press(driver, open_file(driver, factory).open_button)
    name = driver.session.network_request.name
    driver.session.open_network("lenet5")
    driver.settle()
    assert not driver.window.probabilities.guessed.isVisible()
    driver.session.open_with_card(NetworkRequest(name, allow_code=True))
    driver.settle()
    assert driver.window.probabilities.guessed.isVisible()


def test_what_the_user_says_is_no_guess_and_is_shown_so(driver, factory):
    dialog = open_file(driver, factory)
    returns = dialog.card.returns
    returns.setFocus()
    driver.bot.keyClick(returns, Qt.Key.Key_Home)
    driver.bot.keyClicks(returns, "values")
    assert returns.currentData() == "values"
    assert dialog.card.note("returns") == ""
    press(driver, dialog.open_button)
    assert title(driver) == "Values"
    assert "returns" not in {reason.what for reason in driver.session.network.guessed}
