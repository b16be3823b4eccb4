"""`Follower`: the news of a training that another process runs, read from its folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnviewer.files import parsed
from cnnviewer.networks.run_folder import list_snapshots, read_card
from cnnviewer.training.metrics import EVALUATION, METRICS, evaluation_from_json, news_of_line
from cnnviewer.training.plan import steps_per_epoch
from cnnviewer.training.progress import Evaluation, Finished

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.training.training import News

__all__ = ["Follower", "last_validation"]


def last_validation(folder: Path, step: int) -> Evaluation | None:
    """Return how a run did on its validation images the last time, up to a step; None where that is not known."""
    try:
        lines = (folder / METRICS).read_bytes().splitlines()
    except OSError:
        return None
    told = (_news(line, 0) for line in reversed(lines) if b'"split"' in line)
    return next((item for item in told if isinstance(item, Evaluation) and _is_validation(item, step)), None)


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
        self.has_restarted = False
        self.last_step = 0
        """The last step that was read of."""

    @property
    def steps_per_epoch(self) -> int:
        """How many batches hold each training image once."""
        return steps_per_epoch(self.card)

    @property
    def steps(self) -> int:
        """How many steps all epochs have."""
        return int(self.card["settings"]["epochs"]) * self.steps_per_epoch

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
            self._offset, self._has_ended, self.last_step = 0, False, 0
        return [*self._lines(), *self._ending()]

    def _size(self) -> int:
        try:
            return self._metrics.stat().st_size
        except OSError:
            return 0

    @property
    def _metrics(self) -> Path:
        return self.folder / METRICS

    def _lines(self) -> list[News]:
        try:
            with self._metrics.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        found = (_news(line, self.steps) for line in whole.splitlines())
        news: list[News] = [item for item in found if item is not None]
        self.last_step = max((item.step for item in news), default=self.last_step)
        # Its file is written before its line.
        return [*news, *self._details()] if any(isinstance(item, Evaluation) for item in news) else news

    def _details(self) -> list[Evaluation]:
        """Return the last evaluation with its confusion matrix, where it is new."""
        try:
            evaluation = self._evaluation_of(parsed((self.folder / EVALUATION).read_text("utf-8")))
        except (OSError, ValueError, MemoryError):
            return []
        if self._evaluation == (evaluation.split, evaluation.step):
            return []
        self._evaluation = evaluation.split, evaluation.step
        return [evaluation]

    def _evaluation_of(self, stored: dict[str, Any]) -> Evaluation:
        """Return a stored evaluation, whose confusion matrix has a row for each class of the run."""
        if isinstance(stored, dict) and stored.get("classes") != len(self.card["categories"]):
            raise ValueError("it tells of other classes")
        return evaluation_from_json(stored)

    def _ending(self) -> list[News]:
        if self._has_ended:
            return []
        self.card = read_card(self.folder)
        if "ended" not in self.card:
            return []
        self._has_ended = True
        return [Finished(int(self.card["finished_step"]), str(self.card["ended"]))]


def _is_validation(evaluation: Evaluation, step: int) -> bool:
    return evaluation.split == "validation" and evaluation.step <= step


def _news(line: bytes, steps: int) -> News | None:
    """Return what a line of metrics tells; None for one that can't be read."""
    try:
        return news_of_line(parsed(line), steps)
    except ValueError:
        return None
