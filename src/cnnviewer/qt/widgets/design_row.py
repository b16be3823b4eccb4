"""One row of a design: its fields, and what it makes of the image."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.designs import BOUNDS, CHOICES, Activation, Convolution, Dropout, FullyConnected, Pooling
from cnnviewer.qt.theme import KIND_COLORS
from cnnviewer.qt.widgets.number_field import NumberField, WholeField, field_with_problem
from cnnviewer.qt.widgets.numbers import count_text, shape_text
from cnnviewer.qt.widgets.styling import label, set_state
from cnnviewer.qt.widgets.wheel import Choice

if TYPE_CHECKING:
    from PySide6.QtGui import QFocusEvent, QMouseEvent

    from cnnviewer.designs import Row, RowFacts

__all__ = ["BUTTONS_WIDTH", "COLUMNS", "KINDS", "DesignRow"]

KINDS: dict[str, tuple[type[Row], str]] = {
    "Convolution": (Convolution, "convolution"),
    "Activation": (Activation, "activation"),
    "Pooling": (Pooling, "pooling"),
    "Fully connected": (FullyConnected, "linear"),
    "Dropout": (Dropout, "dropout"),
}
"""The sorts of rows: what they are called, their class, and the kind of layer whose colour they have."""

COLUMNS = {"Output": 84, "Parameters": 66, "Multiply-adds": 78}
"""The columns of what a row makes, and their widths in pixels."""

_BUTTON, _SPACING = 22, 5
BUTTONS_WIDTH = 4 * _BUTTON + _SPACING
"""The width of a row's buttons, the gaps before them included."""


