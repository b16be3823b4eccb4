import pytest
from PySide6.QtCore import Qt

from cnnviewer.designs import DESIGNS, Activation, Convolution, FullyConnected, open_design
from cnnviewer.qt.designer_dialog import DesignerDialog


@pytest.fixture
def dialog(qtbot):
    made = DesignerDialog(DESIGNS["two blocks"], 10)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    made.show()
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
    dialog.rows[3].editor("kernel").setValue(3)
    assert dialog.use.isEnabled()
    dialog.name.setText("")
    assert dialog.totals == "The design has no name."


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
