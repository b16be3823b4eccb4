"""What the window tells in a line of its own: a note, an error with details to unfold, the progress of a long job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.names import readable, steady
from cnnviewer.qt.icons import icon
from cnnviewer.qt.widgets.numbers import count_text
from cnnviewer.qt.widgets.progress_line import ProgressLine
from cnnviewer.sizes import byte_text

if TYPE_CHECKING:
    from PySide6.QtWidgets import QPlainTextEdit

    from cnnviewer.qt.failures import Failure

__all__ = ["ErrorBanner", "NoteBanner", "ProgressBanner"]

_OF_BYTES = "Downloading"
"""How lines for people begin where what is done is counted in bytes: all others count things."""


class NoteBanner(QFrame):
    """A sentence, and maybe a way on; it stays until it is closed. `told` tells it."""

    actionRequested = Signal()
    told = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._told = ""
        self._sentence = QLabel(self)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)  # names from files are in it
        self._sentence.setWordWrap(True)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._action = QPushButton(self)
        self._action.clicked.connect(self.actionRequested)
        self._close = QToolButton(self)
        self._close.setProperty("flat", True)
        self._close.setToolTip("Close (Esc)")
        self._close.clicked.connect(self.hide)
        self._row = QHBoxLayout()
        self._row.addWidget(self._sentence, stretch=1)
        for widget in (self._action, self._close):
            self._row.addWidget(widget, alignment=Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.addLayout(self._row)
        self.hide()

    def show_note(self, sentence: str, action: str = "") -> None:
        """Tell a sentence; `action` is the text of a button that goes on another way."""
        self._told = sentence
        self._sentence.setText(steady("\n".join(map(readable, sentence.split("\n")))))
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self._close.setIcon(icon("x"))
        self.show()
        self.told.emit(sentence)

    def add_note(self, sentence: str) -> None:
        """Tell a sentence beside what is told already, and has not been closed; the way on of that stays."""
        if self.isHidden():
            self.show_note(sentence)
        else:
            self.show_note(f"{self._told} {sentence}", self._action.text())

    @property
    def sentence(self) -> str:
        """What is told."""
        return self._told

    @property
    def action(self) -> QPushButton:
        """The button that goes on another way."""
        return self._action


class ErrorBanner(NoteBanner):
    """A sentence, its details to unfold and copy, and maybe a way on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._unfold = QPushButton("Details", self)
        self._unfold.setCheckable(True)
        self._copy = QPushButton("Copy", self)
        self._copy.setToolTip("Copy the message and its details")
        self._copy.clicked.connect(self._on_copy)
        self._details: QPlainTextEdit | None = None
        self._details_text = ""
        self._unfold.toggled.connect(self._on_unfold)
        for place, widget in enumerate((self._unfold, self._copy)):
            self._row.insertWidget(2 + place, widget, alignment=Qt.AlignmentFlag.AlignTop)

    def show_failure(self, failure: Failure, action: str = "") -> None:
        """Tell a failure; `action` is the text of a button that goes on another way."""
        self._details_text = failure.details
        self._unfold.setChecked(False)
        self._unfold.setVisible(bool(failure.details))
        self.show_note(failure.sentence, action)

    @property
    def unfold(self) -> QPushButton:
        """The button that shows and hides the details."""
        return self._unfold

    @property
    def details(self) -> str:
        """The details that are shown; '' while they are folded."""
        shown = self._details is not None and not self._details.isHidden()
        return self._details.toPlainText() if self._details is not None and shown else ""

    @Slot(bool)
    def _on_unfold(self, is_unfolded: bool) -> None:
        if self._details is None:
            from PySide6.QtWidgets import QPlainTextEdit

            self._details = QPlainTextEdit(self)
            self._details.setReadOnly(True)
            self._details.setMaximumHeight(180)
            layout = self.layout()
            assert layout is not None
            layout.addWidget(self._details)
        self._details.setPlainText(self._details_text)
        self._details.setVisible(is_unfolded)

    @Slot()
    def _on_copy(self) -> None:
        text = f"{self.sentence}\n\n{self._details_text}"
        QGuiApplication.clipboard().setText(text.strip())


class ProgressBanner(QFrame):
    """A text, a progress bar and a cancel button."""

    cancelRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("progress")
        self._text = QLabel(self)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._bar = ProgressLine(self)
        self._cancel = QPushButton("Cancel", self)
        self._cancel.setToolTip("Stop this")
        self._cancel.clicked.connect(self.cancelRequested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.addWidget(self._text)
        layout.addWidget(self._bar, stretch=1)
        layout.addWidget(self._cancel)
        self.hide()

    def show_progress(self, done: int | None, total: int | None, text: str) -> None:
        """Show how far a job is.

        Parameters
        ----------
        done
            How much is done: bytes of a download, else things. None where the job can't be stopped: it tells nothing
            while it goes on, and so is never asked whether it should.
        total
            How much there is; None shows that something goes on.
        text
            What is done, for people.
        """
        self._cancel.setVisible(done is not None)
        number = byte_text if text.startswith(_OF_BYTES) else count_text
        if total and done is not None:
            self._bar.show_progress(round(1000 * done / total), 1000)
            text = f"{text} · {number(done)} of {number(total)}"
        else:
            self._bar.show_progress(0, 0)
            if done:
                text = f"{text} · {number(done)}"
        self._text.setText(steady(readable(text)))
        self.show()

    @property
    def text(self) -> str:
        """What is told."""
        return self._text.text()

    @property
    def cancel(self) -> QPushButton:
        """The cancel button."""
        return self._cancel
