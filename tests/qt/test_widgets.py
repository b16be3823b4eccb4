"""Widgets by themselves, and the sizes of cards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QToolTip, QWidget

from cnnviewer.messages import LayerSummary, View
from cnnviewer.qt.theme import DARK, LIGHT, apply_theme, current_theme
from cnnviewer.qt.widgets.card_layout import COLOR_BAR_WIDTH, MARGIN, body_layout
from cnnviewer.qt.widgets.function_curve import FunctionCurve
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.map_view import MapView
from cnnviewer.qt.widgets.number_grid import CellMark, NumberGrid
from cnnviewer.qt.widgets.numbers import byte_text, count_text, exact_text, signed_text, unit_text, value_text
from cnnviewer.qt.widgets.way_strip import WayStrip
from cnnviewer.questions import WayStep


def layer(maps: int, shape: tuple[int, int], **changes) -> LayerSummary:
    values = {
        "index": 0, "name": "a", "module": "", "kind": "convolution", "operation": "conv2d", "settings": "",
        "inputs": (), "input_shapes": (), "shape": (maps, *shape), "parameters": 0, "multiply_adds": 0,
        "views": tuple(View), "maps": maps, "map_shape": shape, "kernels": maps, "kernel_shape": (3, 3),
    }  # fmt: skip
    return LayerSummary(**{**values, **changes})


@given(
    maps=st.integers(1, 5000),
    rows=st.integers(1, 600),
    columns=st.integers(1, 600),
    view=st.sampled_from([View.MAPS, View.FILTERS, View.POOLED, View.CELLS]),
    width=st.integers(300, 3000),
    tile=st.integers(20, 160),
    unfolded=st.booleans(),
)
def test_a_body_holds_what_it_shows(maps, rows, columns, view, width, tile, unfolded):
    found = body_layout(layer(maps, (rows, columns)), view, width, tile, unfolded)
    assert 1 <= found.shown <= found.total
    assert found.shown <= found.columns * found.rows
    assert not (unfolded and found.is_cut)
    room = width - 2 * MARGIN - COLOR_BAR_WIDTH
    assert found.columns == 1 or found.columns * found.cell[0] <= room
    assert found.height >= found.rows * found.cell[1] or found.view is View.CELLS


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (3.2701, "3.27"), (-0.00412, "−0.00412"), (123456.0, "1.2e+05"), (-1e-9, "−1.0e-09"),
     (float("nan"), "NaN"), (float("-inf"), "−∞"), (1280.0, "1280"), (255.04, "255.0")],
)  # fmt: skip
def test_values_are_short(value, text):
    assert value_text(value) == text


def test_counts_and_bytes():
    assert [count_text(n) for n in (864, 38400, 4650000, 15_500_000_000)] == ["864", "38,400", "4.65 M", "15.5 G"]
    assert count_text(123_700_000_000_000) == "124 T"
    assert [byte_text(n) for n in (12, 58_400, 61_000_000, 2_500_000_000)] == ["12 B", "58.4 kB", "61 MB", "2.5 GB"]


def test_units_signs_and_exact_values():
    assert [unit_text(unit) for unit in ((17,), (8, 5, 5))] == ["unit 17", "(8, 5, 5)"]
    assert [signed_text(value) for value in (1.25, -1.25, float("nan"))] == ["+1.25", "−1.25", "NaN"]
    assert [exact_text(value) for value in (-1.0392081, 3.0, float("inf"))] == ["−1.039208", "3", "∞"]


@pytest.fixture
def view(qtbot):
    found = MapView()
    qtbot.addWidget(found)
    found.resize(200, 200)
    found.show()
    values = np.arange(16, dtype=np.uint32).reshape(4, 4)
    found.show_image(to_image(0xFF000000 + values * 10), lambda row, column: str(values[row, column]))
    return found


def test_a_map_is_never_smoothed(view):
    """A 4x4 map looks like 16 numbers: each cell of 50x50 pixels has one colour."""
    picture = view.grab().toImage()
    for row in range(4):
        for column in range(4):
            corners = {picture.pixel(50 * column + x, 50 * row + y) for x in (1, 48) for y in (1, 48)}
            assert len(corners) == 1


def test_values_are_written_in_large_cells(view):
    before = view.grab().toImage()
    view.show_image(to_image(np.full((4, 4), 0xFF000000, np.uint32)), lambda row, column: "0.25")
    written = view.grab().toImage()
    assert before.size() == written.size()
    assert any(written.pixelColor(x, 25).lightness() > 200 for x in range(50))


def test_clicks_tell_cells_and_the_wheel_zooms(view, qtbot):
    with qtbot.waitSignal(view.clicked) as clicked:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(160, 60))
    assert clicked.args == [1, 3]
    view.zoom_to(2, 2, cell=80)
    assert view.cell_at(QPointF(100, 100)) == (2, 2)
    assert not view.is_fitted
    qtbot.keyClick(view, Qt.Key.Key_0)
    assert view.is_fitted


def test_frames_of_neighbouring_cells_do_not_cut_each_other(qtbot):
    grid = NumberGrid("Numbers", largest_cell=40)
    qtbot.addWidget(grid)
    grid.resize(124, 44)
    grid.show_numbers(((1, 1, 1),))
    color = QColor("#2563eb")
    grid.set_marks(tuple(CellMark(0, column, 1, 1, color.name()) for column in range(3)))
    picture, edge = grid.grab().toImage(), grid.cell_rect(0, 0, 1, 3)
    along = [picture.pixelColor(x, round(edge.top())) for x in range(round(edge.left()), round(edge.right()))]
    assert {pixel.name() for pixel in along} == {color.name()}


def show_tip(widget, point: QPoint) -> str:
    """Rest the mouse on a widget; return the tooltip, and hide it."""
    QToolTip.hideText()
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, point, widget.mapToGlobal(point)))
    text = QToolTip.text() if QToolTip.isVisible() else ""
    QToolTip.hideText()
    return text


def test_a_step_of_a_way_tells_its_unit_as_the_rest_of_the_window_does(qtbot):
    strip = WayStrip()
    qtbot.addWidget(strip)
    pixels = np.full((4, 4), 0xFF336699, np.uint32)
    strip.show_steps([WayStep("f6", (17,), "linear", 0.5, None, pixels, (0.0, 0.0, 0.25, 0.25))], is_forward=False)
    strip.resize(strip.width(), 180)
    strip.show()
    assert show_tip(strip, strip.step_rect(0).center()) == "f6 unit 17 = 0.5"
    assert strip.accessibleDescription() == "f6 unit 17 = 0.5"


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), float("-inf")])
def test_a_curve_is_drawn_where_it_is_finite(qtbot, odd):
    curve = FunctionCurve()
    qtbot.addWidget(curve)
    curve.resize(200, 160)
    curve.show_curve([-2.0, -1.0, 1.0, 2.0], [odd, odd, 1.0, 1.0], (-1.0, odd))
    picture = curve.grab().toImage()

    def has(color: str, columns: range) -> bool:
        return any(picture.pixelColor(x, y) == QColor(color) for x in columns for y in range(picture.height()))

    assert has(current_theme().accent, range(150, 170))
    assert not has(current_theme().accent, range(90))
    assert not has(current_theme().warning, range(200))  # the point is nowhere


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_the_frame_of_a_box_to_tick_can_be_seen(qtbot, qapp, theme):
    apply_theme(qapp, theme)
    panel = QWidget()
    qtbot.addWidget(panel)
    panel.resize(60, 30)
    box = QCheckBox(panel)
    box.setGeometry(10, 5, 40, 20)
    picture = panel.grab().toImage()
    greys = [picture.pixelColor(x, 15).lightness() for x in range(10, 30)]
    apply_theme(qapp, LIGHT)
    assert max(greys) - min(greys) > 60
