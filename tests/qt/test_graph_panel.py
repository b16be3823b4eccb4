"""The graph in the real window, as a person uses it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from cnnviewer.graphs import Direction
from cnnviewer.qt.widgets.graph_items import button_rect


class GraphUser:
    """Uses the graph of a window."""

    def __init__(self, driver) -> None:
        self.driver = driver
        QTest.keyClick(driver.window, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
        self.panel = driver.window.open_graph().panel
        self.view = self.panel.view
        driver.bot.waitUntil(lambda: self.view.picture is not None, timeout=60_000)
        driver.settle()

    @property
    def picture(self):
        return self.view.picture

    def names(self):
        return [box.module or (box.members[0] if box.members else "input") for box in self.picture.boxes]

    def place(self, name):
        return self.names().index(name)

    def middle(self, name):
        return self.view.box_rect(self.place(name)).center().toPoint()

    def item(self, module):
        return next(item for item in (*self.picture.frames, *self.picture.boxes) if item.module == module)

    def button(self, module):
        return self.view.to_widget(button_rect(self.item(module)).center())

    def see(self, name):
        self.view.bring_into_view(self.place(name))

    def hover(self, point):
        place = QPointF(point)
        none = Qt.MouseButton.NoButton
        kind, no_key = QEvent.Type.MouseMove, Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, place, self.view.mapToGlobal(place), none, none, no_key)
        QApplication.sendEvent(self.view, event)

    def turn(self, point, notches):
        place = QPointF(point)
        none, no_key = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        event = QWheelEvent(
            place, self.view.mapToGlobal(place), QPoint(), QPoint(0, 120 * notches), none, no_key,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.view, event)

    def drag(self, start, way):
        left, none, no_key = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        kinds = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease)
        for kind, point in zip(kinds, (start, start + way, start + way), strict=True):
            button = none if kind is QEvent.Type.MouseMove else left
            place = QPointF(point)
            QApplication.sendEvent(
                self.view, QMouseEvent(kind, place, self.view.mapToGlobal(place), button, left, no_key)
            )

    def press(self, key, modifier=Qt.KeyboardModifier.NoModifier):
        QTest.keyClick(self.view, key, modifier)
        self.driver.settle()


@pytest.fixture
def lenet_graph(lenet):
    return GraphUser(lenet)


@pytest.fixture
def resnet_graph(driver):
    driver.open("resnet20", None)
    return GraphUser(driver)


def test_the_key_shows_the_graph_and_hides_it(lenet_graph):
    dock = lenet_graph.driver.window.open_graph().dock
    layers = [layer.name for layer in lenet_graph.driver.session.recording.layers]
    assert lenet_graph.names() == ["input", *layers]
    assert lenet_graph.view.hasFocus()
    QTest.keyClick(lenet_graph.view, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert dock.isHidden()


def test_a_click_on_a_box_goes_to_its_card(lenet_graph):
    driver = lenet_graph.driver
    assert driver.window.layers.card("output") is None or not driver.window.layers.card("output").isVisible()
    driver.click(lenet_graph.view, lenet_graph.middle("output"))
    assert driver.session.selection.layer == "output"
    assert lenet_graph.view.current == lenet_graph.place("output")
    assert not driver.window.layers.card("output").visibleRegion().isEmpty()


def test_the_layer_that_is_chosen_elsewhere_is_marked_and_brought_into_view(lenet_graph):
    lenet_graph.view.zoom_by(3.0)
    lenet_graph.driver.session.select("output")
    assert lenet_graph.view.current == lenet_graph.place("output")
    assert lenet_graph.view.rect().contains(lenet_graph.middle("output"))
    lenet_graph.driver.session.select("c1")
    assert lenet_graph.view.rect().contains(lenet_graph.middle("c1"))


def test_the_plus_unfolds_a_module_in_its_place_and_the_minus_folds_it(resnet_graph):
    resnet_graph.driver.click(resnet_graph.panel.fewer)
    assert "layer2" in resnet_graph.names()
    resnet_graph.see("layer2")
    before = resnet_graph.button("layer2")
    resnet_graph.driver.click(resnet_graph.view, before.toPoint())
    assert "layer2" not in resnet_graph.names()
    assert "layer2.0" in resnet_graph.names()  # its blocks are folded still
    assert (resnet_graph.button("layer2") - before).manhattanLength() < 3
    resnet_graph.driver.click(resnet_graph.view, resnet_graph.button("layer2").toPoint())
    assert "layer2" in resnet_graph.names()
    assert (resnet_graph.button("layer2") - before).manhattanLength() < 3


def test_a_double_click_unfolds_too(resnet_graph):
    resnet_graph.driver.click(resnet_graph.panel.fewer)
    resnet_graph.see("layer1")
    resnet_graph.driver.bot.mouseDClick(resnet_graph.view, Qt.MouseButton.LeftButton, pos=resnet_graph.middle("layer1"))
    resnet_graph.driver.settle()
    assert "layer1" not in resnet_graph.names()
    assert any(frame.module == "layer1" for frame in resnet_graph.picture.frames)


def test_all_can_be_folded_and_unfolded(resnet_graph):
    driver, panel = resnet_graph.driver, resnet_graph.panel
    usual = resnet_graph.names()
    layers = [layer.name for layer in driver.session.recording.layers]
    driver.click(panel.more)
    assert sorted(resnet_graph.names()) == sorted(["input", *layers])
    driver.click(panel.fewer)
    assert {"layer1", "layer2", "layer3"} <= set(resnet_graph.names())
    assert not resnet_graph.picture.frames
    driver.click(panel.usual)
    assert resnet_graph.names() == usual


def test_a_folded_box_is_marked_for_the_layer_in_it(resnet_graph):
    resnet_graph.driver.click(resnet_graph.panel.fewer)
    layers = [layer.name for layer in resnet_graph.driver.session.recording.layers if layer.name.startswith("layer3.")]
    resnet_graph.driver.session.select(layers[5])
    assert resnet_graph.view.current == resnet_graph.place("layer3")
    resnet_graph.driver.click(resnet_graph.panel.more)
    assert resnet_graph.view.current == resnet_graph.place(layers[5])


def test_enter_folds_and_unfolds_and_shift_arrows_go_from_box_to_box(resnet_graph):
    resnet_graph.driver.click(resnet_graph.panel.fewer)
    resnet_graph.driver.session.select("conv1")
    shift = Qt.KeyboardModifier.ShiftModifier
    seen = []
    while resnet_graph.view.current != resnet_graph.place("layer1"):
        seen.append(resnet_graph.view.current)
        resnet_graph.press(Qt.Key.Key_Right, shift)
        assert resnet_graph.view.current == seen[-1] + 1
    resnet_graph.press(Qt.Key.Key_Return)
    assert "layer1.0" in resnet_graph.names()
    assert resnet_graph.view.current == resnet_graph.place("layer1.0")
    resnet_graph.press(Qt.Key.Key_Return)  # the first block, a box of its own
    first = resnet_graph.picture.boxes[resnet_graph.view.current]
    assert first.members[0].startswith("layer1.0.")
    resnet_graph.press(Qt.Key.Key_Return)
    assert "layer1.0" in resnet_graph.names()
    resnet_graph.press(Qt.Key.Key_Left, shift)
    assert resnet_graph.driver.session.selection.layer == resnet_graph.names()[resnet_graph.view.current]


def test_the_search_steps_through_finds(resnet_graph):
    panel, session = resnet_graph.panel, resnet_graph.driver.session
    resnet_graph.driver.click(panel.more)
    panel.search.setFocus()
    QTest.keyClicks(panel.search, "conv2")
    expected = [layer.name for layer in session.recording.layers if "conv2" in layer.name]
    assert panel.count.text() == f"{len(expected)} found"
    for name in expected[:3]:
        resnet_graph.driver.key(Qt.Key.Key_Return, panel.search)
        assert session.selection.layer == name
        assert resnet_graph.view.rect().contains(resnet_graph.middle(name))
    assert panel.count.text() == f"3 of {len(expected)}"
    QTest.keyClick(panel.search, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    resnet_graph.driver.settle()
    assert session.selection.layer == expected[1]
    panel.search.clear()
    QTest.keyClicks(panel.search, "no such layer")
    assert panel.count.text() == "nothing found"
    QTest.keyClick(panel.search, Qt.Key.Key_Escape)
    assert panel.search.text() == ""


def test_the_wheel_zooms_around_the_mouse(lenet_graph):
    view, point = lenet_graph.view, lenet_graph.middle("c3")
    before, zoom = view.to_picture(QPointF(point)), view.zoom
    lenet_graph.turn(point, 3)
    assert view.zoom == pytest.approx(zoom * 1.2**3)
    after = view.to_picture(QPointF(point))
    assert (after - before).manhattanLength() < 2
    lenet_graph.press(Qt.Key.Key_Minus)
    assert view.zoom == pytest.approx(zoom * 1.2**2)
    lenet_graph.press(Qt.Key.Key_0)
    assert all(view.rect().contains(view.box_rect(place).toRect()) for place in range(len(lenet_graph.picture.boxes)))


def test_dragging_and_arrow_keys_pan_and_choose_nothing(lenet_graph):
    view = lenet_graph.view
    chosen, before = lenet_graph.driver.session.selection, lenet_graph.middle("c3")
    lenet_graph.drag(before, QPoint(37, -21))
    assert (lenet_graph.middle("c3") - before - QPoint(37, -21)).manhattanLength() <= 2
    assert lenet_graph.driver.session.selection == chosen
    before = lenet_graph.middle("c3")
    lenet_graph.press(Qt.Key.Key_Left)
    lenet_graph.press(Qt.Key.Key_Down)
    assert lenet_graph.middle("c3").x() > before.x()
    assert lenet_graph.middle("c3").y() < before.y()
    assert view.hasFocus()


def test_what_is_panned_looks_as_if_it_were_painted_anew(resnet_graph):
    view = resnet_graph.view
    for steps in ([(-33, 5), (-80, -12), (17, 40)], [(-400, 0), (90, 3)]):
        for dx, dy in steps:
            view.pan(dx, dy)
            view.repaint()
        panned = view.grab().toImage()
        view.repaint_all()
        assert panned == view.grab().toImage()


def test_pointing_at_a_box_highlights_its_lines_and_tells_of_it(resnet_graph):
    resnet_graph.driver.click(resnet_graph.panel.more)
    name = "layer1.0.add"
    resnet_graph.driver.session.select(name)
    plain = resnet_graph.view.grab().toImage()
    point = resnet_graph.middle(name)
    resnet_graph.hover(point)
    assert resnet_graph.view.hovered == resnet_graph.place(name)
    assert resnet_graph.view.grab().toImage() != plain
    QApplication.sendEvent(
        resnet_graph.view, QHelpEvent(QEvent.Type.ToolTip, point, resnet_graph.view.mapToGlobal(point))
    )
    layer = resnet_graph.driver.session.layer(name)
    for told in (name, "addition", "16×32×32", *layer.inputs):
        assert told in QToolTip.text()
    QApplication.sendEvent(resnet_graph.view, QEvent(QEvent.Type.Leave))
    assert resnet_graph.view.hovered is None


def test_the_direction_can_be_chosen(lenet_graph):
    assert lenet_graph.picture.direction is Direction.ACROSS
    lenet_graph.driver.click(lenet_graph.panel.direction.button(Direction.DOWN.value))
    assert lenet_graph.picture.direction is Direction.DOWN
    tops = [box.y for box in lenet_graph.picture.boxes]
    assert tops == sorted(tops)


def test_another_network_brings_its_own_graph_and_another_image_none(lenet_graph):
    driver, shown = lenet_graph.driver, lenet_graph.picture
    driver.window.show_sample("digit-7")
    driver.settle()
    assert lenet_graph.picture is shown
    driver.session.open_network("fashion-cnn")
    driver.settle()
    assert "conv1" in lenet_graph.names()
    assert lenet_graph.names()[1:] == [layer.name for layer in driver.session.recording.layers]


def test_light_and_dark_look_different(lenet_graph):
    light = lenet_graph.view.grab().toImage()
    lenet_graph.driver.window.set_theme("dark")
    dark = lenet_graph.view.grab().toImage()
    corner = QPoint(2, 2)
    assert light.pixelColor(corner).lightness() > 200 > 60 > dark.pixelColor(corner).lightness()


def test_the_legend_names_the_kinds_that_are_there(lenet_graph):
    text = lenet_graph.panel.legend.text()
    for kind in {layer.kind for layer in lenet_graph.driver.session.recording.layers}:
        assert kind in text
    assert "normalisation" not in text


# ---- what is chosen, and what is seen of it


def is_seen(user):
    return user.view.rect().contains(user.view.box_rect(user.view.current).center().toPoint())


def test_a_click_on_a_folded_module_chooses_its_first_layer_unless_one_in_it_is_chosen(resnet_graph):
    session = resnet_graph.driver.session
    layers = [layer.name for layer in session.recording.layers if layer.name.startswith("layer2.")]
    resnet_graph.driver.click(resnet_graph.panel.fewer)
    session.select("conv1")
    resnet_graph.see("layer2")
    resnet_graph.driver.click(resnet_graph.view, resnet_graph.middle("layer2"))
    assert session.selection.layer == layers[0]
    assert not resnet_graph.driver.window.layers.card(layers[0]).visibleRegion().isEmpty()
    session.select(layers[4], 3)
    resnet_graph.driver.window.layers.scroll_to("conv1")
    resnet_graph.driver.settle()
    resnet_graph.driver.click(resnet_graph.view, resnet_graph.middle("layer2"))
    assert (session.selection.layer, session.selection.channel) == (layers[4], 3)
    assert not resnet_graph.driver.window.layers.card(layers[4]).visibleRegion().isEmpty()
    resnet_graph.press(Qt.Key.Key_Space)
    assert layers[4] in resnet_graph.picture.boxes[resnet_graph.view.current].members
    assert "layer2" not in resnet_graph.names()
    assert is_seen(resnet_graph)


def test_space_folds_in_the_graph_and_opens_no_large_view(resnet_graph):
    from cnnviewer.qt.widgets.large_view import LargeView

    resnet_graph.driver.click(resnet_graph.panel.fewer)
    resnet_graph.driver.session.select("layer1.0.conv1")
    resnet_graph.press(Qt.Key.Key_Space)
    assert "layer1.0" in resnet_graph.names()
    resnet_graph.driver.session.select("conv1")  # in no module: nothing to fold
    resnet_graph.press(Qt.Key.Key_Space)
    assert not [view for view in resnet_graph.driver.window.findChildren(LargeView) if view.isVisible()]


def test_the_selection_stays_in_view_whatever_is_folded_and_wherever_it_runs(resnet_graph):
    panel, session = resnet_graph.panel, resnet_graph.driver.session
    last = session.recording.layers[-4].name
    session.select(last)
    buttons = (panel.more, panel.direction.button(Direction.DOWN.value), panel.usual, panel.fewer, panel.more)
    for button in (*buttons, panel.direction.button(Direction.ACROSS.value), panel.usual):
        resnet_graph.driver.click(button)
        assert last in resnet_graph.picture.boxes[resnet_graph.view.current].members
        assert is_seen(resnet_graph)


def test_typing_jumps_to_the_first_find_and_buttons_step_on(resnet_graph):
    panel, session = resnet_graph.panel, resnet_graph.driver.session
    resnet_graph.driver.click(panel.more)
    session.select("conv1")
    assert not panel.next.isVisible()
    QTest.keyClicks(panel.search, "layer3")
    expected = [layer.name for layer in session.recording.layers if "layer3" in layer.name]
    assert session.selection.layer == "conv1"
    assert resnet_graph.view.rect().contains(resnet_graph.middle(expected[0]))
    for button, name in ((panel.next, expected[0]), (panel.next, expected[1]), (panel.previous, expected[0])):
        resnet_graph.driver.click(button)
        assert session.selection.layer == name
    resnet_graph.driver.session.open_network("lenet5")
    resnet_graph.driver.settle()
    assert panel.search.text() == ""
    assert not panel.next.isVisible()


def test_all_of_a_very_long_graph_can_be_seen(resnet_graph):
    resnet_graph.driver.click(resnet_graph.panel.more)
    last = resnet_graph.driver.session.recording.layers[-1].name
    resnet_graph.driver.session.select(last)
    resnet_graph.driver.window.resize(900, 700)
    resnet_graph.view.show_all()
    size = resnet_graph.view.picture_size()
    assert resnet_graph.view.width() / size.width() < 0.1
    assert resnet_graph.view.zoom >= 0.3
    assert size.height() * resnet_graph.view.zoom <= resnet_graph.view.height()
    assert is_seen(resnet_graph)


def test_a_picture_that_is_awaited_is_told_of(lenet_graph):
    panel, view = lenet_graph.panel, lenet_graph.view
    plain = view.grab().toImage()
    panel.requested.disconnect()  # a worker that takes long
    panel.ask()
    lenet_graph.driver.bot.waitUntil(lambda: view.grab().toImage() != plain)
    panel.stop_waiting()
    assert view.grab().toImage() == plain
