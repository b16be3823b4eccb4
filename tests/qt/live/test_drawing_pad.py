"""The drawing pad as a source."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from .conftest import WAIT
from .driving import SEVEN, draw, show_pad, until


@pytest.fixture
def drawing(live):
    show_pad(live)
    return live


def test_a_digit_is_recognised_while_it_is_drawn(drawing):
    seen = []

    def hold():
        until(drawing, lambda: drawing.window.probabilities.bars[0].name == "7")
        seen.append(drawing.session.inputs.is_streaming)

    draw(drawing, *SEVEN, hold=hold)
    assert seen == [True]
    until(drawing, lambda: not drawing.session.inputs.is_streaming and drawing.session.is_idle)
    assert drawing.window.probabilities.bars[0].name == "7"
    assert drawing.session.recording.image == "drawing"


def test_the_pad_undoes_clears_and_changes_its_line(drawing):
    window, pad, bar = drawing.window, drawing.window.input.pad, drawing.window.input.live_bar.pad
    bar.width_slider.setValue(14)
    draw(drawing, (0.5, 0.2), (0.5, 0.8))
    draw(drawing, (0.2, 0.5), (0.8, 0.5))
    assert [stroke.width for stroke in pad.drawing.strokes] == [0.14, 0.14]
    drawing.bot.mouseClick(bar.undo, Qt.MouseButton.LeftButton)
    assert len(pad.drawing.strokes) == 1
    pad.setFocus()
    drawing.bot.keyClick(pad, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not pad.drawing.strokes
    draw(drawing, *SEVEN)
    drawing.bot.mouseClick(bar.clear, Qt.MouseButton.LeftButton)
    assert not pad.drawing.strokes
    until(drawing, lambda: drawing.live.live.shown is not None and not (drawing.live.live.shown.pixels & 255).any())
    assert window.input.pad.isVisible()


def test_a_drawing_is_put_into_the_middle_if_so_wished(drawing):
    draw(drawing, (0.1, 0.1), (0.1, 0.3))
    shown = drawing.live.live
    until(drawing, lambda: shown.shown is not None and (shown.shown.pixels[140, 140] & 255) == 255)
    drawing.window.input.live_bar.pad.centred.click()
    until(drawing, lambda: (shown.shown.pixels[140, 140] & 255) == 0 and (shown.shown.pixels[56, 28] & 255) == 255)


def test_the_pad_brings_a_network_for_digits(driver):
    driver.open("efficientnet-lite0", None, sample="chelsea")
    driver.window.open_live().pad()
    driver.bot.waitUntil(lambda: driver.session.network.name == "lenet5", timeout=WAIT)
    driver.settle()
    driver.window.input.views.button("As fed in").click()
    driver.settle()
    assert driver.window.input.pad.isHidden()
    driver.window.input.views.button("Photo").click()
    assert driver.window.input.pad.isVisible()
