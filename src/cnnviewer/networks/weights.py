"""Weights from files: reading them without running code, and telling what does not fit."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from safetensors.torch import load_file

from cnnviewer.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    State = Mapping[str, torch.Tensor]
    Adapt = Callable[[State, torch.nn.Module], State]

__all__ = ["fit_weights", "load_weights", "read_weights"]

_NESTS = ("state_dict", "model", "model_state_dict")
_SHOWN_MISFITS = 3


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
    state = read_weights(path)
    fit_weights(module, adapt(state, module) if adapt else state, path.name, name)


def read_weights(path: Path) -> State:
    """Read a file of weights. Nothing in it is run.

    A state dict that lies under ``state_dict``, ``model`` or ``model_state_dict`` is taken out, and the
    prefix ``module.`` that ``DataParallel`` leaves is taken away.

    Returns
    -------
    Mapping
        Tensors on the CPU by name.

    Raises
    ------
    WeightsError
        If there is no such file, it can't be read, or holds no state dict.
    """
    if path.is_dir():
        raise WeightsError(f"{path} is a folder; choose a file of weights in it.")
    try:
        stored = load_file(path) if path.suffix == ".safetensors" else _torch_load(path)
    except FileNotFoundError:
        raise WeightsError(f"There is no weights file {path}. Check the path.") from None
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path.name} is no weights file, or holds Python objects that could run code; "
            "save only the state_dict of the network."
        ) from error
    except Exception as error:
        # Readers of damaged files raise RuntimeError, EOFError, KeyError, SafetensorError and others.
        raise WeightsError(f"{path.name} can't be read as weights; it is damaged, or of another kind.") from error
    return _state_dict(stored, path.name)


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
        more = len(misfits) - _SHOWN_MISFITS
        told = ", ".join(misfits[:_SHOWN_MISFITS]) + (f", and {more} more misfits" if more > 0 else "")
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


def _torch_load(path: Path) -> object:
    return torch.load(path, map_location="cpu", weights_only=True)


def _state_dict(stored: object, source: str) -> State:
    for nest in _NESTS:
        if isinstance(stored, Mapping) and isinstance(stored.get(nest), Mapping):
            stored = stored[nest]
    if not isinstance(stored, Mapping) or not stored or not all(map(_is_weight, stored.items())):
        raise WeightsError(f"{source} holds no state dict, that is, tensors by name; save network.state_dict().")
    if all(name.startswith("module.") for name in stored):
        return {name.removeprefix("module."): tensor for name, tensor in stored.items()}
    return dict(stored)


def _is_weight(item: tuple[object, object]) -> bool:
    return isinstance(item[0], str) and isinstance(item[1], torch.Tensor)


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
