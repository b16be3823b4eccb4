"""Asks whether code in a network's file may run."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from cnnviewer.names import steady
from cnnviewer.qt.widgets.styling import label

__all__ = ["ConsentPanel"]

_WIDTH = 640


class ConsentPanel(QWidget):
    """Names the file and what would run; `accepted` and `declined` tell what the user says to it."""

    accepted = Signal()
    declined = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        frame = QFrame(self)
        frame.setObjectName("banner")
        frame.setFixedWidth(_WIDTH)  # or the labels could not tell how high they are
        title = label("To open this, code in it must run", frame, "name")
        self._path, self._what, self._advice = (_text(frame) for _ in range(3))
        self._advice.setText(
            "Open it only if you trust who wrote it: the code may do all that you may do on this machine."
        )
        self._path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.run = QPushButton("Run it and open", frame)
        self.run.setAutoDefault(False)
        self.run.setToolTip("Run the code, with all that you yourself may do on this machine")
        self.run.clicked.connect(self.accepted)
        self.cancel = QPushButton("Cancel", frame)
        self.cancel.setToolTip("Run nothing (Esc)")
        self.cancel.clicked.connect(self.declined)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self.run)
        row.addWidget(self.cancel)
        column = QVBoxLayout(frame)
        column.setContentsMargins(18, 16, 18, 14)
        column.setSpacing(10)
        for text in (title, self._path, self._what, self._advice):
            column.addWidget(text)
        column.addSpacing(4)
        column.addLayout(row)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(frame)
        middle.addStretch(1)
        outer = QVBoxLayout(self)
        outer.addStretch(1)
        outer.addLayout(middle)
        outer.addStretch(2)

    def show_consent(self, path: str, sentence: str) -> None:
        """Ask for a file, named in full; `sentence` says which code runs. Enter presses Cancel."""
        self._path.setText(_breakable(path))
        self._path.setAccessibleName(path)
        self._what.setText(_breakable(sentence))
        self.cancel.setDefault(True)

    @property
    def text(self) -> str:
        """All that is said."""
        said = (self._path, self._what, self._advice)
        return "\n".join(text.text().replace(_BREAK, "") for text in said)


_BREAK = "\u200b"


def _breakable(path: str) -> str:
    """Return a path that a label may wrap at its slashes."""
    return steady(path).replace("/", f"/{_BREAK}").replace("\\", f"\\{_BREAK}").replace("_", f"_{_BREAK}")


def _text(parent: QWidget) -> QLabel:
    made = QLabel(parent)
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made
