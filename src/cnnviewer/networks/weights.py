"""Weights from files: reading them without running code, and telling what does not fit."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from cnnviewer.errors import WeightsError
from cnnviewer.networks.checkpoints.parts import parts_of
from cnnviewer.networks.checkpoints.reading import read_checkpoint
from cnnviewer.suggestions import some_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import torch

    State = Mapping[str, torch.Tensor]
    Adapt = Callable[[State, torch.nn.Module], State]

__all__ = ["fit_weights", "load_weights"]


def load_weights(module: torch.nn.Module, path: Path, name: str, adapt: Adapt | None = None) -> None:
    """Fill a module with the weights in a file.

    Parameters
    ----------
    module
        The module to fill.
    path
        A ``.safetensors`` file, or one that ``torch.save`` wrote.
    name
        What messages call the network.
    adapt
        Renames a file's tensors for the module, where files exist with other names.

    Raises
    ------
    WeightsError
        If the file can't be read, or its tensors don't fit.
    """
    states = [part.state for part in parts_of(read_checkpoint(path).tensors)]
    adapted = (adapt(state, module) if adapt else state for state in states)
    wanted = module.state_dict()
    # Of the largest that fit alike the first.
    state = min(adapted, key=lambda state: len(_misfits(wanted, state, name)))
    fit_weights(module, state, path.name, name)


def fit_weights(module: torch.nn.Module, state: State, source: str, name: str) -> None:
    """Copy a state dict into a module; each tensor must have its place, and each place its tensor.

    Batch normalisation's counter ``num_batches_tracked`` may be missing, as in files of older PyTorch.

    Parameters
    ----------
    module
        The module to fill; it is left as it is when something does not fit.
    state
        Tensors by name.
    source, name
        What messages call the weights and the network.

    Raises
    ------
    WeightsError
        If it does not fit; the first misfits are named.
    """
    misfits = _misfits(module.state_dict(), state, name)
    if misfits:
        told = some_of(misfits, ", and {} more misfits")
        raise WeightsError(f"{source} does not fit {name}: {told}. Choose weights of {name}, or the right network.")
    try:
        module.load_state_dict(_with_versions(state, module))
    except RuntimeError as error:
        raise WeightsError(f"{source} does not fit {name}: its tensors can't be copied into it.") from error


def _with_versions(state: State, module: torch.nn.Module) -> OrderedDict[str, torch.Tensor]:
    """Return a state dict that says that it is of today, as some modules want to know.

    But for normalisation: where it does not say so, missing counters are made up.
    """
    told = OrderedDict(state)
    told._metadata = {  # type: ignore[attr-defined]
        name: {"version": part._version}
        for name, part in module.named_modules()
        if not hasattr(part, "num_batches_tracked")
    }
    return told


def _misfits(wanted: State, state: State, name: str) -> list[str]:
    """Return what is wrong with each tensor, in the order of the network."""
    misfits = []
    for key, tensor in wanted.items():
        if key not in state:
            if not key.endswith("num_batches_tracked"):
                misfits.append(f"{key} is missing")
        elif state[key].shape != tensor.shape:
            misfits.append(f"{key} has shape {tuple(state[key].shape)} instead of {tuple(tensor.shape)}")
    return misfits + [f"{key} is no part of {name}" for key in state if key not in wanted]
