"""Keras: ``.keras`` files and HDF5, opened by Keras 3 on its torch backend, an extra of this program.

A configuration is read and judged first (see `cnnviewer.networks.files.keras_config`). Then Keras opens the file
without memory for its weights, which tells whether its shapes can be true.
"""

from __future__ import annotations

import math
import os
import sys
import warnings
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from cnnviewer.downloads.progress import Beat
from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.allocation import Bounded
from cnnviewer.networks.files.guards import check_claim, first_line, refusing
from cnnviewer.networks.files.keras_config import built_at_once, check_classes, check_layers, read_config
from cnnviewer.networks.files.keras_older import modern, with_operators
from cnnviewer.networks.files.opened import Hints, Opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cnnviewer.downloads import ProgressCallback

__all__ = ["open_file"]

_SHOWN = 3
_LONGEST = 200
_SIDE = 224
_MOST_NUMBERS = 2**28
"""No layer of a network over one image makes so many: 1 GB."""


def open_file(path: Path, progress: ProgressCallback | None = None) -> Opened:
    """Open a network of Keras. Nothing in the file is run.

    Raises
    ------
    NetworkError
        If Keras or h5py is missing, the file can't be read, has layers that are not Keras's own, or takes no image.
    """
    try:
        import h5py  # noqa: F401 -- Keras reads HDF5 with it

        if progress is not None:
            progress(0, None, "Starting Keras")
        keras = _keras(path)
    except ImportError as error:
        raise NetworkError(
            f"{path.name} is a file of Keras, and {error.name or 'a part of it'}, which reads it, is missing: "
            'pip install "cnnviewer[keras]".'
        ) from None
    with refusing(path, "a network of Keras"):
        from cnnviewer.networks.files.keras_operators import FUNCTIONS, OWN_LAYERS

        stored = read_config(path)
        config = stored.config
        if stored.is_older:
            config = modern(config, path, keras, OWN_LAYERS, FUNCTIONS)
        elif not stored.is_archive:
            config = with_operators(config)
        check_classes(config, path, keras, OWN_LAYERS)
        check_layers(config, path)
        config = built_at_once(config)
        changed = None if config == stored.config else config
        # What is made on the device "meta" takes no memory; that it can be stopped is what this bound is for.
        beat = Beat(f"Building {path.name}", progress)
        with keras.device("meta"), Bounded(sys.maxsize, beat=beat):
            _check_sizes(_loaded(path, keras, changed, OWN_LAYERS), path)
        with keras.device("cpu"):
            with Bounded(sys.maxsize, beat=beat):
                model = _loaded(path, keras, changed, OWN_LAYERS)
            return _opened(model, path, is_channels_last="'channels_first'" not in str(stored.config))


def _keras(path: Path) -> Any:
    """Import Keras on its torch backend.

    Raises
    ------
    NetworkError
        If it runs on another one already.
    """
    kept = os.environ.get("KERAS_BACKEND")
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = "torch"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import keras
    finally:
        os.environ.pop("KERAS_BACKEND", None)
        if kept is not None:
            os.environ["KERAS_BACKEND"] = kept
    if not keras.__version__.startswith("3.") or keras.config.backend() != "torch":
        raise NetworkError(
            f"{path.name} needs Keras 3 on its torch backend, and Keras {keras.__version__} on "
            f"{keras.config.backend()} runs here already; set KERAS_BACKEND=torch, and start again."
        )
    return keras


def _loaded(path: Path, keras: Any, changed: dict[str, Any] | None, own: dict[str, type]) -> Any:
    """Return the model of a file; `changed` is its configuration where that is read otherwise than it stands there.

    Raises
    ------
    NetworkError
        If Keras can't make it.
    """
    try:
        if changed is None:
            return keras.saving.load_model(path, own, compile=False, safe_mode=True)
        kind = keras.Sequential if changed["class_name"] == "Sequential" else keras.Model
        with keras.saving.custom_object_scope(own):
            model = kind.from_config(deepcopy(changed["config"]), own)
        model.load_weights(path)
        return model
    except (TypeError, ValueError) as error:
        raise NetworkError(
            f"{path.name} can't be opened: Keras {keras.__version__} can't make its network ({_cause(error)}). "
            "Where it was trained, export it to ONNX, and open that."
        ) from error


