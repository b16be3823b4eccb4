"""From a row of the class probabilities to what made its score, and explanations that name classes."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication, QMenu
from torch import nn

import cnnviewer
from cnnviewer.outputs import NO_NUMBERS
from cnnviewer.qt.panels.explanation.explanation_panel import Side
from cnnviewer.qt.widgets.bar_list import BarList
from cnnviewer.resources import resource

from .test_explanation import open_module, panel_of


def bars_of(driver):
    return driver.window.probabilities.findChild(BarList)


def chosen(driver) -> tuple[str, int]:
    selection = driver.session.selection
    return selection.layer, selection.channel


def row_of(bars, index: int) -> QPoint:
    return bars.row_rect([bar.index for bar in bars.bars].index(index)).center()


def test_a_click_on_a_row_explains_its_logit(lenet):
    bars = bars_of(lenet)
    second = lenet.session.recording.ranking[1]
    lenet.click(bars, row_of(bars, second))
    assert chosen(lenet) == ("output", second)
    panel = panel_of(lenet)
    assert panel.isVisible()
    assert panel.title == f"output {second} (unit {second})"
    assert panel.arithmetic.answer.kind == "linear"


def test_the_keys_explain_a_class_from_the_rows_and_from_the_search(lenet):
    bars = bars_of(lenet)
    bars.setFocus()
    lenet.key(Qt.Key.Key_Down, bars)
    lenet.key(Qt.Key.Key_Down, bars)
    lenet.key(Qt.Key.Key_Return, bars)
    assert chosen(lenet) == ("output", lenet.session.recording.ranking[1])
    lenet.bot.keyClicks(lenet.window.probabilities.search, "7")
    lenet.key(Qt.Key.Key_Return, lenet.window.probabilities.search)
    assert chosen(lenet) == ("output", 7)


def test_the_menu_of_a_row_explains_it(lenet):
    bars = bars_of(lenet)
    third = lenet.session.recording.ranking[2]
    place = row_of(bars, third)
    QApplication.sendEvent(bars, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, bars.mapToGlobal(place)))
    menu = lenet.window.probabilities.findChild(QMenu)
    assert menu.actions()[0].text() == f"Where the score of {third} comes from"
    menu.actions()[0].trigger()
    menu.close()
    lenet.settle()
    assert chosen(lenet) == ("output", third)


@pytest.mark.parametrize("side", [Side.BACK, Side.FORWARD])
def test_ways_name_the_class(driver, side):
    driver.open("fashion-cnn", sample="clothing-1")
    winner = driver.session.recording.ranking[0]
    name = driver.session.network.categories[winner]
    bars = bars_of(driver)
    driver.click(bars, row_of(bars, winner))
    driver.click(panel_of(driver).sides.button(side.value))
    assert panel_of(driver).title == f"output {name} (unit {winner})"
    assert panel_of(driver).way.steps[0].category == name
    assert panel_of(driver).way.accessibleDescription().startswith(f"output {name} (unit {winner}) = ")


def test_a_network_that_ends_in_a_softmax_is_explained_by_its_logit(driver, monkeypatch):
    class Ending(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(3 * 8 * 8, 4)

        def forward(self, image):
            return self.fc(nn.functional.adaptive_avg_pool2d(image, 8).flatten(1)).softmax(1)

    open_module(driver, monkeypatch, Ending())
    bars = bars_of(driver)
    driver.click(bars, row_of(bars, 2))
    assert chosen(driver) == ("fc", 2)
    assert panel_of(driver).title == "fc class 2 (unit 2)"
    driver.session.select("softmax", 2)
    driver.settle()
    assert panel_of(driver).arithmetic.answer.category == "class 2"


def test_a_term_that_is_a_class_is_linked_by_its_name(driver, monkeypatch):
    module = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 4), nn.Dropout())
    open_module(driver, monkeypatch, module)
    layer = driver.session.recording.layers[-1]
    driver.session.select(layer.name, 3)
    panel = driver.window.open_explanation()
    driver.settle()
    assert panel.title == f"{layer.name} class 3 (unit 3)"
    assert panel.arithmetic.answer.terms[0].category == "class 3"


def test_the_way_on_stands_side_by_side_from_one_unit(lenet):
    recording = cnnviewer.record(cnnviewer.load_network("lenet5"), resource("samples", "digit-3.png"))
    strongest = int(recording["s2"].output[1].argmax())
    lenet.session.select("s2", 1, divmod(strongest, 14))
    panel = lenet.window.open_explanation()
    lenet.click(panel.sides.button(Side.FORWARD.value))
    lenet.settle()
    strip = panel.way
    lefts = [strip.step_rect(place).left() for place in range(len(strip.steps))]
    gaps = [after - before for before, after in pairwise(lefts)]
    assert len(strip.steps) > 3
    assert gaps[0] > max(gaps[1:])  # the unit stands apart from those that it feeds, and they beside each other
    # A line runs above all of them, and down to each: none leads from one to the next.
    image = strip.grab().toImage()
    ground = image.pixelColor(0, 0).name()
    for place in range(2, len(strip.steps)):
        before, rect = strip.step_rect(place - 1), strip.step_rect(place)
        middle, between = rect.top() + 58, range(before.right() + 2, rect.left() - 1)
        assert {image.pixelColor(x, middle).name() for x in between} == {ground}
        above = {image.pixelColor(rect.left(), y).name() for y in range(rect.top())}
        assert above != {ground}


class Diverged(nn.Module):
    """Layers of as many units as there are classes, whose numbers have grown beyond all bounds."""

    def __init__(self, weight=float("nan")):
        super().__init__()
        self.hidden = nn.Linear(3 * 8 * 8, 4)
        self.fc = nn.Linear(4, 4)
        nn.init.constant_(self.fc.weight, weight)

    def forward(self, image):
        return self.fc(self.hidden(nn.functional.adaptive_avg_pool2d(image, 8).flatten(1))).softmax(1)


def test_the_inspector_names_the_classes_of_a_vector(driver):
    driver.open("fashion-cnn", sample="clothing-1")
    names = driver.session.network.categories
    winner = driver.session.recording.ranking[0]
    driver.session.select("output", winner)
    driver.settle()
    assert driver.window.inspector.unit_text.startswith(f"{names[winner]} (unit {winner}) = ")
    view = driver.window.inspector.view
    view.setFocus()
    driver.key(Qt.Key.Key_Left if winner % 4 else Qt.Key.Key_Right, view)
    _, other = chosen(driver)
    assert other != winner
    assert driver.window.inspector.unit_text.startswith(f"{names[other]} (unit {other}) = ")


def test_layers_before_the_scores_have_units_though_they_are_as_many(driver, monkeypatch):
    open_module(driver, monkeypatch, Diverged(weight=0.5))
    for layer, name in (("hidden", "unit 2"), ("fc", "class 2 (unit 2)"), ("softmax", "class 2 (unit 2)")):
        driver.session.select(layer, 2)
        driver.settle()
        assert driver.window.inspector.unit_text.startswith(f"{name} = ")


def test_probabilities_that_are_no_numbers_are_told_in_words(driver, monkeypatch):
    open_module(driver, monkeypatch, Diverged())
    told = driver.window.probabilities.text
    assert told == NO_NUMBERS
    assert "nan bit" not in told
    assert torch.isnan(torch.tensor(driver.session.recording.probabilities)).all()
