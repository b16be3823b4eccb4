"""What is told on a network's file above its pages: its name and format, what went wrong, that it is looked into."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviewer.names import steady
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.progress_line import ProgressLine
from cnnviewer.qt.widgets.styling import label
from cnnviewer.sizes import byte_text

if TYPE_CHECKING:
    from cnnviewer.network_reports import FileReport

__all__ = ["FileHead"]


class FileHead(QWidget):
    """Shows the file, a failure, a note and the progress, each where there is one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._file = QWidget(self)
        self._name = ElidedLabel(self._file, role="name")
        self._kind = label("", self._file)
        row = QHBoxLayout(self._file)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self._name)
        row.addWidget(self._kind)
        row.addStretch(1)
        self._note = label("", self)
        self._note.setWordWrap(True)
        self._build_failure()
        self._build_busy()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(9)
        for widget in (self._file, self._failure, self._note, self._busy):
            column.addWidget(widget)
            widget.hide()

    def show_report(self, report: FileReport, title: str) -> None:
        """Show which file it is, or whose card, and what there is to know of it."""
        path = report.path
        self._note.setText(steady(report.note))
        self._note.setVisible(bool(report.note))
        self._name.set_text(title or _file_name(path))
        self._name.setToolTip(f"{path}\nSHA-256 {report.digest[:16]}…" if report.digest else str(path))
        self._kind.setText(" · ".join(part for part in (report.format, byte_text(report.nbytes)) if part))
        self._file.show()
        self.show_failure("")

    def show_failure(self, text: str) -> None:
        """Tell what went wrong; '' for nothing."""
        self._failure_text.setText(steady(text))
        self._failure.setVisible(bool(text))

    def show_busy(self, text: str) -> None:
        """Show that the file is looked into; '' when that is over."""
        self._busy_text.setText(steady(text))
        self._busy.setVisible(bool(text))

    @property
    def failure(self) -> str:
        """What went wrong; '' where nothing did."""
        return self._failure_text.text()

    def _build_failure(self) -> None:
        self._failure = QFrame(self)
        self._failure.setObjectName("banner")
        self._failure_text = QLabel(self._failure)
        self._failure_text.setWordWrap(True)
        self._failure_text.setTextFormat(Qt.TextFormat.PlainText)  # names of files are in it
        self._failure_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        QVBoxLayout(self._failure).addWidget(self._failure_text)

    def _build_busy(self) -> None:
        self._busy = QWidget(self)
        self._busy_text = label("", self._busy)
        bar = ProgressLine(self._busy)
        bar.show_progress(0, 0)
        bar.setFixedHeight(6)
        line = QHBoxLayout(self._busy)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._busy_text)
        line.addWidget(bar, stretch=1)


def _file_name(path: Path | str) -> str:
    """Return what a file is called; a factory is called as it was asked for."""
    return path.name if isinstance(path, Path) else path
