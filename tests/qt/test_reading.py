"""How an image was read is shown beside its caption, and can be changed there."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

import cnnviewer
from cnnviewer.messages import ImageRequest

from .conftest import WAIT

pytestmark = pytest.mark.usefixtures("lenet")


@pytest.fixture
def dark(tmp_path):
    """An image of 12 bits in a file of 16."""
    path = tmp_path / "dark.tif"
    Image.fromarray(np.linspace(0, 4000, 900).astype(np.uint16).reshape(30, 30)).save(path)
    return path


@pytest.fixture
def pages(tmp_path):
    path = tmp_path / "pages.tif"
    first, *others = (Image.new("L", (30, 20), grey) for grey in (40, 120, 200))
    first.save(path, save_all=True, append_images=others)
    return path


def show(driver, *paths) -> None:
    driver.window.show_images([ImageRequest(path.name, path=path) for path in paths])
    driver.settle()


def choose(driver, combo, text: str) -> None:
    """Choose an entry by the keyboard."""
    place = next(index for index in range(combo.count()) if text in combo.itemText(index))
    combo.setFocus()
    for _ in range(combo.count()):
        driver.bot.keyClick(combo, Qt.Key.Key_Up)
    for _ in range(place):
        driver.bot.keyClick(combo, Qt.Key.Key_Down)
    driver.settle()


def probabilities(driver) -> tuple[float, ...]:
    return driver.session.recording.probabilities


def test_a_guess_is_shown_as_one_and_can_be_changed(driver, dark):
    show(driver, dark)
    bar = driver.window.input.reading
    assert bar.values.isVisible()
    assert "4,095" in bar.values.currentText()
    assert "guess" in bar.values.currentText()
    assert not bar.pages.isVisible()
    choose(driver, bar.values, "65,535")
    network = cnnviewer.load_network("lenet5")
    expected = cnnviewer.record(network, dark, value_range=(0, 65535)).probabilities
    np.testing.assert_allclose(probabilities(driver), expected, rtol=1e-5)
    assert "65,535" in bar.values.currentText()


def test_a_range_is_typed(driver, dark):
    show(driver, dark)
    bar = driver.window.input.reading
    choose(driver, bar.values, "Other")
    bar.high.setFocus()
    bar.high.selectAll()
    driver.bot.keyClicks(bar.high, "2000")
    driver.bot.keyClick(bar.high, Qt.Key.Key_Return)
    driver.settle()
    expected = cnnviewer.record(cnnviewer.load_network("lenet5"), dark, value_range=(0, 2000)).probabilities
    np.testing.assert_allclose(probabilities(driver), expected, rtol=1e-5)


def test_a_choice_belongs_to_its_image(driver, dark, samples):
    show(driver, dark, samples / "digit-3.png")
    choose(driver, driver.window.input.reading.values, "1,023")
    changed = probabilities(driver)
    driver.session.inputs.step_image(1)
    driver.settle()
    assert not driver.window.input.reading.isVisible()
    driver.session.inputs.step_image(1)
    driver.settle()
    assert probabilities(driver) == changed


def test_an_8_bit_image_asks_nothing(driver, samples):
    show(driver, samples / "digit-3.png")
    assert driver.session.recording.read.value_range is None


def test_a_page_is_told_and_chosen(driver, pages):
    show(driver, pages)
    bar = driver.window.input.reading
    assert bar.pages.currentText() == "page 1 of 3"
    assert not bar.values.isVisible()
    choose(driver, bar.pages, "page 3 of 3")
    expected = cnnviewer.record(cnnviewer.load_network("lenet5"), pages, page=3).probabilities
    np.testing.assert_allclose(probabilities(driver), expected, rtol=1e-5)


def test_channels_that_the_network_does_not_take_are_told(driver, tmp_path):
    path = tmp_path / "five.tif"
    first, *others = (Image.new("L", (30, 20), grey) for grey in range(0, 250, 50))
    first.save(path, save_all=True, append_images=others)
    show(driver, path)
    choose(driver, driver.window.input.reading.pages, "all 5 as channels")
    driver.bot.waitUntil(lambda: "five.tif has 5 channels" in driver.window.error.sentence, timeout=WAIT)
    assert driver.window.error.isVisible()
