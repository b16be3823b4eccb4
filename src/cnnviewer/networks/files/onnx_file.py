"""ONNX: a graph of operations with its weights, as most frameworks can export it."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
import onnx.inliner
import torch
from onnx.external_data_helper import uses_external_data

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.guards import check_claim, refusing
from cnnviewer.networks.files.opened import Hints, Opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.downloads import ProgressCallback

__all__ = ["open_file"]

_LARGEST_SIDE = 4096
_MOST_CHANNELS = 1024
_SHOWN = 3
_DOMAINS = ("", "ai.onnx")
_LOOPS = ("Loop", "Scan", "SequenceMap", "If")
# Their names alone: files of text, code and pictures, none of which a network over an image needs.
_STRANGE = ("ImageDecoder", "StringConcat", "StringSplit", "StringNormalizer", "RegexFullMatch", "TfIdfVectorizer")


def open_file(path: Path, progress: ProgressCallback | None = None) -> Opened:
    """Open an ONNX model. It is read in memory; nothing is written, and no file outside its folder is read.

    Raises
    ------
    NetworkError
        If it can't be read, has operations that are not known, or takes something else than one image.
    """
    with refusing(path, "an ONNX model"):
        model = onnx.load(path, load_external_data=False)
        if not model.graph.node:
            raise NetworkError(f"{path.name} holds no network: its graph has no operations.")
        _load_weights(model, path)
        if model.functions:
            model = onnx.inliner.inline_local_functions(model)
        _check_operations(model.graph, path)
        shape = _input_shape(model.graph, path)
        module = _module(model, shape, path)
        hints = Hints(shape=_image_shape(shape), categories=_categories(model), name=_name(model.graph))
    return Opened(module, hints, _note(model.graph))


def _module(model: onnx.ModelProto, shape: list[int | None], path: Path) -> Any:
    from cnnviewer.networks.files.onnx_graph import OnnxGraph

    opset = max((part.version for part in model.opset_import if part.domain in _DOMAINS), default=0)
    if not opset:
        raise NetworkError(f"{path.name} does not tell the version of its operations; export it again.")
    try:
        return OnnxGraph(model.graph, opset, _sample(shape, model)).eval()
    except NotImplementedError as error:
        raise NetworkError(f"{path.name} has an operation in a form that can't be run here: {error}") from error
    except NetworkError as error:
        raise NetworkError(
            f"{path.name} can't be opened: {error}. It is damaged, or made to fill the memory."
        ) from error


# ---- weights


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    yield from model.graph.initializer
    for node in (*model.graph.node, *(node for function in model.functions for node in function.node)):
        for attribute in node.attribute:
            yield attribute.t
            yield from attribute.tensors


def _load_weights(model: onnx.ModelProto, path: Path) -> None:
    """Read the weights that lie in files beside the model; refuse others, and shapes that can't be true."""
    outside = [tensor for tensor in _tensors(model) if uses_external_data(tensor)]
    files = {_beside(tensor, path) for tensor in outside}
    claim = sum(_claimed(tensor) for tensor in _tensors(model))
    if claim > 10 * sum(file.stat().st_size for file in files):
        check_claim(path, claim, "its weights")
    onnx.load_external_data_for_model(model, str(path.parent))


def _claimed(tensor: onnx.TensorProto) -> int:
    """Return how many bytes a tensor takes by its shape."""
    count = 1
    for length in tensor.dims:
        if length < 0:
            raise NetworkError(f"the weights {tensor.name!r} have a negative length")
        count *= length
    return count * 4 if tensor.data_type else 0


def _beside(tensor: onnx.TensorProto, path: Path) -> Path:
    """Return the file in which a tensor lies, where that is within the folder of the model.

    Raises
    ------
    NetworkError
        If it is outside, by its name or by a link; or there is none.
    """
    place = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
    folder = Path(os.path.realpath(path.parent))
    file = Path(os.path.realpath(folder / place))
    if not place or Path(place).is_absolute() or ".." in Path(place).parts or not file.is_relative_to(folder):
        raise NetworkError(
            f"{path.name} is refused: it wants to read {place!r}, which is not in its folder. Export it again, with "
            "its weights in the file."
        )
    if not file.is_file():
        raise NetworkError(
            f"{path.name} has its weights in another file, {place}, which is not beside it; put it there."
        )
    return file


# ---- operations


