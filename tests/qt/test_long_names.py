"""Long names give way to what matters more."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from PySide6.QtWidgets import QToolButton
from torch import nn

import cnnviewer
from cnnviewer.preprocessing import Preprocessing

NAME = "a_block_with_a_name_that_is_very_long_and_goes_on_for_ever_and_a_day"


class Thrice(nn.Module):
    def forward(self, x):
        return torch.cat([x, x, x], 1)


@pytest.fixture
def long(driver, monkeypatch):
    module = nn.Sequential()
    module.add_module(NAME, nn.Conv2d(1, 2, 3))
    module.add_module("thrice", Thrice())
    how = Preprocessing(size=(12, 12), resize=12, channels=1, order="L", mean=(0.5,), deviation=(0.5,))
    network = cnnviewer.from_module(module, preprocessing=how, name=NAME)
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: network)
    driver.open("long")
    return driver


def test_equal_inputs_are_told_once(long):
    long.session.select(long.session.recording.layers[-1].name)
    long.settle()
    told = long.window.inspector._flow.text()
    assert told.count("<a ") == 1
    assert "(×3)" in told
    assert long.window.inspector._flow.minimumSizeHint().width() < 250


def test_the_number_of_a_map_is_not_cut_off(long):
    title = long.window.inspector._title
    assert title.text().endswith("· map 0")
    shown = title.fontMetrics().elidedText(title.text(), title._mode, 200)
    assert shown.endswith("map 0")
    assert shown.startswith("a_block")


def test_a_card_shows_its_shapes_whole(long):
    card = long.card(long.session.recording.layers[-1].name)
    assert card.header.settings.width() < card.header.settings.sizeHint().width() or card.width() > 900
    assert card.header.shapes.width() >= card.header.shapes.sizeHint().width()


def test_the_tool_bar_keeps_its_buttons(long):
    bar = long.window.tool_bar
    button = next(button for button in bar.findChildren(QToolButton) if button.menu() is bar.network_menu)
    assert "…" in button.text()
    assert NAME in button.toolTip()
    assert button.width() < 240
    assert bar.sizeHint().width() <= 1280
    bar.set_network(replace(long.session.network, name="resnet18"), "resnet18")
    assert button.text() == " resnet18 ▾"
