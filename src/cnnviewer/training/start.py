"""From a plan, or from a run's folder, to a `Training`; and `train()`, the short way for scripts."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from cnnviewer.datasets import DATASETS, load_dataset
from cnnviewer.errors import TrainingError, WeightsError
from cnnviewer.networks.architectures import Architecture, build, list_architectures, preprocessing_of
from cnnviewer.networks.run_folder import is_run, list_checkpoints, read_card
from cnnviewer.networks.trained import latest_state
from cnnviewer.networks.weights import fit_weights
from cnnviewer.training.events import Events
from cnnviewer.training.following import last_validation
from cnnviewer.training.optimisers import restore_optimiser
from cnnviewer.training.plan import Plan, card_of, check_same_data, is_folder_name, with_whole_paths
from cnnviewer.training.resuming import Changes, resumed
from cnnviewer.training.run import Run
from cnnviewer.training.settings import Settings
from cnnviewer.training.team import ALONE
from cnnviewer.training.trainer import Trainer
from cnnviewer.training.training import Training

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.datasets.labelled import Dataset
    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.network import Network
    from cnnviewer.networks.trained import SavedState
    from cnnviewer.training.team import Team
    from cnnviewer.training.training import News

__all__ = ["begin", "dataset_of", "go_on", "train"]


def train(
    network: Network, dataset: Dataset | str | Path, settings: Settings | None = None, *, out: str | Path | None = None
) -> Iterator[News]:
    """Train a network in place, as a generator: nothing is learnt but while its news are asked for.

    Parameters
    ----------
    network
        Its module gives logits ``(N, classes)``; its preprocessing makes the batches.
    dataset
        What to learn from: a `Dataset`, a listed name, or a folder of images.
    settings
        How.
    out
        A new folder to write the run into, with checkpoints and film; for networks that are listed, since others
        could not be built again from the run's card.

    Yields
    ------
    Progress, Evaluation, Checkpoint, Finished
        After each step, at the end of each epoch, when a checkpoint is written, and at the end.

    Raises
    ------
    DatasetError
        If there is no such dataset.
    TrainingError
        If network, dataset and settings do not fit, the folder can't be used, or the error is no number any more.
    """
    settings = settings or Settings()
    data = dataset
    if isinstance(data, (str, Path)):
        data = load_dataset(data, fit=network.preprocessing.pixels, seed=settings.seed)
    trainer = Trainer(network, data, settings)
    if out is None:
        return iter(Training(trainer))
    choice = str(dataset) if isinstance(dataset, (str, Path)) else data.name
    plan = Plan(_architecture_of(network), dataset=choice, settings=settings)
    plan = plan if data is dataset else with_whole_paths(plan)
    with ExitStack() as stack:
        run = stack.enter_context(Run(Path(out)))
        run.begin(card_of(plan, network, data, trainer.steps_per_epoch))
        stack.pop_all()
    return _closed_at_end(Training(trainer, run))


def _closed_at_end(training: Training) -> Iterator[News]:
    try:
        yield from training
    finally:
        training.close()


def _architecture_of(network: Network) -> Architecture:
    """Return how a network can be built again.

    Raises
    ------
    TrainingError
        If it is none of the listed ones, or was changed.
    """
    architecture = Architecture(network.name)
    shapes = {name: tensor.shape for name, tensor in network.module.state_dict().items()}
    if network.name in list_architectures() and len(network.categories) > 1:
        again = build(architecture, network.categories, seed=0).module.state_dict()
        if shapes == {name: tensor.shape for name, tensor in again.items()}:
            return architecture
    raise TrainingError(
        f"A run of {network.name} could not be opened again: it is no listed network, or was changed. "
        "Train it without a folder, and save its state_dict."
    )


def begin(
    plan: Plan,
    folder: Path,
    *,
    team: Team = ALONE,
    tensorboard: bool = False,
    progress: ProgressCallback | None = None,
) -> Training:
    """Return a training that begins; `Training.close` lets its folder go.

    Raises
    ------
    DatasetError, NetworkError, TrainingError
        If something of the plan can't be had, or does not fit.
    """
    plan = with_whole_paths(plan)
    dataset, network = _materials(plan, team, progress)
    trainer = Trainer(network, dataset, plan.settings, team)
    with ExitStack() as stack:
        run = stack.enter_context(Run(folder)) if team.is_writer else None
        if run is not None:
            run.begin(card_of(plan, network, dataset, trainer.steps_per_epoch))
        training = Training(trainer, run, events=_events(folder, team, tensorboard))
        stack.pop_all()
    return training


def go_on(
    folder: Path,
    *,
    changes: Changes | None = None,
    team: Team = ALONE,
    tensorboard: bool = False,
    progress: ProgressCallback | None = None,
) -> Training:
    """Return a training that goes on from its latest checkpoint that is whole; `changes` are what is to be otherwise.

    Raises
    ------
    TrainingError
        If the folder holds no training, all its checkpoints are damaged, its data changed, or another process trains
        in it.
    """
    if not is_run(folder):
        raise TrainingError(f"{folder} holds no training that could go on; begin one without --resume.")
    changes = changes or Changes()
    with ExitStack() as stack:
        run = stack.enter_context(Run(folder)) if team.is_writer else None
        card = read_card(folder)
        saved = _saved_state(folder)
        goes_on = resumed(folder, card, saved, changes, team)
        dataset, network = _materials(goes_on.plan, team, progress)
        check_same_data(card, dataset)
        if saved is not None:
            fit_weights(network.module, saved.weights, folder.name, network.name)
        trainer = Trainer(network, dataset, goes_on.plan.settings, team)
        if saved is not None:
            restore_optimiser(trainer.optimiser, saved.optimiser)
            trainer.step, trainer.examples = saved.step, saved.state["examples"]
            trainer.learning_rate = saved.state["learning_rate"]
        if run is not None:
            run.go_on(-1 if saved is None else saved.step, goes_on.settings)
        seconds = None if saved is None else saved.state["seconds"]
        events = _events(folder, team, tensorboard)
        validated = None if saved is None else last_validation(folder, saved.step)
        training = Training(trainer, run, seconds=seconds, events=events, remarks=goes_on.remarks, validated=validated)
        stack.pop_all()
    return training


def dataset_of(plan: Plan, *, progress: ProgressCallback | None = None) -> Dataset:
    """Return the dataset of a plan; a folder's images have the size that the plan's network sees.

    Raises
    ------
    DatasetError
        If it can't be had.
    """
    return load_dataset(
        Path(plan.dataset) if plan.dataset not in DATASETS and is_folder_name(plan.dataset) else plan.dataset,
        folder=plan.data_folder,
        download=plan.download,
        fit=preprocessing_of(plan.architecture).pixels,
        validation=plan.validation,
        seed=plan.settings.seed,
        progress=progress,
    )


def _materials(plan: Plan, team: Team, progress: ProgressCallback | None) -> tuple[Dataset, Network]:
    """Return the data and the network of a plan."""
    if not team.is_writer:
        team.gather(None)  # the writer looks first, and downloads what is missing
    dataset, network = materials_of(plan, progress=progress)
    if team.is_writer:
        team.gather(None)
    return dataset, network


def materials_of(plan: Plan, *, progress: ProgressCallback | None = None) -> tuple[Dataset, Network]:
    """Return the dataset of a plan, and its network with the weights that a training begins with.

    Raises
    ------
    DatasetError
        If the dataset can't be had.
    """
    dataset = dataset_of(plan, progress=progress)
    return dataset, build(plan.architecture, dataset.categories, seed=plan.settings.seed, progress=progress)


def _saved_state(folder: Path) -> SavedState | None:
    """Return the checkpoint to go on from; None where the run was killed before its first one, and begins anew."""
    if not list_checkpoints(folder):
        return None
    try:
        return latest_state(folder)
    except WeightsError as error:
        raise TrainingError(str(error)) from error


def _events(folder: Path, team: Team, tensorboard: bool) -> Events | None:
    return Events(folder / "tensorboard") if tensorboard and team.is_writer else None
