"""The page on what layers see: the window's network gets the photo as it is moved, turned, scaled, covered."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from cnnviewer import load_network, record
from cnnviewer.images import as_image
from cnnviewer.inputs.editing import edited
from cnnviewer.messages import ImageEdit

from .test_whole_page import drag


@pytest.fixture
def page(tour):
    page = tour.open("What layers see")
    tour.driver.settle()
    return page


def expected(samples, edit: ImageEdit) -> list[float]:
    photo = as_image(samples / "digit-3.png")
    return record(load_network("lenet5"), edited(photo, edit)).probabilities.tolist()


def is_shown(tour, samples, edit: ImageEdit) -> bool:
    return np.allclose(tour.driver.session.recording.probabilities, expected(samples, edit), rtol=1e-4, atol=1e-7)


def test_dragging_moves_what_the_network_is_given(tour, page, samples):
    paper = page.editor.paper()
    start = paper.left() + 0.3 * paper.width(), paper.top() + 0.7 * paper.height()
    drag(page.editor, [start, (start[0] + 0.1 * paper.width(), start[1]), (start[0] + 0.2 * paper.width(), start[1])])
    tour.driver.settle()
    assert page.editor.edit.shift == pytest.approx((0.2, 0.0))
    assert is_shown(tour, samples, page.editor.edit)
    card = tour.driver.window.layers.card("c1")
    assert card is not None  # the cards follow: the same layers, with other pictures
    tour.driver.click(page.reset)
    assert page.editor.edit == ImageEdit()
    assert tour.driver.session.recording.image == "digit-3.png"
    assert is_shown(tour, samples, ImageEdit())


def test_the_handle_turns_the_wheel_scales_and_the_brush_covers(tour, page, samples):
    editor, paper = page.editor, page.editor.paper()
    middle, handle = paper.center(), editor.handle()
    drag(editor, [(handle.x(), handle.y()), (middle.x() + 30, middle.y())])
    assert editor.edit.angle == pytest.approx(90, abs=1)
    wheel = QWheelEvent(
        middle,
        editor.mapToGlobal(middle),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(editor, wheel)
    assert editor.edit.scale == pytest.approx(1.21)
    tour.driver.bot.mouseClick(page.mode.button("Cover"), Qt.MouseButton.LeftButton)
    drag(editor, [(middle.x(), middle.y()), (middle.x() + 0.3 * paper.width(), middle.y())])
    assert len(editor.edit.covers) == 2
    left, top, right, bottom = editor.edit.covers[0]
    assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((0.5, 0.5), abs=0.01)
    tour.driver.settle()
    assert is_shown(tour, samples, editor.edit)
    assert page.angle.value == round(editor.edit.angle)


def test_the_keys_do_all_of_it(tour, page, samples):
    editor = page.editor
    editor.setFocus()
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Plus):
        tour.driver.key(key, editor)
    tour.driver.bot.keyClicks(editor, ">")
    assert editor.edit.shift == pytest.approx((0.02, 0.02))
    assert (editor.edit.scale, editor.edit.angle) == pytest.approx((1.1, 5))
    page.angle.slider.setFocus()
    tour.driver.key(Qt.Key.Key_PageUp, page.angle.slider)
    assert editor.edit.angle == page.angle.value > 5
    tour.driver.settle()
    assert is_shown(tour, samples, editor.edit)
    tour.driver.key(Qt.Key.Key_Home, editor)
    assert editor.edit == ImageEdit()
    assert is_shown(tour, samples, ImageEdit())


def test_it_says_whether_the_class_stays(tour, page, samples):
    assert page.verdict == ""
    page.editor.move_by(0.02, 0)
    tour.driver.settle()
    assert page.verdict == "The class stays: 3"
    assert "→" in page.now.bars[0].text
    before = page.before.bars
    found = {angle: expected(samples, ImageEdit(angle=angle)) for angle in range(30, 180, 10)}
    angle, other = next(
        (angle, values.index(max(values))) for angle, values in found.items() if max(values) > values[3]
    )
    page.editor.change(shift=(0.0, 0.0), angle=float(angle))
    tour.driver.settle()
    assert page.verdict == f"The class changes: 3 → {other}"
    assert page.before.bars == before


def test_leaving_the_page_brings_the_photo_back(tour, page, samples):
    page.editor.change(angle=80.0)
    tour.driver.settle()
    assert tour.driver.session.recording.image == "digit-3.png, changed"
    tour.open("An image is numbers")
    tour.driver.settle()
    assert is_shown(tour, samples, ImageEdit())
    assert page.editor.edit == ImageEdit()


def test_another_photo_or_network_begins_unchanged(tour, page):
    page.editor.change(angle=80.0)
    tour.driver.settle()
    tour.driver.window.show_sample("digit-5")
    tour.driver.settle()
    assert page.editor.edit == ImageEdit()
    assert tour.driver.session.recording.ranking[0] == 5
    page.editor.change(angle=80.0)
    tour.driver.settle()
    tour.driver.session.open_network("fashion-cnn")
    tour.driver.settle()
    tour.driver.settle()
    assert page.editor.edit == ImageEdit()
    inputs = tour.driver.session.inputs
    assert tour.driver.session.recording.image == inputs.images[inputs.position].title
    assert page.verdict == ""


def test_a_patch_shows_where_it_lies_and_opens_its_map(tour, page):
    row = page.rows[0]
    place = row.patch_rect(1).center()
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(place),
        row.mapToGlobal(place),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(row, event)
    assert page.editor._mark == row.patches[1].box
    tour.driver.click(row, place.toPoint())
    selection = tour.driver.session.selection
    assert selection.layer == "relu1"
    assert (selection.channel, selection.unit) == (row.patches[1].channel, row.patches[1].unit)


def test_the_table_of_fields_grows(tour, page):
    tour.driver.click(page.shown.button("Fields"))
    assert page.fields.isVisible()
    sizes = [int(bar.text.split()[0]) for bar in page.fields.bars]
    assert sizes == sorted(sizes)
    # relu1 of LeNet-5: 5 pixels; relu3: 5 + 1 + 4 · 2.
    assert sizes == [5, 14]
    # A click marks the field of the middle unit: 14 of the 28 rows that are no padding, around the middle.
    tour.driver.click(page.fields, QPoint(10, 30))
    left, top, right, bottom = page.editor._mark
    assert (right - left, bottom - top) == pytest.approx((0.5, 0.5))
    assert left <= 0.5 <= right


def test_many_changes_reach_the_network_as_few(tour, page, samples):
    """While the network is at work only the newest change waits."""
    recorded = []
    tour.driver.session.recordingChanged.connect(recorded.append)
    for angle in range(1, 121):
        page.editor.change(angle=float(angle))
        QApplication.processEvents()
    tour.driver.settle()
    assert len(recorded) < 120
    assert is_shown(tour, samples, ImageEdit(angle=120.0))
