"""The curves as TensorBoard's events, for those who compare runs there."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from cnnviewer.errors import TrainingError

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.training.progress import Evaluation, Progress

__all__ = ["Events"]


class Events:
    """Writes events into a folder.

    Raises
    ------
    TrainingError
        If TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise TrainingError("TensorBoard is not installed: pip install 'cnnviewer[tensorboard]'.") from error
        self._writer = SummaryWriter(str(folder))

    def add_progress(self, progress: Progress) -> None:
        """Add a step."""
        for name, value in (
            ("error/training", progress.loss),
            ("accuracy/training", progress.accuracy),
            ("learning rate", progress.learning_rate),
        ):
            self._add(name, value, progress.step)

    def add_evaluation(self, evaluation: Evaluation) -> None:
        """Add an evaluation."""
        self._add(f"error/{evaluation.split}", evaluation.loss, evaluation.step)
        self._add(f"accuracy/{evaluation.split}", evaluation.accuracy, evaluation.step)

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()

    def _add(self, name: str, value: float, step: int) -> None:
        if isfinite(value):  # of what is none, the curve has a gap
            self._writer.add_scalar(name, value, step)
