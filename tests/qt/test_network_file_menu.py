"""What the menu of networks says of the open one's file, and what the file's dialog asks the worker."""

from __future__ import annotations

import pytest
import torch
from PySide6.QtCore import Qt

from cnnviewer.card import Card, write_card
from cnnviewer.network_reports import CatalogueEntry
from cnnviewer.networks import load_network
from cnnviewer.networks.files import card_store


@pytest.fixture(autouse=True)
def _cards(tmp_path, monkeypatch):
    """Cards are remembered elsewhere than with the user's."""
    monkeypatch.setattr(card_store, "user_config_path", lambda name: tmp_path / "config" / name)


def edit_action(driver):
    menu = driver.window.tool_bar.network_menu
    return next(action for action in menu.actions() if action.text() == "Card of this network…")


def test_only_a_network_from_a_file_has_a_card_to_edit(lenet, tmp_path):
    assert not edit_action(lenet).isEnabled()
    network = load_network("lenet5")
    torch.save(network.module.state_dict(), tmp_path / "net.pth")
    write_card(Card(network.preprocessing, network.categories, "lenet5", "Yann's"), tmp_path / "net.json")
    lenet.window.open_paths([tmp_path / "net.pth"])
    lenet.bot.waitUntil(lambda: lenet.session.network.name == "Yann's", timeout=60_000)
    lenet.settle()
    assert edit_action(lenet).isEnabled()
    edit_action(lenet).trigger()
    lenet.settle()
    dialog = lenet.window.files.dialog
    assert dialog.card.origin == "These values come from the card beside the file."
    assert dialog.card.name.text() == "Yann's"
    lenet.key(Qt.Key.Key_Escape, dialog)
    lenet.open("lenet5")
    assert not edit_action(lenet).isEnabled()


@pytest.fixture
def unknown(lenet, tmp_path, monkeypatch):
    """The dialog of weights that nothing fits, where the catalogue holds two networks."""
    entries = tuple(CatalogueEntry(name, "torchvision", "VGG") for name in ("vgg11", "vgg16"))
    monkeypatch.setattr("cnnviewer.engine.engine.catalogue", lambda: entries)
    torch.save({"a": torch.zeros(3), "b": torch.zeros(4, 4)}, tmp_path / "odd.pth")
    lenet.window.open_paths([tmp_path / "odd.pth"])
    lenet.settle()
    return lenet.window.files.dialog


def test_a_name_that_is_typed_is_completed_from_the_catalogue(lenet, unknown):
    lenet.bot.keyClicks(unknown.fits.name, "16")
    lenet.settle()
    completer = unknown.fits.name.completer()
    assert completer.completionCount() == 1
    assert completer.currentCompletion() == "vgg16"
    completer.popup().hide()


def test_an_architecture_by_hand_is_compared_with_the_file(lenet, unknown):
    lenet.bot.keyClicks(unknown.fits.name, "lenet5")
    lenet.key(Qt.Key.Key_Return, unknown.fits.name)
    fit = unknown.fits.fit
    assert fit.architecture == "lenet5"
    assert fit.matches == 0
    assert "2 without a place in the architecture" in unknown.fits.counts
    assert not unknown.open_button.isEnabled()


def test_the_progress_of_something_else_does_not_hold_the_dialog_up(lenet, unknown):
    lenet.session.progressed.emit(0, None, "Loading resnet18")
    assert unknown.obstacle == "Its architecture is not known: name it."
