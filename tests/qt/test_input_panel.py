"""The numbers of the input: pixels 0 to 255, and as the network takes them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

import cnnviewer
from cnnviewer.resources import resource


def hover(view, row: int, column: int) -> str:
    """Move the mouse over a cell, and return what is told there."""
    rect, cell = view.image_rect(), view.cell_size
    point = QPointF(rect.left() + (column + 0.5) * cell, rect.top() + (row + 0.5) * cell)
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        point,
        view.mapToGlobal(point),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(view, event)
    return view.toolTip()


def color_at(view, row: int, column: int) -> tuple[int, int, int]:
    rect, cell = view.image_rect(), view.cell_size
    place = QPoint(round(rect.left() + (column + 0.5) * cell), round(rect.top() + (row + 0.5) * cell))
    return view.grab().toImage().pixelColor(place).getRgb()[:3]


@pytest.fixture
def photo(driver):
    """The photo of chelsea for efficientnet-lite0, with the pixels that it sees."""
    driver.open("efficientnet-lite0", sample="chelsea")
    recording = cnnviewer.record(cnnviewer.load_network("efficientnet-lite0"), resource("samples", "chelsea.png"))
    fed = recording.input.numpy()
    return driver, np.round(fed * 128 + 127).astype(int), fed


def test_a_channel_shows_pixels_in_grey_with_the_other_numbers_beside_them(photo):
    driver, pixels, fed = photo
    panel = driver.window.input
    driver.click(panel.views.button("G"))
    assert panel.numbers.current == "0–255"
    assert panel.legend.texts == ("0", "255")
    assert panel.legend.isVisible()
    told = hover(panel.view, 100, 60)
    assert told.startswith(f"row 100, column 60: G {pixels[1, 100, 60]} → ")
    assert told.endswith(" as fed in")
    red, green, blue = color_at(panel.view, 100, 60)
    assert red == green == blue
    driver.click(panel.numbers.button("as taken"))
    assert panel.legend.texts[0].startswith("−")
    assert float(panel.legend.texts[1]) == pytest.approx(np.abs(fed).max(), rel=0.01)
    red, green, blue = color_at(panel.view, 100, 60)
    assert not red == green == blue


def test_all_channels_are_told_of_what_is_fed_in(photo):
    driver, pixels, _ = photo
    panel = driver.window.input
    driver.click(panel.views.button("As fed in"))
    told = hover(panel.view, 10, 20)
    for channel, name in enumerate("RGB"):
        assert f"{name} {pixels[channel, 10, 20]} → " in told
    driver.click(panel.views.button("Photo"))
    assert not panel.numbers.isVisible()
    assert not panel.legend.isVisible()


def test_a_network_of_one_channel_has_its_plane_too(lenet):
    panel = lenet.window.input
    lenet.click(panel.views.button("L"))
    assert panel.legend.texts == ("0", "255")
    assert hover(panel.view, 0, 0).startswith("row 0, column 0: L 0 → ")  # padding is black


def test_the_effect_tells_its_scale_and_what_it_is(lenet):
    panel = lenet.window.input
    lenet.session.select("c3", 8, (5, 5))
    lenet.settle()
    assert not panel.effect_legend.isVisible()
    lenet.click(panel.effective)
    assert panel.effect_legend.isVisible()
    low, high = panel.effect_legend.texts
    assert low == "effect 0"
    recording = cnnviewer.record(cnnviewer.load_network("lenet5"), resource("samples", "digit-3.png"))
    from cnnviewer.analysis.effective_field import effective_field

    assert float(high) == pytest.approx(float(effective_field(recording, "c3", (8, 5, 5)).max()), rel=0.01)
    assert "without a sign" in panel.effect_text.text()
    assert "nothing is smoothed" in panel.effect_text.text()
    lenet.click(panel.effective)
    assert not panel.effect_text.isVisible()
