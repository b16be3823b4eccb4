import json
import subprocess
import sys
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton

from cnnviewer.designs import Activation, Convolution, Design, FullyConnected, open_design, to_json
from cnnviewer.qt.designer_dialog import DesignerDialog
from cnnviewer.qt.theme import DARK, LIGHT, apply_theme
from cnnviewer.qt.widgets.design_row import COLUMNS
from cnnviewer.ready_designs import DESIGNS


@pytest.fixture
def dialog(qtbot):
    made = DesignerDialog(DESIGNS["two blocks"], 10)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitActive(made)
    return made


def press(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_facts_follow_each_edit(dialog, qtbot):
    assert [row.shape_text for row in dialog.rows][:3] == ["8×28×28", "8×28×28", "8×14×14"]
    assert "26,698 parameters" in dialog.totals
    dialog.rows[0].editor("filters").setValue(20)
    assert dialog.rows[2].shape_text == "20×14×14"
    filters = dialog.rows[0].editor("kernel")
    filters.setFocus()
    qtbot.keyClick(filters, Qt.Key.Key_Up)
    assert dialog.design().rows[0] == Convolution(20, 4, 1, 1)
    assert dialog.rows[0].shape_text == "20×27×27"
    dialog.high.setValue(40)
    assert dialog.rows[0].shape_text == "20×39×27"


def test_an_impossible_row_is_marked_with_its_reason(dialog):
    dialog.rows[3].editor("kernel").setValue(31)
    assert "does not fit into 14×14" in dialog.rows[3].problem
    assert "–" in dialog.rows[4].shape_text
    assert not dialog.use.isEnabled()
    assert dialog.totals.startswith("Row 4: A window of 31×31")
    assert [bool(row.property("problem")) for row in dialog.rows] == [False] * 3 + [True] + [False] * 4
    dialog.rows[3].editor("kernel").setValue(3)
    assert dialog.use.isEnabled()
    dialog.name.setText("")
    assert dialog.totals == dialog.use.toolTip() == "The design has no name."
    assert not any(row.property("problem") for row in dialog.rows)


def test_rows_are_added_moved_copied_and_removed(dialog, qtbot):
    press(qtbot, dialog.rows[2])
    press(qtbot, dialog.adders["Convolution"])
    assert dialog.design().rows[3] == Convolution()
    press(qtbot, dialog.rows[3].up)
    assert dialog.design().rows[2] == Convolution()
    press(qtbot, dialog.rows[2].down)
    press(qtbot, dialog.rows[3].copy)
    assert dialog.design().rows[3:5] == (Convolution(), Convolution())
    for _ in range(2):
        press(qtbot, dialog.rows[3].remove)
    assert dialog.design().rows == DESIGNS["two blocks"].rows
    press(qtbot, dialog.rows[0])
    qtbot.keyClick(dialog, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert dialog.design().rows[:2] == (Activation("relu"), Convolution(8, 3, 1, 1))
    qtbot.keyClick(dialog, Qt.Key.Key_Delete)
    assert dialog.design().rows[0] == Activation("relu")
    assert len(dialog.rows) == 7
    while dialog.rows:
        press(qtbot, dialog.rows[0].remove)
    assert dialog.use.isEnabled()  # the head alone is a network
    press(qtbot, dialog.adders["Fully connected"])
    assert dialog.design().rows == (FullyConnected(),)


def test_a_design_is_saved_and_opened(dialog, tmp_path):
    dialog.name.setText("mine")
    dialog.save_file(tmp_path / "mine")
    assert open_design(tmp_path / "mine.json") == dialog.design()
    dialog.ready.setCurrentIndex(dialog.ready.findText("no convolution"))
    dialog.ready.activated.emit(dialog.ready.currentIndex())
    assert dialog.design() == DESIGNS["no convolution"]
    dialog.open_file(tmp_path / "mine.json")
    assert dialog.design().name == "mine"
    (tmp_path / "broken.json").write_text("{")
    dialog.open_file(tmp_path / "broken.json")
    assert "no JSON" in dialog.message
    assert dialog.design().name == "mine"
    dialog.save_file(tmp_path / "missing" / "a.json")
    assert "can't be written" in dialog.message


def test_the_design_is_handed_over(dialog, qtbot):
    with qtbot.waitSignal(dialog.designChosen) as told:
        press(qtbot, dialog.use)
    assert told.args == [DESIGNS["two blocks"]]


def test_the_dialog_needs_no_torch():
    code = "import sys, cnnviewer.qt.designer_dialog; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


def press_tab(qtbot):
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)


def test_the_keyboard_passes_through_the_rows_in_their_order(dialog, qtbot):
    press(qtbot, dialog.rows[0].down)  # built anew, they still have their places
    dialog.adders["Dropout"].setFocus()
    press_tab(qtbot)
    assert QApplication.focusWidget() is dialog.rows[0].editor("function")
    assert dialog.table.selected == 0
    for _ in range(5):
        press_tab(qtbot)
    assert QApplication.focusWidget() is dialog.rows[1].editor("filters")
    assert dialog.table.selected == 1
    dialog.rows[-1].remove.setFocus()
    press_tab(qtbot)
    focused = QApplication.focusWidget()
    assert isinstance(focused, QPushButton)
    assert focused.text() == "Open…"
    assert dialog.table.selected == 7


def test_keys_mean_the_row_in_which_the_keyboard_is(dialog, qtbot):
    dialog.rows[3].editor("kernel").setFocus()
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert dialog.design().rows[2] == Convolution(16, 3, 1, 1)
    assert QApplication.focusWidget() is dialog.rows[2].editor("kernel")
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert dialog.design().rows[3] == Convolution(16, 3, 1, 1)
    assert QApplication.focusWidget() is dialog.rows[3].editor("kernel")
    dialog.rows[3].remove.setFocus()
    qtbot.keyClick(dialog.rows[3].remove, Qt.Key.Key_Space)
    assert QApplication.focusWidget() is dialog.rows[3].remove
    while dialog.rows:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert QApplication.focusWidget() is dialog.adders["Convolution"]


def test_the_wheel_changes_only_the_number_that_has_the_keyboard(dialog):
    def turn(widget):
        middle = QPointF(widget.rect().center())
        down = QPoint(0, -120)
        QApplication.sendEvent(
            widget,
            QWheelEvent(
                middle, widget.mapToGlobal(middle), down, down, Qt.MouseButton.NoButton,
                Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
            ),
        )  # fmt: skip

    filters, kind = dialog.rows[0].editor("filters"), dialog.rows[1].editor("function")
    for editor in (filters, kind):
        turn(editor)
    assert dialog.design() == DESIGNS["two blocks"]
    filters.setFocus()
    turn(filters)
    assert dialog.design().rows[0] == Convolution(7, 3, 1, 1)


@pytest.mark.parametrize(("size", "name"), [((900, 600), "like LeNet-5"), ((1400, 900), "two blocks")])
def test_the_titles_stand_above_their_columns(dialog, qtbot, size, name):
    dialog.resize(*size)
    dialog.set_design(DESIGNS[name])
    titles = {label.text(): label for label in dialog.table.findChildren(QLabel) if label.text() in COLUMNS}
    shape = next(label for label in dialog.rows[0].findChildren(QLabel) if label.text() == dialog.rows[0].shape_text)

    def is_above():
        right = [label.mapTo(dialog, QPoint(label.width(), 0)).x() for label in (titles["Output"], shape)]
        return abs(right[0] - right[1]) <= 1 and dialog.size().toTuple() == size

    qtbot.waitUntil(is_above)
    assert dialog.use.width() == dialog.use.sizeHint().width()


def test_what_the_dialog_opens_is_what_it_shows(dialog, tmp_path):
    wide = replace(DESIGNS["two blocks"], input_shape=(3, 40, 2000))
    dialog.set_design(wide)
    assert dialog.design() == wide
    path = tmp_path / "wrong.json"
    stored = to_json(wide)
    stored["rows"][0]["kernel"] = 100  # no editor could show it
    path.write_text(json.dumps(stored))
    dialog.open_file(path)
    assert "Row 1" in dialog.message
    assert "kernel must be a whole number, 1 to 31, not 100" in dialog.message
    assert dialog.design() == wide


def test_a_file_is_saved_under_the_name_of_the_design(dialog, qtbot):
    dialog.name.setText("a/b")
    saver = next(button for button in dialog.findChildren(QPushButton) if button.text() == "Save…")
    press(qtbot, saver)
    files = dialog.findChild(QFileDialog)
    assert files.defaultSuffix() == "json"
    assert [name.rpartition("/")[2] for name in files.selectedFiles()] == ["a-b.json"]
    files.reject()


def test_a_wrong_row_has_the_colour_of_the_theme(dialog, qapp):
    dialog.set_design(Design("wrong", (1, 8, 8), (Convolution(4, 9),)))
    for theme in (DARK, LIGHT):
        apply_theme(qapp, theme)
        QApplication.processEvents()
        row = dialog.rows[0]
        assert row.grab().toImage().pixelColor(row.width() // 2, 4).name() == theme.warning_soft


def test_a_row_that_is_put_in_or_moved_stays_in_view(dialog, qtbot):
    dialog.resize(1100, 400)
    dialog.set_design(Design("long", (1, 28, 28), (Activation(),) * 20))

    def is_in_view():
        row = dialog.rows[dialog.table.selected]
        return row.visibleRegion().boundingRect() == row.rect()

    for _ in range(3):
        press(qtbot, dialog.adders["Dropout"])
        qtbot.waitUntil(is_in_view)
    dialog.rows[12].editor("function").setFocus()
    for _ in range(12):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
        qtbot.waitUntil(is_in_view)
    assert dialog.table.selected == 0
