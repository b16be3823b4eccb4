"""`Follower`: the news of a training that another process runs, read from its folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cnnviewer.networks.run_folder import list_snapshots, read_card
from cnnviewer.training.progress import Evaluation, Finished, Progress
from cnnviewer.training.run import evaluation_from_json

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.training.training import News

__all__ = ["Follower"]


class Follower:
    """Reads what is new in a run's folder each time that it is asked.

    Parameters
    ----------
    folder
        The run.

    Raises
    ------
    WeightsError
        If it has no card.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.card = read_card(folder)
        self._offset = 0
        self._evaluation: tuple[str, int] | None = None
        self._has_ended = False

    @property
    def steps_per_epoch(self) -> int:
        """How many batches hold each training image once."""
        images, batch = self.card["dataset"]["images"]["train"], self.card["settings"]["batch_size"]
        return -(-int(images) // int(batch))

    def moments(self) -> tuple[int, ...]:
        """Return the steps of the film so far."""
        return tuple(list_snapshots(self.folder))

    def poll(self) -> list[News]:
        """Return what happened since the last call, in order; at the first call all that happened before.

        A line that is being written, or was torn, is left for the next call. Where the run went back to a checkpoint,
        its file is shorter: all is told again, which `has_restarted` says.
        """
        self.has_restarted = self._size() < self._offset
        if self.has_restarted:
            self._offset, self._has_ended = 0, False
        news = [*self._lines()]
        news += self._ending()
        return news

    has_restarted = False

    def _size(self) -> int:
        try:
            return self._metrics.stat().st_size
        except OSError:
            return 0

    @property
    def _metrics(self) -> Path:
        return self.folder / "metrics.jsonl"

    def _lines(self) -> list[News]:
        try:
            with self._metrics.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        steps = int(self.card["settings"]["epochs"]) * self.steps_per_epoch
        found = (_news(line, steps) for line in whole.splitlines())
        return [news for news in found if news is not None] + self._details()

    def _details(self) -> list[News]:
        """Return the last evaluation with its confusion matrix, where it is new."""
        try:
            evaluation = evaluation_from_json(json.loads((self.folder / "evaluation.json").read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return []
        if self._evaluation == (evaluation.split, evaluation.step):
            return []
        self._evaluation = evaluation.split, evaluation.step
        return [evaluation]

    def _ending(self) -> list[News]:
        if self._has_ended:
            return []
        self.card = read_card(self.folder)
        if "ended" not in self.card:
            return []
        self._has_ended = True
        return [Finished(int(self.card["finished_step"]), str(self.card["ended"]))]


def _news(line: bytes, steps: int) -> News | None:
    """Return what a line of metrics tells; None for one that can't be read."""
    try:
        values: dict[str, Any] = json.loads(line)
        if "split" in values:
            return _bare_evaluation(values)
        return Progress(
            step=int(values["step"]),
            steps=steps,
            epoch=int(values["epoch"]),
            loss=float(values["loss"]),
            accuracy=float(values["accuracy"]),
            learning_rate=float(values["learning_rate"]),
            examples=int(values["examples"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _bare_evaluation(values: dict[str, Any]) -> Evaluation:
    """Return an evaluation as the metrics tell it: without confusion matrix and mistakes."""
    import numpy as np

    return Evaluation(
        split=str(values["split"]),
        step=int(values["step"]),
        epoch=int(values["epoch"]),
        loss=float(values["loss"]),
        accuracy=float(values["accuracy"]),
        confusion=np.zeros((0, 0), dtype=np.int64),
        mistakes=(),
    )
