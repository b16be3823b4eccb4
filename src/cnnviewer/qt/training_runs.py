"""Opening the runs and datasets that are dropped or chosen, and letting runs go on; also while a training runs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from cnnviewer.errors import CnnviewerError
from cnnviewer.networks.run_folder import is_run, list_checkpoints, read_card
from cnnviewer.qt.training_session import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.qt.panels.training_panel import TrainingPanel
    from cnnviewer.qt.training_session import TrainingSession

__all__ = ["TrainingRuns"]


class TrainingRuns(QObject):
    """Opens folders in a training panel, and lets runs go on. `goesOn` tells that one does.

    There is one training at a time: what can't be opened while it runs is told, with what can be done instead.
    """

    goesOn = Signal()

    def __init__(self, panel: TrainingPanel, training: TrainingSession, parent: QObject) -> None:
        super().__init__(parent)
        self._panel, self._training = panel, training
        self._offered: Path | None = None
        self._waiting: Path | None = None
        panel.setup.runRequested.connect(self.open_folder)
        panel.folderDropped.connect(self.open_folder)
        panel.continueRequested.connect(self._on_continue_requested)
        panel.trainOnRequested.connect(self._on_train_on_requested)
        panel.note.actionRequested.connect(self._on_stop_and_open)
        training.stageChanged.connect(self._on_stage_changed)

    @Slot(object)
    def open_folder(self, folder: Path) -> None:
        """Show a training's folder; any other folder becomes the dataset to learn from."""
        if is_run(folder):
            self._open_run(folder)
            return
        self._panel.setup.set_dataset_folder(folder)
        self._panel.show_page("Set-up")
        if self._training.is_active:
            self._panel.setup.show_missing(f"{folder.name} is read when the training that runs has ended.")

    def can_continue(self) -> bool:
        """Whether the training shown was stopped before its end."""
        return self._has_ended() is False

    def can_train_on(self) -> bool:
        """Whether the training shown has come to its end, and might have more epochs."""
        return self._has_ended() is True

    def _has_ended(self) -> bool | None:
        """Return whether the training shown came to its end; None where it can't go on in either case."""
        begun = self._training.begun_with
        if self._training.stage is not Stage.ENDED or begun is None or not list_checkpoints(begun.folder):
            return None
        with suppress(CnnviewerError):
            return "finished_step" in read_card(begun.folder)
        return None

    def _open_run(self, folder: Path) -> None:
        training = self._training
        if not training.is_active:
            training.follow(folder)
            return
        begun = training.begun_with
        if begun is not None and begun.folder.resolve() == folder.resolve() and training.stage is not Stage.PREPARING:
            self._panel.note.show_note(f"{folder.name} is shown already: it is the training under way here.")
        elif training.stage in (Stage.RUNNING, Stage.PAUSED):
            self._offered = folder
            self._panel.note.show_note(
                f"{folder.name} is not opened, for another training is under way here, and one is shown at a time. "
                "It can be stopped, with a checkpoint to go on from later.",
                "Stop it, and open this",
            )
        else:  # it ends by itself, or nothing is lost by its end
            self._waiting = folder
            self._panel.note.show_note(f"{folder.name} is opened as soon as what is under way has ended.")
            if training.stage is Stage.FOLLOWING:
                training.stop()

    @Slot()
    def _on_stop_and_open(self) -> None:
        self._panel.note.hide()
        self._waiting, self._offered = self._offered, None
        if self._training.is_active:
            self._training.stop()
        else:
            self._open_waiting()

    @Slot(object)
    def _on_stage_changed(self, stage: Stage) -> None:
        if self._waiting is not None and stage in (Stage.NONE, Stage.ENDED):
            QTimer.singleShot(0, self, self._open_waiting)  # when all have heard that it has ended

    @Slot()
    def _open_waiting(self) -> None:
        folder, self._waiting = self._waiting, None
        if folder is not None:
            self._panel.note.hide()
            self._training.follow(folder)

    @Slot()
    def _on_continue_requested(self) -> None:
        self._go_on(0, is_paused=False)

    @Slot(bool)
    def _on_train_on_requested(self, is_paused: bool) -> None:
        self._go_on(self._panel.more_epochs if self.can_train_on() else 0, is_paused=is_paused)

    def _go_on(self, more_epochs: int, *, is_paused: bool) -> None:
        begun = self._training.begun_with
        if begun is not None:
            self.goesOn.emit()
            self._training.resume_run(begun.folder, more_epochs=more_epochs, is_paused=is_paused)
