"""The rows of a design, one below the other, with their column titles and buttons that add more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.designs import FullyConnected
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.design_row import BUTTONS_WIDTH, COLUMNS, KINDS, DesignRow
from cnnviewer.qt.widgets.styling import label

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from cnnviewer.designs import Row, RowFacts

__all__ = ["DesignTable"]

# What stands right of the columns: the buttons, a row's margin and frame, the margin of the rows.
_RIGHT_OF_COLUMNS = BUTTONS_WIDTH + 8
_STYLE = """
QFrame#card QLabel, QWidget#titles QLabel {{ font-size: 8pt; }}
QFrame#card[problem="true"] {{ background: {0.warning_soft}; border-color: {0.warning}; }}
"""


class DesignTable(QWidget):
    """Edits the rows of a design; the head stands fixed below them. `edited` tells that there are other rows.

    One row is the chosen one: new rows are put below it, and the keys Alt+Up, Alt+Down, Ctrl+D and Del mean it. It is
    the one that was clicked, or in which the keyboard is.
    """

    edited = Signal()

    def __init__(self, classes: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes = classes
        self._rows: list[DesignRow] = []
        self._end: DesignRow | None = None
        self._selected = -1
        self.adders: dict[str, QPushButton] = {}
        self._inside = QWidget(self)
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(2, 2, 2, 2)
        self._column.setSpacing(5)
        self._column.addStretch(1)
        self._scroll = _Rows(self._inside, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._build_adders())
        layout.addWidget(self._scroll, stretch=1)
        self._build_keys()
        self.setStyleSheet(_STYLE.format(current_theme()))
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._on_focus_changed)

    @property
    def rows(self) -> tuple[DesignRow, ...]:
        """The widgets of the rows, the head left out."""
        return tuple(self._rows)

    @property
    def values(self) -> tuple[Row, ...]:
        """The rows as they are now, right or wrong, the head left out."""
        return tuple(row.row for row in self._rows)

    @property
    def selected(self) -> int:
        """The place of the chosen row, from 0; -1 where there is none."""
        return self._selected

    def set_rows(self, rows: tuple[Row, ...]) -> None:
        """Edit other rows."""
        self._show(rows, len(rows) - 1)

    def show_facts(self, facts: tuple[RowFacts, ...]) -> None:
        """Show what each row makes, or why it can't; the last are those of the head."""
        assert self._end is not None
        for widget, fact in zip((*self._rows, self._end), facts, strict=True):
            widget.show_facts(fact)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            style = _STYLE.format(current_theme())
            if style != self.styleSheet():
                self.setStyleSheet(style)

    # ---- building

    def _build_adders(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(6)
        line.addWidget(label("Add below the chosen row", self))
        for title, (kind, _) in KINDS.items():
            button = QPushButton(f"+ {title}", self)
            button.setAutoDefault(False)
            button.setToolTip(f"Put a row below the chosen one: {title.lower()}")
            button.clicked.connect(lambda _checked=False, kind=kind: self._insert(kind()))
            self.adders[title] = button
            line.addWidget(button)
        line.addStretch(1)
        return line

    def _build_keys(self) -> None:
        for keys, slot in (
            ("Alt+Up", lambda: self._move(self._selected, -1)),
            ("Alt+Down", lambda: self._move(self._selected, 1)),
            ("Ctrl+D", lambda: self._duplicate(self._selected)),
            ("Del", lambda: self._remove(self._selected)),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def _new_row(self, row: Row, place: int) -> DesignRow:
        widget = DesignRow(row, place + 1, self._inside)
        widget.changed.connect(self.edited)
        widget.chosen.connect(lambda: self._select(place))
        widget.moveRequested.connect(lambda step: self._move(place, step))
        widget.duplicateRequested.connect(lambda: self._duplicate(place))
        widget.removeRequested.connect(lambda: self._remove(place))
        return widget

    # ---- rows

    def _show(self, rows: tuple[Row, ...], selected: int) -> None:
        """Build the widgets of these rows anew; the keyboard stays at the same place of the chosen row."""
        focused = self._focused_from_end()
        old = [*self._rows, *([self._end] if self._end is not None else [])]
        self._rows = []  # those that go must not be chosen when they pass the focus on
        for widget in old:
            self._column.removeWidget(widget)
            widget.hide()
            widget.deleteLater()
        self._rows = [self._new_row(row, place) for place, row in enumerate(rows)]
        head = f"{self._classes} units, one a class"
        self._end = DesignRow(FullyConnected(self._classes), len(rows) + 1, self._inside, fixed=head)
        for place, widget in enumerate((*self._rows, self._end)):
            self._column.insertWidget(place, widget)
            widget.show()  # the layout would show it later only, and the keyboard passes over what is not shown
        self._order_tabs()
        self._select(min(max(selected, 0), len(rows) - 1))
        if focused:
            self._focus(focused)
        self.edited.emit()

    def _order_tabs(self) -> None:
        """Have the keyboard pass through the rows in their order, between the buttons above and what follows."""
        before: QWidget = list(self.adders.values())[-1]
        for row in self._rows:
            for widget in _focusable(row):
                QWidget.setTabOrder(before, widget)
                before = widget

    def _focused_from_end(self) -> int:
        """Return which widget of a row has the keyboard, counted from its end from 1; 0 where none has."""
        widget = QApplication.focusWidget()
        row = self._row_of(widget)
        widgets = [] if row is None else _focusable(row)
        return len(widgets) - widgets.index(widget) if widget in widgets else 0

    def _focus(self, from_end: int) -> None:
        if not self._rows:
            next(iter(self.adders.values())).setFocus()
            return
        widgets = _focusable(self._rows[self._selected])
        widgets[-min(from_end, len(widgets))].setFocus()

    def _row_of(self, widget: QWidget | None) -> DesignRow | None:
        while widget is not None and widget not in self._rows:
            widget = widget.parentWidget()
        return widget if isinstance(widget, DesignRow) else None

    def _select(self, place: int) -> None:
        self._selected = place
        for number, row in enumerate(self._rows):
            row.set_selected(number == place)

    def _insert(self, row: Row) -> None:
        rows = list(self.values)
        rows.insert(self._selected + 1, row)
        self._change(rows, self._selected + 1)

    def _move(self, place: int, step: int) -> None:
        rows, target = list(self.values), place + step
        if 0 <= place < len(rows) and 0 <= target < len(rows):
            rows[place], rows[target] = rows[target], rows[place]
            self._change(rows, target)

    def _duplicate(self, place: int) -> None:
        rows = list(self.values)
        if 0 <= place < len(rows):
            rows.insert(place + 1, replace(rows[place]))
            self._change(rows, place + 1)

    def _remove(self, place: int) -> None:
        rows = list(self.values)
        if 0 <= place < len(rows):
            del rows[place]
            self._change(rows, place)

    def _change(self, rows: list[Row], selected: int) -> None:
        """Take other rows by the user's wish, and keep the chosen one in view."""
        self._show(tuple(rows), selected)
        if self._rows:
            self._inside.adjustSize()  # the layout would tell where the row stands later only
            self._scroll.ensureWidgetVisible(self._rows[self._selected])

    @Slot(QWidget, QWidget)
    def _on_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        row = self._row_of(new)
        if row is not None:
            self._select(self._rows.index(row))


class _Rows(QScrollArea):
    """Scrolls the rows below the titles of their columns, which move sideways only."""

    def __init__(self, inside: QWidget, parent: QWidget) -> None:
        super().__init__(parent)
        self._inside = inside
        self._titles = QWidget(self)
        self._titles.setObjectName("titles")
        line = QHBoxLayout(self._titles)
        line.setContentsMargins(0, 0, _RIGHT_OF_COLUMNS, 0)
        line.setSpacing(5)
        line.addStretch(1)
        for text, width in COLUMNS.items():
            title = label(text, self._titles)
            title.setFixedWidth(width)
            title.setAlignment(Qt.AlignmentFlag.AlignRight)
            line.addWidget(title)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self.setWidget(inside)
        self.setViewportMargins(0, self._titles.sizeHint().height() + 4, 0, 0)
        self.horizontalScrollBar().valueChanged.connect(self._place_titles)
        inside.installEventFilter(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the titles out."""
        super().resizeEvent(event)
        self._place_titles()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give the titles the width of the rows."""
        if watched is self._inside and event.type() == QEvent.Type.Resize:
            self._place_titles()
        return super().eventFilter(watched, event)

    @Slot()
    def _place_titles(self) -> None:
        left = -self.horizontalScrollBar().value()
        self._titles.setGeometry(left, 0, self._inside.width(), self._titles.sizeHint().height())


def _focusable(row: DesignRow) -> list[QWidget]:
    """Return the editors and buttons of a row, from left to right."""
    children = row.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
    return [child for child in children if child.focusPolicy() & Qt.FocusPolicy.TabFocus]
