"""Keras: ``.keras`` files and HDF5, opened by Keras 3 on its torch backend, an extra of this program.

A configuration is read here first: only classes of Keras's own may be named in it, and none that runs code or reads
files. Then Keras opens the file without memory for its weights, which tells whether its shapes can be true.
"""

from __future__ import annotations

import io
import math
import os
import re
import sys
import warnings
import zipfile
from typing import TYPE_CHECKING, Any

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.guards import check_archive, check_claim, first_line, parsed_json, refusing
from cnnviewer.networks.files.opened import Hints, Opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cnnviewer.downloads import ProgressCallback

__all__ = ["open_file"]

_HOMES = (
    "layers", "models", "initializers", "regularizers", "constraints", "activations", "dtype_policies", "optimizers",
    "losses", "metrics",
)  # fmt: skip
_HOME = re.compile(rf"keras|keras(\.src)?\.({'|'.join(_HOMES)})(\.\w+)*")
_OPERATIONS = re.compile(r"keras\.src\.(ops\.(numpy|nn|math|image)|applications\.\w+)")
_REFUSED = frozenset(
    {
        "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "StringLookup", "IntegerLookup",
        "TextVectorization", "HashedCrossing", "Hashing",
    }
)  # fmt: skip
"""Layers of Keras that run code, call other programs' models, or read files."""
_VALUES = ("__keras_tensor__", "__tensor__", "__numpy__", "__tuple__", "__ellipsis__", "__slice__", "__bytes__")
_SHOWN = 3
_DEEPEST = 100
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
        config = _config(path)
        _check_classes(config, path, keras)
        with keras.device("meta"):
            _check_sizes(_loaded(path, keras), path)
        with keras.device("cpu"):
            return _opened(_loaded(path, keras), path, is_channels_last="'channels_first'" not in str(config))


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


def _loaded(path: Path, keras: Any) -> Any:
    return keras.saving.load_model(path, compile=False, safe_mode=True)


# ---- what a file may hold


def _config(path: Path) -> dict[str, Any]:
    """Return the configuration; the file's parts are checked on the way.

    Raises
    ------
    NetworkError
        If it holds more than a network, or less.
    """
    import h5py

    is_archive = zipfile.is_zipfile(path)
    wanted = (".keras",) if is_archive else (".h5", ".hdf5")
    if not path.name.endswith(wanted):
        raise NetworkError(f"{path.name} is a file of Keras, which goes by names: rename it to end in {wanted[0]}.")
    if is_archive:
        check_archive(path)
        with zipfile.ZipFile(path) as archive:
            others = sorted({*archive.namelist()} - {"config.json", "metadata.json", "model.weights.h5"})
            if others:
                raise NetworkError(f"{path.name} is refused: it holds {others[0]}, which is no part of a network.")
            with h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r") as file:
                _check_hdf5(file, path)
            metadata = parsed_json(archive.read("metadata.json"), path, "metadata.json")
            config = parsed_json(archive.read("config.json"), path, "config.json")
            version = metadata.get("keras_version")
    else:
        with h5py.File(path, "r") as file:
            _check_hdf5(file, path)
            version, text = file.attrs.get("keras_version"), file.attrs.get("model_config")
            if text is None:
                raise NetworkError(
                    f"{path.name} holds weights of Keras without the network; save it whole: model.save('net.keras')."
                )
            config = parsed_json(text, path, "its configuration")
    if not str(version or "3").startswith("3") and "hard_sigmoid" in str(config):
        raise NetworkError(f"{path.name} is of Keras 2, whose hard_sigmoid is another; save it again with Keras 3.")
    return config


def _check_hdf5(file: Any, path: Path) -> None:
    """Refuse HDF5 that points elsewhere, or that claims more numbers than it can hold.

    Raises
    ------
    NetworkError
        If it does.
    """
    import h5py

    claim = 0
    groups = [(file, 0)]
    while groups:
        group, depth = groups.pop()
        if depth > _DEEPEST:
            raise RecursionError
        for name in group:
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise NetworkError(f"{path.name} is refused: {name} in it points to another place or file.")
            part = group[name]
            if isinstance(part, h5py.Group):
                groups.append((part, depth + 1))
            elif part.external or part.is_virtual:
                raise NetworkError(f"{path.name} is refused: the numbers of {name} lie in another file.")
            else:
                claim += part.size * part.dtype.itemsize
                check_claim(path, claim, "its weights")


