"""Red adds and blue subtracts, wherever a sign has a colour."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor

from cnnviewer.qt.theme import DARK, LIGHT, apply_theme, signed_color
from cnnviewer.qt.widgets.bar_list import Bar, BarList
from cnnviewer.qt.widgets.logit_bars import LogitBars, LogitRow
from cnnviewer.rendering.colormaps import LEVELS, color_table, diverging


def is_red(color: QColor) -> bool:
    return color.red() > color.blue()


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def theme(request, qapp):
    apply_theme(qapp, request.param)
    yield request.param
    apply_theme(qapp, LIGHT)


def test_it_is_the_convention_of_the_maps(theme):
    table = color_table(diverging(theme.is_dark))
    for value, place in ((-1.0, LEVELS // 4), (1.0, 3 * LEVELS // 4)):
        assert is_red(QColor(signed_color(value))) == is_red(QColor.fromRgb(int(table[place]))) == (value > 0)


def test_bars_of_what_adds_and_subtracts(theme, qtbot):
    bars = BarList()
    qtbot.addWidget(bars)
    bars.show_bars([Bar("adds", "+1", 0.5, 1.0, 0, True), Bar("subtracts", "−1", 0.5, 0.0, 1, True)])
    bars.resize(300, 60)
    image = bars.grab().toImage()
    for row, value in enumerate((1.0, -1.0)):
        middle = bars.row_rect(row).center().y()
        colors = {image.pixelColor(x, middle).name() for x in range(bars.name_width(), 300)}
        assert QColor(signed_color(value)).name() in colors
        assert QColor(signed_color(-value)).name() not in colors


def test_logits(theme, qtbot):
    bars = LogitBars()
    qtbot.addWidget(bars)
    bars.resize(600, 200)
    bars.show_rows([LogitRow("cat", 6.0, 403.0, 0.99), LogitRow("dog", -6.0, 0.002, 0.01)], 403.0)
    image = bars.grab().toImage()
    for row, logit in enumerate((3.0, -3.0)):
        place = bars.point_of(row, logit)
        assert image.pixelColor(QPoint(round(place[0]), round(place[1]))).name() == QColor(signed_color(logit)).name()
