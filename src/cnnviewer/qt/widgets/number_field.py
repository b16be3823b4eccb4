"""The one field in which numbers are typed: what it shows is what is used.

Numbers are shown and read as the user's country writes them, and read however else they can mean one number only
(`cnnviewer.qt.widgets.typed_numbers`). A text that is no number of the field's range stays as it was typed, in a red
frame and with a sentence that tells why, and the last number that could be used stays in force.
"""

from __future__ import annotations

from decimal import Decimal
from math import floor, log10
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLocale, QPoint, QRectF, QSignalBlocker, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPen, QValidator
from PySide6.QtWidgets import QAbstractSpinBox, QStyle, QStyleOptionSpinBox, QToolTip, QWidget

from cnnviewer.qt.theme import ERROR_COLOR
from cnnviewer.qt.widgets.typed_numbers import NumberStyle, UnreadableNumber, number_text, read_number
from cnnviewer.qt.widgets.wheel import is_for

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent, QPaintEvent, QWheelEvent

__all__ = ["NumberField", "WholeField", "field_with_problem", "style_of"]

_HEIGHT = 25
_PERCENT_SIGNS = "%\u066a\u061c\u200e\u200f "


def style_of(locale: QLocale) -> NumberStyle:
    """Return how a country writes numbers."""
    return NumberStyle(
        locale.decimalPoint(),
        locale.groupSeparator(),
        locale.zeroDigit(),
        locale.negativeSign(),
        locale.exponential(),
    )


def field_with_problem(parent: QWidget) -> NumberField | None:
    """Return the first field within a widget that shows what can't be used; one that is switched off does not count."""
    fields = (field for field in parent.findChildren(NumberField) if field.problem and field.isEnabledTo(parent))
    return next((field for field in fields if field.isVisibleTo(parent)), None)


