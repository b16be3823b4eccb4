"""The page on normalising and reshaping."""

from __future__ import annotations

import numpy as np
import pytest

from ..conftest import WAIT


@pytest.fixture
def page(tour):
    page = tour.open("Normalise and reshape")
    tour.driver.settle()
    return page


def test_pixels_are_shifted_and_divided_and_can_be_changed(tour, page):
    mean, deviation = (page.sliders[key].value / 100 for key in ("mean", "deviation"))
    expected = (np.array(page.before.values) / 255 - mean) / deviation
    assert np.allclose(page.after.values, expected, atol=1e-5)
    tour.type(page.before, 1, 2, "255")
    assert page.before.values[1][2] == 255
    assert page.after.values[1][2] == pytest.approx((1 - mean) / deviation, abs=1e-5)
    assert page.told[0].startswith("(255 / 255 − 0.49) / 0.23")


def test_its_own_mean_and_deviation_bring_it_to_a_standard_spread(tour, page):
    for column, text in enumerate(("0", "60", "120", "180", "240")):
        tour.type(page.before, 0, column, text)
    tour.driver.click(page.own)
    after = np.array(page.after.values)
    assert (after.mean(), after.std()) == pytest.approx((0, 1), abs=0.06)
    assert "After: mean" in page.spread
    page.sliders["scale"].slider.setValue(200)
    page.sliders["shift"].slider.setValue(100)
    tour.driver.settle()
    assert np.allclose(page.after.values, 2 * after + 1, atol=1e-4)


def test_flattening_keeps_the_numbers_and_tells_where_each_goes(tour, page):
    tour.driver.click(page.mode.button("Reshape"))
    assert page.row.values[0] == (1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 0, 2, 0, 2, 0, 1, 0)
    tour.type(page.maps[1], 1, 0, "7")
    assert page.row.values[0][12] == 7
    assert "Map 1, row 1, column 0 is number 12 of the row: 1·9 + 1·3 + 0 = <b>12</b>." in page.told[1]
    tour.click_cell(page.row, 0, 4)
    assert page.told[1].startswith("Map 0, row 1, column 1 is number 4")


def test_a_grey_image_has_one_number_a_pixel(tour):
    page = tour.open("An image is numbers")
    tour.driver.settle()
    tour.driver.click(page.mode.button("Grey"))
    assert [plane.isVisible() for plane in page.planes] == [False, False, False, True]
    tour.type(page.planes[3], 2, 2, "255")
    assert page.window_grid.values[2][2] == page.planes[3].values[2][2] == 255
    tour.driver.click(page.mode.button("Colour"))
    assert [plane.isVisible() for plane in page.planes] == [True, True, True, False]


@pytest.mark.parametrize(
    ("title", "layer", "channel"),
    [
        ("Pooling", "s2", 0),
        ("Fully connected and softmax", "output", 3),
        ("ReLU", "relu1", 0),
        ("Convolution", "c1", 0),
    ],
)
def test_each_page_leads_to_its_layer_and_unit(tour, title, layer, channel):
    tour.open(title)
    tour.driver.click(tour.panel.real)
    selection = tour.driver.session.selection
    assert (selection.layer, selection.channel) == (layer, channel)
    assert tour.panel.told.text() == ""


def test_pooling_tells_where_a_network_has_only_a_mean_and_offers_another(tour):
    driver = tour.driver
    driver.open("efficientnet-lite0", sample="chelsea")
    tour.open("Pooling")
    driver.click(tour.panel.real)
    assert driver.session.selection.layer == "global_pool.pool"
    told = "efficientnet-lite0 has no max pooling; global_pool.pool is the nearest to it: average over 7×7."
    assert tour.panel.told.text() == told
    assert tour.panel.elsewhere.text() == "Show max pooling in lenet5"
    driver.click(tour.panel.elsewhere)
    driver.bot.waitUntil(lambda: driver.session.network.name == "lenet5", timeout=WAIT)
    driver.settle()
    assert driver.session.selection.layer == "s2"
    driver.click(tour.panel.way_back)
    driver.settle()
    assert driver.session.network.name == "efficientnet-lite0"
    assert driver.session.selection.layer == "global_pool.pool"
