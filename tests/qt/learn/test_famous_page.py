"""The page on famous networks, as a person uses it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt

from cnnviewer.lessons.famous import FAMILIES
from cnnviewer.lessons.network_messages import FamousAnswer, FamousRequest


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
    assert tour.driver.session.network.name == "lenet5"
    for opens in (lambda: tour.driver.click(page.open), lambda: tour.driver.key(Qt.Key.Key_Return, page.table)):
        tour.driver.session.open_network("fashion-cnn")
        tour.driver.settle()
        opens()
        assert tour.driver.session.network.name == "lenet5"


def test_a_double_click_opens_once(tour, page):
    asked = []
    page.openRequested.connect(lambda name, weights: asked.append((name, weights)))
    place = page.table.visualItemRect(page.table.topLevelItem(0)).center()
    choose(tour, page, "lenet5")
    tour.driver.bot.mouseDClick(page.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    tour.driver.settle()
    assert asked == [("lenet5", "DEFAULT")]


def test_the_table_tells_where_weights_are(page):
    texts = [page.table.topLevelItem(row).text(5) for row in range(3)]
    assert texts == ["here", "244 MB", "553 MB"]


def test_nothing_is_downloaded_unasked(tour, page):
    asked = []
    page.openRequested.connect(lambda name, weights: asked.append((name, weights)))
    choose(tour, page, "vgg16")
    assert page.open.text() == "Download 553 MB, open"
    assert "IMAGENET1K_V1" in page.open.toolTip()
    vgg16 = next(shown for shown in page.chart._families if shown.name == "vgg16")
    tour.driver.click(page.chart, page.chart.point(vgg16).toPoint() - QPoint(3, 0))
    assert page.current.name == "vgg16"
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


def test_a_point_opens_its_network_where_the_weights_are_here(tour, page, monkeypatch):
    monkeypatch.setattr("cnnviewer.networks.torchvision_networks.download", _fail)
    page.show_answer(FamousRequest(), FamousAnswer(tuple(replace(shown, is_local=True) for shown in page._families)))
    asked = []
    page.openRequested.connect(lambda name, weights: asked.append((name, weights)))
    alexnet = next(shown for shown in page.chart._families if shown.name == "alexnet")
    tour.driver.click(page.chart, page.chart.point(alexnet).toPoint())
    assert asked == [("alexnet", "DEFAULT")]


def test_the_points_lie_inside_the_axes(page):
    for family in page.chart._families:
        assert page.chart.rect().adjusted(40, 0, -10, -30).contains(page.chart.point(family).toPoint()), family.name
