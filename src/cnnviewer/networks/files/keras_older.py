"""Configurations of Keras 2 as Keras 3 reads them: the same layers and the same graph, in the newer spelling.

What Keras 2 wrote that Keras 3 does not know is left out only where it says what Keras 3 does anyway; anything else is
told by its name. Nothing is run, and Keras is only asked for the names of its classes' arguments.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.keras_config import REFUSED

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

__all__ = ["OPERATORS", "modern", "with_operators"]

OPERATORS = ("TFOpLambda", "SlicingOpLambda")
"""The layers by which Keras 2 keeps a function of TensorFlow that was called between layers."""
_PLACE = 3
"""A tensor is told by a layer's name, the number of its call and that of its result."""
_TO_ONNX = "Export the network to ONNX with tf2onnx, and open that."
_MODELS = ("Sequential", "Functional", "Model")
_HOME: dict[str, Any] = {"module": "keras.layers", "registered_name": None}
_HOMES: dict[Any, dict[str, Any]] = {
    "Sequential": {"module": "keras", "registered_name": None},
    "Functional": {"module": "keras.src.models.functional", "registered_name": "Functional"},
}
_UNUSED = (
    "_initializer", "_regularizer", "_constraint", "batch_input_shape", "query_shape", "key_shape", "value_shape",
)  # fmt: skip
"""How arguments end that change nothing of a network whose weights are there."""
_OPERATION_HOMES = ("keras.src.ops.numpy", "keras.src.ops.nn", "keras.src.ops.math", "keras.src.ops.image")
_DEEPEST = 100
_RENAMED = {"alpha": "negative_slope"}
"""Of LeakyReLU."""
_USUAL = {"groups": 1, "implementation": 2, "trainable": True}
"""Arguments that Keras 3 has no more, with the value that says what it does; nothing and False say that, too."""


def modern(
    config: dict[str, Any], path: Path, keras: Any, own: Container[str], functions: Container[str]
) -> dict[str, Any]:
    """Return the configuration of a model of Keras 2 as Keras 3 would have written it.

    Parameters
    ----------
    config, path
        The configuration, and its file.
    keras
        The module of Keras 3.
    own
        The names of classes that it does not list, and that are known here.
    functions
        The functions of TensorFlow that are known.

    Raises
    ------
    NetworkError
        If a layer has a setting that Keras 3 has not, or calls a function that is not known.
    RecursionError
        If it is nested too deeply.
    """
    return _Reader(path, keras, own, functions).layer(config, 0)


def with_operators(config: Any, depth: int = 0) -> Any:
    """Return a configuration that Keras 3 wrote into HDF5, with the homes of operators that it leaves out.

    Without one ``x + y`` is taken for the layer Add. An operator is told by its settings: it has a name, and is never
    trainable.

    Raises
    ------
    RecursionError
        If it is nested too deeply.
    """
    if depth > _DEEPEST:
        raise RecursionError
    if isinstance(config, list):
        return [with_operators(part, depth + 1) for part in config]
    if not isinstance(config, dict):
        return config
    made = {key: with_operators(part, depth + 1) for key, part in config.items()}
    settings = made.get("config")
    if "inbound_nodes" not in made or "module" in made or not isinstance(settings, dict) or "trainable" in settings:
        return made
    homes = {home: vars(import_module(home)) for home in _OPERATION_HOMES}
    home = next((home for home, known in homes.items() if isinstance(known.get(made["class_name"]), type)), "")
    return {**made, "module": home, "registered_name": made["class_name"]} if home else made


