"""The dialog of a network's file: consent, fits, card; by mouse and keyboard, on fabricated reports."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLabel, QPushButton

from cnnviewer.card import Card, from_json, read_card, to_json
from cnnviewer.messages import NetworkRequest
from cnnviewer.network_reports import FileReport, FileRequest, Fit, FitRow, Reason
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.qt.network_file_dialog import NetworkFileDialog
from cnnviewer.qt.panels.network_file.card_editor import CardEditor
from cnnviewer.qt.panels.network_file.categories_editor import CategoriesEditor
from cnnviewer.qt.panels.network_file.fit_model import State, state_of
from cnnviewer.qt.theme import DARK, LIGHT, apply_theme
from cnnviewer.qt.widgets.number_field import NumberField

PATH = Path("/home/ada/networks/net.pth")
IMAGENET = Preprocessing((224, 224), 256, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CARD = Card(IMAGENET, "ImageNet-1k")
MATCH = FitRow("conv.weight", (64, 3, 3, 3), (64, 3, 3, 3))
SHAPE = FitRow("fc.weight", (1000, 512), (10, 512))
MISSING = FitRow("fc.bias", (1000,), None)
UNEXPECTED = FitRow("extra.scale", None, ())
WHOLE = Fit("squeezenet1_0", (MATCH, replace(MATCH, key="conv2.weight")))
BROKEN = Fit("squeezenet1_1", (MATCH, SHAPE, MISSING, UNEXPECTED), "10 classes instead of 1,000")
OTHER = Fit("timm/other", (MATCH,))
REASONS = (
    Reason("size", "Its family takes 224 pixels."),
    Reason("mean", "1,000 classes: ImageNet's."),
    Reason("architecture", "All tensors fit."),
    Reason("", "No card lies beside it."),
)
WEIGHTS = FileReport(
    PATH, "ab" * 32, "state dict", 5_017_600, fits=(WHOLE, BROKEN, OTHER), architecture="squeezenet1_0", card=CARD,
    origin="guessed", reasons=REASONS, classes=1000,
)  # fmt: skip
ONNX = FileReport(
    PATH.with_suffix(".onnx"), "cd" * 32, "ONNX", 26_454, card=Card(Preprocessing((28, 28), 28, (0.0,), (1.0,), 1,
    order="L"), name="MNIST"), origin="beside the file", classes=10,
)  # fmt: skip
CONSENT = FileReport(
    Path("/home/ada/networks/net.pt2"), "ef" * 32, "exported program", 9_000,
    consent="torch runs the program when it opens it.",
)  # fmt: skip


@pytest.fixture
def dialog(qtbot, qapp):
    apply_theme(qapp, LIGHT)
    made = NetworkFileDialog()
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
    made.asked, made.opened = [], []
    made.inspectRequested.connect(made.asked.append)
    made.openRequested.connect(lambda request, remember: made.opened.append((request, remember)))
    return made


def press(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def retype(qtbot, line, text):
    line.setFocus()
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClicks(line, text)


def texts(dialog):
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


# ---- what is told


def test_a_file_that_is_known_opens_with_one_key(dialog, qtbot):
    dialog.show_report(WEIGHTS)
    assert "net.pth" in texts(dialog)
    assert "state dict · 5.02 MB" in texts(dialog)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert dialog.opened == [
        (NetworkRequest(str(PATH), card=replace(CARD, architecture="squeezenet1_0"), digest=WEIGHTS.digest), True)
    ]
    assert not dialog.isVisible()
    assert dialog.asked == []


def test_while_the_file_is_looked_into_nothing_can_be_opened(dialog, qtbot):
    dialog.show_busy("Looking into net.pth…")
    assert "Looking into net.pth…" in texts(dialog)
    assert not dialog.open_button.isVisible()
    dialog.show_report(WEIGHTS)
    assert dialog.open_button.isEnabled()
    dialog.show_busy("Looking again…")
    assert not dialog.open_button.isEnabled()
    dialog.show_failure("It is gone.")
    assert dialog.failure == "It is gone."
    assert "Looking" not in texts(dialog)
    assert dialog.open_button.isEnabled()
    dialog.show_report(WEIGHTS)
    assert dialog.failure == ""
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    assert dialog.opened == []


def test_a_failure_without_a_report_leaves_only_the_way_out(dialog, qtbot):
    dialog.show_busy("Looking…")
    dialog.show_failure("net.pth is no file of a network.")
    assert dialog.failure == "net.pth is no file of a network."
    visible = [button.text() for button in dialog.findChildren(QPushButton) if button.isVisible()]
    assert visible == ["Cancel"]


# ---- consent


def test_code_runs_only_after_a_consent_and_enter_says_no(dialog, qtbot):
    dialog.show_report(CONSENT)
    assert str(CONSENT.path) in dialog.consent.text
    assert CONSENT.consent in dialog.consent.text
    assert "Open it only if you trust who wrote it" in dialog.consent.text
    assert not dialog.open_button.isVisible()
    assert QApplication.focusWidget() is dialog.consent.cancel
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert not dialog.isVisible()
    assert dialog.asked == dialog.opened == []


def test_the_consent_travels_with_all_that_is_asked_of_that_file(dialog, qtbot):
    dialog.show_report(CONSENT)
    press(qtbot, dialog.consent.run)
    assert dialog.asked == [FileRequest(CONSENT.path, allow_code=True, digest=CONSENT.digest)]
    assert not dialog.consent.isVisible()
    dialog.show_report(replace(CONSENT, consent="", is_allowed=True, card=CARD, origin="guessed", classes=1000))
    press(qtbot, dialog.open_button)
    assert dialog.opened[0][0].allow_code
    assert dialog.opened[0][0].digest == CONSENT.digest
    # Another content under the same name is another file; so is another name.
    for other in (replace(CONSENT, digest="00" * 32), replace(CONSENT, path=Path("/tmp/net.pt2"))):
        dialog.show()
        dialog.show_report(other)
        assert dialog.consent.isVisible()
    dialog.show_report(WEIGHTS)
    press(qtbot, dialog.open_button)
    assert not dialog.opened[1][0].allow_code


def test_a_failure_after_the_consent_leaves_the_choice(dialog, qtbot):
    dialog.show_report(CONSENT)
    press(qtbot, dialog.consent.run)
    dialog.show_failure("make() raised ValueError: no.")
    assert dialog.failure == "make() raised ValueError: no."
    assert dialog.consent.isVisible()
    press(qtbot, dialog.consent.run)
    assert len(dialog.asked) == 2


def test_what_code_says_of_itself_is_no_markup(dialog):
    dialog.show_report(replace(CONSENT, path=Path("/tmp/<b>safe.py"), consent="<i>Trust me</i>"))
    labels = [label for label in dialog.consent.findChildren(QLabel) if "<" in label.text()]
    assert len(labels) == 2
    assert all(label.textFormat() is Qt.TextFormat.PlainText for label in labels)


# ---- architecture


def test_states_of_tensors():
    assert [state_of(row) for row in (MATCH, SHAPE, MISSING, UNEXPECTED)] == list(State)


def test_fits_are_listed_and_misfits_shown_first_hand(dialog, qtbot):
    dialog.show_report(replace(WEIGHTS, fits=(BROKEN, OTHER), architecture="squeezenet1_1", card=None))
    fits = dialog.fits
    assert [fits.list.item(row).text() for row in range(2)] == [
        "≠ squeezenet1_1 — 1 of 4 tensors fit · 10 classes instead of 1,000",
        "✓ timm/other — 1 of 1 tensors fit",
    ]
    assert fits.counts == ("1 fit · 1 of another shape · 1 missing in the file · 1 without a place in the architecture")
    assert fits.model.rows == (SHAPE, MISSING, UNEXPECTED)
    cells = [[fits.model.index(row, column).data() for column in range(4)] for row in range(3)]
    assert cells == [
        ["fc.weight", "1000×512", "10×512", "≠ other shape"],
        ["fc.bias", "1000", "–", "− missing in the file"],
        ["extra.scale", "–", "one number", "+ has no place"],
    ]
    qtbot.mouseClick(fits.only_misfits, Qt.MouseButton.LeftButton, pos=QPoint(8, fits.only_misfits.height() // 2))
    assert fits.model.rows == BROKEN.rows
    assert not dialog.open_button.isEnabled()
    assert dialog.open_button.toolTip() == "3 tensors do not fit squeezenet1_1."
    assert "3 tensors do not fit squeezenet1_1." in texts(dialog)


def test_another_architecture_is_asked_for_and_its_card_shown(dialog, qtbot):
    dialog.show_report(WEIGHTS)
    press(qtbot, dialog.parts.button("Architecture"))
    assert dialog.fits.isVisible()
    assert dialog.fits.title == "All tensors fit."
    row = dialog.fits.list.visualItemRect(dialog.fits.list.item(2)).center()
    qtbot.mouseClick(dialog.fits.list.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert dialog.asked == [FileRequest(PATH, "timm/other", digest=WEIGHTS.digest)]
    assert not dialog.open_button.isEnabled()
    small = Card(replace(IMAGENET, size=(160, 160), resize=160))
    dialog.show_report(replace(WEIGHTS, architecture="timm/other", card=small, reasons=()))
    assert dialog.fits.isVisible()  # where one was
    press(qtbot, dialog.open_button)
    assert dialog.opened[0][0].card == replace(small, architecture="timm/other")


def test_an_answer_on_an_architecture_that_was_left_is_dropped(dialog, qtbot):
    dialog.show_report(WEIGHTS)
    dialog.fits.list.setCurrentRow(1)
    dialog.fits.list.setCurrentRow(2)
    dialog.show_report(replace(WEIGHTS, architecture="squeezenet1_1"))
    assert dialog.report is WEIGHTS
    assert not dialog.open_button.isEnabled()
    answer = replace(WEIGHTS, architecture="timm/other")
    dialog.show_report(answer)
    assert dialog.report is answer


def test_a_failure_goes_back_to_the_architecture_that_was(dialog):
    dialog.show_report(WEIGHTS)
    dialog.parts.button("Architecture").click()
    dialog.fits.list.setCurrentRow(2)
    dialog.show_failure("timm/other can't be built.")
    assert dialog.fits.fit is WHOLE
    assert dialog.open_button.isEnabled()
    assert dialog.asked == [FileRequest(PATH, "timm/other", digest=WEIGHTS.digest)]


def test_names_to_complete_are_asked_for_once_something_is_typed(dialog, qtbot):
    asked = []
    dialog.architecturesRequested.connect(lambda: asked.append(True))
    dialog.show_report(replace(WEIGHTS, fits=(), card=None))
    assert asked == []
    qtbot.keyClicks(dialog.fits.name, "vg")
    assert asked == [True]
    dialog.set_architectures(("vgg11", "vgg16", "resnet18"))
    assert dialog.fits.name.completer().completionCount() == 2
    assert dialog.fits.name.completer().popup().isVisible()
    dialog.fits.name.completer().popup().hide()


def test_weights_with_a_card_but_no_architecture_cannot_be_opened(dialog):
    report = replace(WEIGHTS, format="PyTorch file", fits=(), architecture="", origin="remembered")
    dialog.show_report(report)
    assert dialog.part is dialog.fits
    assert dialog.obstacle == "Its architecture is not known: name it."
    assert not dialog.open_button.isEnabled()


def test_a_name_by_hand_is_completed_and_asked_for(dialog, qtbot):
    dialog.architectures = ("resnet18", "resnet50", "timm/resnet50.a1_in1k", "vgg11")
    dialog.show_report(replace(WEIGHTS, fits=(), architecture="", card=None, reasons=()))
    assert "no known architecture has tensors like these" in dialog.fits.title
    assert not dialog.fits.table.isVisible()
    assert not dialog.open_button.isEnabled()
    assert QApplication.focusWidget() is dialog.fits.name
    assert not dialog.fits.attempt.isEnabled()
    qtbot.keyClicks(dialog.fits.name, "net50")
    completer = dialog.fits.name.completer()
    assert completer.completionCount() == 2
    completer.popup().hide()
    retype(qtbot, dialog.fits.name, "vgg11")
    completer.popup().hide()
    qtbot.keyClick(dialog.fits.name, Qt.Key.Key_Return)
    assert dialog.asked == [FileRequest(PATH, "vgg11", digest=WEIGHTS.digest)]
    dialog.show_report(replace(WEIGHTS, fits=(BROKEN,), architecture="squeezenet1_1", card=None))
    assert dialog.fits.table.isVisible()
    assert "come nearest" in dialog.fits.title


# ---- the card


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


# ---- looks and keys


def test_the_wheel_scrolls_and_changes_nothing_it_passes_over(dialog):
    dialog.show_report(WEIGHTS)
    before = dialog.card.stored()
    for widget in dialog.card.findChildren(NumberField) + dialog.card.findChildren(QComboBox):
        middle, down = QPointF(widget.rect().center()), QPoint(0, -120)
        event = QWheelEvent(
            middle, widget.mapToGlobal(middle), down, down, Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)
    assert dialog.card.stored() == before


def test_tab_passes_through_the_fields_top_to_bottom(dialog, qtbot):
    dialog.show_report(WEIGHTS)
    card = dialog.card
    card.name.setFocus()
    order = [card.categories.lists, card.categories.opener, card.high, card.wide, card.resize_to, card.interpolation]
    order += [
        card.crop_mode,
        card.padding,
        card.pixels.channels,
        card.pixels.order,
        card.pixels.presets,
        card.pixels.range,
    ]
    order += [card.pixels.mean, card.pixels.deviation]
    for widget in order:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        assert QApplication.focusWidget() is widget


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(900, 560), (1280, 760)])
@pytest.mark.parametrize("report", [WEIGHTS, ONNX, CONSENT, replace(WEIGHTS, fits=(BROKEN,), card=None)])
def test_nothing_is_cut_off(dialog, qtbot, qapp, theme, size, report):
    apply_theme(qapp, theme)
    dialog.resize(*size)
    dialog.show_report(report)
    QApplication.processEvents()
    assert dialog.size().toTuple() == size
    buttons = [button for button in dialog.findChildren(QPushButton) if button.isVisible()]
    assert buttons
    assert all(button.width() >= button.sizeHint().width() for button in buttons)
    assert all(button.height() >= button.sizeHint().height() for button in buttons)
    wrapped = [label for label in dialog.findChildren(QLabel) if label.isVisible() and label.wordWrap()]
    assert all(label.height() >= label.heightForWidth(label.width()) for label in wrapped)


def test_every_field_has_a_name_for_those_who_hear_it(dialog):
    dialog.show_report(WEIGHTS)
    fields = dialog.card.findChildren(NumberField) + dialog.card.findChildren(QComboBox)
    assert len(fields) >= 9
    assert all(field.accessibleName() for field in fields)


def test_the_dialog_needs_no_torch():
    code = "import sys, cnnviewer.qt.network_file_dialog, cnnviewer.qt.catalogue_dialog; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def test_names_without_lines_are_kept_until_they_are_edited(qtbot):
    editor = CategoriesEditor()
    qtbot.addWidget(editor)
    editor.set_value(["a", "", " b "])
    assert editor.value() == ["a", "", " b "]
    editor.editor.appendPlainText("c")
    assert editor.value() == ["a", "b", "c"]
