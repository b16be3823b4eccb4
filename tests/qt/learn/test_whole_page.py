"""The page on the whole network, as a person uses it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QToolTip
from torch import nn

from cnnviewer import from_module, load_network, record
from cnnviewer.lessons.whole_network import network_picture
from cnnviewer.qt.panels.learn.pages import PAGES
from cnnviewer.qt.panels.learn.whole_page import STEP_PAGES
from cnnviewer.qt.widgets.network_view import NetworkView, title_within


@pytest.fixture
def page(tour):
    page = tour.open("The whole network")
    tour.driver.settle()
    return page


def column(page, title: str) -> int:
    return [column.title for column in page.view.picture.columns].index(title)


def hover(page, place: QPointF) -> None:
    view = page.view
    event = QMouseEvent(
        QEvent.Type.MouseMove,
        place,
        view.mapToGlobal(place),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(view, event)


def drag(widget, points) -> None:
    """Press, move and release the left button."""
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    kinds = [QEvent.Type.MouseButtonPress, *[QEvent.Type.MouseMove] * (len(points) - 1), QEvent.Type.MouseButtonRelease]
    for kind, point in zip(kinds, [*points, points[-1]], strict=True):
        button = none if kind is QEvent.Type.MouseMove else left
        place = QPointF(*point)
        event = QMouseEvent(kind, place, widget.mapToGlobal(place), button, left, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(widget, event)


def digit_of(page) -> int:
    return int(np.argmax(page.view.picture.columns[-1].values))


def test_a_sample_is_shown_and_another_can_be_chosen(tour, page):
    assert digit_of(page) == 3
    tour.driver.click(page.samples[1].button("7"))
    assert digit_of(page) == 7
    assert (page.samples[0].current, page.samples[1].current) == ("", "7")


def test_a_drawing_is_read_while_it_is_drawn(tour, page):
    paper = page.pad.paper()
    x = paper.center().x()
    heights = np.linspace(paper.top() + 15, paper.bottom() - 15, 12)
    drag(page.pad, [(x, float(y)) for y in heights])
    tour.driver.settle()
    assert digit_of(page) == 1
    assert page.samples[0].current == ""
    tour.driver.click(page.clear)
    assert digit_of(page) == 3
    assert page.samples[0].current == "3"


def test_pointing_at_a_map_links_what_it_is_made_of_and_what_it_feeds(page):
    place = column(page, "c3")
    rect = page.view.tile_rect(place, 5)
    hover(page, rect.center())
    assert page.view.current == (place, 5)
    links = page.view.links
    into = {source: share for source, target, share in links if target == (place, 5)}
    weight = load_network("lenet5").module.c3.weight.detach()[5].flatten(1).norm(dim=1)
    assert {source[0] for source in into} == {column(page, "s2")}
    for index in range(6):
        assert into[column(page, "s2"), index] == pytest.approx(float(weight[index] / weight.max()), rel=1e-4)
    assert [target for source, target, _ in links if source == (place, 5)] == [(column(page, "s4"), 5)]
    value = page.view.picture.columns[place].values[5][5, 5]
    assert page.readout.text().startswith("c3 · map 5 · row 5, column 5 = ")
    assert float(page.readout.text().split("= ")[1]) == pytest.approx(float(value), rel=0.01)
    QApplication.sendEvent(page.view, QEvent(QEvent.Type.Leave))
    assert page.view.links == ()


def test_a_tooltip_tells_name_and_value(page):
    rect = page.view.tile_rect(column(page, "softmax"), 3)
    hover(page, rect.center())
    place = rect.center().toPoint()
    QApplication.sendEvent(page.view, QHelpEvent(QEvent.Type.ToolTip, place, page.view.mapToGlobal(place)))
    assert QToolTip.text() == "softmax · class 3 = 100.0 %"


def test_the_arrow_keys_point_too(tour, page):
    page.view.setFocus()
    tour.driver.key(Qt.Key.Key_Right, page.view)
    assert page.view.current == (0, 0)
    tour.driver.key(Qt.Key.Key_Right, page.view)
    assert page.view.current[0] == column(page, "c1")
    before = page.view.current
    tour.driver.key(Qt.Key.Key_Down, page.view)
    assert page.view.current == (before[0], min(before[1] + 1, 5))
    assert any(target == page.view.current for _, target, _ in page.view.links)


def test_no_more_links_are_drawn_than_can_be_told_apart(page):
    hover(page, page.view.tile_rect(column(page, "f6"), 0).center())
    into = [share for _, target, share in page.view.links if target == (column(page, "f6"), 0)]
    assert len(into) == 48
    assert max(into) == 1


def test_each_step_opens_its_page(tour, page):
    titles = {shown.title for shown in PAGES}
    assert set(STEP_PAGES.values()) <= titles
    steps = {button.property("step"): button for button in page.view.steps}
    assert set(steps) == set(STEP_PAGES)
    asked = []
    page.pageRequested.connect(asked.append)
    for kind, button in steps.items():
        assert button.toolTip()
        tour.driver.bot.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
        assert asked[-1] == STEP_PAGES[kind] == tour.panel.page.title
        tour.open("The whole network")


def test_steps_carry_the_names_of_what_really_runs(qtbot):
    """Another network's picture: not every activation is a ReLU."""
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.LeakyReLU(0.2), nn.MaxPool2d(2), nn.Conv2d(2, 2, 1), nn.Sigmoid())
    view = NetworkView()
    qtbot.addWidget(view)
    view.resize(1000, 400)
    recording = record(from_module(module), torch.rand(1, 1, 8, 8))
    view.show_picture(network_picture(recording, is_folded=True, is_dark=False))
    assert [button.text() for button in view.steps] == [
        "convolution", "leaky ReLU", "pooling", "convolution", "sigmoid",
    ]  # fmt: skip
    assert view.steps[1].toolTip().startswith("leaky ReLU, slope 0.2\n")
    assert view.steps[2].toolTip().startswith("pooling max 2×2, stride 2\n")


