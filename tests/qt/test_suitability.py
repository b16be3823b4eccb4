"""An image that a network can't know: what is told of it, and what is offered in its place."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt

from .conftest import WAIT


def test_a_cat_before_a_network_of_clothes_is_told_and_a_boot_is_one_click_away(driver):
    driver.open("fashion-cnn", sample="chelsea")
    hint = driver.window.input.hint
    assert "clothing" in hint.text
    assert driver.window.probabilities.caution == "fashion-cnn knows small grey images of clothing only."
    assert hint.draw.isHidden()
    driver.click(hint.show_sample)
    assert driver.session.recording.image == "clothing-9.png"
    assert driver.window.probabilities.bars[0].name == "Ankle boot"
    assert hint.text == ""
    assert driver.window.probabilities.caution == ""


def test_another_network_judges_anew(driver):
    driver.open("efficientnet-lite0", sample="chelsea")
    hint = driver.window.input.hint
    assert hint.text == ""
    driver.session.open_network("lenet5")
    driver.bot.waitUntil(lambda: driver.session.network.name == "lenet5", timeout=WAIT)
    driver.settle()
    assert "digits" in hint.text
    driver.session.open_network("efficientnet-lite0")
    driver.window.show_sample("digit-3")
    driver.bot.waitUntil(lambda: driver.session.recording.image == "digit-3.png", timeout=WAIT)
    driver.settle()
    assert "photos" in hint.text


def test_the_hint_can_be_put_away_while_the_network_is_open(driver):
    driver.open("lenet5", sample="chelsea")
    hint = driver.window.input.hint
    driver.click(hint.close_button)
    assert hint.text == ""
    driver.window.show_sample("coffee")
    driver.settle()
    assert hint.text == ""
    driver.session.open_network("fashion-cnn")
    driver.bot.waitUntil(lambda: driver.session.network.name == "fashion-cnn", timeout=WAIT)
    driver.settle()
    assert hint.text


def test_a_new_drawing_pad_has_nothing_of_the_photo_beside_it(driver):
    driver.open("lenet5", sample="chelsea")
    driver.click(driver.window.input.hint.draw)
    window, session = driver.window, driver.session
    driver.bot.waitUntil(lambda: not session.inputs.is_streaming and "chelsea" not in session.recording.image)
    driver.settle()
    assert window.input.is_blank
    assert "drawing" in window.input.caption
    assert "Nothing is drawn" in window.probabilities.caution
    assert window.input.hint.text == ""
    pad, paper = window.input.pad, window.input.pad.paper()
    top, bottom = (paper.center() + QPoint(0, sign * paper.height() // 3) for sign in (-1, 1))
    driver.bot.mousePress(pad, Qt.MouseButton.LeftButton, pos=top)
    driver.bot.mouseMove(pad, paper.center())
    driver.bot.mouseMove(pad, bottom)
    driver.bot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=bottom)
    driver.bot.waitUntil(lambda: window.probabilities.caution == "", timeout=WAIT)
    driver.bot.waitUntil(lambda: window.probabilities.bars[0].name == "1", timeout=WAIT)


def test_a_pad_over_a_network_of_photos_ends_at_a_network_of_digits_and_nothing_stale(driver):
    driver.open("efficientnet-lite0", sample="chelsea")
    driver.window.open_live().pad()
    driver.bot.waitUntil(lambda: driver.session.network.name == "lenet5", timeout=WAIT)
    driver.bot.waitUntil(lambda: not driver.session.inputs.is_streaming, timeout=WAIT)
    driver.settle()
    driver.bot.waitUntil(lambda: "chelsea" not in driver.session.recording.image, timeout=WAIT)
    assert "Nothing is drawn" in driver.window.probabilities.caution


def test_random_weights_know_nothing_and_so_nothing_is_offered(driver):
    driver.open("fashion-cnn", None, sample="chelsea")
    assert driver.window.input.hint.text == ""
    assert driver.window.probabilities.caution.startswith("Random weights")
