"""Weights from files: reading them without running code, and telling what does not fit."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from cnnviewer.errors import NetworkError, WeightsError
from cnnviewer.networks.files.formats import MODULE, SAFETENSORS, TORCH, format_of
from cnnviewer.networks.files.guards import check_claim, refusing
from cnnviewer.networks.files.stand_ins import StandIn, read_stored, tensors_of
from cnnviewer.networks.tensor_files import load_tensors
from cnnviewer.suggestions import some_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    State = Mapping[str, torch.Tensor]
    Adapt = Callable[[State, torch.nn.Module], State]

__all__ = ["fit_weights", "load_weights", "read_weights"]

_NESTS = (
    "state_dict", "model_state_dict", "model_state", "model", "net", "network", "module", "ema", "state_dict_ema",
    "model_ema", "params", "weights",
)  # fmt: skip
_DEEPEST_NEST = 4
# What training tools wrap a network in: taken away where all names begin with it.
_PREFIXES = frozenset(["module", "model", "_orig_mod", "net", "network", "backbone", "base_model", "ema_model"])


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
    """Read a file of weights: safetensors, or what `torch.save` wrote, old and new. Nothing in it is run.

    A state dict in a checkpoint (under ``state_dict``, ``model``, ``ema`` and the like) is taken out, and what lies
    beside it is left; of a pickled module, of whatever class, the tensors are taken. Prefixes that all names carry and
    that training tools leave (``module.``, ``_orig_mod.``, ``model.``, ...) are taken away.

    Returns
    -------
    Mapping
        Tensors on the CPU by name.

    Raises
    ------
    WeightsError
        If there is no such file, it can't be read, or holds no state dict, or one without floating point numbers.
    """
    if path.is_dir():
        raise WeightsError(f"{path} is a folder; choose a file of weights in it.")
    if not path.exists():
        raise WeightsError(f"There is no weights file {path}. Check the path.")
    try:
        kind = format_of(path)
        if kind not in (SAFETENSORS, TORCH, MODULE):
            raise WeightsError(f"{path.name} is no weights file: it is a file of {kind.name}.")
        state = _tensors(path) if kind == SAFETENSORS else _stored_tensors(path)
    except WeightsError:
        raise
    except NetworkError as error:
        raise WeightsError(f"{path.name} can't be read as weights: {error}") from error
    if not any(tensor.is_floating_point() for tensor in state.values()):
        kinds = sorted({str(tensor.dtype).removeprefix("torch.") for tensor in state.values()})
        raise WeightsError(
            f"{path.name} holds no weights of a network: its tensors have no floating point numbers, but "
            f"{', '.join(kinds)}. Save the network's own state_dict()."
        )
    return state


def _tensors(path: Path) -> State:
    with refusing(path, "safetensors"):
        return _unwrapped(load_tensors(path))


def _stored_tensors(path: Path) -> State:
    stored = read_stored(path)
    with refusing(path, "weights"):
        state = _state_dict(stored.content, path.name, stored.asked)
        check_claim(path, sum(tensor.numel() * tensor.itemsize for tensor in state.values()), "its tensors")
        return state


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


def _state_dict(stored: object, source: str, asked: tuple[str, ...]) -> State:
    """Return the tensors by name in what a file holds."""
    found, is_nested = _innermost(stored, 0)
    if isinstance(found, StandIn):
        found = tensors_of(found)
    if isinstance(found, Mapping) and is_nested:
        found = {name: value for name, value in found.items() if _is_weight((name, value))}
    if not isinstance(found, Mapping) or not found or not all(map(_is_weight, found.items())):
        raise WeightsError(
            f"{source} holds no state dict, that is, tensors by name; save network.state_dict()."
            + (f" It holds {some_of(asked)}." if asked else "")
        )
    return _unwrapped(found)


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


def _innermost(stored: object, depth: int) -> tuple[object, bool]:
    """Return the state dict, or stand-in of a module, in a checkpoint, and whether it lay within another dict."""
    if isinstance(stored, Mapping) and depth < _DEEPEST_NEST:
        for nest in _NESTS:
            inner = stored.get(nest)
            if isinstance(inner, Mapping) and inner:
                return _innermost(inner, depth + 1)[0], True
            if isinstance(inner, StandIn) and tensors_of(inner):
                return inner, True
    return stored, depth > 0


def _unwrapped(state: State) -> State:
    """Return the tensors without the prefixes that all their names carry."""
    while True:
        first = {name.partition(".")[0] for name in state}
        if len(first) != 1 or not first <= _PREFIXES or any("." not in name for name in state):
            return dict(state)
        state = {name.partition(".")[2]: tensor for name, tensor in state.items()}


def _is_weight(item: tuple[object, object]) -> bool:
    name, tensor = item
    return isinstance(name, str) and isinstance(tensor, torch.Tensor) and tensor.layout == torch.strided


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