def test_relu_can_have_columns_of_its_own(tour, page):
    count = len(page.view.picture.columns)
    tour.driver.click(page.apart, QPoint(8, page.apart.height() // 2))
    assert len(page.view.picture.columns) == count + 4
    relu = page.view.picture.columns[column(page, "relu1")]
    conv = page.view.picture.columns[column(page, "c1")]
    assert np.array_equal(relu.values, np.maximum(conv.values, 0))


def test_labels_fit_into_the_picture_at_each_size(tour, page):
    for size in ((1000, 700), (1280, 800), (1920, 1080)):
        tour.driver.window.resize(*size)
        tour.driver.settle()
        last = 0
        for button in page.view.steps:
            assert button.geometry().right() <= page.view.width()
            if button.y() == page.view.steps[0].y():
                assert button.x() >= last
                last = button.geometry().right()
        for place, shown in enumerate(page.view.picture.columns):
            for tile in range(len(shown.values)):
                assert page.view.rect().contains(page.view.tile_rect(place, tile).toRect())


# ---- the open network


def choose_open(tour, page):
    tour.driver.click(page.which.button("The open network"))


def test_the_open_network_is_drawn_with_the_image_of_the_window(tour, page):
    choose_open(tour, page)
    assert page.shown.text() == "lenet5"
    assert digit_of(page) == 3
    tour.driver.window.show_sample("digit-8")
    tour.driver.settle()
    assert digit_of(page) == 8  # live
    tour.driver.session.open_network("fashion-cnn")
    tour.driver.settle()
    assert page.shown.text() == "fashion-cnn"
    titles = [shown.title for shown in page.view.picture.columns]
    assert "conv1" in titles
    assert "c1" not in titles
    place = column(page, "conv2")
    hover(page, page.view.tile_rect(place, 2).center())
    assert {source[0] for source, target, _ in page.view.links if target == (place, 2)} == {column(page, "pool1")}
    tour.driver.click(page.which.button("LeNet-5 on your digit"))
    assert column(page, "c1") == 1
    assert page.shown.text() == ""
    assert digit_of(page) == 3


def test_the_open_network_reads_the_digit_that_is_chosen_or_drawn(tour, page):
    choose_open(tour, page)
    tour.driver.click(page.samples[1].button("7"))
    assert digit_of(page) == 7
    tour.driver.click(page.clear)
    assert digit_of(page) == 3  # the window's
    assert (page.samples[0].current, page.samples[1].current) == ("", "")


def test_a_large_network_is_told_to_be_too_large(tour, page):
    choose_open(tour, page)
    tour.driver.session.open_network("resnet18", None)
    tour.driver.settle()
    assert page.view.picture.columns == ()
    assert "at most 32 columns" in page.view.picture.note
    page.view.setFocus()
    tour.driver.key(Qt.Key.Key_Right, page.view)
    assert page.view.current is None
    tour.driver.session.open_network("lenet5")
    tour.driver.settle()
    assert column(page, "c1") == 1


def press(page, place: QPointF) -> None:
    hover(page, place)
    button, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(QEvent.Type.MouseButtonPress, place, page.view.mapToGlobal(place), button, button, none)
    QApplication.sendEvent(page.view, event)


def test_nothing_can_be_pointed_at_beside_a_note(tour, page):
    assert "Point at a map" in page.readout.text()
    choose_open(tour, page)
    tour.driver.session.open_network("resnet18", None)
    tour.driver.settle()
    assert page.readout.text() == ""


def test_a_click_holds_the_links_and_the_next_one_lets_go(tour, page):
    place, other = (column(page, "c3"), 5), (column(page, "c1"), 2)
    press(page, page.view.tile_rect(*place).center())
    held = page.view.links
    assert page.view.is_held
    hover(page, page.view.tile_rect(*other).center())
    QApplication.sendEvent(page.view, QEvent(QEvent.Type.Leave))
    assert (page.view.current, page.view.links) == (place, held)
    press(page, page.view.tile_rect(*other).center())
    assert page.view.current == other
    press(page, page.view.tile_rect(*other).center())
    hover(page, page.view.tile_rect(*place).center())
    assert page.view.current == place
    press(page, page.view.tile_rect(*place).center())
    page.view.setFocus()
    tour.driver.key(Qt.Key.Key_Escape, page.view)
    assert page.view.links == ()


@pytest.fixture
def many(tour, page):
    """The page with resnet20 in it, as many columns as it can have."""
    tour.driver.session.open_network("resnet20", None)
    choose_open(tour, page)
    tour.driver.click(page.apart, QPoint(8, page.apart.height() // 2))
    return page


def test_many_columns_are_scrolled_and_the_pad_stays(tour, many):
    bar = many.area.horizontalScrollBar()
    count = len(many.view.picture.columns)
    assert many.view.width() >= 70 * count
    assert bar.maximum() > 0
    assert many.width() <= tour.panel.width()
    before = many.pad.mapTo(tour.panel, QPoint())
    many.view.setFocus()
    for _ in range(count):
        tour.driver.key(Qt.Key.Key_Right, many.view)
    assert bar.value() > 0
    tile = many.view.tile_rect(*many.view.current).center().toPoint()
    assert many.area.viewport().rect().contains(many.view.mapTo(many.area.viewport(), tile))
    assert many.pad.mapTo(tour.panel, QPoint()) == before


def test_the_wheel_scrolls_the_columns(many):
    place, none, no_key = QPointF(200, 100), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
    for notches, expected in ((-2, 240), (1, 120)):
        event = QWheelEvent(
            place, many.view.mapToGlobal(place), QPoint(), QPoint(0, 120 * notches), none, no_key,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(many.view, event)
        assert many.area.horizontalScrollBar().value() == expected


def test_titles_tell_columns_apart(tour, many):
    metrics = many.view.fontMetrics()
    room = metrics.horizontalAdvance("1.0 conv1")
    shown = [title_within(each.title, metrics, room) for each in many.view.picture.columns]
    assert {"1.0 conv1", "2.1 bn2", "3.2 add"} <= set(shown)
    elided = [title for title in shown if "…" in title]
    assert len(elided) == 1
    assert "adaptive_avg_pool2d".endswith(elided[0].strip("…"))
    wide = [title_within(each.title, metrics, 1000) for each in many.view.picture.columns]
    assert wide == [each.title for each in many.view.picture.columns]


def test_a_label_is_whole_or_none(tour, many):
    for button in many.view.steps:
        assert button.text() in ("", *button.property("words"))
        assert button.fontMetrics().horizontalAdvance(button.text()) <= button.width()
    assert any(button.text() for button in many.view.steps)


def test_the_last_row_of_many_maps_is_as_long_as_the_others(qtbot):
    view = NetworkView()
    qtbot.addWidget(view)
    module = nn.Sequential(nn.Conv2d(1, 96, 3), nn.Conv2d(96, 96, 3))
    view.show_picture(
        network_picture(record(from_module(module), torch.rand(1, 1, 12, 12)), is_folded=True, is_dark=False)
    )
    for width in (420, 600, 900):
        for height in (250, 400, 700):
            view.resize(width, height)
            rows = {}
            for tile in range(96):
                rows.setdefault(round(view.tile_rect(1, tile).top()), []).append(tile)
            assert len({len(row) for row in rows.values()}) == 1
