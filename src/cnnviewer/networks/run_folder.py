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
from typing import TYPE_CHECKING, Any

from cnnviewer.errors import WeightsError
from cnnviewer.files import parsed

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CARD", "is_run", "list_checkpoints", "list_snapshots", "read_card", "snapshot_path", "step_name"]

CARD = "run.json"
_STEP = re.compile(r"step-(\d{1,18})")
_LONGEST = 40


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
        card = parsed((folder / CARD).read_text(encoding="utf-8"))
        _check(card)
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder / CARD} can't be read as the card of a training run: {error}.") from error
    checked: dict[str, Any] = card
    return checked


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _is_number(value: object) -> bool:
    return isinstance(value, float) or _is_count(value)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


def _is_shape(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_is_count, value))


_ENTRIES: tuple[tuple[str, Callable[[object], bool]], ...] = (
    ("network", _is_text),
    ("categories", _are_texts),
    ("image_shape", _is_shape),
    ("dataset.name", _is_text),
    ("dataset.images.train", _is_count),
    ("settings.epochs", _is_count),
    ("settings.batch_size", _is_count),
    ("settings.learning_rate", _is_number),
)
"""What a card tells at least, and what each of it is; the network and its settings are checked where they are made."""

_ENTRIES_AT_TIMES = (("steps_per_epoch", _is_count), ("finished_step", _is_count), ("ended", _is_text))


def _check(card: object) -> None:
    """Raise ValueError where a card tells less than who asks it relies on, or something else."""
    for name, is_right in _ENTRIES:
        _check_entry(card, name, is_right)
    assert isinstance(card, dict)
    if "architecture" not in card:
        raise ValueError('it does not tell its "architecture"')
    for name, is_right in _ENTRIES_AT_TIMES:
        if name in card:
            _check_entry(card, name, is_right)
    if ("ended" in card) != ("finished_step" in card):
        raise ValueError("it tells of half an end")
    if not card["settings"]["batch_size"]:
        raise ValueError("its batches have no images")


def _check_entry(card: object, name: str, is_right: Callable[[object], bool]) -> None:
    value = card
    for key in name.split("."):
        if not isinstance(value, dict) or key not in value:
            raise ValueError(f'it does not tell its "{name}"')
        value = value[key]
    if not is_right(value):
        raise ValueError(f'its "{name}" can not be {str(value)[:_LONGEST]!r}')


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