def _check_operations(graph: onnx.GraphProto, path: Path) -> None:
    loops = sorted({node.op_type for node in graph.node} & {*_LOOPS})
    if loops:
        raise NetworkError(
            f"{path.name} decides while it runs which operations follow ({', '.join(loops)}); such networks can't be "
            "shown. Export it from eval mode, with a fixed input."
        )
    unknown = {f"{node.domain}::{node.op_type}" for node in graph.node if node.domain not in _DOMAINS}
    unknown |= {node.op_type for node in graph.node if node.domain in _DOMAINS and not _is_known(node.op_type)}
    if unknown:
        shown = ", ".join(sorted(unknown)[:_SHOWN]) + (
            f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        )
        raise NetworkError(f"{path.name} has operations that are not known here: {shown}. Export it without them.")


def _is_known(kind: str) -> bool:
    """Whether an operation is one of ONNX's own: onnx2pytorch guesses a function of torch for others."""
    return bool(onnx.defs.has(kind)) and kind not in _STRANGE


# ---- input and output


def _input_shape(graph: onnx.GraphProto, path: Path) -> list[int | None]:
    """Return the shape of the one input, None for a free axis.

    Raises
    ------
    NetworkError
        If there are several, or it is no image.
    """
    names = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in names]
    if len(inputs) != 1:
        told = ", ".join(value.name for value in inputs[:_SHOWN]) or "none"
        raise NetworkError(f"{path.name} takes {len(inputs)} inputs ({told}); a network over one image takes one.")
    if not graph.output:
        raise NetworkError(f"{path.name} has no output.")
    kind = inputs[0].type.tensor_type
    shape = [axis.dim_value if axis.HasField("dim_value") and axis.dim_value > 0 else None for axis in kind.shape.dim]
    if kind.elem_type not in (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.DOUBLE):
        raise NetworkError(
            f"{path.name} takes {_type_name(kind.elem_type)} numbers, not an image of floating point numbers."
        )
    if kind.HasField("shape") and len(shape) != 4:
        raise NetworkError(
            f"{path.name} takes a tensor of {len(shape)} axes, not an image (1, channels, height, width)."
        )
    shape = shape or [None] * 4
    if (shape[0] or 1) != 1:
        raise NetworkError(
            f"{path.name} takes {shape[0]} images at once; export it for one, or with a dynamic batch axis."
        )
    if (shape[1] or 1) > _MOST_CHANNELS and (shape[3] or 1) > 4:
        raise NetworkError(f"{path.name} takes {shape[1]} channels, which is no image.")
    if max(side or 1 for side in shape[1:]) > _LARGEST_SIDE:
        raise NetworkError(f"{path.name} takes an input of {shape[1:]}, which is no image.")
    return shape


def _type_name(kind: int) -> str:
    return (
        str(onnx.TensorProto.DataType.Name(kind)).lower() if kind in onnx.TensorProto.DataType.values() else "unknown"
    )


def _is_channels_last(shape: list[int | None]) -> bool:
    return shape[3] in (1, 3, 4) and shape[1] not in (1, 3, 4, None)


def _image_shape(shape: list[int | None]) -> tuple[int | None, int | None, int | None] | None:
    if all(length is None for length in shape[1:]):
        return None
    return shape[1], shape[2], shape[3]


def _sample(shape: list[int | None], model: onnx.ModelProto) -> torch.Tensor | None:
    """Return an image of zeros as the graph takes it; None where its size is free."""
    sides = [length for length in shape[1:] if length is not None]
    return torch.zeros(1, *sides) if len(sides) == 3 else None


def _categories(model: onnx.ModelProto) -> tuple[str, ...]:
    """Return the names of the classes, where the exporter put them into the metadata, as Ultralytics does."""
    text = next((part.value for part in model.metadata_props if part.key in ("names", "classes", "labels")), "")
    try:
        found = ast.literal_eval(text) if text else ()
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return ()
    if isinstance(found, dict) and set(found) == set(range(len(found))):
        found = [found[index] for index in range(len(found))]
    return tuple(map(str, found)) if isinstance(found, (list, tuple)) else ()


def _name(graph: onnx.GraphProto) -> str:
    return "" if graph.name in ("main_graph", "main", "torch_jit", "torch-jit-export", "graph") else graph.name


def _note(graph: onnx.GraphProto) -> str:
    return f"It has {len(graph.output)} outputs; {graph.output[0].name} is shown." if len(graph.output) > 1 else ""
