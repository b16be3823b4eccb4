"""The page on famous networks, as a person uses it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt

from cnnviewer.lessons.famous import FAMILIES


@pytest.fixture
def page(torch_home, tour):
    page = tour.open("Famous networks")
    tour.driver.settle()
    return page


def choose(tour, page, name: str) -> None:
    row = page.table.topLevelItem([family.name for family in FAMILIES].index(name))
    tour.driver.click(page.table.viewport(), page.table.visualItemRect(row).center())


def test_the_table_tells_all_networks(page):
    assert page.table.topLevelItemCount() == len(FAMILIES)
    texts = [page.table.topLevelItem(6).text(column) for column in range(5)]
    assert texts == ["ResNet 50", "2015", "50", "25.6 M", "76.1 %"]


def test_a_network_that_is_here_opens_by_a_click_and_by_enter(tour, page):
    tour.driver.session.open_network("fashion-cnn")
    tour.driver.settle()
    choose(tour, page, "lenet5")
    assert "weights are here" in page.open.text()
    tour.driver.click(page.open)
    assert tour.driver.session.network.name == "lenet5"
    tour.driver.session.open_network("fashion-cnn")
    tour.driver.settle()
    tour.driver.key(Qt.Key.Key_Return, page.table)
    assert tour.driver.session.network.name == "lenet5"


def test_nothing_is_downloaded_unasked(tour, page):
    asked = []
    page.openRequested.connect(lambda name, weights: asked.append((name, weights)))
    choose(tour, page, "vgg16")
    assert page.open.text() == "Download 528 MB, open"
    assert "IMAGENET1K_V1" in page.open.toolTip()
    page.table.setFocus()
    tour.driver.key(Qt.Key.Key_Return, page.table)
    assert asked == []
    assert page.open.hasFocus()


def test_random_weights_open_at_once(tour, page):
    choose(tour, page, "resnet18")
    assert "correction" in page.news
    tour.driver.click(page.random)
    assert tour.driver.session.network.name == "resnet18"
    assert tour.driver.session.network.provenance == "random weights"


def test_a_failed_download_offers_random_weights(tour, page, monkeypatch):
    monkeypatch.setattr("cnnviewer.networks.torchvision_networks.download", _fail)
    choose(tour, page, "densenet121")
    tour.driver.click(page.open)
    assert "no network" in tour.driver.window.error.sentence
    assert tour.driver.session.network.name == "lenet5"
    assert tour.driver.window.error.action.text() == "Go on with random weights"


def _fail(*_):
    from cnnviewer.errors import WeightsError

    raise WeightsError("There is no network here.".replace("There is no", "no"))


def test_a_point_of_the_chart_chooses_its_network(tour, page):
    family = next(family for family in FAMILIES if family.name == "alexnet")
    shown = next(shown for shown in page.chart._families if shown.name == family.name)
    tour.driver.click(page.chart, page.chart.point(shown).toPoint() + QPoint(1, 1))
    assert page.current.name == "alexnet"


def test_the_points_lie_inside_the_axes(page):
    for family in page.chart._families:
        assert page.chart.rect().adjusted(40, 0, -10, -30).contains(page.chart.point(family).toPoint()), family.name
