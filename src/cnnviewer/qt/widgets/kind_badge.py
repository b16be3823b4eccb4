"""The badge of a layer's kind: a press tells what such an operation does, and leads to the page of the tour on it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from cnnviewer.lessons.words import Words, words_of
from cnnviewer.qt.theme import KIND_COLORS
from cnnviewer.qt.widgets.styling import label, literal

__all__ = ["KindBadge", "WordsPopup"]

_WIDTH = 340
_SHORT = {
    "convolution": "conv",
    "activation": "act",
    "pooling": "pool",
    "normalisation": "norm",
    "addition": "add",
    "multiplication": "mul",
    "concatenation": "concat",
}


class WordsPopup(QFrame):
    """Shows words on an operation until a click beside it, or Esc; `pageRequested` tells the page that is wanted."""

    pageRequested = Signal(str)

    def __init__(self, words: Words, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("card")
        self.setAccessibleName(words.title)
        self.words = words
        self.text = label(words.text, self, "")
        self.text.setWordWrap(True)
        self.text.setFixedWidth(_WIDTH)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(6)
        column.addWidget(label(words.title, self, "name"))
        column.addWidget(self.text)
        self.page = QPushButton("Play with it in the tour", self)
        self.page.setToolTip(f"Open the page '{words.page}'")
        self.page.setVisible(bool(words.page))
        self.page.clicked.connect(self._on_page_wanted)
        column.addWidget(self.page, alignment=Qt.AlignmentFlag.AlignLeft)
        self.page.setFocus()

    def show_below(self, widget: QWidget) -> None:
        """Show below a widget, or above it where the screen ends."""
        self.adjustSize()
        place = widget.mapToGlobal(QPoint(0, widget.height() + 3))
        screen = widget.screen().availableGeometry()
        if place.y() + self.height() > screen.bottom():
            place.setY(widget.mapToGlobal(QPoint(0, -self.height() - 3)).y())
        place.setX(max(screen.left(), min(place.x(), screen.right() - self.width())))
        self.move(place)
        self.show()

    @Slot()
    def _on_page_wanted(self) -> None:
        page = self.words.page
        self.close()
        self.pageRequested.emit(page)


class KindBadge(QToolButton):
    """Shows a kind in its colour; `pageRequested` tells the page of the tour that is wanted."""

    pageRequested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words, self._kind = words_of("other"), ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self.explain)

    @property
    def words(self) -> Words:
        """What is told."""
        return self._words

    def show_kind(self, kind: str, operation: str) -> None:
        """Show a kind; of the operation it is told what it does."""
        self._words = words_of(kind, operation)
        self._kind = kind
        self.set_short(False)
        self.setToolTip(literal(f"What {self._words.title.lower()} does"))
        self.setAccessibleName(f"{kind}: what it does")
        color = QColor(KIND_COLORS.get(kind, KIND_COLORS["other"])).name()
        self.setStyleSheet(
            f"QToolButton {{ background: {color}; color: white; border: 1px solid {color}; border-radius: 4px;"
            f" padding: 1px 6px; font-weight: 600; }}"
            f"QToolButton:hover, QToolButton:focus {{ border-color: palette(window-text); }}"
        )

    def set_short(self, is_short: bool) -> None:
        """Show the kind in a word, or where that would be cut off, in a short one."""
        self.setText((_SHORT.get(self._kind, self._kind) if is_short else self._kind).capitalize())

    @Slot()
    def explain(self) -> None:
        """Tell what the operation does."""
        popup = WordsPopup(self._words, self)
        popup.pageRequested.connect(self.pageRequested)
        popup.show_below(self)
