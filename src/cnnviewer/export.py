"""A recording as files: JSON, pictures and arrays."""

from __future__ import annotations

import json
import re
import zipfile
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image

from cnnviewer.analysis.cost import multiply_adds
from cnnviewer.analysis.description import describe
from cnnviewer.analysis.statistics import MapStatistics, feature_maps
from cnnviewer.errors import CnnviewerError
from cnnviewer.outputs import Returns
from cnnviewer.provenance import caution_of
from cnnviewer.rendering.mosaic import render

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.recording import Layer, Recording

__all__ = ["write_recording"]


def write_recording(recording: Recording, folder: Path, image: str, *, arrays: bool = False) -> None:
    """Write a recording into a folder, which is made where it is missing.

    ``layers.json`` has each layer's name, kind, settings, shapes, statistics and who feeds it, its maps' number, height
    and width, and what the network returned;
    ``probabilities.json`` what the network returns and why that is told, with the classes or labels, most probable
    first, or the values; ``012-features.3.png`` the maps of layer 12; with
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
            if layer.output.numel():
                Image.fromarray(render(layer)).save(folder / _file_name(layer))
        if arrays:
            _write_arrays(folder / "arrays.npz", recording)
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
        "outputs": [
            {"name": output.name, "shape": list(output.shape), "layer": output.layer} for output in recording.outputs
        ],
        "layers": [_layer(layer, recording) for layer in recording.layers],
    }


def _layer(layer: Layer, recording: Recording) -> dict[str, Any]:
    return {
        "index": layer.index,
        "name": layer.name,
        "kind": layer.kind.value,
        "operation": layer.operation,
        "description": describe(layer, recording),
        "settings": dict(layer.settings),
        "inputs": list(layer.inputs),
        "feeds": list(recording.followers[layer.name]),
        "shape": list(layer.shape),
        "maps": [layer.layout.maps, *layer.layout.map_shape],
        "dtype": str(layer.output.dtype).removeprefix("torch."),
        "parameters": {name: list(tensor.shape) for name, tensor in layer.parameters.items()},
        "worked_out": list(layer.worked_out),
        "multiply_adds": multiply_adds(layer, recording),
        "statistics": _statistics(layer),
        "picture": _file_name(layer) if layer.output.numel() else None,
    }


def _statistics(layer: Layer) -> dict[str, float | int | None]:
    """Return the numbers of the whole output; None where it has no finite value."""
    output = feature_maps(layer)
    finite = output.isfinite()
    if not bool(finite.any()):
        numbers = dict.fromkeys(("minimum", "maximum", "mean", "zero_share"))
        return {**numbers, "not_finite": output.numel(), "dead_maps": 0}
    values, maps = MapStatistics(output.reshape(1, 1, -1)), MapStatistics(output)
    return {
        "minimum": float(values.minimum),
        "maximum": float(values.maximum),
        "mean": float(values.mean),
        "zero_share": float(values.zero_share),
        "not_finite": int((~finite).sum()),
        "dead_maps": int(maps.dead.sum()),
    }


def _probabilities(recording: Recording, image: str) -> dict[str, Any]:
    values = recording.vector if recording.returns is Returns.VALUES else None
    classes = [] if recording.scores is None else recording.top(len(recording.probabilities))
    return {
        "network": recording.network.name,
        "provenance": recording.network.provenance,
        "caution": caution_of(recording.network.provenance),
        "image": image,
        "returns": recording.returns.value,
        "reason": recording.returns_reason,
        "classes": [{"category": category, "probability": probability} for category, probability in classes],
        "values": [] if values is None else values.float().tolist(),
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it, which knows no NaN and no infinity."""
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
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
    text = json.dumps(_plain(value), indent=1, ensure_ascii=False, allow_nan=False)
    # What stands for a byte that is no UTF-8, as in a file's name, becomes the escape that JSON has for it.
    path.write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


def _write_arrays(path: Path, recording: Recording) -> None:
    """Write each output under its layer's name; `numpy.savez` could not take a layer named "file"."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for layer in recording.layers:
            output = layer.output.detach().cpu()
            if output.dtype is torch.bfloat16:  # numpy has no such type
                output = output.float()
            with archive.open(f"{layer.name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, output.numpy(), allow_pickle=False)
