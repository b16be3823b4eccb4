"""Which network is open, and with which weights: what the menu ticks, and what is told where its answers are read."""

from __future__ import annotations

import json

import pytest
from PySide6.QtCore import QSettings, Qt

from cnnviewer.cli import main
from cnnviewer.qt.preferences import Preferences

from .conftest import WAIT


def choose(driver, text: str) -> None:
    """Click an action of the network menu."""
    menu = driver.window.tool_bar.network_menu
    menu.popup(driver.window.mapToGlobal(driver.window.rect().center()))
    action = next(action for action in menu.actions() if action.text() == text)
    menu.setActiveAction(action)
    rect = menu.actionGeometry(action)
    driver.bot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=rect.center())
    menu.close()


def ticked(driver) -> list[str]:
    return [action.text() for action in driver.window.tool_bar.network_menu.actions() if action.isChecked()]


RANDOM = "Random weights instead of trained ones"


def test_random_weights_are_a_choice_for_the_network_that_is_open(lenet):
    choose(lenet, RANDOM)
    lenet.bot.waitUntil(lambda: lenet.session.network.provenance == "random weights", timeout=WAIT)
    assert ticked(lenet) == ["lenet5", RANDOM]
    choose(lenet, "fashion-cnn")
    lenet.bot.waitUntil(lambda: lenet.session.network.name == "fashion-cnn", timeout=WAIT)
    assert lenet.session.network.provenance == "pretrained on Fashion-MNIST"
    assert ticked(lenet) == ["fashion-cnn"]


def test_the_network_that_is_open_is_opened_anew_with_the_weights_it_has(driver):
    driver.open("lenet5", None)
    choose(driver, "lenet5")
    driver.settle()
    assert driver.session.network.provenance == "random weights"
    choose(driver, RANDOM)
    driver.bot.waitUntil(lambda: driver.session.network.provenance == "pretrained on MNIST", timeout=WAIT)


def test_what_was_never_trained_opens_with_random_weights(lenet):
    choose(lenet, "tiny-vgg")
    lenet.bot.waitUntil(lambda: lenet.session.network.name == "tiny-vgg", timeout=WAIT)
    lenet.settle()
    assert lenet.window.error.isHidden()
    assert ticked(lenet) == ["tiny-vgg", RANDOM]


def test_the_tick_stays_at_the_open_network_where_another_can_not_be_opened(lenet, monkeypatch):
    def refuse(*words, **more):
        raise OSError("no network")

    monkeypatch.setattr("cnnviewer.downloads.urlopen", refuse, raising=False)
    monkeypatch.setenv("TORCH_HOME", "/nonexistent")
    choose(lenet, "vgg16")
    assert ticked(lenet) == ["lenet5"]  # at once: not before it is there
    lenet.session.cancel()
    lenet.settle()
    assert ticked(lenet) == ["lenet5"]
    assert lenet.session.network.name == "lenet5"


def test_a_file_of_weights_is_no_listed_network(lenet, tmp_path):
    from safetensors.torch import save_file

    from cnnviewer import load_network

    path = tmp_path / "lenet5.safetensors"
    save_file(load_network("lenet5").module.state_dict(), path)
    lenet.session.open_network(str(path))
    lenet.bot.waitUntil(lambda: lenet.session.network_name_asked == str(path), timeout=WAIT)
    lenet.settle()
    assert ticked(lenet) == []


@pytest.mark.parametrize("weights", ["DEFAULT", None, "/some/weights.pth"])
def test_the_choice_is_remembered_with_its_network(lenet, weights):
    from cnnviewer.messages import NetworkRequest

    lenet.session.network_request = NetworkRequest("lenet5", weights)
    Preferences().save(lenet.window, lenet.session, "light")
    assert Preferences().network() == ("lenet5", weights)
    QSettings().clear()


def test_random_weights_are_told_wherever_probabilities_are_read(driver):
    driver.open("lenet5", None)
    window = driver.window
    tour = window.open_learn().panel
    explanation = window.open_explanation()
    driver.session.select("output", 3)
    driver.settle()
    assert window.probabilities.caution.startswith("Random weights")
    assert tour.caution.startswith("Random weights")
    assert explanation.caution.startswith("Random weights")
    assert driver.card("output").caution == "Random weights"
    assert driver.card("c1").caution == ""
    driver.open("lenet5")
    assert (window.probabilities.caution, tour.caution, explanation.caution) == ("", "", "")
    assert driver.card("output").caution == ""


def test_a_recording_tells_it_too(samples, tmp_path, capsys):
    words = ["record", str(samples / "digit-3.png"), "--network", "lenet5", "--out", str(tmp_path / "out")]
    assert main([*words, "--weights", "random"]) == 0
    assert "Random weights" in capsys.readouterr().out
    assert json.loads((tmp_path / "out" / "probabilities.json").read_text())["caution"].startswith("Random weights")
    assert main(words) == 0
    assert "Random" not in capsys.readouterr().out
