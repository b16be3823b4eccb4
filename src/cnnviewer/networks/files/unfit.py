"""What a network takes that takes no image: so that its size is not blamed for what no size would mend."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

from torch import nn

from cnnviewer.errors import CnnviewerError, NetworkError
from cnnviewer.networks.files.guards import first_line
from cnnviewer.recording import INPUT

if TYPE_CHECKING:
    from cnnviewer.recording import Recording

__all__ = ["check_error", "check_first_layer", "check_forward", "check_recording"]

_VOLUMES = "volumes (1, channels, depth, height, width), such as scans and videos"
_SEQUENCES = "sequences (1, channels, length), such as sound and signals"
_WORDS = "whole numbers, such as those that stand for words"
_BY_NAME = "its inputs by name, in a dictionary"
_SEVERAL = "several inputs, in a list or a tuple"

_OF_MODULES: tuple[tuple[tuple[type[nn.Module], ...], str], ...] = (
    ((nn.Conv3d, nn.ConvTranspose3d, nn.BatchNorm3d, nn.LazyConv3d), _VOLUMES),
    ((nn.Conv1d, nn.ConvTranspose1d, nn.RNNBase, nn.LazyConv1d), _SEQUENCES),
    ((nn.Embedding, nn.EmbeddingBag), _WORDS),
)
"""What a network takes whose first layer is one of these, and that fails on an image."""

_OF_ERRORS: tuple[tuple[str, str], ...] = (
    (r"to conv_?(transpose)?3d\b|weight of size \[\d+(, \d+){4}\]|^expected 5D input", _VOLUMES),
    (r"to conv_?(transpose)?1d\b|^(LSTM|GRU|RNN): Expected input to be 2D|^expected 2D or 3D input", _SEQUENCES),
    (r"checking arguments for embedding|index tensor of type LongTensor", _WORDS),
    (r"'Tensor' object has no attribute '(keys|items|values|get|pop)'|^too many indices for tensor of dim", _BY_NAME),
    (r"^not enough values to unpack \(expected \d+, got 1\)|^index 1 is out of bounds for dimension 0", _SEVERAL),
)
"""What a network takes that fails on an image in these words of PyTorch or Python; the first that fits is told."""


def check_forward(module: nn.Module, title: str) -> None:
    """Refuse a module that can't be called with one tensor, as its ``forward`` tells.

    Raises
    ------
    NetworkError
        If it wants no input, or several.
    """
    try:
        parameters = inspect.signature(module.forward).parameters.values()
    except (TypeError, ValueError):  # it does not tell
        return
    wanted = [part.name for part in parameters if part.default is part.empty and part.kind not in _OPEN]
    by_name = [part.name for part in parameters if part.name in wanted and part.kind is part.KEYWORD_ONLY]
    if len(wanted) > 1 or by_name:
        told = f"{', '.join(wanted[:-1])} and {wanted[-1]}" if len(wanted) > 1 else f"{wanted[0]} by name"
        count = f"{len(wanted)} inputs" if len(wanted) > 1 else "an input"
        raise NetworkError(_sentence(title, f"its forward wants {count}, {told}"))
    if not parameters:
        raise NetworkError(_sentence(title, "its forward takes no input"))


_OPEN = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def check_recording(recording: Recording, title: str) -> None:
    """Refuse a network that takes volumes and ran on an image all the same: PyTorch took its channel for the depth.

    Raises
    ------
    NetworkError
        If it did.
    """
    if any(layer.operation == "conv3d" and INPUT in layer.inputs for layer in recording.layers):
        raise NetworkError(_sentence(title, f"it takes {_VOLUMES}"))


def check_error(error: Exception, title: str) -> None:
    """Refuse a network that failed on an image in a way that no other size of the image would mend.

    Raises
    ------
    NetworkError
        If that is seen from the error.
    """
    while error.__cause__ is not None and isinstance(error, CnnviewerError):
        error = error.__cause__  # type: ignore[assignment]
    takes = next((what for pattern, what in _OF_ERRORS if re.search(pattern, str(error))), "")
    if takes:
        why = f"it seems to take {takes} ({type(error).__name__}: {first_line(error)})"
        raise NetworkError(_sentence(title, why)) from error


def check_first_layer(module: nn.Module, title: str) -> None:
    """Refuse a module, which fails on images of any size, whose first layer with weights is made for something else.

    Raises
    ------
    NetworkError
        If it is.
    """
    first = next((part for part in module.modules() if next(part.parameters(recurse=False), None) is not None), None)
    takes = next((what for kinds, what in _OF_MODULES if isinstance(first, kinds)), "")
    if takes:
        raise NetworkError(_sentence(title, f"its first layer, {type(first).__name__}, takes {takes}"))


def _sentence(title: str, why: str) -> str:
    return (
        f"{title} can't run on one image (1, channels, height, width): {why}. "
        "A factory in Python can return a module that takes one image and makes of it what this network wants."
    )
