"""The frame of the tour: the dock, its pages, and the way into the real network."""

from PySide6.QtCore import Qt

from cnnviewer.messages import View
from cnnviewer.qt.panels.learn.page import Place


def test_the_key_shows_and_hides_the_tour(lenet):
    control_shift = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    lenet.bot.keyClick(lenet.window, Qt.Key.Key_L, control_shift)
    lenet.settle()
    tour = lenet.window.open_learn()
    assert tour.panel.is_seen
    assert tour.dock.height() > 250
    lenet.bot.keyClick(lenet.window, Qt.Key.Key_L, control_shift)
    lenet.settle()
    assert not tour.panel.is_seen


def test_panels_below_the_layers_lie_over_each_other_and_their_keys_raise_them(tour):
    window, keys = tour.driver.window, Qt.KeyboardModifier
    tour.driver.bot.keyClick(window, Qt.Key.Key_T, keys.ControlModifier)
    tour.driver.settle()
    training = window.open_training()
    assert training.dock in window.tabifiedDockWidgets(tour.presenter.dock)
    tour.driver.bot.waitUntil(lambda: not tour.panel.is_seen)
    tour.driver.bot.keyClick(window, Qt.Key.Key_L, keys.ControlModifier | keys.ShiftModifier)
    tour.driver.bot.waitUntil(lambda: tour.panel.is_seen)
    tour.driver.bot.keyClick(window, Qt.Key.Key_T, keys.ControlModifier)
    tour.driver.bot.waitUntil(lambda: not tour.panel.is_seen)
    assert not training.dock.isHidden()


def test_a_page_answers_before_there_is_a_network(driver):
    """Neither a network nor an image is needed."""
    page = driver.window.open_learn().panel.page
    driver.bot.waitUntil(lambda: page.planes[0].shape == (6, 6), timeout=60_000)
    assert driver.session.recording is None


def test_now_in_the_real_network_opens_one_where_there_is_none(driver):
    tour = driver.window.open_learn()
    tour.show_place(Place("convolution", view="Filters", is_last=True))
    driver.bot.waitUntil(lambda: driver.session.recording is not None, timeout=60_000)
    driver.settle()
    assert driver.session.network.name == "lenet5"
    assert driver.session.selection.layer == "c5"
    assert driver.window.layers.card("c5").view is View.FILTERS


def test_now_in_the_real_network_keeps_a_network_that_has_the_layer(driver):
    driver.open("fashion-cnn", sample="clothing-1")
    tour = driver.window.open_learn()
    tour.show_place(Place("pooling", view="Pooled"))
    driver.settle()
    layer = driver.session.selected_layer()
    assert driver.session.network.name == "fashion-cnn"
    assert (layer.kind, layer.name in driver.window.layers.visible_layers) == ("pooling", True)
