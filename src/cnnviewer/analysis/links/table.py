"""The links of every operation: one table from the names of torch's functions to what they do with units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

from cnnviewer.analysis.links.copies import copy_links
from cnnviewer.analysis.links.links import AxisLink, WholeLink, elementwise
from cnnviewer.analysis.links.relations import Blocks, Mixed, Same, Shift, Taps, affine_taps
from cnnviewer.analysis.links.windows import adaptive_link, convolution_link, interpolation_link, pooling_link
from cnnviewer.reductions import reduced_axes, softmax_axis
from cnnviewer.slots import Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviewer.analysis.links.links import Link
    from cnnviewer.analysis.links.relations import Relation
    from cnnviewer.recording import Call, Layer, Recording

__all__ = [
    "ATTENTION",
    "DATA",
    "UNKNOWN",
    "is_copy",
    "is_elementwise",
    "links_of",
    "response_channels",
]

Shape = tuple[int, ...]

ATTENTION = "attention mixes all places: each can change every other"
DATA = "which place it comes from is decided by the data: each can change it"
UNKNOWN = "how its units depend on each other is not known: each is taken to change every other"

_ELEMENTWISE = frozenset(
    {
        "add", "sub", "rsub", "mul", "div", "truediv", "rdiv", "pow", "rpow", "square", "sqrt", "rsqrt",
        "exp", "log", "log2", "log10", "log1p", "expm1", "abs", "neg", "sign", "reciprocal", "sin", "cos",
        "tan", "erf", "floor", "ceil", "round", "trunc", "frac", "maximum", "minimum", "fmax", "fmin", "where",
        "lerp", "addcmul", "addcdiv", "masked_fill", "eq", "ne", "lt", "le", "gt", "ge", "logical_not",
        "logical_and", "logical_or", "nan_to_num", "clone", "contiguous", "to", "float", "double", "half",
        "bfloat16", "type", "type_as", "detach", "data", "zero", "fill", "dropout", "dropout1d", "dropout2d",
        "dropout3d", "alpha_dropout", "feature_alpha_dropout", "relu", "relu6", "hardtanh", "leaky_relu",
        "prelu", "rrelu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "softsign", "softshrink",
        "hardshrink", "tanhshrink", "hardsigmoid", "hardswish", "sigmoid", "logsigmoid", "tanh", "threshold",
        "clamp", "clamp_min", "clamp_max", "clip", "quantize_per_tensor", "quantize_per_tensor_dynamic",
        "quantize_per_channel", "dequantize", "int_repr",
    }
)  # fmt: skip
_REDUCTIONS = frozenset(["mean", "sum", "amax", "amin", "prod", "logsumexp", "var", "std", "norm"])
_COPIES = frozenset(
    {
        "flatten", "unflatten", "view", "view_as", "reshape", "reshape_as", "permute", "transpose", "movedim",
        "swapaxes", "swapdims", "squeeze", "unsqueeze", "expand", "expand_as", "chunk", "split",
        "split_with_sizes", "tensor_split", "unbind", "getitem", "setitem", "narrow", "select", "slice", "roll",
        "pixel_shuffle", "pixel_unshuffle", "unfold", "T", "mT", "channel_shuffle", "flip", "repeat", "tile",
        "stack", "hstack", "vstack", "adjoint", "index_select", "take", "diagonal", "put", "slice_scatter",
        "select_scatter", "diagonal_scatter", "as_strided", "copy",
    }
)  # fmt: skip

_PASSING = frozenset({"clone", "contiguous", "detach", "data"})
_JOINS = ("cat", "concat", "concatenate")

_known: WeakKeyDictionary[Call, tuple[Link, ...]] = WeakKeyDictionary()


def links_of(layer: Layer, recording: Recording) -> tuple[Link, ...]:
    """Return for each of a layer's inputs, in their order, how its units feed those of the output.

    Shapes are those of `Layer.result`, with the batch axis. They are worked out once for all recordings of a network
    that share the layer's call.
    """
    found = _known.get(layer.call)
    if found is None:
        found = _known[layer.call] = _links(layer, recording)
    return found


def is_elementwise(layer: Layer) -> bool:
    """Whether each unit of the output is made of the units at its own place in the operands."""
    return layer.operation in _ELEMENTWISE


def is_copy(layer: Layer) -> bool:
    """Whether each unit of the output is a value that was only moved there."""
    return layer.operation in (*_COPIES, *_JOINS, "pad", *_PASSING)


def _links(layer: Layer, recording: Recording) -> tuple[Link, ...]:
    call, after = layer.call, tuple(layer.result.shape)
    shapes = [tuple(recording.result(name).shape) for name in layer.inputs]
    try:
        if layer.operation in _COPIES and not _is_moved_by_data(call):
            links = copy_links(call, shapes)
            if any(link.after != after for link in links):
                raise ValueError  # an operand that was changed through a view: its layer's output is a part of it
            return links
        if layer.operation in _JOINS:
            return _concatenations(layer, after, shapes)
        return tuple(_link(layer, place, after, before) for place, before in enumerate(shapes))
    except (RuntimeError, ValueError, IndexError, TypeError, KeyError, AttributeError):
        # An argument in a form that the table does not know, or an operand that was changed through a view.
        return tuple(WholeLink(after, before, UNKNOWN) for before in shapes)


def _is_moved_by_data(call: Call) -> bool:
    """Whether a copy takes its places from a layer: an index that the network worked out."""
    return any(isinstance(call.given.get(name), Slot) for name in ("key", "index", "indices"))


def _link(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    make = _MAKERS.get(layer.operation)
    if make is not None:
        return make(layer, place, after, before)
    is_extreme = layer.operation in ("max", "min")
    if layer.operation in _ELEMENTWISE or (is_extreme and _is_of_two(layer)):
        return elementwise(after, before)
    if layer.operation in _REDUCTIONS or is_extreme:
        return _reduction(layer, place, after, before)
    return WholeLink(after, before, _REASONS.get(layer.operation, UNKNOWN))


def _is_of_two(layer: Layer) -> bool:
    """Whether a maximum is that of two tensors, unit by unit, and not one along an axis."""
    return sum(isinstance(value, (Slot, torch.Tensor)) for value in layer.call.given.values()) > 1


# ---- one function an operation


def _is_main(layer: Layer, place: int) -> bool:
    """Whether an operand is the image-like one, and not a weight that the network made itself."""
    return _roles(layer, place)[:1] == [0] or "input" in _roles(layer, place)


def _roles(layer: Layer, place: int) -> list[int | str]:
    """Return the position, and the name, of the argument that an operand is."""
    found: list[int | str] = []
    for position, (name, value) in enumerate(layer.call.given.items()):
        if isinstance(value, Slot) and value.index == place:
            found += [position, name]
    return found


def _convolution(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    given = dict(layer.call.given)
    if not _is_main(layer, place) or isinstance(given["weight"], Slot):
        return WholeLink(after, before, DATA)
    return convolution_link(given, after, before, is_transposed="transpose" in layer.operation)


def _pooling(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    return pooling_link(layer.call.given, after, before, _dimensions(layer))


def _adaptive(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    return adaptive_link(after, before, _dimensions(layer))


def _dimensions(layer: Layer) -> int:
    """Return over how many axes a pooling goes: avg_pool2d has two."""
    return int(layer.operation.split("d")[-2][-1]) if "pool" in layer.operation else 2


def _interpolation(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    return interpolation_link(layer.call.given, after, before)


def _linear(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    if not _is_main(layer, place):
        return WholeLink(after, before, DATA)
    return _mixing(after, before, [len(before) - 1])


def _mixing(after: Shape, before: Shape, axes: list[int]) -> AxisLink:
    """Return the link of an operation that mixes all along some axes, and keeps the others apart."""
    pairs = tuple(
        (axis, axis, Mixed(after[axis], length) if axis in axes else Same()) for axis, length in enumerate(before)
    )
    return AxisLink(after, before, pairs)


def _over_axis(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    """Softmax and its kin: all units along one axis."""
    return _mixing(after, before, [softmax_axis(layer.call.given, len(before))])


def _batch_norm(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    if not _is_main(layer, place):
        return WholeLink(after, before, DATA)
    is_fixed = not layer.call.given.get("training")
    return elementwise(after, before) if is_fixed else _mixing(after, before, [0, *range(2, len(before))])


def _instance_norm(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    is_fixed = not layer.call.given.get("use_input_stats", True)
    return elementwise(after, before) if is_fixed else _mixing(after, before, list(range(2, len(before))))


def _group_norm(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    link = _mixing(after, before, list(range(2, len(before))))
    blocks = Blocks(int(layer.call.given["num_groups"]), after[1], before[1])
    return AxisLink(after, before, tuple((a, b, blocks if a == 1 else relation) for a, b, relation in link.pairs))


def _layer_norm(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    count = len(layer.call.given["normalized_shape"])
    return _mixing(after, before, list(range(len(before) - count, len(before))))


def _response_norm(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    size = int(layer.call.given["size"])
    channels = np.arange(before[1])
    first, last = response_channels(channels[:, None], size)
    near = Taps((channels >= first) & (channels <= last))
    pairs: list[tuple[int, int, Relation]] = [(axis, axis, Same()) for axis in range(len(before)) if axis != 1]
    return AxisLink(after, before, (*pairs, (1, 1, near)))


def _gated(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    """GLU: the first half of an axis times the sigmoid of the second."""
    axis = int(layer.call.given.get("dim", -1)) % len(before)
    half = np.eye(after[axis], dtype=bool)
    pairs: list[tuple[int, int, Relation]] = [(i, i, Same()) for i in range(len(before)) if i != axis]
    return AxisLink(after, before, (*pairs, (axis, axis, Taps(np.concatenate([half, half], 1)))))


def _pad(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    given = layer.call.given
    pads, pairs = list(given["pad"]), []
    for axis, length in enumerate(before):
        place_in_pads = 2 * (len(before) - 1 - axis)
        first = int(pads[place_in_pads]) if place_in_pads < len(pads) else 0
        last = int(pads[place_in_pads + 1]) if place_in_pads < len(pads) else 0
        pairs.append((axis, axis, _padded(length, first, last, str(given.get("mode", "constant")))))
    return AxisLink(after, before, tuple(pairs))


def _padded(length: int, first: int, last: int, mode: str) -> Relation:
    if first == last == 0:
        return Same()
    numbers = torch.arange(1, length + 1, dtype=torch.float64)[None, None]
    places = torch.nn.functional.pad(numbers, (first, last), mode=mode)[0, 0].long().numpy() - 1
    matrix = np.arange(length) == places[:, None]
    return affine_taps(matrix, 1, -first)


def _concatenations(layer: Layer, after: Shape, shapes: list[Shape]) -> tuple[Link, ...]:
    """Return where each of several operands lies in the output."""
    given = layer.call.given
    parts = next(value for value in given.values() if isinstance(value, (list, tuple)))
    axis = int(given.get("dim", given.get("axis", 0))) % len(after)
    links: list[Link] = []
    start = 0
    for part in parts:
        is_made = isinstance(part, Slot)
        length = shapes[part.index][axis] if is_made else int(part.shape[axis])
        if is_made:
            links.append(_joined(after, shapes[part.index], axis, start))
        start += length
    return tuple(links)


def _joined(after: Shape, before: Shape, axis: int, start: int) -> AxisLink:
    pairs: list[tuple[int, int, Relation]] = [(i, i, Same()) for i in range(len(before)) if i != axis]
    return AxisLink(after, before, (*pairs, (axis, axis, Shift(after[axis], before[axis], -start))))


def _matrix_product(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    """Rows of the first operand times columns of the second; axes in front are those of a batch."""
    is_first = _is_main(layer, place)
    if layer.operation in ("addmm", "baddbmm"):
        position = _roles(layer, place)[0]
        if position == 0:
            return elementwise(after, before)
        is_first = position == 1
    if len(before) < 2:  # a vector is summed over
        return AxisLink(after, before, ())
    if len(after) < len(before):  # the other is a vector
        kept_axes = [*range(len(before) - 2), len(before) - 2 if is_first else len(before) - 1]
        return AxisLink(after, before, tuple((mine, axis, Same()) for mine, axis in enumerate(kept_axes)))
    shift = len(after) - len(before)
    pairs: list[tuple[int, int, Relation]] = [
        (axis + shift, axis, Same()) for axis in range(len(before) - 2) if before[axis] == after[axis + shift]
    ]
    kept = -2 if is_first else -1
    pairs.append((len(after) + kept, len(before) + kept, Same()))
    return AxisLink(after, before, tuple(pairs), note=_product_note(layer))


def _product_note(layer: Layer) -> str:
    """Return the note of a product: of two things that the network made, it is how attention is written."""
    return ATTENTION if len(layer.inputs) > 1 else ""


def _einstein_sum(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    """Axes of one letter are the same axis; a letter that the output lacks is summed over."""
    equation, *operands = layer.call.given.values()
    if isinstance(operands[0], (list, tuple)):
        operands = list(operands[0])
    position = next(i for i, part in enumerate(operands) if isinstance(part, Slot) and part.index == place)
    taken, result = str(equation).replace(" ", "").split("->")
    letters, made = _axis_letters(taken.split(",")[position], len(before)), _axis_letters(result, len(after))
    if len(set(letters)) < len(letters):  # a diagonal
        return WholeLink(after, before, UNKNOWN)
    pairs = tuple(
        (made.index(letter), axis, Same())
        for axis, letter in enumerate(letters)
        if letter in made and after[made.index(letter)] == before[axis]
    )
    return AxisLink(after, before, pairs, note=_product_note(layer))


def _axis_letters(text: str, axes: int) -> list[str]:
    """Return what names each axis in an equation; those that dots stand for are numbered from the last."""
    first, dots, last = text.partition("...")
    hidden = axes - len(first) - len(last)
    return [*first, *(str(number) for number in range(hidden, 0, -1) if dots), *last]


def _attention(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    """Each row of the output: its own query, and all keys and values."""
    position = _roles(layer, place)[0]
    if position not in (0, 1, 2) or layer.call.given.get("enable_gqa"):
        return WholeLink(after, before, ATTENTION)
    lead = tuple((axis, axis, Same()) for axis in range(len(before) - 2))
    kept: dict[int, tuple[tuple[int, int, Relation], ...]] = {
        0: ((len(after) - 2, len(before) - 2, Same()),),
        1: (),
        2: ((len(after) - 1, len(before) - 1, Same()),),
    }
    return AxisLink(after, before, (*lead, *kept[int(position)]), note=ATTENTION)


def response_channels(channel: Any, size: int) -> tuple[Any, Any]:
    """Return the first and the last channel around one, or around each of an array, in local response norm."""
    return channel - size // 2, channel + (size - 1) // 2


def _reduction(layer: Layer, place: int, after: Shape, before: Shape) -> Link:
    axes = reduced_axes(layer.call.given, len(before))
    keeps = len(after) == len(before)
    left = [axis for axis in range(len(before)) if axis not in axes]
    pairs: list[tuple[int, int, Relation]] = [(axis if keeps else left.index(axis), axis, Same()) for axis in left]
    if keeps:
        pairs += [(axis, axis, Mixed(1, before[axis])) for axis in axes]
    return AxisLink(after, before, tuple(pairs))


_MAKERS: dict[str, Callable[[Layer, int, Shape, Shape], Link]] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _convolution),
    **{f"{how}_pool{n}d": _pooling for how in ("max", "avg", "lp") for n in (1, 2, 3)},
    **{f"max_pool{n}d_with_indices": _pooling for n in (1, 2, 3)},
    **{f"adaptive_{how}_pool{n}d": _adaptive for how in ("max", "avg") for n in (1, 2, 3)},
    **dict.fromkeys(("interpolate", "upsample"), _interpolation),
    "linear": _linear,
    **dict.fromkeys(("softmax", "log_softmax", "softmin", "normalize"), _over_axis),
    "batch_norm": _batch_norm,
    "instance_norm": _instance_norm,
    "group_norm": _group_norm,
    **dict.fromkeys(("layer_norm", "rms_norm"), _layer_norm),
    "local_response_norm": _response_norm,
    "glu": _gated,
    "pad": _pad,
    **dict.fromkeys(("matmul", "bmm", "mm", "addmm", "baddbmm"), _matrix_product),
    "einsum": _einstein_sum,
    "scaled_dot_product_attention": _attention,
}
_REASONS = {
    "multi_head_attention_forward": ATTENTION,
    **dict.fromkeys(("getitem", "index_select", "take", "gather", "grid_sample", "topk", "sort", "argsort"), DATA),
}
