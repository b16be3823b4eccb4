"""Names of right-to-left scripts turn no number or sign beside them around, wherever they are shown."""

from __future__ import annotations

import pytest
import torch
from PySide6.QtWidgets import QLabel
from torch import nn

import cnnviewer
from cnnviewer.names import steady
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.qt.failures import Failure
from cnnviewer.qt.widgets.banner import ErrorBanner, ProgressBanner
from cnnviewer.qt.widgets.bar_list import Bar, BarList
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.numbers import unit_text
from cnnviewer.qt.widgets.styling import breakable, literal

NAME = "שלום"
FSI, PDI = "\u2068", "\u2069"
ISOLATED = f"{FSI}{NAME}{PDI}"


class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.add_module(NAME, nn.Conv2d(1, 2, 3))
        self.last = nn.LazyLinear(3)

    def forward(self, x):
        return self.last(getattr(self, NAME)(x).flatten(1))


@pytest.fixture
def odd(driver, monkeypatch):
    torch.manual_seed(0)
    module = Odd()
    module(torch.zeros(1, 1, 12, 12))
    how = Preprocessing(size=(12, 12), resize=12, channels=1, order="L", mean=(0.5,), deviation=(0.5,))
    network = cnnviewer.from_module(module, preprocessing=how, categories=(NAME, "b", "c"), name=NAME)
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: network)
    driver.open("odd")
    return driver


def is_isolated(text: str) -> bool:
    """Whether each name in a text stands in an isolate."""
    return text.count(NAME) == text.count(ISOLATED) + text.count(f"{NAME}.pth")


def look_at(widget):
    """Find no name that is shown with something beside it and not isolated."""
    shown = [label.text() for label in widget.findChildren(QLabel) if not isinstance(label, ElidedLabel)]
    told = [text for text in shown if NAME in text and text != NAME]
    assert not [text for text in told if FSI not in text], told
    tips = [label.toolTip() for label in widget.findChildren(QLabel) if NAME in label.toolTip()]
    assert not [tip for tip in tips if FSI not in tip and tip != NAME], tips
    return told


@pytest.mark.parametrize("text", [f"{NAME} 12 · 28×28", f"{NAME} (3, 4) = 0.5", f"12 {NAME} 34"])
def test_labels_and_bars_paint_as_the_steady_text(qtbot, text):
    for make, show in (
        (ElidedLabel, ElidedLabel.set_text),
        (BarList, lambda bars, name: bars.show_bars([Bar(name, "1", 0, 1, 0)])),
    ):
        pictures = []
        for shown in (text, steady(text)):
            widget = make()
            qtbot.addWidget(widget)
            show(widget, shown)
            widget.resize(400, 30)
            pictures.append(widget.grab().toImage())
        assert pictures[0] == pictures[1]


def test_what_is_put_together_is_isolated(qtbot):
    assert unit_text((3,), NAME) == f"{ISOLATED} (unit 3)"
    assert ISOLATED in literal(f"{NAME} 12 = 3")
    assert ISOLATED in breakable(f"{NAME} is read as train, 12 images")
    progress = ProgressBanner()
    qtbot.addWidget(progress)
    progress.show_progress(3, 12, f"Reading {NAME}")
    assert f"Reading {ISOLATED}" in progress.text
    error = ErrorBanner()
    qtbot.addWidget(error)
    error.show_failure(Failure(f"{NAME} 12 can't be read.", "", None))
    assert look_at(error)


def test_layers_and_classes_are_isolated(odd):
    window = odd.window
    for layer in (NAME, "last"):
        odd.session.select(layer, 0, (0, 0) if layer == NAME else None)
        odd.settle()
        odd.card(layer)
        look_at(window)
    assert window.inspector.unit_text.startswith(f"\u200e{ISOLATED} (unit 0) = ")
    panel = odd.window.open_explanation()
    odd.settle()
    assert ISOLATED in panel.title
    assert look_at(window)


def test_a_network_file_is_isolated(driver, tmp_path):
    driver.open("lenet5")
    path = tmp_path / f"{NAME} 12.pth"
    torch.save({"weight": torch.zeros(3)}, path)
    driver.window.files.open(path)
    driver.bot.waitUntil(lambda: driver.window.files.dialog is not None, timeout=60_000)
    driver.settle()
    dialog = driver.window.files.dialog
    dialog.show_failure(f"The card {path} can't be written: it is full.")
    assert look_at(dialog)
    dialog.show_busy(f"Comparing {path.name} 12 with lenet5…")
    assert look_at(dialog)
    dialog.edit(path.name)
    assert FSI in dialog.windowTitle()
    dialog.reject()
    driver.settle()


def test_what_the_status_bar_tells_for_a_while_is_isolated(driver):
    driver.window.statusBar().showMessage(f"2 videos came: {NAME} 12.mp4 plays.")
    assert FSI in driver.window.statusBar().currentMessage()
