"""A window in which a person trains networks."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from cnnviewer.qt.training_session import Stage

from .conftest import WAIT, Driver


class Trainee(Driver):
    """A window with its training panel open."""

    def __init__(self, driver: Driver, runs) -> None:
        super().__init__(driver.bot, driver.window, driver.session)
        self.runs = runs
        self.presenter = self.window.open_training()
        self.panel = self.presenter.panel
        self.training = self.presenter.training
        self.until(lambda: self.training.dataset is not None)

    def until(self, condition) -> None:
        self.bot.waitUntil(condition, timeout=WAIT)

    def until_stage(self, stage: Stage) -> None:
        self.until(lambda: self.training.stage is stage)

    def page(self, name: str) -> None:
        self.bot.mouseClick(self.panel.pages.button(name), Qt.MouseButton.LeftButton)

    def press(self, button) -> None:
        self.bot.mouseClick(button, Qt.MouseButton.LeftButton)

    def start(self, epochs: int = 2, **fields) -> None:
        form = self.panel.setup.form
        form.epochs.setValue(epochs)
        form.batch.setValue(256)
        for name, value in fields.items():
            getattr(form, name).setValue(value)
        self.press(self.panel.setup.start)
        self.until(lambda: self.training.stage not in (Stage.NONE, Stage.PREPARING))

    def train(self, epochs: int = 2, **fields) -> None:
        self.start(epochs, **fields)
        self.until_stage(Stage.ENDED)
        self.settle()

    def drop(self, folder) -> None:
        """Drop a folder on the panel, and wait until the disk has told what it is."""
        drop(self.panel, folder)
        self.until(lambda: not self.session.lookups.is_busy)

    @property
    def folder(self):
        return self.training.begun_with.folder


def drop(widget, folder) -> None:
    """Drop a folder on a widget, as the desktop does."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder))])
    point, button, keys = QPoint(20, 20), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(point, Qt.DropAction.CopyAction, mime, button, keys)
    QApplication.sendEvent(widget, entering)
    assert entering.isAccepted()
    QApplication.sendEvent(widget, QDropEvent(QPointF(point), Qt.DropAction.CopyAction, mime, button, keys))
