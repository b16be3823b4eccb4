"""ONNX: a graph of operations with its weights, as most frameworks can export it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
import onnx.inliner
import torch
from onnx.external_data_helper import uses_external_data

from cnnviewer.card import LARGEST_SIDE, MOST_CHANNELS
from cnnviewer.downloads.progress import Beat
from cnnviewer.errors import NetworkError
from cnnviewer.memory import free_memory
from cnnviewer.networks.files.guards import check_claim, refusing
from cnnviewer.networks.files.image_axes import image_shape, is_channels_last
from cnnviewer.networks.files.onnx_import.budget import Budget, MemoryAsked
from cnnviewer.networks.files.onnx_import.building import build
from cnnviewer.networks.files.onnx_import.precision import in_single
from cnnviewer.networks.files.onnx_import.table import DOMAINS, is_known, why_refused
from cnnviewer.networks.files.onnx_import.values import UnsupportedError, torch_type
from cnnviewer.networks.files.opened import Hints, Opened
from cnnviewer.suggestions import some_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.files.onnx_import.graph import OnnxGraph

__all__ = ["open_file"]

_MOST_NODES = 50_000
_MOST_BYTES = 256_000_000
_SHARE = 8
"""Of the free memory such a part may be taken by constants that a graph works out by itself."""
_ALWAYS = 2**30
"""So many bytes they may take in any case, if half of the free memory has them."""


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
        model = prepared(model, path.name)
        shape = _input_shape(model.graph, path)
        is_single = in_single(model.graph)
        module = _module(model, shape, path, Beat(f"Building {path.name}", progress))
        metadata = {entry.key: entry.value for entry in model.metadata_props}
        is_bytes = _input_kind(model.graph) == onnx.TensorProto.UINT8
        hints = Hints(image_shape(shape), is_channels_last(shape), is_bytes=is_bytes, metadata=metadata)
    return Opened(module, hints, _note(model.graph, is_single))


def _module(model: onnx.ModelProto, shape: list[int | None], path: Path, beat: Beat) -> OnnxGraph:
    opsets = {"" if part.domain in DOMAINS else part.domain: part.version for part in model.opset_import}
    if "" not in opsets:
        raise NetworkError(f"{path.name} does not tell the version of its operations; export it again.")
    free = free_memory()
    constants = max(free // _SHARE, min(free // 2, _ALWAYS + 4 * path.stat().st_size))
    try:
        module = build(model.graph, opsets, Budget(constants, free // 2), _sample(model.graph, shape), beat=beat)
    except UnsupportedError as error:
        raise NetworkError(f"{path.name} has an operation in a form that can't be run here: {error}.") from error
    except MemoryAsked as error:
        raise NetworkError(
            f"{path.name} can't be opened: {error}. It is damaged, or made to fill the memory."
        ) from error
    module.is_channels_last = is_channels_last(shape)
    return module.eval()


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
    claim = sum(_claimed(tensor, path) for tensor in _tensors(model))
    if claim > 10 * sum(file.stat().st_size for file in files):
        check_claim(path, claim, "its weights")
    onnx.load_external_data_for_model(model, str(path.parent))


def _claimed(tensor: onnx.TensorProto, path: Path) -> int:
    """Return how many bytes a tensor takes by its shape."""
    count = 1
    for length in tensor.dims:
        if length < 0:
            raise NetworkError(f"{path.name} is damaged: its weights {tensor.name!r} have a negative length.")
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


def _check_nodes(model: onnx.ModelProto, title: str) -> None:
    """Refuse more operations than can be built, of which functions make many: each may call others twice.

    Raises
    ------
    NetworkError
        If they do, or call themselves.
    """
    functions = {(function.domain, function.name, function.overload): function for function in model.functions}
    known: dict[tuple[str, str, str], tuple[int, int]] = {}
    running: set[tuple[str, str, str]] = set()

    def unfolded(nodes: Iterable[onnx.NodeProto]) -> tuple[int, int]:
        """Return how many nodes, and bytes of them, there are once all calls are unfolded."""
        count, nbytes = 0, 0
        for node in nodes:
            more, larger = called((node.domain, node.op_type, node.overload)) or (1, node.ByteSize())
            count, nbytes = count + more, nbytes + larger
            for graph in _subgraphs(node):
                more, larger = unfolded(graph.node)
                count, nbytes = count + more, nbytes + larger
        return count, nbytes

    def called(key: tuple[str, str, str]) -> tuple[int, int] | None:
        if key not in functions:
            return None
        if key in running:
            raise NetworkError(f"{title} is no network: its function {key[1]} calls itself.")
        if key not in known:
            running.add(key)
            known[key] = unfolded(functions[key].node)
            running.discard(key)
        return known[key]

    count, nbytes = unfolded(model.graph.node)
    if count > _MOST_NODES:
        raise NetworkError(
            f"{title} can't be opened: its graph and functions unfold to {count:,} operations, and more than "
            f"{_MOST_NODES:,} can't be shown."
        )
    if nbytes > _MOST_BYTES:
        raise NetworkError(f"{title} can't be true: its functions unfold to {nbytes:,} bytes of operations.")


def _subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def prepared(model: onnx.ModelProto, name: str) -> onnx.ModelProto:
    """Return a model whose functions are unfolded: its own, and those of ONNX's operators that are written in others.

    Raises
    ------
    NetworkError
        If it has operations that are not known here.
    """
    _check_nodes(model, name)
    if model.functions:
        model = onnx.inliner.inline_local_functions(model)
    written = {key for key in _kinds(model.graph) if not is_known(*key) and _is_written(key, model)}
    if written:
        model = _unfolded(model, written, name)
    unknown = {key for key in _kinds(model.graph) if not is_known(*key)}
    reasons = {kind: why_refused(domain, kind) for domain, kind in unknown}
    for kind in sorted(kind for kind, reason in reasons.items() if reason):
        raise NetworkError(f"{name} has the operation {kind}, which is not run here: {reasons[kind]}.")
    if unknown:
        told = sorted(kind if domain in DOMAINS else f"{domain}::{kind}" for domain, kind in unknown)
        raise NetworkError(f"{name} has operations that are not known here: {some_of(told)}. Export it without them.")
    return model


def _unfolded(model: onnx.ModelProto, kinds: set[tuple[str, str]], name: str) -> onnx.ModelProto:
    """Return a model with some of ONNX's operators written in others."""
    try:
        return onnx.inliner.inline_selected_functions(model, sorted(kinds), inline_schema_functions=True)
    except RuntimeError as error:  # where the library does not find out a type
        told = some_of(sorted(kind for _, kind in kinds))
        raise NetworkError(f"{name} has operations that are not run here in this form: {told}.") from error


