"""Weights that a network works out in its forward pass, in the window: filters, and where they come from."""

from __future__ import annotations

import torch
from PySide6.QtWidgets import QLabel
from timm.layers import StdConv2d
from torch import nn

import cnnviewer
from cnnviewer.messages import View
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.qt.panels.explanation.arithmetic_page import ArithmeticPage


def test_a_worked_out_weight_has_filters_and_says_where_it_comes_from(driver, monkeypatch):
    torch.manual_seed(0)
    module = nn.Sequential(
        StdConv2d(3, 8, 7, stride=2, padding=3),
        nn.ReLU(),
        nn.utils.parametrizations.weight_norm(nn.Conv2d(8, 12, 3, padding=1)),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(12, 4),
    )
    plain = Preprocessing(size=(32, 32), resize=32, mean=(0.5,) * 3, deviation=(0.25,) * 3)
    network = cnnviewer.from_module(module, preprocessing=plain)
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: network)
    driver.open("odd", sample="chelsea")
    window, layers = driver.window, driver.session.recording.layers
    assert [layer.name for layer in layers] == list("012345")
    told = {
        "0": ("7×7, stride 2, padding 3", "1,176", "weight (3 operations: reshape, batch_norm, reshape_as)"),
        "2": ("3×3, padding 1", "888", "parametrizations.weight.original1 (weight_norm)"),
    }
    fields = {"0": "7×7", "2": "11×11"}
    for name, (settings, weights, sentence) in told.items():
        window.layers.set_view(name, View.FILTERS)
        card = driver.card(name)
        assert card.view is View.FILTERS
        assert len(card.grid.channels) == 8
        assert card.header.settings.text() == settings
        assert card.header.cost.text().startswith(f"from {weights} weights")
        assert sentence in card.header.cost.toolTip()
        driver.session.select(name, 0, (4, 4))
        driver.settle()
        assert sentence in window.inspector.flow.text()
        driver.click(window.inspector.explain)
        page = window.findChild(ArithmeticPage)
        assert any(sentence in label.text() for label in page.findChildren(QLabel))
        assert f"receptive field {fields[name]}" in window.inspector.numbers.text()
