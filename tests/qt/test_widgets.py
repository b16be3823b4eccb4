"""Widgets by themselves, and the sizes of cards."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFocusEvent, QHelpEvent
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QToolTip, QWidget

from cnnviewer.messages import LayerSummary, View
from cnnviewer.qt.theme import DARK, LIGHT, apply_theme, current_theme
from cnnviewer.qt.widgets.bar_list import Bar, BarList
from cnnviewer.qt.widgets.card_layout import COLOR_BAR_WIDTH, MARGIN, body_layout
from cnnviewer.qt.widgets.function_curve import FunctionCurve
from cnnviewer.qt.widgets.images import to_image
from cnnviewer.qt.widgets.map_view import MapView
from cnnviewer.qt.widgets.number_grid import CellMark, NumberGrid
from cnnviewer.qt.widgets.numbers import count_text, exact_text, signed_text, unit_text, value_text
from cnnviewer.qt.widgets.way_strip import WayStrip
from cnnviewer.questions import WayStep
from cnnviewer.sizes import byte_text


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


def test_values_are_written_only_where_something_is_painted(view, qtbot):
    written = []
    picture = to_image(np.full((4, 4), 0xFF000000, np.uint32))
    view.show_image(picture, lambda row, column: written.append((row, column)) or "0")
    QApplication.processEvents()
    assert len(written) == 16
    for corner, cell in ((QPoint(5, 5), (0, 0)), (QPoint(155, 55), (1, 3)), (QPoint(55, 155), (3, 1))):
        written.clear()
        view.update(QRect(corner, QSize(10, 10)))
        QApplication.processEvents()
        assert written == [cell]


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
    """Rest the mouse on a widget; return the tooltip, '' for none."""
    for shown in QApplication.topLevelWidgets():
        if shown.inherits("QTipLabel"):
            shown.hide()  # hideText would wait a while
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, point, widget.mapToGlobal(point)))
    return QToolTip.text() if QToolTip.isVisible() else ""


def test_a_step_of_a_way_tells_its_unit_as_the_rest_of_the_window_does(qtbot):
    strip = WayStrip()
    qtbot.addWidget(strip)
    pixels = np.full((4, 4), 0xFF336699, np.uint32)
    strip.show_steps([WayStep("f6", (17,), "linear", 0.5, None, pixels, (0.0, 0.0, 0.25, 0.25))], is_forward=False)
    strip.resize(strip.width(), 180)
    strip.show()
    assert show_tip(strip, strip.step_rect(0).center()) == "f6 unit 17 = 0.5"
    assert strip.accessibleDescription() == "f6 unit 17 = 0.5"


def numbers(qtbot, values, size: tuple[int, int], pixels=None) -> NumberGrid:
    """Return a grid that is shown, and has the keyboard where a test uses keys."""
    grid = NumberGrid("Numbers")
    qtbot.addWidget(grid)
    grid.resize(*size)
    grid.show_numbers(values, pixels)
    grid.show()
    return grid


def told_by(*signals) -> list[tuple[int, ...]]:
    """Return a list to which what signals tell is added."""
    told: list[tuple[int, ...]] = []
    for signal in signals:
        signal.connect(lambda *values: told.append(values))
    return told


def test_arrow_keys_mark_a_number_and_enter_or_a_click_opens_it(qtbot):
    grid = numbers(qtbot, ((1, 2), (3, 4)), (100, 100))
    chosen, opened = told_by(grid.chosen), told_by(grid.opened)
    QApplication.sendEvent(grid, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason))
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    assert grid.cell is None
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right):
        qtbot.keyClick(grid, key)
    assert chosen == [(0, 0), (1, 0), (1, 1)]
    assert opened == []
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    assert opened == [(1, 1)]
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.cell_rect(0, 1).center().toPoint())
    assert opened == [(1, 1), (0, 1)]


def test_a_number_to_edit_is_chosen_by_the_focus_and_never_opened(qtbot):
    grid = numbers(qtbot, ((1, 2), (3, 4)), (100, 100))
    grid.set_editable(-9, 9)
    opened, edited = told_by(grid.opened), told_by(grid.edited)
    QApplication.sendEvent(grid, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason))
    assert grid.cell == (0, 0)
    qtbot.keyClicks(grid, "7")
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.cell_rect(1, 1).center().toPoint())
    assert edited == [(0, 0, 7.0)]
    assert opened == []


@pytest.mark.parametrize("side", [32, 112, 512])
def test_a_large_window_asks_for_little_room_and_shows_each_pixel(qtbot, side):
    pixels = (0xFF000000 + np.arange(side * side, dtype=np.uint32)).reshape(side, side)
    grid = numbers(qtbot, np.ones((side, side)).tolist(), (160, 160), pixels)
    written: list[float] = []
    grid.set_text_of(lambda value: written.append(value) or "1")
    assert grid.minimumSizeHint().width() <= 160
    assert grid.minimumSizeHint().height() <= 160
    picture = grid.grab().toImage()
    assert written == []
    near = range(-(side // 100), side // 100 + 1)  # the smallest cells have no pixel of their own
    for row, column in ((side // 4, side // 2), (side // 2, side // 3)):
        colors = {pixels[row + down, column + right] for down in near for right in near}
        assert picture.pixel(grid.cell_rect(row, column).center().toPoint()) in colors


def test_small_cells_of_padding_are_hatched_and_a_mark_lies_over_them(qtbot):
    pixels = np.full((40, 40), 0xFF00FF00, np.uint32)
    grid = numbers(qtbot, np.ones((40, 40)).tolist(), (162, 162), pixels)
    grid.set_faded(frozenset((row, column) for row in range(40) for column in range(10)))
    grid.set_marks((CellMark(20, 30, 1, 1, "#ff0000"),))
    picture = grid.grab().toImage()
    assert picture.pixelColor(grid.cell_rect(20, 5).center().toPoint()) != QColor("#00ff00")
    assert picture.pixelColor(grid.cell_rect(20, 15).center().toPoint()) == QColor("#00ff00")
    colors = {picture.pixelColor(x, y).name() for x in range(118, 132) for y in range(78, 90)}
    assert "#ff0000" in colors


def test_the_tip_of_a_number_tells_all_its_digits(qtbot):
    grid = numbers(qtbot, ((1.039208, 3.0),), (200, 100))
    assert show_tip(grid, grid.cell_rect(0, 0).center().toPoint()) == "row 0, column 0: 1.039208"
    assert show_tip(grid, grid.cell_rect(0, 1).center().toPoint()) == ""
    grid.set_editable(-9, 9)
    hint = grid.toolTip()
    assert show_tip(grid, grid.cell_rect(0, 0).center().toPoint()) == f"row 0, column 0: 1.039208\n{hint}"
    grid.set_faded(frozenset({(0, 0)}), is_hidden=True)  # to be guessed
    assert show_tip(grid, grid.cell_rect(0, 0).center().toPoint()) == hint


def rows(qtbot, *names: str, width: int = 300) -> BarList:
    """Return a list of bars; the index of the first is 10."""
    bars = BarList()
    qtbot.addWidget(bars)
    bars.show_bars([Bar(name, "0.5", 0.0, 0.5, index) for index, name in enumerate(names, 10)])
    bars.resize(width, bars.sizeHint().height())
    bars.show()
    return bars


def test_arrow_keys_mark_a_row_and_enter_or_a_click_chooses_it(qtbot):
    bars = rows(qtbot, "a", "b", "c")
    marked, chosen, opened = told_by(bars.marked), told_by(bars.chosen), told_by(bars.opened)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Down):
        qtbot.keyClick(bars, key)
    assert marked == [(10,), (11,), (10,), (11,)]
    assert chosen == opened == []
    qtbot.keyClick(bars, Qt.Key.Key_Return)
    assert chosen == opened == [(11,)]
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=bars.row_rect(2).center())
    assert chosen == [(11,), (12,)]
    assert bars.current == 2


def test_a_row_tells_itself_whole_and_names_take_what_they_need(qtbot):
    name = "layer2.0.downsample.1 (3, 14, 27): 0.0123 × −0.0456"
    bars = rows(qtbot, "a", name)
    bars.setToolTip("Click one")
    assert show_tip(bars, bars.row_rect(1).center()) == f"{name}  0.5\nClick one"
    assert bars.name_width() == round(0.42 * 300)
    bars.resize(900, 40)
    assert 200 < bars.name_width() <= 0.42 * 900
    bars.show_bars([Bar("a", "0.5", 0.0, 0.5)])
    assert bars.name_width() == 200


def test_arrow_keys_tell_where_a_map_is_to_go_and_its_cell_is_brought_into_view(view, qtbot):
    moved = told_by(view.moved)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down):
        qtbot.keyClick(view, key)
    assert moved == [(0, -1), (0, 1), (-1, 0), (1, 0)]
    view.zoom_to(0, 0, cell=90)
    view.show_cell(3, 3)
    assert view.cell_at(QPointF(100, 100)) == (3, 3)


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


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_a_box_to_choose_from_shows_that_it_is_one(qtbot, qapp, theme):
    apply_theme(qapp, theme)
    box = QComboBox()
    qtbot.addWidget(box)
    box.addItem("x")
    box.resize(140, 28)
    picture = box.grab().toImage()
    greys = [picture.pixelColor(x, y).lightness() for x in range(118, 138) for y in range(5, 23)]
    apply_theme(qapp, LIGHT)
    assert max(greys) - min(greys) > 60
