"""Weights in files: reading them without running code, and putting them into a module."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from cnnviewer.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PRETRAINED_IMAGENET", "RANDOM", "fill", "fill_from_file", "read_weights"]

RANDOM = "random weights"
PRETRAINED_IMAGENET = "pretrained on ImageNet-1k"

_NESTS = ("state_dict", "model")
_PREFIXES = ("module.", "model.", "_orig_mod.")


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """Return the tensors in a weights file by name; no code in the file is run.

    Raises
    ------
    WeightsError
        If there is no such file, it is damaged, or it needs code to be read.
    """
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise WeightsError(f"There is no weights file {path}. Check the path.") from None
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path} is damaged, or holds more than weights; only files that need no code are opened."
        ) from error
    except (OSError, EOFError, RuntimeError, ValueError, zipfile.BadZipFile, SafetensorError) as error:
        raise WeightsError(f"{path} is damaged and can't be read: delete it and get it again.") from error
    return _tensors(content, path)


def fill(module: torch.nn.Module, weights: Mapping[str, torch.Tensor], what: str) -> None:
    """Put weights into a module; all names and shapes must fit.

    Raises
    ------
    WeightsError
        If they do not; the module is then as it was.
    """
    own = module.state_dict()
    misfits = [f"{name} is missing" for name in own if name not in weights]
    misfits += [f"{name} is unknown" for name in weights if name not in own]
    misfits += [
        f"{name} has the shape {tuple(weights[name].shape)} instead of {tuple(tensor.shape)}"
        for name, tensor in own.items()
        if name in weights and weights[name].shape != tensor.shape
    ]
    if misfits:
        more = f", and {len(misfits) - 3} more" if len(misfits) > 3 else ""
        raise WeightsError(f"The weights do not fit {what}: {'; '.join(misfits[:3])}{more}.")
    module.load_state_dict(dict(weights))


def fill_from_file(module: torch.nn.Module, path: str, name: str) -> str:
    """Put the weights of a file into a module, and return their provenance.

    Raises
    ------
    WeightsError
        If the file can't be read, or its weights do not fit.
    """
    fill(module, read_weights(Path(path)), name)
    return f"weights from {Path(path).name}"


def _tensors(content: Any, path: Path) -> dict[str, torch.Tensor]:
    """Return the state dict in what a file held: itself, or nested; without a prefix that all names share."""
    for nest in _NESTS:
        if isinstance(content, dict) and isinstance(content.get(nest), dict):
            content = content[nest]
    if not isinstance(content, dict) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise WeightsError(f"{path} holds no weights by name (a state dict).")
    found = {str(name): tensor for name, tensor in content.items()}
    for prefix in _PREFIXES:
        if found and all(name.startswith(prefix) for name in found):
            found = {name.removeprefix(prefix): tensor for name, tensor in found.items()}
    return found
