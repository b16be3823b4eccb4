"""`Run`: writes a training into its folder, so that it can be looked at, and go on after any interruption.

What lies in the folder is told in `cnnviewer.networks.run_folder`.
"""

from __future__ import annotations

import errno
import json
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout
from safetensors.torch import save_file

from cnnviewer.errors import TrainingError
from cnnviewer.files import PARTIAL, file_hash, json_text, new_file, new_folder, write_text
from cnnviewer.networks.run_folder import (
    CARD,
    is_run,
    list_checkpoints,
    list_snapshots,
    read_card,
    snapshot_path,
    step_name,
)
from cnnviewer.networks.trained import MODEL, OPTIMISER, STATE
from cnnviewer.training.metrics import EVALUATION, METRICS, evaluation_line, evaluation_to_json, progress_line
from cnnviewer.training.optimisers import optimiser_tensors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    import torch

    from cnnviewer.training.progress import Evaluation, Progress
    from cnnviewer.training.trainer import Trainer

__all__ = ["Run", "is_written"]

_KEPT_CHECKPOINTS = 2
_OF_THE_END = ("finished_step", "ended", "results")
"""What the card tells once a run has ended."""


def is_written(folder: Path) -> bool:
    """Whether a process trains in a run's folder at this moment."""
    lock = FileLock(folder / ".lock", timeout=0)
    try:
        with lock:
            return False
    except Timeout:
        return True
    except OSError:  # who may not write there can't ask, and nobody else is likely to
        return False


class Run:
    """The folder of one training, open for writing; only one process has it open at a time.

    Parameters
    ----------
    folder
        The run's; made where there is none.

    Raises
    ------
    TrainingError
        If another process writes to it, or it can't be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with _told_disk(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / ".lock", timeout=0)
            try:
                self._lock.acquire()
            except Timeout:
                raise TrainingError(
                    f"Another process trains in {folder}. Wait for it, stop it, or choose another folder."
                ) from None
        self.card: dict[str, Any] = {}
        self._metrics: Any = None

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let another process have the folder."""
        if self._metrics is not None:
            with suppress(OSError):
                self._metrics.close()
            self._metrics = None
        self._lock.release()

    def begin(self, card: Mapping[str, Any]) -> None:
        """Begin a new run with this card.

        Raises
        ------
        TrainingError
            If the folder holds anything already.
        """
        if is_run(self.folder):
            raise TrainingError(
                f"{self.folder} holds a training already. Let it go on (--resume), or choose another folder."
            )
        with _told_disk(self.folder):
            _remove_partial(self.folder)  # of one that was killed before it had begun
        if any(path.name != ".lock" for path in self.folder.iterdir()):
            raise TrainingError(f"{self.folder} is not empty, and holds no training; choose another folder.")
        self._write_card(card)

    def go_on(self, step: int, settings: Mapping[str, Any]) -> None:
        """Open a run that was interrupted, or goes on after its end.

        Parameters
        ----------
        step
            The last checkpoint's: what came after it is forgotten.
        settings
            Those that the run goes on with, where they are others than it began with.
        """
        card = read_card(self.folder)
        self.card = {name: value for name, value in card.items() if name not in _OF_THE_END}
        self.card["settings"] = {**card["settings"], **settings}
        if self.card != card:
            self._write_card(self.card)
        with _told_disk(self.folder):
            for folder in (self.folder, self.folder / "snapshots", self.folder / "checkpoints"):
                _remove_partial(folder)
            self._cut_metrics(step)
            for found in (list_snapshots(self.folder), list_checkpoints(self.folder)):
                for other, path in found.items():
                    if other > step:
                        _remove(path)

    def write_progress(self, progress: Progress, seconds: float) -> None:
        """Add a step to the metrics; `seconds` is how long the training took so far."""
        self._add(progress_line(progress, seconds))

    def write_evaluation(self, evaluation: Evaluation) -> None:
        """Add an evaluation to the metrics; its confusion matrix and mistakes take the place of the last ones."""
        with _told_disk(self.folder):
            text = json_text(evaluation_to_json(evaluation))
            write_text(self.folder / EVALUATION, text, is_durable=False)
        self._add(evaluation_line(evaluation))

    def write_snapshot(self, step: int, weights: dict[str, torch.Tensor]) -> Path:
        """Add a moment to the film."""
        path = snapshot_path(self.folder, step)
        with _told_disk(self.folder):
            path.parent.mkdir(exist_ok=True)
            with new_file(path, is_durable=False) as partial:
                save_file(weights, partial)
        return path

    def write_checkpoint(self, trainer: Trainer, seconds: float) -> Path:
        """Save all that is needed to go on; older checkpoints but one are deleted then."""
        path = self.folder / "checkpoints" / step_name(trainer.step)
        with _told_disk(self.folder), new_folder(path) as partial:
            save_file(trainer.weights(), partial / MODEL)
            save_file(optimiser_tensors(trainer.optimiser), partial / OPTIMISER)
            state = {
                "step": trainer.step,
                "examples": trainer.examples,
                "seconds": round(seconds, 3),
                "learning_rate": trainer.learning_rate,
                # All random numbers of a step are drawn from these two: see cnnviewer.training.seeds.
                "random": {"seed": trainer.settings.seed, "counter": trainer.step},
                "device": trainer.device.type,
                "processes": trainer.team.size,
                "sha256": {name: file_hash(partial / name) for name in (MODEL, OPTIMISER)},
            }
            (partial / STATE).write_text(json_text(state, indent=2), encoding="utf-8")
        for old in list(list_checkpoints(self.folder).values())[:-_KEPT_CHECKPOINTS]:
            _remove(old)
        return path

    def finish(self, step: int, reason: str, results: Mapping[str, Any]) -> None:
        """Write into the card how the run ended."""
        self._write_card({**self.card, "finished_step": step, "ended": reason, "results": dict(results)})

    def _write_card(self, card: Mapping[str, Any]) -> None:
        self.card = dict(card)
        with _told_disk(self.folder):
            write_text(self.folder / CARD, json_text(self.card, indent=2) + "\n")

    def _add(self, values: Mapping[str, Any]) -> None:
        with _told_disk(self.folder):
            if self._metrics is None:
                self._metrics = (self.folder / METRICS).open("a", encoding="utf-8")
            self._metrics.write(json_text(values) + "\n")
            self._metrics.flush()

    def _cut_metrics(self, step: int) -> None:
        path = self.folder / METRICS
        if not path.exists():
            return
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        kept = [line for line in lines if _step_of(line) <= step]
        write_text(path, "".join(f"{line}\n" for line in kept))


def _step_of(line: str) -> float:
    """Return the step after which a line of metrics was true; infinity for one that was torn, or tells of an end."""
    try:
        values = json.loads(line)
        return float("inf") if values.get("split") == "test" else float(values["step"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return float("inf")


def _remove_partial(folder: Path) -> None:
    if folder.is_dir():
        for path in folder.iterdir():
            if path.name.startswith(PARTIAL):
                _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


@contextmanager
def _told_disk(folder: Path) -> Iterator[None]:
    """Turn what a disk refuses into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise TrainingError(
                f"The disk is full: nothing more can be written to {folder}. What was saved before is whole: "
                "free some space, and let the training go on (--resume)."
            ) from error
        raise TrainingError(f"{folder} can't be written to: {error.strerror or error}.") from error
    except Exception as error:
        if type(error).__name__ == "SafetensorError":  # its writer tells of a full disk in its own way
            raise TrainingError(f"{folder} can't be written to: {error}. What was saved before is whole.") from error
        raise
