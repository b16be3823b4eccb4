"""Opening the runs and datasets that are dropped or chosen, and letting runs go on; also while a training runs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from cnnviewer.networks.run_folder import is_run
from cnnviewer.qt.training_session import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cnnviewer.qt.lookups import Lookups
    from cnnviewer.qt.panels.training_panel import TrainingPanel
    from cnnviewer.qt.training_session import TrainingSession

__all__ = ["TrainingRuns"]


@dataclass(frozen=True, eq=False)
class _Wish:
    """Which of some paths is to be opened: the first that is a folder; and which run is shown."""

    paths: tuple[Path, ...]
    only_runs: bool
    shown: Path | None


@dataclass(frozen=True)
class _Place:
    """The folder that was found, whether it is that of a training, and whether that is shown already."""

    wish: _Wish
    folder: Path | None = None
    is_run: bool = False
    is_shown: bool = False


def _found(wish: _Wish) -> _Place:
    """Ask the disk, which may take long."""
    for path in wish.paths:
        with suppress(OSError, ValueError):  # a name that no file can have
            if path.is_dir():
                is_shown = wish.shown is not None and wish.shown.resolve() == path.resolve()
                return _Place(wish, path, is_run(path), is_shown)
    return _Place(wish)


class TrainingRuns(QObject):
    """Opens folders in a training panel, and lets runs go on. `goesOn` tells that one does.

    `othersFound` tells paths of which none is a folder: they are nothing to learn from.

    There is one training at a time: what can't be opened while it runs is told, with what can be done instead.
    """

    goesOn = Signal()
    othersFound = Signal(object)

    def __init__(self, panel: TrainingPanel, training: TrainingSession, lookups: Lookups, parent: QObject) -> None:
        super().__init__(parent)
        self._panel, self._training, self._lookups = panel, training, lookups
        self._asked: _Wish | None = None
        self._offered: Path | None = None
        self._waiting: Path | None = None
        panel.setup.runRequested.connect(self.open_folder)
        panel.pathsDropped.connect(self.open_paths)
        panel.continueRequested.connect(self._on_continue_requested)
        panel.trainOnRequested.connect(self._on_train_on_requested)
        panel.note.actionRequested.connect(self._on_stop_and_open)
        training.stageChanged.connect(self._on_stage_changed)

    @Slot(object)
    def open_folder(self, folder: Path) -> None:
        """Show a training's folder; any other folder becomes the dataset to learn from."""
        self.open_paths((folder,))

    @Slot(object)
    def open_paths(self, paths: Sequence[Path], *, only_runs: bool = False) -> None:
        """Open the first of some paths that is a folder; with `only_runs` where it is that of a training."""
        begun = self._training.begun_with
        self._asked = wish = _Wish(tuple(paths), only_runs, None if begun is None else begun.folder)
        self._lookups.ask(partial(_found, wish), self._on_found)

    def _on_found(self, found: _Place) -> None:
        if found.wish is not self._asked:
            return  # a newer one is wanted
        self._asked, folder = None, found.folder
        if folder is not None and found.is_run:
            self._open_run(folder, found.is_shown)
        elif found.wish.only_runs:
            return
        elif folder is None:
            self.othersFound.emit(found.wish.paths)
        else:
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
        return self._training.outcome if self._training.stage is Stage.ENDED else None

    def _open_run(self, folder: Path, is_shown: bool) -> None:
        training = self._training
        if not training.is_active:
            training.follow(folder)
            return
        if is_shown and training.stage is not Stage.PREPARING:
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
