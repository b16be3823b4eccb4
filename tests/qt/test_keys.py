"""What the keyboard alone does: search fields, and the keys that close."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QLabel, QPushButton

from .conftest import WAIT

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def find(driver, text: str):
    driver.bot.keyClick(driver.window, Qt.Key.Key_F, CONTROL)
    search = driver.window.outline.search
    search.setFocus()
    driver.bot.keyClicks(search, text)
    return search


def test_enter_goes_from_one_layer_that_is_found_to_the_next(lenet):
    search = find(lenet, "relu")
    chosen = []
    for modifier in (Qt.KeyboardModifier.NoModifier,) * 5 + (SHIFT,):
        lenet.bot.keyClick(search, Qt.Key.Key_Return, modifier)
        lenet.settle()
        chosen.append(lenet.session.selection.layer)
    assert chosen == ["relu1", "relu3", "relu5", "relu6", "relu1", "relu6"]
    assert lenet.window.layers.card("relu6") is not None


def test_down_goes_into_the_list_at_what_is_found(lenet):
    search = find(lenet, "c")
    lenet.bot.keyClick(search, Qt.Key.Key_Down)
    tree = lenet.window.outline.tree
    assert QApplication.focusWidget() is tree
    lenet.bot.keyClick(tree, Qt.Key.Key_Down)
    lenet.bot.keyClick(tree, Qt.Key.Key_Return)
    lenet.settle()
    assert lenet.session.selection.layer == "c3"


def test_escape_empties_a_search_field_and_only_that(lenet):
    lenet.session.select("c3", 1, (2, 2))
    lenet.settle()
    for search in (lenet.window.outline.search, lenet.window.probabilities.search):
        search.setFocus()
        lenet.bot.keyClicks(search, "3")
        lenet.bot.keyClick(search, Qt.Key.Key_Escape)
        assert search.text() == ""
        assert lenet.session.selection.unit == (2, 2)


def test_down_in_the_search_of_classes_goes_to_the_rows(lenet):
    search = lenet.window.probabilities.search
    search.setFocus()
    lenet.bot.keyClicks(search, "8")
    lenet.bot.keyClick(search, Qt.Key.Key_Down)
    bars = QApplication.focusWidget()
    assert bars.accessibleName() == "Class probabilities"
    assert bars.current == 0


@pytest.mark.parametrize("key", [Qt.Key.Key_Q, Qt.Key.Key_W])
def test_the_window_closes(lenet, key):
    lenet.bot.keyClick(lenet.window, key, CONTROL)
    lenet.bot.waitUntil(lambda: not lenet.window.isVisible(), timeout=WAIT)
    assert not lenet.session.is_running


@pytest.mark.parametrize("opener", [(Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_N, CONTROL | SHIFT)])
def test_a_dialog_closes_before_the_window(lenet, opener):
    lenet.bot.keyClick(lenet.window, *opener)
    lenet.settle()
    dialog = next(dialog for dialog in lenet.window.findChildren(QDialog) if dialog.isVisible())
    lenet.bot.keyClick(dialog, Qt.Key.Key_W, CONTROL)
    lenet.bot.waitUntil(lambda: not any(other.isVisible() for other in lenet.window.findChildren(QDialog)))
    assert lenet.window.isVisible()


def dialogs(driver):
    return [dialog for dialog in driver.window.findChildren(QDialog) if dialog.isVisible()]


def closes(driver) -> None:
    """Check that Ctrl+W closes the dialog in front, and that alone."""
    *others, dialog = dialogs(driver)
    driver.bot.waitUntil(dialog.isActiveWindow, timeout=WAIT)
    driver.bot.keyClick(dialog, Qt.Key.Key_W, CONTROL)
    driver.bot.waitUntil(lambda: len(dialogs(driver)) == len(others))
    assert driver.window.isVisible()


@pytest.mark.parametrize("modifiers", [CONTROL, CONTROL | SHIFT])
def test_a_dialog_for_files_closes_before_the_window(lenet, modifiers):
    lenet.bot.keyClick(lenet.window, Qt.Key.Key_O, modifiers)
    assert isinstance(dialogs(lenet)[0], QFileDialog)
    closes(lenet)


def test_a_dialog_for_a_folder_closes_before_the_window(lenet):
    setup = lenet.window.open_training().panel.setup
    lenet.bot.mouseClick(setup.folder, Qt.MouseButton.LeftButton)
    assert isinstance(dialogs(lenet)[0], QFileDialog)
    closes(lenet)


def test_a_dialog_for_files_closes_before_the_dialog_that_asks(lenet):
    setup = lenet.window.open_training().panel.setup
    lenet.bot.mouseClick(setup.design, Qt.MouseButton.LeftButton)
    (designer,) = dialogs(lenet)
    opener = next(button for button in designer.findChildren(QPushButton) if button.text().startswith("Open"))
    lenet.bot.mouseClick(opener, Qt.MouseButton.LeftButton)
    assert len(dialogs(lenet)) == 2
    closes(lenet)
    assert dialogs(lenet) == [designer]
    designer.reject()


def test_the_help_tells_the_keys(lenet):
    lenet.bot.keyClick(lenet.window, Qt.Key.Key_F1)
    dialog = next(dialog for dialog in lenet.window.findChildren(QDialog) if dialog.isVisible())
    told = [label.text() for label in dialog.findChildren(QLabel)]
    assert {"Ctrl+W", "Ctrl+Q", "Enter; ↓ in the search"} <= set(told)
    dialog.reject()
