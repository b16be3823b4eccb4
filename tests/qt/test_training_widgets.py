"""The widgets of the training panel, with real events."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from cnnviewer.qt.theme import DARK, LIGHT, apply_theme
from cnnviewer.qt.widgets.confusion_grid import ConfusionGrid
from cnnviewer.qt.widgets.curve_plot import CurvePlot
from cnnviewer.qt.widgets.picture_strip import PictureStrip
from cnnviewer.qt.widgets.step_table import StepRow, StepTable
from cnnviewer.qt.widgets.time_line import TimeLine


@pytest.fixture
def shown(qtbot, qapp):
    """Show a widget of a size."""
    apply_theme(qapp, LIGHT)

    def show(widget, width=700, height=260):
        qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        qtbot.waitExposed(widget)
        return widget

    yield show
    apply_theme(qapp, LIGHT)


class TestCurvePlot:
    def test_it_draws_what_it_was_given(self, shown, qtbot):
        plot = shown(CurvePlot("Error", "nats"))
        plot.set_steps(100)
        plot.extend(range(1, 51), [1 / step for step in range(1, 51)])
        plot.append_validation(50, 0.5)
        qtbot.waitUntil(lambda: len(plot.drawn[0]) == 50)
        steps, values = plot.drawn
        assert steps.tolist() == list(range(1, 51))
        assert values.tolist() == [1 / step for step in range(1, 51)]
        assert plot.validation == ((50, 0.5),)
        plot.clear()
        qtbot.waitUntil(lambda: len(plot.drawn[0]) == 0)

    def test_a_million_steps_are_thinned_out(self, shown, qtbot):
        plot = shown(CurvePlot("Error", "nats"))
        plot.extend(range(10**6), np.linspace(2, 0, 10**6).tolist())
        qtbot.waitUntil(lambda: len(plot.drawn[0]) > 0)
        steps, _ = plot.drawn
        assert len(steps) <= 1000
        assert (steps[0], steps[-1]) == (0, 10**6 - 1)

    def test_nothing_is_drawn_while_it_is_hidden(self, qtbot):
        plot = CurvePlot("Error", "nats")
        qtbot.addWidget(plot)
        plot.extend([1, 2], [3.0, 2.0])
        qtbot.wait(400)
        assert len(plot.drawn[0]) == 0
        plot.show()
        assert len(plot.drawn[0]) == 2

    def test_it_can_be_logarithmic_and_follows_the_theme(self, shown, qtbot, qapp):
        plot = shown(CurvePlot("Error", "nats", can_be_log=True))
        plot.extend([1, 2, 3], [10.0, 1.0, 0.1])
        qtbot.waitUntil(lambda: len(plot.drawn[0]) == 3)
        qtbot.mouseClick(plot.scale.button("log"), Qt.MouseButton.LeftButton)
        assert plot.drawn[1].tolist() == pytest.approx([1, 0, -1])
        before = plot._smooth.opts["pen"].color().name()
        apply_theme(qapp, DARK)
        QApplication.processEvents()
        assert plot._smooth.opts["pen"].color().name() == DARK.accent != before

    def test_the_step_under_the_mouse_is_told(self, shown, qtbot):
        plot = shown(CurvePlot("Error", "nats"))
        plot.set_steps(10)
        plot.extend(range(1, 11), [float(step) for step in range(1, 11)])
        plot.append_validation(5, 7.5)
        qtbot.waitUntil(lambda: len(plot.drawn[0]) == 10)
        place = plot._plot.vb.mapViewToScene(plot._plot.vb.mapToView(plot._plot.vb.rect().center()))
        place.setX(plot._plot.vb.mapViewToScene(plot._plot.vb.viewRect().center()).x())
        plot._on_mouse_moved(place)
        assert plot.readout == "step 5: 5 · validation 7.5"


class TestConfusionGrid:
    def test_cells_are_told_and_chosen(self, shown, qtbot):
        grid = shown(ConfusionGrid())
        grid.show_confusion(np.array([[18, 2], [5, 15]]), ("coat", "shirt"))
        assert grid.tip(0, 1) == "coat taken for shirt: 2 of 20 (10.0 %)"
        assert grid.tip(1, 1) == "shirt, rightly: 15 of 20 (75.0 %)"
        with qtbot.waitSignal(grid.cellChosen) as told:
            qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.cell_rect(1, 0).center())
        assert told.args == [1, 0]
        qtbot.keyClick(grid, Qt.Key.Key_Up)
        qtbot.keyClick(grid, Qt.Key.Key_Right)
        with qtbot.waitSignal(grid.cellChosen) as told:
            qtbot.keyClick(grid, Qt.Key.Key_Return)
        assert told.args == [0, 1]
        with qtbot.assertNotEmitted(grid.cellChosen):
            qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=QPoint(2, 2))

    @pytest.mark.parametrize("classes", [0, 2, 10, 100, 1000])
    def test_it_paints_any_number_of_classes(self, shown, classes):
        grid = shown(ConfusionGrid(), 420, 240)
        confusion = np.zeros((classes, classes), dtype=np.int64)
        np.fill_diagonal(confusion, 40)
        grid.show_confusion(confusion, tuple(f"class with a long name {number}" for number in range(classes)))
        picture = grid.grab().toImage()
        if classes:
            cell = grid.cell_rect(classes - 1, classes - 1)
            assert grid.rect().contains(cell)
            color = picture.pixelColor(cell.center())
            assert color.blue() > color.red()  # the accent's colour: all of them are right

    def test_a_smaller_matrix_forgets_the_chosen_cell(self, shown, qtbot):
        grid = shown(ConfusionGrid())
        grid.show_confusion(np.eye(5, dtype=np.int64), tuple("abcde"))
        qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.cell_rect(4, 4).center())
        grid.show_confusion(np.eye(2, dtype=np.int64), tuple("ab"))
        grid.grab()
        with qtbot.waitSignal(grid.cellChosen) as chosen:
            qtbot.keyClick(grid, Qt.Key.Key_Down)
            qtbot.keyClick(grid, Qt.Key.Key_Return)
        assert chosen.args == [1, 0]  # one below the first cell, from which the keyboard begins anew
        grid.clear()
        with qtbot.assertNotEmitted(grid.cellChosen):
            qtbot.keyClick(grid, Qt.Key.Key_Return)
        grid.grab()


class TestTimeLine:
    MOMENTS = (0, 1, 2, 3, 5, 9, 17, 33)

    def test_dragging_tells_moments(self, shown, qtbot):
        line = shown(TimeLine(), 600, 90)
        assert not line.slider.isEnabled()
        line.set_moments(self.MOMENTS, 10)
        seen = []
        line.moved.connect(seen.append)
        line.slider.setFocus()
        for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_End):
            qtbot.keyClick(line.slider, key)
        assert seen == [0, 1, 2, 33]
        assert line.current == 33
        assert "step 33 of 33 · epoch 3.3" in line._text.text()

    def test_the_film_waits_until_a_moment_is_shown(self, shown, qtbot):
        line = shown(TimeLine(), 600, 90)
        line.set_moments(self.MOMENTS, 10)
        line.speed.setCurrentText("8×")
        seen = []
        line.moved.connect(seen.append)
        qtbot.mouseClick(line.play, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: len(seen) == 1)  # from the end it begins anew
        qtbot.wait(300)
        assert seen == [0]
        for count in range(2, len(self.MOMENTS) + 1):
            line.set_ready()
            qtbot.waitUntil(lambda count=count: len(seen) == count)
        line.set_ready()
        qtbot.waitUntil(lambda: not line.play.isChecked())
        assert tuple(seen) == self.MOMENTS

    def test_holding_and_now(self, shown, qtbot):
        line = shown(TimeLine(), 600, 90)
        line.set_moments(self.MOMENTS, 10)
        line.slider.setValue(4)
        with qtbot.waitSignal(line.heldChanged) as told:
            qtbot.mouseClick(line.hold, Qt.MouseButton.LeftButton)
        assert told.args == [5] == [line.held]
        with qtbot.waitSignal(line.liveRequested):
            qtbot.mouseClick(line.now, Qt.MouseButton.LeftButton)
        assert line.current is None
        assert line.held == 5
        with qtbot.waitSignal(line.heldChanged) as told:
            qtbot.mouseClick(line.hold, Qt.MouseButton.LeftButton)
        assert told.args == [None]
        line.grab()

    def test_new_moments_leave_the_shown_one(self, shown):
        line = shown(TimeLine(), 600, 90)
        line.set_moments(self.MOMENTS[:5], 10)
        line.slider.setValue(2)
        line.set_moments(self.MOMENTS, 10)
        assert line.current == 2
        assert line.slider.value() == 2
        line.set_current(None)
        assert line.slider.value() == len(self.MOMENTS) - 1


def test_pictures_are_chosen_by_mouse_and_keys(shown, qtbot):
    strip = shown(PictureStrip(side=40), 300, 160)
    pixels = np.full((7, 8, 8), 0xFF336699, dtype=np.uint32)
    strip.show_pictures(pixels, tuple(f"{number}\n9 %" for number in range(7)), tuple("abcdefg"))
    assert strip.captions[3] == "3\n9 %"
    rect = strip.visualItemRect(strip.item(3))
    with qtbot.waitSignal(strip.chosen) as told:
        qtbot.mouseClick(strip.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert told.args == [3]
    qtbot.keyClick(strip, Qt.Key.Key_Right)
    with qtbot.waitSignal(strip.chosen) as told:
        qtbot.keyClick(strip, Qt.Key.Key_Return)
    assert told.args == [4]
    strip.show_pictures(pixels[:0], (), ())
    assert strip.captions == ()


def test_the_table_shows_rows(shown):
    table = shown(StepTable())
    assert table.texts == ()
    rows = (StepRow("1", "a", "x = 1", "1"), StepRow("2", "b", "y = 2\nz = 3", "2"))
    table.show_rows(rows)
    assert table.texts == (("1", "a", "x = 1", "1"), ("2", "b", "y = 2\nz = 3", "2"))
    table.show_rows(rows[:1])
    assert len(table.texts) == 1
