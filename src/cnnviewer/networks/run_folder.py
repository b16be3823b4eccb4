"""The folder of a training run: what lies where. No torch here: the window asks before it is imported.

====================================  ==========================================================================
``run.json``                          the card: architecture, categories, dataset, settings, what came out
``metrics.jsonl``                     a line a step, and a line an evaluation
``evaluation.json``                   the confusion matrix and the worst mistakes of the last evaluation
``snapshots/step-N.safetensors``      the weights after step N, for the film
``checkpoints/step-N/``               ``model.safetensors``, ``optimiser.safetensors``, and ``state.json`` with their
                                      hashes and all else that is needed to go on
====================================  ==========================================================================

Nothing in it is ever unpickled.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnnviewer.errors import WeightsError
from cnnviewer.files import parsed
from cnnviewer.networks import run_schema
from cnnviewer.networks.run_schema import checked

__all__ = ["CARD", "is_run", "list_checkpoints", "list_snapshots", "read_card", "snapshot_path", "step_name"]

CARD = "run.json"
_STEP = re.compile(r"step-(\d{1,18})")


def is_run(path: str | Path) -> bool:
    """Whether a path is the folder of a training run."""
    with suppress(OSError, ValueError):  # a name that no file can have
        return (Path(path) / CARD).is_file()
    return False


def read_card(folder: Path) -> dict[str, Any]:
    """Return a run's card.

    Raises
    ------
    WeightsError
        If it can't be read.
    """
    try:
        card: dict[str, Any] = parsed((folder / CARD).read_text(encoding="utf-8"))
        told = checked(card, run_schema.CARD)
        if ("ended" in told) != ("finished_step" in told):
            raise ValueError("it tells of half an end")
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder / CARD} can't be read as the card of a training run: {error}.") from error
    return card


def list_snapshots(folder: Path) -> dict[int, Path]:
    """Return the files of a run's film by their steps, ascending."""
    return _numbered(folder / "snapshots")


def list_checkpoints(folder: Path) -> dict[int, Path]:
    """Return the folders of a run's checkpoints by their steps, ascending; they may be damaged."""
    return _numbered(folder / "checkpoints")


def snapshot_path(folder: Path, step: int) -> Path:
    """Return where the film keeps the weights after a step."""
    return folder / "snapshots" / f"{step_name(step)}.safetensors"


def step_name(step: int) -> str:
    """Return how what belongs to a step is named; names sort as numbers do."""
    return f"step-{step:09}"


def _numbered(folder: Path) -> dict[int, Path]:
    """Return what lies in a folder under `step_name`, by step."""
    if not folder.is_dir():
        return {}
    found = ((_STEP.fullmatch(path.name.split(".")[0]), path) for path in folder.iterdir())
    return dict(sorted((int(match[1]), path) for match, path in found if match))
