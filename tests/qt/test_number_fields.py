"""Numbers typed into the real window, as people of several countries do; and the wheel over what it passes."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QLocale, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QScrollBar, QSlider, QToolTip, QWidget

from cnnviewer.qt.designer_dialog import DesignerDialog
from cnnviewer.qt.theme import LIGHT, apply_theme
from cnnviewer.qt.widgets.number_field import NumberField, WholeField
from cnnviewer.qt.widgets.number_grid import NumberGrid
from cnnviewer.qt.widgets.wheel import Choice, Slider
from cnnviewer.ready_designs import DESIGNS
from qt.learn.conftest import Tour

LOCALES = ("en_US", "de_DE", "fr_FR", "ar_EG", "de_CH")


@pytest.fixture(params=LOCALES)
def locale(request):
    """A country in which the window is opened."""
    before = QLocale()
    QLocale.setDefault(QLocale(request.param))
    yield QLocale(request.param)
    QLocale.setDefault(before)


@pytest.fixture
def german():
    before = QLocale()
    QLocale.setDefault(QLocale("de_DE"))
    yield
    QLocale.setDefault(before)


def type_into(widget: QWidget, text: str, *, is_done: bool = True) -> None:
    """Type letter by letter over what is there, as a person does, and press Enter."""
    widget.setFocus()
    widget.selectAll()
    QTest.keyClick(widget, Qt.Key.Key_Delete)
    for letter in text:
        QTest.keyClick(widget, letter) if letter.isascii() else QTest.sendKeyEvent(
            QTest.KeyAction.Click, widget, Qt.Key.Key_unknown, letter, Qt.KeyboardModifier.NoModifier
        )
    if is_done:
        QTest.keyClick(widget, Qt.Key.Key_Return)


@pytest.fixture
def shown(qtbot, qapp):
    """Returns a field in a window of its own, with the keyboard."""
    apply_theme(qapp, LIGHT)

    def show(field: QWidget) -> QWidget:
        qtbot.addWidget(field)
        with qtbot.waitExposed(field):
            field.show()
        field.activateWindow()
        field.setFocus()
        return field

    return show


# ---- in the window


def test_the_training_form_takes_what_is_typed(locale, driver):
    form = driver.window.open_training().panel.setup.form
    for text, number in (("0.01", 0.01), ("0,02", 0.02), ("1e-3", 0.001), ("1E-5", 1e-5), ("0.00123456", 0.00123456)):
        type_into(form.rate, text)
        assert form.settings().learning_rate == number
        assert not form.rate.problem
    type_into(form.momentum, "0,85")
    type_into(form.decay, "5e-4")
    type_into(form.epochs, "1 000")
    type_into(form.batch, "1e2")
    settings = form.settings()
    assert (settings.momentum, settings.weight_decay, settings.epochs, settings.batch_size) == (0.85, 5e-4, 1000, 100)
    point = locale.decimalPoint()
    assert form.rate.text() == locale.toString(0.00123456, "f", 8)
    assert point in form.momentum.text()


def test_a_training_begins_with_what_is_shown_or_not_at_all(german, driver):
    panel = driver.window.open_training().panel
    started = []
    panel.setup.startRequested.disconnect()
    panel.setup.startRequested.connect(lambda plan, folder: started.append(plan.settings))
    form = panel.setup.form
    type_into(form.rate, "0,0x", is_done=False)
    driver.bot.mouseClick(panel.setup.start, Qt.MouseButton.LeftButton)
    assert started == []
    assert "“0,0x” is no number: 0,05 stays in use." in form.rate.toolTip()
    assert form.rate.accessibleDescription() == form.rate.problem
    assert form.rate.hasFocus()
    type_into(form.rate, "0,03", is_done=False)
    driver.bot.mouseClick(panel.setup.start, Qt.MouseButton.LeftButton)
    assert [settings.learning_rate for settings in started] == [0.03]


def test_a_running_training_is_given_whole_numbers_only(locale, driver):
    panel = driver.window.open_training().panel
    panel.set_stage("running", can_continue=False)
    told = []
    panel.learningRateChanged.connect(told.append)
    type_into(panel.rate, "0.02", is_done=False)
    assert told == []
    QTest.keyClick(panel.rate, Qt.Key.Key_Return)
    type_into(panel.rate, "0.02.1")
    type_into(panel.rate, "-1")
    assert told == [0.02]
    assert panel.rate.value() == 0.02
    assert "stays in use" in panel.rate.problem
    panel.rate.setValue(1e6)
    assert (told[-1], panel.rate.value(), panel.rate.problem) == (1e6, 1e6, "")


def test_the_tour_reads_commas_and_percents(german, driver):
    driver.open("lenet5")
    page = Tour(driver).open("Training")
    type_into(page.target, "72,5")
    assert (page.target.value(), page.target.text()) == (72.5, "72,5 %")
    type_into(page.target, "80 %")
    assert page.target.value() == 80
    type_into(page.target, "101")
    assert page.target.value() == 80
    assert page.target.problem.startswith("101 % is more than 99,5, the most possible")


# ---- one field


def test_what_can_not_be_read_is_marked_and_not_used(locale, shown):
    field = shown(NumberField(None, 0.0, 10.0, 5.0, tip="A number"))
    changes = []
    field.valueChanged.connect(changes.append)
    plain = field.grab().toImage()
    for text in ("abc", "1e", "11", "-1", ""):
        type_into(field, text)
        assert field.value() == 5
        assert field.text() == text
        assert field.problem.endswith(f"{locale.toString(5)} stays in use.")
        assert field.toolTip() == f"{field.problem}\nA number"
        edge = field.grab().toImage().pixelColor(1, field.height() // 2)
        assert edge.red() > edge.green() + 80
        assert edge != plain.pixelColor(1, field.height() // 2)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert (field.text(), field.problem, field.toolTip()) == (locale.toString(5), "", "A number")
    assert set(changes) <= {1.0, 5.0}  # 1 was whole for a moment
    assert field.value() == 5


def test_what_could_be_two_numbers_is_marked(german, shown):
    field = shown(NumberField(None, 0.0, 1e6, 5.0))
    type_into(field, "1.125")
    assert (field.value(), field.problem) == (5.0, "“1.125” could be 1,125 or 1125: 5 stays in use.")
    type_into(field, "1,125")
    assert (field.value(), field.problem) == (1.125, "")
    whole = shown(WholeField(None, 0, 10_000, 5))
    type_into(whole, "1.125")
    assert (whole.value(), whole.text()) == (1125, "1125")
    type_into(whole, "12,5")
    assert (whole.value(), whole.problem) == (1125, "“12,5” is no whole number: 1125 stays in use.")


@pytest.mark.parametrize("number", [1e-5, 0.00123456, 1 / 3, 5e-12, 123456789.125, 0.1 + 0.2])
def test_what_is_shown_is_what_is_used(locale, shown, number):
    field = shown(NumberField(None, 0.0, 1e9, 1.0))
    field.setValue(number)
    text = field.text()
    field.setValue(1.0)
    type_into(field, text)
    assert field.value() == number


def test_arrows_take_steps_without_crumbs(shown):
    field = shown(NumberField(None, 0.0, 1.0, 0.05))
    for _ in range(2):
        QTest.keyClick(field, Qt.Key.Key_Up)
    assert field.text() == "0.052"
    field.setValue(0.01)
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert field.text() == "0.0099"
    field.setValue(0.95)
    for _ in range(9):
        QTest.keyClick(field, Qt.Key.Key_Up)
    assert field.value() == 1.0
    whole = shown(WholeField(None, 0, 3, 2))
    for key, number in ((Qt.Key.Key_PageUp, 3), (Qt.Key.Key_Down, 2), (Qt.Key.Key_PageDown, 0)):
        QTest.keyClick(whole, key)
        assert whole.value() == number


def test_another_number_than_the_field_takes_is_shown_as_it_is_and_marked(shown):
    field = shown(WholeField(None, 1, 100, 5))
    field.setValue(1000)
    assert (field.value(), field.text()) == (1000, "1000")
    assert "more than 100" in field.problem
    field.setRange(1, 5000)
    assert not field.problem


def test_cells_mark_what_they_can_not_take(german, shown, qtbot):
    grid = NumberGrid("Numbers")
    grid.resize(200, 100)
    shown(grid)
    grid.show_numbers([[1.0, 2.0]])
    grid.set_editable(0, 9, 0.1)
    edited = []
    grid.edited.connect(lambda row, column, value: edited.append(value))
    grid.set_cell((0, 0))
    for text in ("0,5", "\u0662", "1e0"):
        QTest.keyClicks(grid, text) if text.isascii() else QTest.sendKeyEvent(
            QTest.KeyAction.Click, grid, Qt.Key.Key_unknown, text, Qt.KeyboardModifier.NoModifier
        )
        QTest.keyClick(grid, Qt.Key.Key_Return)
    assert edited == [0.5, 2.0]  # 1 is what it was
    before = grid.grab().toImage()
    QTest.keyClicks(grid, "1.2.3")
    QTest.keyClick(grid, Qt.Key.Key_Return)
    assert grid.grab().toImage() != before
    assert "“1.2.3” is no number. 1 stays in use." in QToolTip.text()
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert (grid.cell, edited) == ((0, 1), [0.5, 2.0])
    QTest.keyClicks(grid, "99")
    QTest.keyClick(grid, Qt.Key.Key_Return)
    assert "99 is not from 0 to 9: 9 is taken." in QToolTip.text()
    assert edited == [0.5, 2.0, 9.0]


# ---- the designer


def test_a_design_with_a_number_that_can_not_be_read_is_not_used(german, qtbot, qapp):
    apply_theme(qapp, LIGHT)
    dialog = DesignerDialog(DESIGNS["two blocks"], 10)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    with qtbot.waitActive(dialog):
        dialog.show()
    kernel = dialog.rows[0].editor("kernel")
    type_into(kernel, "3,5", is_done=False)
    assert not dialog.use.isEnabled()
    assert dialog.totals == dialog.rows[0].problem == kernel.problem == "“3,5” is no whole number: 3 stays in use."
    type_into(kernel, "3", is_done=False)
    assert dialog.use.isEnabled()
    type_into(dialog.high, "5000", is_done=False)
    assert "5000 is more than 4096" in dialog.totals
    dialog.reject()


# ---- the wheel


def turn(widget: QWidget) -> bool:
    """Turn the wheel over a widget; return whether it took it, or left it to what it lies in."""
    middle, down = QPointF(widget.rect().center()), QPoint(0, -120)
    event = QWheelEvent(
        middle, widget.mapToGlobal(middle), QPoint(), down, Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def state(widget: QWidget) -> object:
    return widget.currentIndex() if isinstance(widget, QComboBox) else widget.value()


def fields_of(parent: QWidget) -> list[QWidget]:
    kinds = (QAbstractSpinBox, QComboBox, QSlider)
    return [widget for widget in parent.findChildren(QWidget) if isinstance(widget, kinds)]


def test_the_wheel_changes_nothing_that_has_no_keyboard(driver):
    driver.open("lenet5")
    window = driver.window
    window.open_training()
    window.open_learn()
    driver.settle()
    dialog = DesignerDialog(DESIGNS["two blocks"], 10, window)
    fields = fields_of(window)
    assert len(fields) > 50
    window.layers.setFocus()
    for field in fields:
        assert not isinstance(field, QScrollBar)
        assert not field.focusPolicy() & Qt.FocusPolicy.WheelFocus.value & ~Qt.FocusPolicy.StrongFocus.value
        before = state(field)
        is_taken = turn(field) and field.isEnabled()  # what is switched off answers nothing, and lets it pass
        assert not is_taken, field.accessibleName()
        assert state(field) == before
        assert not field.hasFocus()
    dialog.close()


def test_the_wheel_turns_the_field_with_the_keyboard(shown):
    window = QWidget()
    fields = (WholeField(window, 0, 100, 50), Slider(window), Choice(window))
    fields[1].setValue(50)
    fields[2].addItems(["a", "b", "c"])
    shown(window)
    for field in fields:
        window.setFocus()
        before = state(field)
        assert not turn(field)
        field.setFocus()
        assert turn(field)
        assert state(field) != before
