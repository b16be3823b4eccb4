"""Networks that were trained here: from the folder of a training run (see `cnnviewer.networks.run_folder`)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError

from cnnviewer.errors import WeightsError
from cnnviewer.files import file_hash, parsed
from cnnviewer.networks import run_schema
from cnnviewer.networks.architectures import Architecture, build
from cnnviewer.networks.run_folder import list_checkpoints, read_card, snapshot_path
from cnnviewer.networks.run_schema import checked
from cnnviewer.networks.tensor_files import load_tensors
from cnnviewer.networks.weights import fit_weights, load_weights

if TYPE_CHECKING:
    import torch

    from cnnviewer.network import Network

__all__ = ["MODEL", "OPTIMISER", "STATE", "SavedState", "latest_state", "load_run", "read_snapshot"]

MODEL, OPTIMISER, STATE = "model.safetensors", "optimiser.safetensors", "state.json"


@dataclass(frozen=True, eq=False)
class SavedState:
    """A checkpoint, checked.

    Parameters
    ----------
    path
        Its folder.
    state
        What ``state.json`` tells, checked (see `cnnviewer.networks.run_schema`).
    weights, optimiser
        Tensors by name.
    damaged
        The steps of newer checkpoints that are damaged, newest first.
    """

    path: Path
    state: dict[str, Any]
    weights: dict[str, torch.Tensor]
    optimiser: dict[str, torch.Tensor]
    damaged: tuple[int, ...] = ()

    @property
    def step(self) -> int:
        """After how many steps it was saved."""
        return int(self.state["step"])


def latest_state(folder: Path) -> SavedState:
    """Return the newest checkpoint of a run that is whole; one that was damaged is passed over.

    Raises
    ------
    WeightsError
        If there is none.
    """
    found = list_checkpoints(folder)
    damaged: list[int] = []
    for step, path in reversed(found.items()):
        saved = _read_state(path)
        if saved is not None:
            return replace(saved, damaged=tuple(damaged))
        damaged.append(step)
    if found:
        raise WeightsError(f"All checkpoints in {folder} are damaged: begin the training again in another folder.")
    raise WeightsError(f"{folder} has no checkpoint yet.")


def load_run(folder: str | Path, weights: str | Path | None = "DEFAULT") -> Network:
    """Return the network of a training run, in eval mode, on the CPU.

    Parameters
    ----------
    folder
        The run.
    weights
        "DEFAULT" for those of its latest checkpoint, None for random ones, or a file of weights.

    Raises
    ------
    WeightsError
        If the weights can't be read, or don't fit.
    NetworkError
        If the run's card tells of an architecture that is not known.
    """
    folder = Path(folder)
    card = read_card(folder)
    # Not the pretrained weights again: the run has all of its own.
    architecture = replace(Architecture.from_json(card["architecture"]), pretrained=False)
    network = build(architecture, tuple(card["categories"]), seed=0)
    if weights is None:
        return network
    if weights != "DEFAULT":
        load_weights(network.module, Path(weights), network.name)
        return replace(network, provenance=f"weights from {Path(weights).name}")
    saved = latest_state(folder)
    fit_weights(network.module, saved.weights, folder.name, network.name)
    return replace(network, provenance=_provenance(card, saved.step))


def read_snapshot(folder: Path, step: int) -> dict[str, torch.Tensor]:
    """Return the weights after a step, by name.

    Raises
    ------
    WeightsError
        If the film has no such moment, or its file is damaged.
    """
    try:
        return load_tensors(snapshot_path(folder, step))
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"The film of {folder.name} has no readable moment at step {step}.") from error


def _provenance(card: dict[str, Any], step: int) -> str:
    """Return where weights of a run come from, for people."""
    if card.get("finished_step") == step:
        return f"trained on {card['dataset']['name']}, {step:,} steps"
    return f"training on {card['dataset']['name']}, step {step:,}"


def _read_state(path: Path) -> SavedState | None:
    """Return a checkpoint; None where it is damaged."""
    try:
        state = checked(parsed((path / STATE).read_text(encoding="utf-8")), run_schema.STATE)
        if any(file_hash(path / name) != state["sha256"][name] for name in (MODEL, OPTIMISER)):
            return None
        return SavedState(path, state, load_tensors(path / MODEL), load_tensors(path / OPTIMISER))
    except (OSError, ValueError, KeyError, SafetensorError):
        return None
