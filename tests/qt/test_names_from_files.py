"""Names that look like tags are shown as they are: a file can name a layer, a class or itself as it likes."""

from __future__ import annotations

import pytest
import torch
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent, QTextDocument
from PySide6.QtWidgets import QApplication, QLabel, QToolTip, QTreeView, QWidget
from torch import nn

import cnnviewer
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.qt.failures import Failure
from cnnviewer.qt.widgets.banner import ErrorBanner, ProgressBanner
from cnnviewer.qt.widgets.bar_list import BarList
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.graph_words import box_tip
from cnnviewer.qt.widgets.styling import label, literal

EVIL = "<a href='file:///home'>x</a>\"%41&"
"""No dot may be in the name of a child."""


class Odd(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 2, 3)
        self.add_module(EVIL, nn.Conv2d(2, 2, 3))
        self.relu = nn.ReLU()
        self.last = nn.LazyLinear(3)

    def forward(self, x):
        x = self.relu(getattr(self, EVIL)(self.first(x)))
        return self.last(x.flatten(1))


@pytest.fixture
def odd(driver, monkeypatch):
    torch.manual_seed(0)
    module = Odd()
    module(torch.zeros(1, 1, 12, 12))
    how = Preprocessing(size=(12, 12), resize=12, channels=1, order="L", mean=(0.5,), deviation=(0.5,))
    network = cnnviewer.from_module(
        module, preprocessing=how, categories=(f"cat {EVIL}", "b", "c"), name=EVIL, provenance=f"weights of {EVIL}"
    )
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: network)
    driver.open("odd")
    driver.session.select(EVIL, 0, (0, 0))
    driver.settle()
    return driver


def anchors(text):
    """Which links Qt sees in a rich text."""
    document = QTextDocument()
    document.setHtml(text)
    found, block = [], document.begin()
    while block.isValid():
        found += [piece.format.anchorHref() for piece in block.textFormats() if piece.format.isAnchor()]
        block = block.next()
    return found


def plain(text):
    document = QTextDocument()
    document.setHtml(text)
    return document.toPlainText()


def is_rich(widget):
    is_auto = widget.textFormat() is Qt.TextFormat.AutoText and "<" in widget.text()
    return widget.textFormat() is Qt.TextFormat.RichText or is_auto


def look_at(window):
    """Find no link but the program's own on any label or in any tooltip."""
    for widget in window.findChildren(QLabel):
        if is_rich(widget):
            assert not [link for link in anchors(widget.text()) if link.startswith("file")], widget.text()
    for widget in window.findChildren(QWidget):
        assert not anchors(widget.toolTip()), widget.toolTip()


def tip_at(widget, point):
    QToolTip.hideText()
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, point, widget.mapToGlobal(point)))
    return QToolTip.text()


def test_the_window_shows_the_names_as_they_are(odd):
    window = odd.window
    odd.card(EVIL)
    look_at(window)
    assert EVIL in window.inspector.title
    assert window.statusBar().provenance == f"weights of {EVIL}"
    bars = window.probabilities.findChild(BarList)
    tips = [tip_at(bars, bars.row_rect(row).center()) for row in range(3)]
    assert not any(anchors(tip) for tip in tips)
    assert any(f"cat {EVIL}" in plain(tip) for tip in tips)
    tree = window.findChild(QTreeView)
    model = tree.model()
    root = model.index(0, 0)
    rows = [model.index(row, 0, root) for row in range(model.rowCount(root))]
    told = [str(model.data(row, Qt.ItemDataRole.ToolTipRole)) for row in rows]
    assert not any(anchors(tip) for tip in told)
    assert any(EVIL in plain(tip) for tip in told)


def test_a_link_leads_to_the_layer_of_that_name(odd):
    odd.session.select("relu", 0, (0, 0))
    odd.settle()
    flow = odd.window.inspector._flow
    assert EVIL in plain(flow.text())
    [link] = [link for link in anchors(flow.text()) if "file" in link]
    flow.linkActivated.emit(link)
    odd.settle()
    assert odd.session.selection.layer == EVIL


def test_an_explanation_shows_the_names_as_they_are(odd):
    odd.session.select("relu", 0, (0, 0))
    panel = odd.window.open_explanation()
    odd.settle()
    look_at(odd.window)
    shown = [widget for widget in panel.findChildren(QLabel) if is_rich(widget) and EVIL in plain(widget.text())]
    assert [anchors(widget.text()) for widget in shown] == [["0"]]


def test_the_graph_shows_the_names_as_they_are(odd):
    graph = odd.window.open_graph().panel
    odd.settle()
    picture = graph.view.picture
    tips = [box_tip(picture, place) for place in range(len(picture.boxes))]
    assert not any(anchors(tip) for tip in tips)
    assert any(EVIL in plain(tip) for tip in tips)


def test_banners_and_labels_show_text_as_it_is(qtbot):
    error, progress, elided = ErrorBanner(), ProgressBanner(), ElidedLabel()
    for widget in (error, progress, elided):
        qtbot.addWidget(widget)
    error.show_failure(Failure(f"{EVIL} can't be opened.", "", None))
    progress.show_progress(0, None, f"Loading {EVIL}")
    elided.set_text(EVIL)
    made = label(EVIL, error)
    for widget in (*error.findChildren(QLabel), *progress.findChildren(QLabel), elided, made):
        assert not is_rich(widget)
    assert not anchors(elided.toolTip())
    assert plain(elided.toolTip()) == EVIL


def test_a_literal_text_is_what_it_was():
    assert literal("a & b > c") == "a & b > c"
    assert plain(literal("<b>\n  two  spaces")) == "<b>\n  two  spaces"