_WRAPPED = "Exception encountered: "


def _cause(error: Exception) -> str:
    """Return what went wrong in Keras, which wraps an error once a model, with all of its configuration."""
    inner = [line for line in str(error).splitlines() if line.startswith(_WRAPPED)]
    return inner[-1].removeprefix(_WRAPPED)[:_LONGEST] if inner else f"{type(error).__name__}: {first_line(error)}"


# ---- sizes


def _check_sizes(model: Any, path: Path) -> None:
    """Refuse a model, built without memory, whose weights or maps can't be true, or that takes no one image.

    Raises
    ------
    NetworkError
        If so.
    """
    check_claim(path, 4 * sum(math.prod(weight.shape) for weight in model.weights), "its weights")
    inputs = model.inputs
    if len(inputs) != 1:
        told = ", ".join(tensor.name for tensor in inputs[:_SHOWN])
        raise NetworkError(f"{path.name} takes {len(inputs)} inputs ({told}); a network over one image takes one.")
    shape = tuple(inputs[0].shape)
    if len(shape) != 4 or (shape[0] or 1) != 1:
        raise NetworkError(f"{path.name} takes an input of shape {shape}, not one image (1, height, width, channels).")
    for name, numbers in _made(model, set()):
        if numbers > _MOST_NUMBERS:
            raise NetworkError(f"{path.name} can't be true: its layer {name} would make {numbers:,} numbers.")


def _made(model: Any, seen: set[int]) -> Iterator[tuple[str, int]]:
    """Yield how many numbers each layer makes of one image, as far as its shape is known; each model is told once."""
    if id(model) in seen:
        return
    seen.add(id(model))
    for operation in getattr(getattr(model, "_functional", model), "operations", ()):
        for node in operation._inbound_nodes:
            for tensor in node.output_tensors:
                yield operation.name, math.prod(length or 1 for length in tensor.shape)
        yield from _made(operation, seen)


def _opened(model: Any, path: Path, *, is_channels_last: bool) -> Opened:
    import torch

    from cnnviewer.networks.files.keras_module import KerasNetwork

    shape = model.inputs[0].shape[1:]
    channels, height, width = (shape[2], shape[0], shape[1]) if is_channels_last else shape
    example = torch.rand(1, channels or 3, height or _SIDE, width or _SIDE, generator=torch.Generator().manual_seed(0))
    try:
        module = KerasNetwork(model, is_channels_last=is_channels_last, example=example)
    except NotImplementedError as error:
        raise NetworkError(f"{path.name} can't be shown: {first_line(error)}.") from error
    images = example.permute(0, 2, 3, 1) if is_channels_last else example
    with torch.no_grad():
        for own, keras_own in zip(_tensors(module(example)), _tensors(model(images, training=False)), strict=True):
            # Against how far the outputs lie apart: a thousand probabilities of a thousandth are all small.
            numbers = keras_own[keras_own.isfinite()]
            spread = float(numbers.std()) if numbers.numel() > 1 else 0.0
            least = 1e-2 * spread + (1e-6 * float(numbers.abs().max()) if numbers.numel() else 0.0)
            if not torch.allclose(own, keras_own, rtol=0, atol=least, equal_nan=True):
                raise NetworkError(f"{path.name} can't be shown: recorded, it does not compute what Keras computes.")
    note = f"It has {len(model.outputs)} outputs." if len(model.outputs) > 1 else ""
    return Opened(module, Hints((channels, height, width), is_channels_last), note)


def _tensors(outputs: Any) -> list[Any]:
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    return [found for part in outputs for found in _tensors(part)] if isinstance(outputs, (list, tuple)) else [outputs]