class _Reader:
    """Translates one file's configuration."""

    def __init__(self, path: Path, keras: Any, own: Container[str], functions: Container[str]) -> None:
        self._path, self._keras, self._own, self._functions = path, keras, own, functions

    def layer(self, stored: dict[str, Any], depth: int) -> dict[str, Any]:
        """Return a layer's or a model's part of a configuration."""
        if depth > _DEEPEST:
            raise RecursionError
        kind = stored["class_name"].removeprefix("Custom>")  # as Keras's applications were registered
        kind = "Functional" if kind == "Model" else kind
        config = stored["config"]
        if kind == "Sequential":
            config = self._sequential(config, depth)
        elif kind in _MODELS:
            config = self._functional(config, depth)
        else:
            config = self._settings(kind, config, depth)
        made = {"class_name": kind, "config": config, **_HOMES.get(kind, _HOME)}
        if kind in self._own:
            made = {**made, "module": None, "registered_name": kind}
        home = stored.get("module") or "keras"
        if not isinstance(home, str) or home.partition(".")[0] != "keras":
            # A class of its own, which may have the name of one of Keras's.
            made = {**made, "module": home, "registered_name": stored.get("registered_name")}
        return made | {key: part for key, part in stored.items() if key == "shared_object_id"}

    def _sequential(self, config: Any, depth: int) -> dict[str, Any]:
        """Return the configuration of a Sequential model: a list of layers in the oldest files."""
        if isinstance(config, list):
            config = {"name": "sequential", "layers": config}
        layers = [self.layer(layer, depth + 1) for layer in config["layers"]]
        shape = _input_shape(config["layers"])
        if shape is not None:
            settings = {"batch_shape": shape, "dtype": "float32", "name": "input"}
            first = {"class_name": "InputLayer", "config": settings}
            layers.insert(0, {**first, "module": "keras.layers", "registered_name": None})
        return {"name": _name(config.get("name", "sequential")), "layers": layers}

    def _functional(self, config: dict[str, Any], depth: int) -> dict[str, Any]:
        kinds = {layer["name"]: layer["class_name"] for layer in config["layers"]}
        nested = frozenset(name for name, kind in kinds.items() if kind in _MODELS)
        layers = [
            {
                **self.layer(stored, depth + 1),
                "name": _name(stored["name"]),
                "inbound_nodes": [_node(node, nested) for node in stored["inbound_nodes"]],
            }
            for stored in config["layers"]
        ]
        inputs = [[_name(name), node, tensor] for name, node, tensor in _listed(config["input_layers"])]
        outputs = [
            [_name(name), _first(node) if kinds.get(name) == "Sequential" else node, tensor]
            for name, node, tensor in _listed(config["output_layers"])
        ]
        return {
            "name": _name(config.get("name", "model")),
            "trainable": config.get("trainable", True),
            "layers": layers,
            "input_layers": inputs[0] if len(inputs) == 1 else inputs,
            "output_layers": outputs[0] if len(outputs) == 1 else outputs,
        }

    def _settings(self, kind: str, config: dict[str, Any], depth: int) -> dict[str, Any]:
        """Return the arguments of a layer that is no model."""
        made = {key: self._value(key, part, depth) for key, part in config.items() if not key.endswith(_UNUSED)}
        made["name"] = _name(config.get("name", kind.lower()))
        if kind == "InputLayer":
            shape = config.get("batch_input_shape", config.get("batch_shape"))
            return {"batch_shape": shape, "dtype": made.get("dtype", "float32"), "name": made["name"]}
        if isinstance(made.get("axis"), list) and len(made["axis"]) == 1:
            made["axis"] = made["axis"][0]
        if kind in OPERATORS:
            return self._operator(made)
        if any(part == "hard_sigmoid" for key, part in made.items() if key.endswith("activation")):
            raise NetworkError(
                f"{self._path.name} is of Keras 2, whose hard_sigmoid is another than that of Keras 3. {_TO_ONNX}"
            )
        if kind == "LeakyReLU":
            made = {_RENAMED.get(key, key): part for key, part in made.items()}
        return self._known(kind, made)

    def _operator(self, config: dict[str, Any]) -> dict[str, Any]:
        function = config.get("function")
        if function not in self._functions:
            raise NetworkError(
                f"{self._path.name} is of Keras 2, and calls tf.{function} between layers, which is not known here. "
                f"{_TO_ONNX}"
            )
        return config

    def _value(self, key: str, value: Any, depth: int) -> Any:
        if key == "dtype" and isinstance(value, dict):
            return (value.get("config") or {}).get("name", "float32")
        if isinstance(value, dict) and key in ("layer", "backward_layer", "forward_layer", "cell"):
            return self.layer(value, depth + 1)
        return value

    def _known(self, kind: str, config: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments that Keras 3 knows of a layer."""
        found = getattr(self._keras.layers, kind, None)
        if found is None or kind in REFUSED:
            return config
        known = _arguments(found)
        for key in [key for key in config if key not in known]:
            value = config.pop(key)
            if value and value != _USUAL.get(key):
                raise NetworkError(
                    f"{self._path.name} is of Keras 2: its layer {config.get('name', kind)}, a {kind}, has "
                    f"{key} = {str(value)[:40]}, which Keras 3 does not know. {_TO_ONNX}"
                )
        return config


def _arguments(kind: type) -> set[str]:
    """Return the names of the arguments that a class of Keras takes, those that it hands on to its bases too."""
    found: set[str] = set()
    for base in kind.__mro__:
        made = vars(base).get("__init__")
        if made is not None:
            parameters = inspect.signature(made).parameters
            found |= {*parameters}
            if all(part.kind is not part.VAR_KEYWORD for part in parameters.values()):
                break
    return found


def _input_shape(layers: list[Any]) -> Any:
    """Return the shape that the first layer of a Sequential model tells; None where it, or an input layer, is one."""
    if not layers or layers[0]["class_name"] == "InputLayer" or not isinstance(layers[0]["config"], dict):
        return None
    return layers[0]["config"].get("batch_input_shape")


def _listed(tensors: Any) -> list[Any]:
    """Return the inputs or outputs of a model as a list: one may stand alone, and several have names."""
    if isinstance(tensors, dict):
        return list(tensors.values())
    return [tensors] if tensors and isinstance(tensors[0], str) else tensors


def _node(stored: Any, nested: frozenset[str]) -> Any:
    """Return what one call of a layer was given, as Keras 3 spells it; that is how it stands in a newer file.

    A model within this one, `nested`, has a first call in Keras 2 that Keras 3 does not count.
    """
    if not isinstance(stored, list) or not stored:
        return stored

    def value(given: Any) -> Any:
        if isinstance(given, list) and len(given) == _PLACE and isinstance(given[0], str):
            name, node, tensor = given
            if name == "_CONSTANT_VALUE":
                return tensor
            return _tensor(_name(name), _first(node) if name in nested else node, tensor)
        return [value(part) for part in given] if isinstance(given, list) else given

    # Of an operator one call, of a layer a list of them: [name, node, tensor, arguments].
    calls = [stored] if isinstance(stored[0], str) else stored
    tensors = [value(call[:3]) for call in calls]
    arguments = calls[0][3] if len(calls[0]) > _PLACE else {}
    kwargs = {key: value(part) for key, part in arguments.items()}
    if len(tensors) > 1:
        return {"args": [tensors], "kwargs": kwargs}
    if isinstance(tensors[0], dict):
        return {"args": tensors, "kwargs": kwargs}
    # A number in the first place, as in 2 - y: Keras 3 wants tensors first.
    return {"args": [kwargs.pop("y", None)], "kwargs": {**kwargs, "first": tensors[0]}}


def _name(name: str) -> str:
    """Return a layer's name without what Keras 3 has none of in names."""
    return name.replace("/", "_")


def _first(node: int) -> int:
    return max(node - 1, 0)


def _tensor(name: str, node: int, tensor: int) -> dict[str, Any]:
    config = {"shape": [1], "dtype": "float32", "keras_history": [name, node, tensor]}
    return {"class_name": "__keras_tensor__", "config": config}
