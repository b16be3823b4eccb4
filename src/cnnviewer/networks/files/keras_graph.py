"""A network of Keras as a torch module: a submodule a layer, by Keras's own names."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.keras_layers import KNOWN, layer_of, weight_names
from cnnviewer.networks.files.opened import Hints, Opened

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np

    Weights = Mapping[str, np.ndarray]
    Store = Callable[[str, Mapping[str, Any]], Weights]
    Step = tuple[str, int, list[tuple[str, int]]]

__all__ = ["KerasGraph", "opened"]

_MODELS = ("Sequential", "Functional", "Model")
_SHOWN = 3
_DEEPEST = 20
_OTHER_NAMES = {"depthwise_kernel": "kernel"}


def opened(config: Mapping[str, Any], file: Any, path: Path, *, is_legacy: bool) -> Opened:
    """Return the network in a configuration, with the weights in an HDF5 file.

    Parameters
    ----------
    config
        The configuration, as Keras writes it in JSON.
    file
        The open HDF5 file.
    path
        What messages name.
    is_legacy
        Whether the weights are in the layout of ``.h5`` files, by the names of layers; else in that of ``.keras``.

    Raises
    ------
    NetworkError
        If there are layers that are not known.
    """
    strange = _strange(config, 0)
    if strange:
        more = f" and {len(strange) - _SHOWN} more" if len(strange) > _SHOWN else ""
        raise NetworkError(
            f"{path.name} has layers that are not known here: {', '.join(strange[:_SHOWN])}{more}. Layers that hold "
            "code are not run; export the network to ONNX instead (model.export('net.onnx', format='onnx'))."
        )
    if str(file.attrs.get("keras_version", "3")).startswith(("1", "2")) and "hard_sigmoid" in str(config):
        raise NetworkError(f"{path.name} is of Keras 2, whose hard_sigmoid is another; save it again with Keras 3.")
    shape = _input_shape(config, path)
    store = _named_store(file["model_weights"]) if is_legacy else _ordered_store(file)
    module = KerasGraph(config["config"], store).eval()
    return Opened(module, Hints(shape, is_channels_last=True, name=str(config["config"].get("name", ""))))


def _strange(config: Mapping[str, Any], depth: int) -> list[str]:
    """Return the layers that are none of Keras's own, or not known, in order."""
    if depth > _DEEPEST:
        raise RecursionError
    kind, found = str(config.get("class_name")), []
    home = str(config.get("module") or "keras")
    is_own = home.partition(".")[0] == "keras" and config.get("registered_name") in (None, kind)
    if kind in _MODELS and is_own:
        for layer in _layers(config["config"]):
            found += _strange(layer, depth + 1)
    elif not is_own or kind not in (*KNOWN, "InputLayer"):
        found.append(kind if is_own else f"{home}.{kind}")
    return list(dict.fromkeys(found))


def _layers(config: Any) -> list[Mapping[str, Any]]:
    layers = config["layers"] if isinstance(config, dict) else config  # a list in early versions
    return [layer for layer in layers if isinstance(layer, dict)]


def _input_shape(config: Mapping[str, Any], path: Path) -> tuple[int | None, int | None, int | None]:
    """Return channels, height and width of the one input."""
    whole = config["config"]
    if isinstance(whole, dict) and len(_references(whole.get("input_layers", []))) > 1:
        raise NetworkError(f"{path.name} takes several inputs; a network over one image takes one.")
    first = _layers(whole)[0]["config"]
    while isinstance(first, dict) and "layers" in first:
        first = _layers(first)[0]["config"]
    built = whole.get("build_input_shape") if isinstance(whole, dict) else None
    shape = first.get("batch_shape", first.get("batch_input_shape", built))
    if not isinstance(shape, list) or len(shape) != 4:
        raise NetworkError(f"{path.name} takes an input of shape {shape}, not one image (1, height, width, channels).")
    height, width, channels = (None if length is None else int(length) for length in shape[1:])
    return channels, height, width


