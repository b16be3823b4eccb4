"""The pages on ReLU, and on the fully connected layer with its softmax."""

import math

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest


def test_relu_of_typed_numbers(tour):
    page = tour.open("ReLU")
    assert page.after.values[0] == (0, 1.5, 0, 4)
    tour.type(page.before, 0, 0, "2.5")
    assert page.after.values[0][0] == 2.5
    assert page.plot.accessibleDescription() == "2.5 becomes 2.5"
    tour.type(page.before, 0, 0, "-4")
    assert page.plot.accessibleDescription() == "−4 becomes 0"


def test_relu_of_a_map_of_the_photo(tour):
    page = tour.open("ReLU")
    before = page.map_before._images[0].copy()
    tour.driver.click(page.edges.button("level edges"))
    assert page.map_before._images[0] != before
    assert page.map_before._images[0] != page.map_after._images[0]


def test_now_in_the_real_network_goes_to_a_relu(tour):
    """One that ends at 6 is one, too: the network stays open."""
    tour.open("ReLU")
    for network, settings in (("lenet5", "ReLU"), ("efficientnet-lite0", "ReLU6")):
        tour.driver.open(network, sample="chelsea")
        tour.driver.click(tour.panel.real)
        layer = tour.driver.session.selected_layer()
        assert tour.driver.session.network.name == network
        assert (layer.kind, layer.settings) == ("activation", settings)


def bars(page):
    return [row.probability for row in page.bars.rows]


def drag(tour, page, row, logit):
    start = QPoint(*map(round, page.bars.point_of(row, page.bars.rows[row].logit)))
    end = QPoint(*map(round, page.bars.point_of(row, logit)))
    tour.driver.bot.mousePress(page.bars, Qt.MouseButton.LeftButton, pos=start)
    tour.driver.bot.mouseMove(page.bars, end)
    tour.driver.bot.mouseRelease(page.bars, Qt.MouseButton.LeftButton, pos=end)
    tour.driver.settle()


def test_a_dragged_logit_takes_share(tour):
    page = tour.open("Fully connected and softmax")
    assert sum(bars(page)) == pytest.approx(1)
    before = [row.logit for row in page.bars.rows]
    drag(tour, page, 3, 6.0)
    logits = [row.logit for row in page.bars.rows]
    assert logits[:3] == pytest.approx(before[:3])
    assert logits[3] == pytest.approx(6.0, abs=0.15)
    exponentials = [math.exp(logit) for logit in logits]
    assert bars(page) == pytest.approx([value / sum(exponentials) for value in exponentials], rel=1e-4)
    assert page.told.startswith("fish: 2·(−0.5) + 0.5·(−1) + 1·1 + bias")


def test_a_fast_mouse_leaves_the_logit_where_it_lets_go(tour):
    """Many movements come between two answers."""
    page = tour.open("Fully connected and softmax")
    bars, left, none = page.bars, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    places = [QPointF(*bars.point_of(1, logit)).toPoint() for logit in (2.0, 3.0, 4.0, 5.0, 6.0)]
    QTest.mousePress(bars, left, none, places[0])
    for place in places[1:]:
        QTest.mouseMove(bars, place)
    QTest.mouseRelease(bars, left, none, places[-1])
    tour.driver.settle()
    assert bars.rows[1].logit == pytest.approx(6.0, abs=0.15)


def test_negative_inputs_stand_in_brackets_behind_a_sign(tour):
    page = tour.open("Fully connected and softmax")
    tour.type(page.inputs, 0, 0, "-2")
    tour.type(page.inputs, 0, 1, "-3")
    assert page.told.startswith("cat: −2·1.5 + (−3)·(−1) + 1·0.5 + bias 0.5 = ")


def test_keys_move_a_logit(tour):
    page = tour.open("Fully connected and softmax")
    page.bars.setFocus()
    tour.driver.key(Qt.Key.Key_Down, page.bars)
    before = page.bars.rows[1].logit
    tour.driver.key(Qt.Key.Key_Right, page.bars)
    assert page.bars.rows[1].logit == pytest.approx(before + 0.1)
    tour.driver.bot.keyClick(page.bars, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    tour.driver.settle()
    assert page.bars.rows[1].logit == pytest.approx(before - 0.9)


def test_inputs_weights_and_biases_are_edited(tour):
    page = tour.open("Fully connected and softmax")
    before = [row.logit for row in page.bars.rows]
    tour.type(page.inputs, 0, 0, "3")
    assert page.bars.rows[0].logit == pytest.approx(before[0] + 1.5)
    tour.type(page.weights, 1, 0, "0")
    assert page.bars.rows[1].logit == pytest.approx(before[1] - 2)
    tour.type(page.biases, 2, 0, "-1.5")
    assert page.bars.rows[2].logit == pytest.approx(before[2] - 3.5)
    assert page.bars.current == 2


def test_the_temperature_flattens_and_keeps_the_order(tour):
    page = tour.open("Fully connected and softmax")
    before = bars(page)
    page.temperature.slider.setFocus()
    tour.driver.key(Qt.Key.Key_End, page.temperature.slider)
    flat = bars(page)
    tour.driver.key(Qt.Key.Key_Home, page.temperature.slider)
    sharp = bars(page)
    assert max(flat) < max(before) < max(sharp)
    for shares in (flat, sharp):
        assert sorted(range(4), key=shares.__getitem__) == sorted(range(4), key=before.__getitem__)


def test_now_in_the_real_network_goes_to_the_last_linear_layer(tour):
    tour.open("Fully connected and softmax")
    tour.driver.click(tour.panel.real)
    assert tour.driver.session.selection.layer == "output"
