"""`Plan`: what is to be trained, on what, and how. No torch here: the command line and the window make it first."""

from __future__ import annotations

import zlib
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviewer.datasets import DATASETS, DEFAULT_DATASET, DEFAULT_VALIDATION
from cnnviewer.errors import TrainingError
from cnnviewer.networks.architectures import Architecture
from cnnviewer.training.settings import Schedule, Settings

if TYPE_CHECKING:
    from cnnviewer.datasets.labelled import Dataset
    from cnnviewer.network import Network

__all__ = [
    "Plan",
    "card_of",
    "check_same_data",
    "first_plan",
    "found_again",
    "is_folder_name",
    "plan_from_card",
    "steps_per_epoch",
    "with_whole_paths",
]


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


def with_whole_paths(plan: Plan) -> Plan:
    """Return a plan that means the same from whatever folder the program is started."""
    is_folder = plan.dataset not in DATASETS and is_folder_name(plan.dataset)
    return replace(
        plan,
        dataset=str(Path(plan.dataset).absolute()) if is_folder else plan.dataset,
        data_folder=None if plan.data_folder is None else plan.data_folder.absolute(),
    )


def is_folder_name(name: str) -> bool:
    """Whether there is a folder of this name, which may be one that no file system would have."""
    with suppress(OSError, ValueError):
        return bool(name) and Path(name).is_dir()
    return False


def found_again(plan: Plan, run: Path) -> Plan:
    """Return a plan from a run's card whose paths are whole; older cards may tell where data lay from where they began.

    They are looked for in the working folder, in the run's and in those above that.
    """
    places = (Path(), *run.absolute().parents, run)

    def found(path: Path) -> Path:
        return next((place / path for place in places if is_folder_name(str(place / path))), path)

    folder = None if plan.data_folder is None else found(plan.data_folder)
    dataset = plan.dataset if plan.dataset in DATASETS else str(found(Path(plan.dataset)))
    return with_whole_paths(replace(plan, dataset=dataset, data_folder=folder))


def steps_per_epoch(card: dict[str, Any]) -> int:
    """Return how many steps an epoch of a run has: as its card tells, or so many that each image is learnt from."""
    told = card.get("steps_per_epoch")
    images, batch = card["dataset"]["images"]["train"], card["settings"]["batch_size"]
    return -(-int(images) // int(batch)) if told is None else int(told)


def card_of(plan: Plan, network: Network, dataset: Dataset, steps: int) -> dict[str, Any]:
    """Return the card of a run that begins; `steps` is how many an epoch has."""
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
        "steps_per_epoch": steps,
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
    except (KeyError, TypeError, ValueError, OverflowError) as error:
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