class KerasGraph(nn.Module):
    """A Sequential or Functional model over maps ``(N, C, H, W)``; within another, it is one of its layers.

    Parameters
    ----------
    config
        Its configuration.
    store
        Gives the weights of a layer, by its class and its configuration.
    """

    def __init__(self, config: Any, store: Store) -> None:
        super().__init__()
        self._steps: list[tuple[str, tuple[str, int], list[tuple[str, int]]]] = []
        self._inputs: list[tuple[str, int]] = []
        chain: tuple[str, int] | None = None
        layers = _layers(config)
        for layer in layers:
            kind, name = str(layer["class_name"]), str(layer.get("name") or layer["config"]["name"])
            if kind == "InputLayer":
                self._inputs.append((name, 0))
                chain = (name, 0)
                continue
            module = KerasGraph(layer["config"], store.within(kind, name)) if kind in _MODELS else _made(layer, store)  # type: ignore[attr-defined]
            place = _place(self, name)
            self.add_module(place, module)
            nodes = layer.get("inbound_nodes")
            if not isinstance(nodes, list):
                sources = [chain] if chain is not None else []
                if chain is None:
                    self._inputs.append(("", 0))
                    sources = [("", 0)]
                self._steps.append((place, (name, 0), [source for source in sources if source]))
                chain = (name, 0)
                continue
            for number, node in enumerate(nodes):
                self._steps.append((place, (name, number), _references(node)))
        outputs = _references(config.get("output_layers", [])) if isinstance(config, dict) else []
        given = _references(config.get("input_layers", [])) if isinstance(config, dict) else []
        self._inputs = given or self._inputs
        self._output = outputs[0] if outputs else self._steps[-1][1]

    def forward(self, *images: torch.Tensor) -> Any:
        """Run all layers."""
        values: dict[tuple[str, int], Any] = dict(zip(self._inputs, images, strict=True))
        for place, key, sources in self._steps:
            values[key] = self._modules[place](*[values[source] for source in sources])  # type: ignore[misc]
        return values[self._output]


def _made(layer: Mapping[str, Any], store: Store) -> nn.Module:
    kind, config = str(layer["class_name"]), layer["config"]
    try:
        return layer_of(kind, config, store(kind, config))
    except NetworkError as error:
        raise NetworkError(f"The layer {config.get('name', kind)!r} can't be built here: {error}.") from error


def _place(module: nn.Module, name: str) -> str:
    """Return a name for a submodule that is not taken."""
    place = re.sub(r"\W+", "_", name) or "layer"
    while hasattr(module, place):
        place += "_"
    return place


def _references(node: Any) -> list[tuple[str, int]]:
    """Return the tensors that a node takes, by the layer and the number of its call, in newer and older writing."""
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            name, number, _ = node["config"]["keras_history"]
            return [(str(name), int(number))]
        return [found for part in node.values() for found in _references(part)]
    if isinstance(node, list):
        if len(node) in (3, 4) and isinstance(node[0], str) and isinstance(node[1], int):
            return [(node[0], node[1])]
        return [found for part in node for found in _references(part)]
    return []


# ---- weights


class _ordered_store:  # noqa: N801 -- one of two functions that make a store
    """Weights of ``.keras`` files: by the class of a layer, and which of its class it is within its model."""

    def __init__(self, group: Any) -> None:
        self._group = group
        self._counts: Counter[str] = Counter()

    def __call__(self, kind: str, config: Mapping[str, Any]) -> Weights:
        group = self._next(kind)
        names = weight_names(kind, config)
        if group is None or not names:
            return {}
        return {name: group["vars"][str(place)][()] for place, name in enumerate(names)}

    def within(self, kind: str, name: str) -> _ordered_store:
        """Return the store of a model within this one."""
        return _ordered_store(self._next("Functional" if kind == "Model" else kind))

    def _next(self, kind: str) -> Any:
        plain = re.sub(r"\W+", "", kind)
        plain = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", plain)
        plain = re.sub("([a-z])([A-Z])", r"\1_\2", plain).lower()
        number = self._counts[plain]
        self._counts[plain] += 1
        return self._group["layers"].get(plain if not number else f"{plain}_{number}")


class _named_store:  # noqa: N801 -- one of two functions that make a store
    """Weights of ``.h5`` files: by the names of layers."""

    def __init__(self, group: Any, is_top: bool = True) -> None:
        self._group, self._is_top = group, is_top

    def __call__(self, kind: str, config: Mapping[str, Any]) -> Weights:
        names = weight_names(kind, config)
        if not names:
            return {}
        own = str(config["name"])
        found = _datasets(self._group[own] if self._is_top else self._group)
        if not self._is_top:
            found = {path: part for path, part in found.items() if own in path.split("/")[:-1]}
        by_name = {path.rpartition("/")[2].partition(":")[0]: part for path, part in found.items()}
        return {name: by_name[name if name in by_name else _OTHER_NAMES.get(name, name)][()] for name in names}

    def within(self, kind: str, name: str) -> _named_store:
        """Return the store of a model within this one."""
        return _named_store(self._group[name] if self._is_top else self._group, is_top=False)


def _datasets(group: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    group.visititems(lambda path, part: found.update({path: part}) if hasattr(part, "shape") else None)
    return found