class NumberField(QAbstractSpinBox):
    """A field for a number between two ends, both of them possible.

    `valueChanged` tells the number that is used from now on; as each key is typed, or where the field has
    `setKeyboardTracking(False)`, when the text is done. `problemChanged` tells that `problem` is another one.

    Parameters
    ----------
    low, high
        The ends.
    value
        The number to begin with.
    step
        By how much the arrows change it; None: by a tenth of the power of ten below it.
    least_step
        Such a step from 0 on.
    suffix
        What stands behind the number, as " %"; it may be typed or not.
    special
        What is shown instead of the lower end.
    """

    valueChanged = Signal(float)
    problemChanged = Signal()

    is_whole = False

    def __init__(
        self,
        parent: QWidget | None,
        low: float,
        high: float,
        value: float,
        *,
        name: str = "",
        tip: str = "",
        step: float | None = None,
        least_step: float = 1e-3,
        suffix: str = "",
        special: str = "",
    ) -> None:
        super().__init__(parent)
        self._low, self._high, self._value = low, high, value
        self._step, self._least_step = step, least_step
        self._suffix, self._special = suffix, special
        self._told: float = value
        self._problem = ""
        self._tip = tip
        self.reads_percent = "%" in suffix
        """Whether a percent sign may be typed behind the number."""
        self.setAccessibleName(name)
        self.setToolTip(tip)
        self.setMinimumHeight(_HEIGHT)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # Qt's own gives the keyboard to what the wheel passes over
        self.lineEdit().textChanged.connect(self._on_text_changed)
        self.editingFinished.connect(self._on_editing_finished)
        self._show()

    # ---- what is used

    def value(self) -> float:
        """Return the number that is used: what is shown, or where that can't be used the last one that could."""
        return self._read()[0]

    def setValue(self, value: float) -> None:
        """Show and use a number; one that is out of range is marked, and not changed."""
        self._value = value
        self._show()
        self._tell()

    def setRange(self, low: float, high: float) -> None:
        """Let numbers from one end to another be used."""
        self._low, self._high = low, high
        self._judge()
        self.updateGeometry()

    def minimum(self) -> float:
        """Return the least number that can be used."""
        return self._low

    def maximum(self) -> float:
        """Return the largest number that can be used."""
        return self._high

    @property
    def problem(self) -> str:
        """Why what is shown can't be used, as a sentence; '' where it is used."""
        return self._problem

    def point_out(self) -> None:
        """Lead the user to what can't be used."""
        self.setFocus()
        if self._problem:
            QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), self._problem, self)

    def setToolTip(self, tip: str) -> None:
        """Set what is told of the field; what can't be used is told before it."""
        self._tip = tip
        super().setToolTip("\n".join(filter(None, (self._problem, tip))))

    # ---- reading and showing

    def _style(self) -> NumberStyle:
        return style_of(self.locale())

    def _text(self, value: float) -> str:
        if self._special and value == self._low:
            return self._special
        return number_text(value, self._style()) + self._suffix

    def _read(self) -> tuple[float, str]:
        """Return the number that is used, and why what is shown is not."""
        text = self.lineEdit().text()
        if text == self._text(self._value):
            return self._value, self._beyond(self._value)
        if self._special and text.strip() == self._special:
            return self._low, ""
        try:
            number = read_number(self._without_suffix(text), self._style(), is_whole=self.is_whole)
        except UnreadableNumber as error:
            return self._value, f"{error}: {self._text(self._value)} stays in use."
        beyond = self._beyond(number)
        return (self._value, f"{beyond}: {self._text(self._value)} stays in use.") if beyond else (number, "")

    def _beyond(self, number: float) -> str:
        if number < self._low:
            return f"{self._text(number)} is less than {number_text(self._low, self._style())}, the least possible"
        if number > self._high:
            return f"{self._text(number)} is more than {number_text(self._high, self._style())}, the most possible"
        return ""

    def _without_suffix(self, text: str) -> str:
        text = text.strip().removesuffix(self._suffix.strip())
        return text.strip(_PERCENT_SIGNS) if self.reads_percent else text

    def _show(self) -> None:
        """Show the number that is used."""
        with QSignalBlocker(self.lineEdit()):
            self.lineEdit().setText(self._text(self._value))
        self.lineEdit().setCursorPosition(0)  # the first digits, where they are too many for the field
        self._judge()

    def _judge(self) -> None:
        """Mark what can't be used."""
        problem = self._read()[1]
        if problem != self._problem:
            self._problem = problem
            self.setAccessibleDescription(problem)
            self.setToolTip(self._tip)
            self.update()
            self.problemChanged.emit()

    def _tell(self) -> None:
        value = self.value()
        if value != self._told:
            self._told = value
            self.valueChanged.emit(value)

    @Slot()
    def _on_text_changed(self) -> None:
        self._judge()
        if self.keyboardTracking():
            self._tell()

    @Slot()
    def _on_editing_finished(self) -> None:
        value, problem = self._read()
        if problem:
            if self.lineEdit().text() != self._text(self._value):
                QToolTip.showText(self.mapToGlobal(QPoint(0, self.height())), problem, self)
        else:
            self._value = value
            if self.lineEdit().text() != self._text(value):
                self._show()
        self._tell()

    # ---- steps

    def stepBy(self, steps: int) -> None:
        """Change the number by steps, as far as the ends."""
        value = Decimal(repr(self.value()))
        for _ in range(abs(steps)):
            value += self._step_at(value, steps) * (1 if steps > 0 else -1)
        number = int(value) if self.is_whole else float(value)
        self.setValue(min(max(number, self._low), self._high))
        self.lineEdit().selectAll()

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        """Return in which directions there is a step."""
        flags = QAbstractSpinBox.StepEnabledFlag
        up = flags.StepUpEnabled if self.value() < self._high else flags.StepNone
        return up | (flags.StepDownEnabled if self.value() > self._low else flags.StepNone)

    def _step_at(self, value: Decimal, direction: int) -> Decimal:
        if self._step is not None:
            return Decimal(repr(self._step))
        size = abs(float(value))
        if size == 0:
            return Decimal(repr(self._least_step))
        power = floor(log10(size))
        if size == 10.0**power and (value > 0) != (direction > 0):
            power -= 1  # from 0.01 down to 0.0099
        return Decimal(10) ** (power - 1)

    # ---- Qt's own

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Let all be typed: what can't be used is marked, and no key dropped."""
        return QValidator.State.Acceptable, text, position

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back to the number that is used by Escape, where something else was typed."""
        if event.key() == Qt.Key.Key_Escape and self.lineEdit().text() != self._text(self._value):
            self._show()
            self._tell()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Take steps where the field has the keyboard."""
        if is_for(self, event):
            super().wheelEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow another country's way to write numbers."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.LocaleChange and hasattr(self, "_tip"):
            self._show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint a red frame around what can't be used."""
        super().paintEvent(event)
        if self._problem:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(QColor(ERROR_COLOR), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 3, 3)

    def sizeHint(self) -> QSize:
        """Return room for the numbers at both ends."""
        metrics = self.fontMetrics()
        texts = [self._text(number) for number in (self._low, self._high, self._value)]
        option = QStyleOptionSpinBox()
        self.initStyleOption(option)
        inner = QSize(max(map(metrics.horizontalAdvance, texts)) + 8, self.lineEdit().sizeHint().height())
        return self.style().sizeFromContents(QStyle.ContentsType.CT_SpinBox, option, inner, self)

    def minimumSizeHint(self) -> QSize:
        """Return the same room."""
        return self.sizeHint()


class WholeField(NumberField):
    """A field for a whole number."""

    is_whole = True

    def __init__(
        self, parent: QWidget | None, low: int, high: int, value: int, *, name: str = "", tip: str = "", step: int = 1
    ) -> None:
        super().__init__(parent, low, high, value, name=name, tip=tip, step=step)

    def value(self) -> int:
        """Return the number that is used."""
        return int(super().value())
