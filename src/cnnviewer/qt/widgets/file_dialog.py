"""Dialogs that ask for a file or a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from cnnviewer.qt.widgets.dialog_keys import add_close_key

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

__all__ = ["file_dialog", "folder_dialog"]


def file_dialog(parent: QWidget, title: str, place: str = "", filters: str = "") -> QFileDialog:
    """Return a dialog for files; it is closed by the keys that close a window, and deletes itself then.

    Parameters
    ----------
    parent
        The widget that asks.
    title
        What for.
    place
        The folder, or the file, at which it begins; by default where the one before ended.
    filters
        As of QFileDialog: ``Images (*.png);;All files (*)``.
    """
    dialog = QFileDialog(parent, title, place, filters)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    add_close_key(dialog)
    return dialog


def folder_dialog(parent: QWidget, title: str, place: str = "") -> QFileDialog:
    """Return a dialog for a folder, as `file_dialog` does for files."""
    dialog = file_dialog(parent, title, place)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    return dialog
