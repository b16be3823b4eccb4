"""A badge on each card tells what its kind of operation does, and leads to the page of the tour on it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from cnnviewer.lessons.words import words_of
from cnnviewer.operations import Kind
from cnnviewer.qt.panels.learn.pages import PAGES
from cnnviewer.qt.widgets.kind_badge import WordsPopup

OPERATIONS = ("batch_norm", "layer_norm", "flatten", "pad", "interpolate", "softmax", "mean", "dropout", "add", "cat")


def popup_of(widget) -> WordsPopup:
    popup = widget.findChild(WordsPopup)
    assert popup is not None
    return popup


@pytest.mark.parametrize("kind", [*Kind, "input"])
def test_every_kind_is_explained(kind):
    titles = {page.title for page in PAGES}
    for operation in ("", *OPERATIONS):
        words = words_of(str(kind), operation)
        assert len(words.text) > 25
        assert words.page in {"", *titles}


def test_what_is_particular_is_told_of_an_operation():
    assert words_of("normalisation", "batch_norm") != words_of("normalisation", "layer_norm")
    assert words_of("reshape", "flatten") != words_of("reshape", "pad")


def test_the_keyboard_opens_the_words_of_a_card(lenet):
    badge = lenet.card("flatten").badge
    badge.setFocus()
    lenet.key(Qt.Key.Key_Space, badge)
    popup = popup_of(badge)
    assert popup.words.title == "Flatten"
    assert "long row" in popup.text.text()
    popup.close()


def test_the_words_lead_to_the_page(lenet):
    badge = lenet.card("s2").badge
    lenet.click(badge)
    lenet.click(popup_of(badge).page)
    panel = lenet.window.open_learn().panel
    assert panel.page.title == "Pooling"
    assert panel.is_seen


def test_the_input_is_explained_too(lenet):
    words = lenet.window.input.words
    lenet.click(words)
    popup = popup_of(words)
    assert "cropped and resized" in popup.text.text()
    lenet.click(popup.page)
    assert lenet.window.open_learn().panel.page.title == "Normalise and reshape"
