"""The card of a network in its editor, and in files."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFileDialog

from cnnviewer.card import Card, Reason, from_json, read_card, to_json
from cnnviewer.network_reports import FileRequest
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.qt.panels.network_file.card_editor import CardEditor
from cnnviewer.qt.panels.network_file.categories_editor import CategoriesEditor

from .reports import (
    CARD,
    IMAGENET,
    ONNX,
    PATH,
    WEIGHTS,
    press,
    retype,
    texts,
)


@st.composite
def cards(draw):
    channels = draw(st.integers(1, 6))
    size = draw(st.tuples(st.integers(1, 4096), st.integers(1, 4096)))
    numbers = st.floats(-300, 300)
    how = Preprocessing(
        size=size,
        resize=draw(st.integers(1, 4096)),
        mean=tuple(draw(st.lists(numbers, min_size=channels, max_size=channels))),
        deviation=tuple(draw(st.lists(numbers.filter(bool), min_size=channels, max_size=channels))),
        channels=channels,
        padding=draw(st.integers(0, (min(size) - 1) // 2)),
        divisor=draw(st.sampled_from([255.0, 1.0, 127.5])),
        order=draw(st.sampled_from(["RGB", "BGR", "L", "G", "RB"])),
        interpolation=draw(st.sampled_from(["bilinear", "bicubic"])),
        crop_mode=draw(st.sampled_from(["centre", "squash", "border"])),
    )
    names = st.lists(st.text(max_size=8), max_size=5).map(tuple)
    known = st.sampled_from(["ImageNet-1k", "digits", "names of mine.txt"])
    architecture, name = draw(st.sampled_from(["", "resnet18"])), draw(st.sampled_from(["", "my net"]))
    return Card(how, draw(names | known), architecture, name)


@pytest.fixture
def editor(qtbot, qapp):
    made = CardEditor()
    qtbot.addWidget(made)
    return made


@given(card=cards())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_not_edited_stays_to_the_last_bit(editor, card):
    editor.show_card(card, "guessed", (), 0)
    assert editor.problem == ""
    assert editor.card == from_json(to_json(card))


def test_that_nothing_tells_the_architecture_is_seen_on_the_card(editor):
    editor.show_card(CARD, "guessed", (Reason("architecture", "Nothing tells which."),), 10)
    assert editor.origin == "These values are guessed: look through them. Nothing tells which."
    editor.show_card(CARD, "guessed", (Reason("architecture", "config.json says so.", is_told=True),), 10)
    assert editor.origin == "These values are guessed: look through them."


def test_reasons_stand_beside_their_fields_while_they_are_true(dialog, qtbot):
    dialog.show_report(WEIGHTS)
    card = dialog.card
    assert card.origin == "These values are guessed: look through them. No card lies beside it."
    assert card.note("size") == "Its family takes 224 pixels."
    assert card.note("mean") == "1,000 classes: ImageNet's."
    assert card.note("categories") == "1,000 names for 1,000 class scores."
    assert card.note("resize") == ""
    card.high.setFocus()
    qtbot.keyClick(card.high, Qt.Key.Key_Up)
    assert card.card.preprocessing.size == (225, 224)
    assert card.note("size") == ""
    qtbot.keyClick(card.high, Qt.Key.Key_Down)
    assert card.note("size") == "Its family takes 224 pixels."
    dialog.show_report(ONNX)
    assert card.origin == "These values come from the card beside the file."


def test_what_is_wrong_is_told_at_its_field_and_opens_nothing(dialog, qtbot):
    dialog.show_report(WEIGHTS)
    card = dialog.card
    retype(qtbot, card.pixels.mean, "0.4, x, 0.5")
    assert card.note("mean") == "\"mean\" must be a number, not 'x'."
    assert not dialog.open_button.isEnabled()
    assert not dialog.exporter.isEnabled()
    assert dialog.open_button.toolTip() == card.problem
    retype(qtbot, card.pixels.mean, "0.4")
    assert card.card.preprocessing.mean == (0.4, 0.4, 0.4)
    retype(qtbot, card.pixels.deviation, "0")
    assert "divided by" in card.note("deviation")
    retype(qtbot, card.pixels.deviation, "2")
    card.padding.setValue(112)
    assert "whole number from 0 to 111" in card.note("padding")
    card.padding.setValue(2)
    assert dialog.open_button.isEnabled()
    press(qtbot, dialog.open_button)
    how = dialog.opened[0][0].card.preprocessing
    assert (how.mean, how.deviation, how.padding) == ((0.4,) * 3, (2.0,) * 3, 2)


def test_ready_values_fill_the_fields_and_follow_the_channels(dialog):
    dialog.show_report(WEIGHTS)
    pixels = dialog.card.pixels
    assert pixels.presets.currentText() == "ImageNet's mean and deviation"
    pixels.order.setCurrentText("BGR")  # each number stays with its colour
    assert pixels.mean.text() == "0.406, 0.456, 0.485"
    assert pixels.presets.currentText() == "Numbers of your own"
    choose(pixels.presets, "Caffe's: BGR, 0..255, minus 104, 117, 123")
    assert (pixels.range.currentText(), pixels.mean.text(), pixels.deviation.text()) == ("0..255", "104, 117, 123", "1")
    choose(pixels.presets, "−1..1")  # which says nothing of the order
    assert pixels.order.currentText() == "BGR"
    choose(pixels.presets, "ImageNet's mean and deviation")
    assert pixels.order.currentText() == "RGB"
    pixels.channels.setValue(6)
    assert dialog.card.card.preprocessing.mean == IMAGENET.mean * 2
    pixels.channels.setValue(3)
    choose(pixels.presets, "−1..1")
    pixels.order.setCurrentText("grey")
    assert pixels.channels.value() == 1
    how = dialog.card.card.preprocessing
    assert (how.order, how.mean, how.deviation, how.divisor) == ("L", (0.5,), (0.5,), 255)
    assert pixels.presets.currentText() == "grey, −1..1"
    assert pixels.presets.findText("ImageNet's mean and deviation") < 0  # those of colours
    assert "A black pixel becomes −1, a white one 1." in dialog.card.description
    assert how.describe() in dialog.card.description


def test_a_note_of_the_file_is_told(dialog):
    dialog.show_report(replace(ONNX, note="Its first output of three is shown."))
    assert "Its first output of three is shown." in texts(dialog)
    dialog.show_report(WEIGHTS)
    assert "Its first output" not in texts(dialog)


def choose(box, text):
    place = box.findText(text)
    assert place >= 0
    assert box.model().item(place).isEnabled()
    box.setCurrentIndex(place)
    box.activated.emit(place)


def test_the_photo_follows_an_input_that_it_just_filled(dialog):
    dialog.show_report(ONNX)
    for box in (dialog.card.high, dialog.card.wide):
        box.setValue(32)
    assert dialog.card.card.preprocessing.resize == 32
    dialog.show_report(WEIGHTS)
    dialog.card.high.setValue(240)
    assert dialog.card.card.preprocessing.resize == 256


def test_how_a_photo_is_cut_is_kept_and_chosen(dialog):
    squashed = replace(CARD, preprocessing=replace(IMAGENET, crop_mode="squash"))
    dialog.show_report(replace(WEIGHTS, card=squashed))
    assert dialog.card.card.preprocessing.crop_mode == "squash"
    assert "shorter side to" in texts(dialog)
    dialog.card.crop_mode.setCurrentText("whole, in a border")
    assert dialog.card.card.preprocessing.crop_mode == "border"
    assert "longer side to" in texts(dialog)


def test_names_are_edited_counted_and_read_from_a_file(dialog, qtbot, tmp_path):
    dialog.show_report(replace(WEIGHTS, classes=3))
    card = dialog.card
    assert "1,000 names for 3 class scores" in card.note("categories")
    assert not card.categories.editor.isVisible()
    card.categories.lists.setCurrentText("Names of your own")
    assert card.categories.editor.isVisible()
    card.categories.editor.setFocus()
    for line in ("cat", "dog", "", "cow "):
        qtbot.keyClicks(card.categories.editor, line)
        qtbot.keyClick(card.categories.editor, Qt.Key.Key_Return)
    assert card.card.categories == ("cat", "dog", "cow")
    assert card.note("categories") == "3 names for 3 class scores."
    path = tmp_path / "names.txt"
    path.write_text("Katze\n\nHündin\n", encoding="utf-8")
    press(qtbot, card.categories.opener)
    files = card.categories.findChild(QFileDialog)
    files.fileSelected.emit(str(path))
    files.reject()
    assert card.card.categories == ("Katze", "Hündin")
    assert "2 names for 3 class scores" in card.note("categories")
    assert dialog.open_button.isEnabled()  # a warning, no obstacle
    path.write_bytes(b"\xff\xfe\x00")
    card.categories.read_file(path)
    assert "can't be read as a text file" in dialog.failure
    assert card.card.categories == ("Katze", "Hündin")


def test_what_the_user_changed_outlasts_another_architectures_card(dialog, qtbot):
    dialog.show_report(WEIGHTS)
    dialog.card.pixels.order.setCurrentText("BGR")
    retype(qtbot, dialog.card.name, "mine")
    large = Card(replace(IMAGENET, size=(299, 299), resize=299), "ImageNet-1k")
    dialog.show_report(replace(WEIGHTS, architecture="timm/other", card=large))
    how = dialog.card.card.preprocessing
    assert (how.size, how.resize, how.order, how.mean) == ((299, 299), 299, "BGR", (0.406, 0.456, 0.485))
    assert dialog.card.card.name == "mine"
    dialog.show_report(ONNX)  # another file
    assert dialog.card.card == from_json(to_json(ONNX.card))


def test_a_card_is_exported_and_imported(dialog, qtbot, tmp_path):
    dialog.show_report(WEIGHTS)
    dialog.card.high.setValue(192)
    press(qtbot, dialog.exporter)
    files = dialog.findChild(QFileDialog)
    assert files.defaultSuffix() == "json"
    path = tmp_path / "card.json"
    files.fileSelected.emit(str(path))
    files.reject()
    written = read_card(path)
    assert written.architecture == "squeezenet1_0"
    assert written.preprocessing.size == (192, 224)
    dialog.card.high.setValue(64)
    dialog.import_card(path)
    assert dialog.card.card == written
    path.write_text('{"size": 0}')
    dialog.import_card(path)
    assert "card.json can't be used" in dialog.failure
    assert dialog.card.card == written
    dialog.export_card(tmp_path / "missing" / "card.json")
    assert "can't be written" in dialog.failure


def test_an_imported_card_brings_its_architecture_and_keeps_its_values(dialog, tmp_path):
    path = tmp_path / "card.json"
    path.write_text(json.dumps({"size": [96, 96], "architecture": "timm/other"}))
    dialog.show_report(WEIGHTS)
    dialog.import_card(path)
    assert dialog.asked == [FileRequest(PATH, "timm/other", digest=WEIGHTS.digest)]
    dialog.show_report(replace(WEIGHTS, architecture="timm/other"))
    assert dialog.card.card.preprocessing.size == (96, 96)


def test_the_file_is_remembered_only_where_it_is_wished(dialog, qtbot):
    dialog.show_report(ONNX)
    press(qtbot, dialog.open_button)
    dialog.show()
    qtbot.mouseClick(dialog.remember, Qt.MouseButton.LeftButton, pos=QPoint(8, dialog.remember.height() // 2))
    press(qtbot, dialog.open_button)
    assert [remember for _, remember in dialog.opened] == [True, False]
    assert dialog.opened[0][0].card == from_json(to_json(ONNX.card))


def test_a_factory_is_named_as_it_was_typed(dialog, qtbot):
    dialog.show_report(replace(ONNX, path="package.module:network", format="Python factory", nbytes=0, digest=""))
    assert "package.module:network" in texts(dialog)
    press(qtbot, dialog.open_button)
    assert dialog.opened[0][0].name == "package.module:network"


def test_names_without_lines_are_kept_until_they_are_edited(qtbot):
    editor = CategoriesEditor()
    qtbot.addWidget(editor)
    editor.set_value(["a", "", " b "])
    assert editor.value() == ["a", "", " b "]
    editor.editor.appendPlainText("c")
    assert editor.value() == ["a", "b", "c"]
