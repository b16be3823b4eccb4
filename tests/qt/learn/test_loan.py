"""What the tour takes of the window it gives back; what the user chose meanwhile stays."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from cnnviewer.messages import ImageEdit
from cnnviewer.qt.panels.learn.page import Place
from cnnviewer.qt.panels.learn.pages import PAGES

from ..conftest import WAIT
from .conftest import Tour
from .test_whole_page import drag

KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def fashion(driver, tmp_path, monkeypatch):
    """The tour over fashion-cnn on the second of three photos, a unit chosen."""
    monkeypatch.setattr("cnnviewer.qt.training_presenter.runs_folder", lambda: tmp_path)
    driver.open("fashion-cnn", sample="clothing-1")
    images = [driver.session.inputs.images[0]]
    driver.window.show_sample("digit-5")
    driver.window.show_images([*images, driver.session.inputs.images[0], *images])
    driver.settle()
    driver.session.inputs.step_image(1)
    driver.settle()
    driver.session.select("relu1", 3, (4, 5))
    driver.settle()
    return Tour(driver)


def state(tour) -> tuple[object, ...]:
    session = tour.driver.session
    return (
        session.network.name,
        session.network_request,
        session.inputs.images,
        session.inputs.position,
        session.inputs.photo,
        session.recording.image,
        session.recording.probabilities,
        session.selection,
    )


def settle(tour) -> None:
    tour.driver.settle()
    tour.driver.settle()


def train(tour):
    """Start a training that waits before its first step, and wait until the window shows it."""
    page = tour.open("Training")
    tour.driver.bot.mouseClick(page.step, Qt.MouseButton.LeftButton)
    tour.driver.bot.waitUntil(lambda: page.stop.isEnabled() and page.start.text() == "Go on", timeout=WAIT)
    settle(tour)
    assert tour.driver.session.network_name_asked not in ("fashion-cnn", "")
    return page


def close(tour, how: str) -> None:
    if how == "key":
        tour.driver.bot.keyClick(tour.driver.window, Qt.Key.Key_L, KEYS)
    elif how == "dock":
        tour.presenter.dock.close()
    else:
        tour.open(how)
    settle(tour)


@pytest.mark.parametrize("how", ["key", "dock", "What layers see"])
def test_a_training_of_the_tour_gives_back_network_photo_and_selection(fashion, how):
    before = state(fashion)
    train(fashion)
    assert state(fashion)[1:6] != before[1:6]
    close(fashion, how)
    assert state(fashion) == before
    assert fashion.panel.way_back.isHidden()


def test_the_training_is_shown_again_when_its_page_is(fashion):
    before = state(fashion)
    train(fashion)
    run = fashion.driver.session.network_name_asked
    fashion.open("Convolution")
    settle(fashion)
    fashion.open("Training")
    settle(fashion)
    assert fashion.driver.session.network_name_asked == run
    fashion.open("ReLU")
    settle(fashion)
    assert state(fashion) == before


def test_a_newer_choice_of_the_user_stays(fashion):
    before = state(fashion)
    train(fashion)
    fashion.driver.window.show_sample("digit-7")
    settle(fashion)
    fashion.open("ReLU")
    settle(fashion)
    now = state(fashion)
    assert (now[1], now[5]) == (before[1], "digit-7.png")  # the network is given back, the photo is the user's
    train_again = fashion.open("Training")
    settle(fashion)
    fashion.driver.session.open_network("lenet5")
    settle(fashion)
    fashion.open("ReLU")
    settle(fashion)
    assert train_again is not None
    assert (state(fashion)[0], state(fashion)[5]) == ("lenet5", "digit-7.png")


def test_a_training_that_begins_after_the_page_was_left_takes_nothing_for_long(fashion):
    before = state(fashion)
    page = fashion.open("Training")
    fashion.driver.bot.mouseClick(page.step, Qt.MouseButton.LeftButton)
    fashion.panel.show_page(0)
    training = fashion.driver.window.ready_training().training
    fashion.driver.bot.waitUntil(lambda: training.begun_with is not None, timeout=WAIT)
    settle(fashion)
    assert state(fashion) == before


def test_the_panel_on_training_may_cover_the_tour(fashion):
    """It tells more of the same training: what the window shows of it stays."""
    train(fashion)
    run = fashion.driver.session.network_name_asked
    fashion.driver.window.open_training()
    settle(fashion)
    assert not fashion.panel.is_seen
    assert fashion.driver.session.network_name_asked == run


def test_a_way_back_is_offered_from_the_real_network(fashion):
    before = state(fashion)
    fashion.presenter.show_place(Place("attention", what="attention", network="efficientnet-lite0", sample="chelsea"))
    fashion.driver.bot.waitUntil(lambda: fashion.driver.session.network.name == "efficientnet-lite0", timeout=WAIT)
    settle(fashion)
    assert fashion.panel.told.text() == "fashion-cnn has no attention."
    assert fashion.panel.way_back.text() == "Back to fashion-cnn"
    fashion.open("ReLU")  # it was led there on purpose, and may look around
    assert fashion.driver.session.network.name == "efficientnet-lite0"
    fashion.driver.click(fashion.panel.way_back)
    settle(fashion)
    assert state(fashion) == before
    assert fashion.panel.way_back.isHidden()


def test_a_famous_network_leaves_a_way_back(fashion):
    before = state(fashion)
    page = fashion.open("Famous networks")
    fashion.driver.bot.waitUntil(lambda: page.current is not None, timeout=WAIT)
    page.choose("lenet5")
    fashion.driver.click(page.open)
    settle(fashion)
    assert fashion.driver.session.network.name == "lenet5"
    fashion.driver.click(fashion.panel.way_back)
    settle(fashion)
    assert state(fashion) == before


def test_what_can_not_be_opened_takes_nothing(fashion):
    before = state(fashion)
    fashion.presenter.show_place(Place("attention", what="attention", network="no-such-network"))
    settle(fashion)
    assert state(fashion) == before


def test_what_was_lent_is_remembered_between_runs(fashion):
    train(fashion)
    assert fashion.driver.session.lent[0].name == "fashion-cnn"
    fashion.driver.session.open_network("lenet5")
    settle(fashion)
    assert fashion.driver.session.lent is None


@pytest.mark.parametrize("how", ["key", "dock", "ReLU"])
def test_a_hand_on_the_photo_ends_with_the_page(tour, how):
    page = tour.open("What layers see")
    settle(tour)
    page.mode.button("Cover").click()
    middle = page.editor.paper().center()
    drag(page.editor, [(middle.x(), middle.y()), (middle.x() + 30, middle.y())])
    QTest.mousePress(page.editor, Qt.MouseButton.LeftButton, pos=middle.toPoint())
    if how == "ReLU":
        tour.panel.show_title("ReLU")
    else:
        close(tour, how)
    QTest.mouseMove(page.editor, middle.toPoint() + QPoint(40, 30))
    QTest.mouseRelease(page.editor, Qt.MouseButton.LeftButton, pos=middle.toPoint())
    settle(tour)
    assert page.editor.edit == ImageEdit()
    assert tour.driver.session.recording.image == "digit-3.png"


def test_each_page_leaves_the_window_as_it_was(fashion):
    before = state(fashion)
    for page in PAGES:
        fashion.panel.show_title(page.title)
        settle(fashion)
    close(fashion, "dock")
    assert state(fashion) == before
