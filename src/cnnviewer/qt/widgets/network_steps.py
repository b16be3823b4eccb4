"""The labels of the steps that a network's picture goes through, a button each."""

from __future__ import annotations

from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QPushButton, QWidget

from cnnviewer.qt.theme import KIND_COLORS, current_theme
from cnnviewer.qt.widgets.styling import literal

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from cnnviewer.lessons.network_messages import NetworkColumn
    from cnnviewer.qt.widgets.network_layout import ColumnLayout

__all__ = ["StepLabels"]

_STEP = 20
_WORDS = {
    "convolution": ("convolution", "conv"),
    "activation": ("activation", "act."),
    "normalisation": ("normalise", "norm"),
    "pooling": ("pooling", "pool"),
    "linear": ("fully connected", "full"),
    "softmax": ("softmax", "softmax"),
    "addition": ("add", "add"),
    "concatenation": ("concatenate", "cat"),
    "multiplication": ("multiply", "mul"),
    "attention": ("attention", "att."),
    "resampling": ("resample", "res."),
    "other": ("other", "other"),
}


class StepLabels(QObject):
    """Shows the steps of each column above it; `clicked` tells the kind of one. `explained` are those with a page."""

    clicked = Signal(str)

    def __init__(self, widget: QWidget, explained: Container[str] | None) -> None:
        super().__init__(widget)
        self._widget, self._explained = widget, explained
        self._steps: list[tuple[int, int, QPushButton]] = []

    @property
    def buttons(self) -> tuple[QPushButton, ...]:
        """The labels, from left to right."""
        return tuple(button for *_, button in self._steps)

    def show_columns(self, columns: Sequence[NetworkColumn]) -> None:
        """Make the labels of these columns."""
        for button in self.buttons:
            button.hide()
            button.deleteLater()
        self._steps = []
        for place, column in enumerate(columns):
            known = [step for step in zip_longest(column.kinds, column.settings, fillvalue="") if step[0] in _WORDS]
            for row, (kind, settings) in enumerate(known):
                self._steps.append((place, row, self._button(column.title, kind, settings)))

    def height(self, *, is_low: bool) -> int:
        """Return how much room they need; in a low picture those of a column stand side by side."""
        return (1 if is_low else max((row for _, row, _ in self._steps), default=-1) + 1) * _STEP

    def lay_out(self, layouts: Sequence[ColumnLayout], top: int, *, is_low: bool) -> None:
        """Put them above their columns."""
        counts = Counter(place for place, *_ in self._steps)
        for place, row, button in self._steps:
            layout = layouts[place]
            across, down = (row, 0) if is_low else (0, row)
            room = round(layout.width - 4) // (counts[place] if is_low else 1)
            metrics = button.fontMetrics()
            fitting = (word for word in button.property("words") if metrics.horizontalAdvance(word) + 8 <= room)
            button.setText(next(fitting, ""))  # a bar of the kind's colour tells more than half a word
            button.setGeometry(round(layout.left) + 2 + across * room, top + down * _STEP, room - 1, _STEP - 2)

    def _button(self, title: str, kind: str, settings: str) -> QPushButton:
        words = _words(kind, settings)
        button = QPushButton(self._widget)
        button.setProperty("step", kind)
        button.setProperty("words", words)
        is_explained = self._explained is None or kind in self._explained
        button.setToolTip(literal(_step_tip(words[0], settings, is_explained=is_explained)))
        if is_explained:
            button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.setAccessibleName(f"{title}: {words[0]}")
        button.clicked.connect(self._on_clicked)
        button.setStyleSheet(
            f"QPushButton {{ padding: 0 2px; border-radius: 4px; border: 1px solid transparent; color: white;"
            f" background: {KIND_COLORS.get(kind, KIND_COLORS['other'])}; font-size: 8pt; }}"
            f"QPushButton:hover, QPushButton:focus {{ border-color: {current_theme().text}; }}"
        )
        button.show()
        return button

    @Slot()
    def _on_clicked(self) -> None:
        button = self.sender()
        if isinstance(button, QPushButton):
            self.clicked.emit(button.property("step"))


def _words(kind: str, settings: str) -> tuple[str, str]:
    """Return how a step is called, and in little room; an activation by its own name, as "leaky ReLU"."""
    if kind == "activation" and settings:
        return (settings.partition(",")[0],) * 2
    return _WORDS[kind]


def _step_tip(name: str, settings: str, *, is_explained: bool) -> str:
    told = settings if settings.startswith(name) else f"{name} {settings}".strip()
    return f"{told}\nOpen the page of the tour on this step" if is_explained else told