def _kinds(graph: onnx.GraphProto) -> set[tuple[str, str]]:
    """Return the operators of a graph, and of those within it."""
    found = {(str(node.domain), str(node.op_type)) for node in graph.node}
    for node in graph.node:
        for inner in _subgraphs(node):
            found |= _kinds(inner)
    return found


def _is_written(key: tuple[str, str], model: onnx.ModelProto) -> bool:
    """Whether ONNX has an operator as a function of others."""
    domain, kind = key
    version = next((part.version for part in model.opset_import if part.domain == domain), 0)
    if not version or not onnx.defs.has(kind, version, domain):
        return False
    schema: Any = onnx.defs.get_schema(kind, version, domain)
    return bool(schema.has_function or schema.has_context_dependent_function)


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
        told = some_of([value.name for value in inputs]) or "none"
        raise NetworkError(f"{path.name} takes {len(inputs)} inputs ({told}); a network over one image takes one.")
    if not graph.output:
        raise NetworkError(f"{path.name} has no output.")
    kind = inputs[0].type.tensor_type
    shape = [axis.dim_value if axis.HasField("dim_value") and axis.dim_value > 0 else None for axis in kind.shape.dim]
    if kind.elem_type not in _IMAGE_TYPES:
        raise NetworkError(f"{path.name} takes {_type_name(kind.elem_type)} numbers, not an image.")
    if kind.HasField("shape") and len(shape) != 4:
        raise NetworkError(
            f"{path.name} takes a tensor of {len(shape)} axes, not an image (1, channels, height, width)."
        )
    shape = shape or [None] * 4
    if (shape[0] or 1) != 1:
        raise NetworkError(
            f"{path.name} takes {shape[0]} images at once; export it for one, or with a dynamic batch axis."
        )
    channels = shape[3 if is_channels_last(shape) else 1]
    if (channels or 1) > MOST_CHANNELS:
        raise NetworkError(f"{path.name} takes {channels} channels, which is no image.")
    if max(side or 1 for side in shape[1:]) > LARGEST_SIDE:
        raise NetworkError(f"{path.name} takes an input of {shape[1:]}, which is no image.")
    return shape


_IMAGE_TYPES = (
    onnx.TensorProto.FLOAT,
    onnx.TensorProto.FLOAT16,
    onnx.TensorProto.BFLOAT16,
    onnx.TensorProto.DOUBLE,
    onnx.TensorProto.UINT8,
)


def _type_name(kind: int) -> str:
    return (
        str(onnx.TensorProto.DataType.Name(kind)).lower() if kind in onnx.TensorProto.DataType.values() else "unknown"
    )


def _sample(graph: onnx.GraphProto, shape: list[int | None]) -> torch.Tensor | None:
    """Return an image without numbers as the graph takes it; None where its size is free."""
    sides = [length for length in shape[1:] if length is not None]
    kind = torch_type(_input_kind(graph))
    if not kind.is_floating_point:
        kind = torch.float32  # as the module is given it
    return torch.empty(1, *sides, dtype=kind, device="meta") if len(sides) == 3 else None


def _input_kind(graph: onnx.GraphProto) -> int:
    """Return ONNX's number of the type of the image."""
    names = {tensor.name for tensor in graph.initializer}
    return int(next(value.type.tensor_type.elem_type for value in graph.input if value.name not in names))


def _note(graph: onnx.GraphProto, is_single: bool) -> str:
    notes = []
    if len(graph.output) > 1:
        notes.append(f"It has {len(graph.output)} outputs: {some_of([value.name for value in graph.output])}.")
    if is_single:
        notes.append("Its numbers of half or double precision are shown in single precision.")
    return " ".join(notes)
