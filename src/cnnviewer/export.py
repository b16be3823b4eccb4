"""A recording as files: JSON, pictures and arrays."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from cnnviewer.analysis.cost import multiply_adds
from cnnviewer.analysis.description import describe
from cnnviewer.analysis.statistics import MapStatistics, feature_maps
from cnnviewer.errors import CnnviewerError
from cnnviewer.rendering.mosaic import render

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.recording import Layer, Recording

__all__ = ["write_recording"]


def write_recording(recording: Recording, folder: Path, image: str, *, arrays: bool = False) -> None:
    """Write a recording into a folder, which is made where it is missing.

    ``layers.json`` has each layer's name, kind, settings, shapes, statistics and who feeds it;
    ``probabilities.json`` the classes, most probable first; ``012-features.3.png`` the maps of layer 12; with
    `arrays`, ``arrays.npz`` each output under its layer's name.

    Raises
    ------
    CnnviewerError
        If the folder can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_json(folder / "layers.json", _layers(recording, image))
        _write_json(folder / "probabilities.json", _probabilities(recording, image))
        for layer in recording.layers:
            Image.fromarray(render(layer)).save(folder / _file_name(layer))
        if arrays:
            outputs = {layer.name: layer.output.cpu().numpy() for layer in recording.layers}
            np.savez_compressed(folder / "arrays.npz", **outputs)  # type: ignore[arg-type]
    except OSError as error:
        raise CnnviewerError(f"The recording could not be written to {folder}: {error.strerror or error}.") from error


def _layers(recording: Recording, image: str) -> dict[str, Any]:
    network = recording.network
    return {
        "network": network.name,
        "provenance": network.provenance,
        "image": image,
        "input_shape": list(recording.input.shape),
        "preprocessing": network.preprocessing.describe(),
        "parameters": network.parameter_count,
        "multiply_adds": sum(multiply_adds(layer, recording) for layer in recording.layers),
        "activation_bytes": recording.nbytes,
        "layers": [_layer(layer, recording) for layer in recording.layers],
    }


def _layer(layer: Layer, recording: Recording) -> dict[str, Any]:
    return {
        "index": layer.index,
        "name": layer.name,
        "kind": layer.kind.value,
        "operation": layer.operation,
        "description": describe(layer, recording),
        "settings": {name: _plain(value) for name, value in layer.settings.items()},
        "inputs": list(layer.inputs),
        "feeds": list(recording.followers[layer.name]),
        "shape": list(layer.shape),
        "dtype": str(layer.output.dtype).removeprefix("torch."),
        "parameters": {name: list(tensor.shape) for name, tensor in layer.parameters.items()},
        "multiply_adds": multiply_adds(layer, recording),
        "statistics": _statistics(layer),
        "picture": _file_name(layer),
    }


def _statistics(layer: Layer) -> dict[str, float | int | None]:
    """Return the numbers of the whole output; None where it has no finite value."""
    if not layer.output.numel():
        return {
            "minimum": None,
            "maximum": None,
            "mean": None,
            "zero_share": None,
            "not_finite": 0,
            "dead_maps": 0,
        }
    values = MapStatistics(feature_maps(layer).reshape(1, 1, -1))
    maps = MapStatistics(feature_maps(layer))
    output = feature_maps(layer)
    return {
        "minimum": float(values.minimum),
        "maximum": float(values.maximum),
        "mean": float(values.mean),
        "zero_share": float(values.zero_share),
        "not_finite": int((~output.isfinite()).sum()),
        "dead_maps": int(((maps.minimum == 0) & (maps.maximum == 0) & maps.finite).sum()),
    }


def _probabilities(recording: Recording, image: str) -> dict[str, Any]:
    classes = [] if recording.scores is None else recording.top(recording.scores.numel())
    return {
        "network": recording.network.name,
        "provenance": recording.network.provenance,
        "image": image,
        "classes": [{"category": category, "probability": probability} for category, probability in classes],
    }


def _plain(value: Any) -> Any:
    """Return a setting as JSON can hold it."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (tuple, list)):
        return [_plain(part) for part in value]
    return str(value)


def _file_name(layer: Layer) -> str:
    """Return ``012-features.3.png``; characters that some file system does not take become ``_``."""
    name = re.sub(r"[^\w.#-]", "_", layer.name)[:120]
    return f"{layer.index:03d}-{name}.png"


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False, allow_nan=True) + "\n", encoding="utf-8")
