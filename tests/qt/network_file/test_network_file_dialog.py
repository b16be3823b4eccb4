"""The dialog of a network's file: what is told, consent and fits; by mouse and keyboard, on fabricated reports."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton

from cnnviewer.card import Card
from cnnviewer.messages import NetworkRequest
from cnnviewer.network_reports import FileRequest
from cnnviewer.qt.panels.network_file.fit_model import State, state_of
from cnnviewer.qt.theme import DARK, LIGHT, apply_theme
from cnnviewer.qt.widgets.number_field import NumberField

from .reports import (
    BROKEN,
    CARD,
    CONSENT,
    IMAGENET,
    MATCH,
    MISSING,
    ONNX,
    OTHER,
    PATH,
    SHAPE,
    UNEXPECTED,
    WEIGHTS,
    WHOLE,
    press,
    retype,
    texts,
)

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
    left = replace(UNEXPECTED, is_left=True)
    assert [state_of(row) for row in (MATCH, SHAPE, MISSING, UNEXPECTED, left)] == list(State)


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
    dialog.set_architectures(("resnet18", "resnet50", "timm/resnet50.a1_in1k", "vgg11"))
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
    order += [card.pixels.mean, card.pixels.deviation, card.returns]
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
