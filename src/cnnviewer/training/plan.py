"""`Plan`: what is to be trained, on what, and how. No torch here: the command line and the window make it first."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviewer.datasets import DEFAULT_DATASET, DEFAULT_VALIDATION
from cnnviewer.errors import TrainingError
from cnnviewer.networks.architectures import Architecture
from cnnviewer.training.settings import Schedule, Settings

if TYPE_CHECKING:
    from cnnviewer.datasets.labelled import Dataset
    from cnnviewer.network import Network

__all__ = ["Plan", "card_of", "check_same_data", "first_plan", "plan_from_card"]


@dataclass(frozen=True)
class Plan:
    """What is to be trained.

    Parameters
    ----------
    architecture
        The network.
    dataset
        A listed name, or a folder of images.
    data_folder
        Where a listed dataset's files lie; by default where they are looked for.
    download
        Whether they may be downloaded.
    validation
        The share of the training images that is held back, 0 <= validation < 1.
    settings
        How to train.
    """

    architecture: Architecture
    dataset: str = DEFAULT_DATASET
    data_folder: Path | None = None
    download: bool = False
    validation: float = DEFAULT_VALIDATION
    settings: Settings = field(default_factory=Settings)


def first_plan(target_accuracy: float) -> Plan:
    """Return a plan to learn from: LeNet-5 on the shipped digits, by plain gradient descent, until a target.

    No momentum, no weight decay, no schedule: a weight changes by its gradient times the learning rate, and no more.
    """
    settings = Settings(
        epochs=12,
        batch_size=32,
        learning_rate=0.1,
        momentum=0.0,
        weight_decay=0.0,
        schedule=Schedule.CONSTANT,
        target_accuracy=target_accuracy,
    )
    return Plan(Architecture.named("lenet5"), settings=settings)


def card_of(plan: Plan, network: Network, dataset: Dataset) -> dict[str, Any]:
    """Return the card of a run that begins."""
    from cnnviewer import __version__

    sizes = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
    return {
        "program": f"cnnviewer {__version__}",
        "date": datetime.now(UTC).date().isoformat(),
        "network": network.name,
        "architecture": plan.architecture.to_json(),
        "parameters": network.parameter_count,
        "categories": list(dataset.categories),
        "image_shape": list(dataset.image_shape),
        "preprocessing": network.preprocessing.describe(),
        "dataset": {
            "name": dataset.name,
            "choice": plan.dataset,
            "folder": None if plan.data_folder is None else str(plan.data_folder),
            "validation_share": plan.validation,
            "images": {split: 0 if data is None else len(data) for split, data in sizes.items()},
            "source": dataset.source,
            "fingerprint": fingerprint(dataset),
        },
        "settings": plan.settings.to_json(),
    }


def plan_from_card(card: dict[str, Any]) -> Plan:
    """Return the plan of a run that was begun.

    Raises
    ------
    TrainingError
        If the card lacks something.
    """
    try:
        stored = card["dataset"]
        return Plan(
            architecture=Architecture.from_json(card["architecture"]),
            dataset=str(stored["choice"]),
            data_folder=None if stored["folder"] is None else Path(stored["folder"]),
            validation=float(stored["validation_share"]),
            settings=Settings.from_json(card["settings"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TrainingError(f"The card of the run can't be read: {error}.") from error


def check_same_data(card: dict[str, Any], dataset: Dataset) -> None:
    """Raise where a run would go on with other data than it began with.

    Raises
    ------
    TrainingError
        If the images or labels changed.
    """
    if card["dataset"].get("fingerprint") != fingerprint(dataset):
        raise TrainingError(
            f"The dataset {dataset.name} is not the one that this training began with: images were added, removed or "
            "moved to other classes. Begin a new training."
        )


def fingerprint(dataset: Dataset) -> str:
    """Return a short text that changes with the classes, the labels and the number of the training images."""
    labels = zlib.crc32(dataset.train.labels.numpy().tobytes())
    return f"{labels:08x}-{zlib.crc32(repr((dataset.categories, dataset.image_shape)).encode()):08x}"