def _check_classes(config: dict[str, Any], path: Path, keras: Any) -> None:
    """Refuse a configuration that names what is not Keras's own, or would run code, anywhere in it.

    Raises
    ------
    NetworkError
        If it does; the sentence names it.
    """
    homes = [vars(getattr(keras, home)) for home in _HOMES if hasattr(keras, home)]
    known = {name for home in homes for name, found in home.items() if isinstance(found, type)}
    known |= {"Functional", "Policy"}
    # The optimiser and the losses: Keras leaves them out where nothing is compiled.
    parts = {name: part for name, part in config.items() if name != "compile_config"}
    strange = list(dict.fromkeys(_strange(parts, known, keras)))
    if strange:
        more = f" and {len(strange) - _SHOWN} more" if len(strange) > _SHOWN else ""
        raise NetworkError(
            f"{path.name} is refused: it has {', '.join(strange[:_SHOWN])}{more}, which may run code or is not Keras's "
            "own. Export the network to ONNX instead (model.export('net.onnx', format='onnx'))."
        )


def _strange(config: Any, known: set[str], keras: Any, depth: int = 0) -> Iterator[str]:
    """Yield what is not Keras's own, or runs code."""
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(config, dict):
        if {"class_name", "registered_name"} & {*config} and not _is_own(config, known, keras):
            kind = config.get("config") if config.get("class_name") == "function" else config.get("class_name")
            yield f"{config.get('module') or 'keras'}.{kind}"
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            yield from _strange(part, known, keras, depth + 1)


def _is_own(config: dict[str, Any], known: set[str], keras: Any) -> bool:
    """Whether a part of a configuration names a class of Keras's own that runs nothing of the file."""
    kind, home = config.get("class_name"), config.get("module") or "keras"
    if kind in _VALUES:
        return True
    if kind == "function":
        kind, is_home = config.get("config"), home in ("builtins", "keras", "keras.activations")
        return (
            is_home
            and isinstance(kind, str)
            and config.get("registered_name") in (None, kind)
            and _is_activation(kind, keras)
        )
    if not isinstance(kind, str) or not isinstance(home, str) or config.get("registered_name") not in (None, kind):
        return False
    if _OPERATIONS.fullmatch(home):
        found = getattr(sys.modules.get(home), kind, None)
        return isinstance(found, type) and issubclass(found, keras.Operation)
    return bool(_HOME.fullmatch(home)) and kind in known - _REFUSED


def _is_activation(name: str, keras: Any) -> bool:
    return name not in ("get", "serialize", "deserialize") and callable(getattr(keras.activations, name, None))


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
    for name, numbers in _made(model):
        if numbers > _MOST_NUMBERS:
            raise NetworkError(f"{path.name} can't be true: its layer {name} would make {numbers:,} numbers.")


def _made(model: Any) -> Iterator[tuple[str, int]]:
    """Yield how many numbers each layer makes of one image, as far as its shape is known."""
    for operation in getattr(getattr(model, "_functional", model), "operations", ()):
        for node in operation._inbound_nodes:
            for tensor in node.output_tensors:
                yield operation.name, math.prod(length or 1 for length in tensor.shape)
        yield from _made(operation)


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
            if not torch.allclose(own, keras_own, rtol=1e-2, atol=1e-3, equal_nan=True):
                raise NetworkError(f"{path.name} can't be shown: recorded, it does not compute what Keras computes.")
    note = f"It has {len(model.outputs)} outputs." if len(model.outputs) > 1 else ""
    return Opened(module, Hints((channels, height, width), is_channels_last), note)


def _tensors(outputs: Any) -> list[Any]:
    if isinstance(outputs, dict):
        outputs = list(outputs.values())
    return [found for part in outputs for found in _tensors(part)] if isinstance(outputs, (list, tuple)) else [outputs]