class DesignRow(QFrame):
    """Edits a row; `changed` tells that it has other values, the others what the user wishes to do with it.

    A row that is `fixed` is shown with a text and can't be edited.
    """

    changed = Signal()
    chosen = Signal()
    moveRequested = Signal(int)
    duplicateRequested = Signal()
    removeRequested = Signal()

    def __init__(self, row: Row, number: int, parent: QWidget | None = None, *, fixed: str = "") -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.row = row
        self.number = number
        self._editors: dict[str, QWidget] = {}
        title = next(name for name, (kind, _) in KINDS.items() if isinstance(row, kind))
        self.setAccessibleName(f"Row {number}: {title}")
        self._shape, self._parameters, self._products = (QLabel(self) for _ in range(3))
        self._problem = label("", self, "warning")
        line = QHBoxLayout()
        line.setSpacing(_SPACING)
        line.addWidget(self._number())
        line.addWidget(self._chip(title))
        if fixed:
            line.addWidget(QLabel(fixed, self))
        else:
            for widget in self._build_editors():
                line.addWidget(widget)
        line.addStretch(1)
        for fact, width in zip((self._shape, self._parameters, self._products), COLUMNS.values(), strict=True):
            fact.setFixedWidth(width)
            fact.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            line.addWidget(fact)
        buttons = QHBoxLayout()
        buttons.setSpacing(0)
        for button in self._build_buttons(is_fixed=bool(fixed)):
            buttons.addWidget(button)
        line.addLayout(buttons)
        self._problem.setWordWrap(True)
        self._problem.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(7, 5, 5, 5)
        layout.setSpacing(3)
        layout.addLayout(line)
        layout.addWidget(self._problem)

    def show_facts(self, facts: RowFacts) -> None:
        """Show what the row makes, or why it can't."""
        self._shape.setText("" if facts.shape is None else shape_text(facts.shape))
        self._parameters.setText(count_text(facts.parameters) if facts.parameters else "")
        self._products.setText(count_text(facts.multiply_adds) if facts.multiply_adds else "")
        unread = field_with_problem(self)
        is_wrong = unread is not None or (bool(facts.problem) and not facts.follows)
        self._problem.setText(facts.problem if unread is None else unread.problem)
        self._problem.setVisible(is_wrong)
        set_state(self, "problem", is_wrong)
        if facts.follows:
            self._shape.setText("–")
        tip = facts.problem or "What comes out: channels, height and width; or units"
        self._shape.setToolTip(tip)

    def set_selected(self, is_selected: bool) -> None:
        """Mark the row behind which new ones are put."""
        set_state(self, "selected", is_selected)

    def editor(self, name: str) -> QWidget:
        """Return the widget that edits a field."""
        return self._editors[name]

    @property
    def problem(self) -> str:
        """Why the row can't be; '' where it can."""
        return self._problem.text()

    @property
    def shape_text(self) -> str:
        """What comes out of the row."""
        return self._shape.text()

    # ---- building

    def _number(self) -> QLabel:
        number = label(str(self.number), self)
        number.setFixedWidth(17)
        return number

    def _chip(self, title: str) -> QLabel:
        chip = QLabel(title, self)
        chip.setFixedWidth(108)
        chip.setAlignment(Qt.AlignmentFlag.AlignCenter)
        color = KIND_COLORS[KINDS[title][1]]
        chip.setStyleSheet(
            f"background: {color}; color: white; border-radius: 4px; padding: 2px 5px; font-weight: 600;"
        )
        return chip

    def _build_editors(self) -> list[QWidget]:
        found: list[QWidget] = []
        for field in fields(self.row):
            value = getattr(self.row, field.name)
            title = label("" if field.name in CHOICES else field.name, self)
            editor = self._editor(field.name, value)
            editor.setAccessibleName(f"{field.name} of row {self.number}")
            title.setBuddy(editor)
            self._editors[field.name] = editor
            found += [title, editor] if title.text() else [editor]
        return found

    def _editor(self, name: str, value: object) -> QWidget:
        if name in CHOICES:
            box = Choice(self)
            box.addItems(list(CHOICES[name]))
            box.setCurrentText(str(value))
            box.currentTextChanged.connect(self._on_edited)
            return box
        if name == "share":
            field: NumberField = NumberField(self, 0.0, 0.9999, float(str(value)), step=0.1)
        else:
            field = WholeField(self, *BOUNDS[name], int(str(value)))
            # As wide as its digits want, so that a row fits into a window of 900 pixels.
            field.setFixedWidth(30 + field.fontMetrics().horizontalAdvance(str(field.maximum())))
        field.valueChanged.connect(self._on_edited)
        field.problemChanged.connect(self._on_edited)
        return field

    def _build_buttons(self, *, is_fixed: bool) -> list[QToolButton]:
        self.up = self._button("↑", "Move the row up (Alt+Up)")
        self.down = self._button("↓", "Move the row down (Alt+Down)")
        self.copy = self._button("+", "Put a copy of the row below it (Ctrl+D)")
        self.remove = self._button("✕", "Remove the row (Del)")
        self.up.clicked.connect(self._on_up)
        self.down.clicked.connect(self._on_down)
        self.copy.clicked.connect(self.duplicateRequested)
        self.remove.clicked.connect(self.removeRequested)
        buttons = [self.up, self.down, self.copy, self.remove]
        for button in buttons:
            button.setEnabled(not is_fixed)
        return buttons

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setProperty("flat", True)
        button.setFixedSize(_BUTTON, _BUTTON)
        return button

    # ---- user

    @Slot()
    def _on_edited(self) -> None:
        values = {name: _value(editor) for name, editor in self._editors.items()}
        self.row = replace(self.row, **values)  # type: ignore[arg-type]
        self.chosen.emit()
        self.changed.emit()

    @Slot()
    def _on_up(self) -> None:
        self.moveRequested.emit(-1)

    @Slot()
    def _on_down(self) -> None:
        self.moveRequested.emit(1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the row."""
        super().mousePressEvent(event)
        self.chosen.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Choose the row."""
        super().focusInEvent(event)
        self.chosen.emit()


def _value(editor: QWidget) -> object:
    with QSignalBlocker(editor):
        if isinstance(editor, Choice):
            return editor.currentText()
        assert isinstance(editor, NumberField)
        return editor.value()
