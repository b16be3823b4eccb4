"""What a file of Keras says of its network: its configuration, read and judged before Keras sees it.

Only classes of Keras's own may be named in it, and none that runs code or reads files.
"""

from __future__ import annotations

import io
import re
import sys
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.guards import check_archive, check_claim, parsed_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["REFUSED", "Stored", "built_at_once", "check_classes", "check_layers", "read_config"]

_HOMES = (
    "layers", "models", "initializers", "regularizers", "constraints", "activations", "dtype_policies", "optimizers",
    "losses", "metrics",
)  # fmt: skip
_HOME = re.compile(rf"keras|keras(\.src)?\.({'|'.join(_HOMES)})(\.\w+)*")
_OPERATIONS = re.compile(r"keras\.src\.(ops\.(numpy|nn|math|image)|applications\.\w+)")
REFUSED = frozenset(
    {
        "Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer", "StringLookup", "IntegerLookup",
        "TextVectorization", "HashedCrossing", "Hashing",
    }
)  # fmt: skip
"""Layers of Keras that run code, call other programs' models, or read files."""
_VALUES = ("__keras_tensor__", "__tensor__", "__numpy__", "__tuple__", "__ellipsis__", "__slice__", "__bytes__")
_SHOWN = 3
_DEEPEST = 100
_MOST_LAYERS = 5_000
"""Of which the largest network of keras.applications has about a thousand."""
_MOST_PARTS = 50_000
"""Groups and arrays in HDF5: some ten a layer."""


@dataclass(frozen=True)
class Stored:
    """What a file says of its network.

    Parameters
    ----------
    config
        The configuration of the model.
    is_older
        Whether Keras 2 wrote it.
    is_archive
        Whether the file is a .keras archive, and not HDF5.
    """

    config: dict[str, Any]
    is_older: bool
    is_archive: bool


def read_config(path: Path) -> Stored:
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
            version, text = file.attrs.get("keras_version", "2"), file.attrs.get("model_config")
            if text is None:
                raise NetworkError(_without_network(file, path))
            config = parsed_json(text, path, "its configuration")
    return Stored(config, is_older=not str(version or "3").startswith("3"), is_archive=is_archive)


def _without_network(file: Any, path: Path) -> str:
    """Return what an HDF5 file is that has no configuration of a network."""
    if "layer_names" in file.attrs or {"model_weights", "layers", "_layer_checkpoint_dependencies"} & {*file}:
        return f"{path.name} holds weights of Keras without the network; save it whole: model.save('net.keras')."
    return f"{path.name} is an HDF5 file without a network of Keras in it; choose one that model.save wrote."


def _check_hdf5(file: Any, path: Path) -> None:
    """Refuse HDF5 that points elsewhere, or that claims more numbers than it can hold.

    Raises
    ------
    NetworkError
        If it does.
    """
    import h5py

    claim = parts = 0
    groups, seen = [(file, 0)], set[int]()
    while groups:
        group, depth = groups.pop()
        if depth > _DEEPEST:
            raise RecursionError
        if h5py.h5o.get_info(group.id).addr in seen:
            continue  # one group may lie in several
        seen.add(h5py.h5o.get_info(group.id).addr)
        for name in group:
            parts += 1
            if parts > _MOST_PARTS:
                raise NetworkError(f"{path.name} is no network: it has over {_MOST_PARTS:,} groups and arrays.")
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


def check_classes(config: dict[str, Any], path: Path, keras: Any, own: Iterable[str]) -> None:
    """Refuse a configuration that names what is not Keras's own, or would run code, anywhere in it.

    Parameters
    ----------
    config, path
        The configuration, and its file.
    keras
        The module.
    own
        The names of classes that Keras does not list, and that are known here.

    Raises
    ------
    NetworkError
        If it does; the sentence names it.
    """
    homes = [vars(getattr(keras, home)) for home in _HOMES if hasattr(keras, home)]
    known = {name for home in homes for name, found in home.items() if isinstance(found, type)}
    known |= {"Functional", "Policy", *own}
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


def check_layers(config: dict[str, Any], path: Path) -> None:
    """Refuse a configuration of more layers than can be built and shown; its classes were checked.

    Raises
    ------
    NetworkError
        If it has.
    """
    count, waiting = 0, list[Any]([config])
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            layers = part.get("layers")
            count += len(layers) if isinstance(layers, list) else 0
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    if count > _MOST_LAYERS:
        raise NetworkError(f"{path.name} has {count:,} layers, and more than {_MOST_LAYERS:,} can't be shown.")


def built_at_once(config: Any) -> Any:
    """Return a configuration whose sequential models tell the shape of their input, and have no input layer.

    Keras builds those that have one anew with each layer that it adds.
    """
    if isinstance(config, list):
        return [built_at_once(part) for part in config]
    if not isinstance(config, dict):
        return config
    made = {name: built_at_once(part) for name, part in config.items()}
    own = made.get("config")
    if made.get("class_name") != "Sequential" or not isinstance(own, dict):
        return made
    first, *others = own.get("layers") or [None]
    told = first.get("config") if isinstance(first, dict) and first.get("class_name") == "InputLayer" else None
    shape = told.get("batch_shape") if isinstance(told, dict) and told.get("dtype", "float32") == "float32" else None
    if shape and others:
        made["config"] = own | {"layers": others, "build_input_shape": shape}
    return made


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
    return bool(_HOME.fullmatch(home)) and kind in known - REFUSED


def _is_activation(name: str, keras: Any) -> bool:
    return name not in ("get", "serialize", "deserialize") and callable(getattr(keras.activations, name, None))
