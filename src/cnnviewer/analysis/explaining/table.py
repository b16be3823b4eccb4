"""`explain`: where a unit's value comes from, by one table from operations to their arithmetic."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np
import torch

from cnnviewer.analysis.explaining import copying, drawn, functions, mixing, norms, products, quantised, windows
from cnnviewer.analysis.explaining.asked import Asked
from cnnviewer.analysis.explaining.general import by_slope
from cnnviewer.analysis.links.table import is_copy, is_elementwise
from cnnviewer.analysis.units import checked_layer, checked_unit
from cnnviewer.errors import RecordingError
from cnnviewer.quantised import is_quantized

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnnviewer.analysis.explanation import Explanation
    from cnnviewer.recording import Layer, Recording

__all__ = ["explain"]

_FAR = 1e-2
"""From this share of its largest number on, a worked value is another than the recorded one, and not rounded.

Half precision rounds coarser: there it is a few times the distance between two numbers.
"""
_HALF_STEPS = 8
_DOUBT = (
    "It does not come to what was recorded: the operation was given numbers that were changed outside of what is seen."
)
_UNSEEN = "Some of what it was given as constants was made of the image where no layer is seen to make it."


def explain(recording: Recording, layer: Layer | str, unit: Sequence[int]) -> Explanation:
    """Tell where a unit's value comes from: its operands, what combines them, the value worked out of them.

    Parameters
    ----------
    recording
        A recording.
    layer
        The layer or its name.
    unit
        The unit's index in `Layer.output`, e.g. ``(channel, row, column)``; a negative one counts from the end.

    Returns
    -------
    Explanation
        Its `value` is worked in float64 from the recorded operands; `recorded` is what the network recorded.

    Raises
    ------
    RecordingError
        If there is no such layer or unit, or the layer's operands were not recorded.
    """
    found = checked_layer(recording, layer)
    if found is None:
        raise RecordingError("The image is what goes in: its numbers come from the photo.")
    index = checked_unit(recording, found, unit)
    if any(recording.result(name).is_meta for name in (found.name, *found.inputs)):
        raise RecordingError(f"{found.name} was not kept for this frame; freeze the frame and ask again.")
    if any(recording.result(name).is_complex() for name in (found.name, *found.inputs)):
        raise RecordingError(
            f"{found.name} ({found.operation}) computes with complex numbers: what a number is made of can't be told "
            "one by one."
        )
    try:
        return _explained(Asked(recording, found, index))
    except (RuntimeError, IndexError, TypeError, ValueError) as error:
        if is_quantized(found.call.function):
            raise RecordingError(
                f"{found.name} ({found.operation}) computes with whole numbers of 8 bits, which stand for those shown: "
                "what a number is made of can't be told one by one."
            ) from error
        raise RecordingError(f"{found.name} ({found.operation}) can't be worked again: {error}") from error


def _explained(asked: Asked) -> Explanation:
    rule = drawn.drawn if drawn.is_drawn(asked) else _rule(asked.layer)
    with torch.inference_mode():
        try:
            explanation = None if rule is None else rule(quantised.as_plain(asked))
        except (KeyError, TypeError, ValueError, IndexError):  # an argument in a form that the rule does not know
            explanation = None
    found = quantised.settled(by_slope(asked) if explanation is None else explanation, asked.layer)
    doubted = _doubted(found, asked.layer)
    unseen = (_UNSEEN,) if asked.layer.call.is_fed_unseen else ()
    return replace(doubted, notes=(*doubted.notes, *unseen, *asked.layer.worked_out))


def _doubted(explanation: Explanation, layer: Layer) -> Explanation:
    """Return the explanation, with a note where it does not lead to what the network recorded."""
    dtype, levels = layer.output.dtype, layer.levels
    reach = max(
        abs(explanation.recorded), abs(explanation.value), float(np.abs(explanation.terms.contributions).max(initial=0))
    )
    far = max(_FAR, _HALF_STEPS * torch.finfo(dtype).eps) if dtype.is_floating_point else _FAR
    is_near = abs(explanation.difference) <= max(far * reach, 0.0 if levels is None else levels.step)
    if is_near or not (isfinite(explanation.value) and isfinite(explanation.recorded)):
        return explanation
    doubt = quantised.DOUBT if is_quantized(layer.call.function) else _DOUBT
    return replace(explanation, notes=(*explanation.notes, doubt))


def _rule(layer: Layer) -> Callable[[Asked], Explanation | None] | None:
    rule = _RULES.get(layer.operation)
    if rule is None and is_copy(layer):
        return copying.copying
    if rule is None and not layer.inputs:  # made of the network's own numbers alone; random ones, maybe
        return copying.constant
    return functions.elementwise if rule is None and is_elementwise(layer) else rule


_RULES: dict[str, Callable[[Asked], Explanation | None]] = {
    **{f"conv{n}d": windows.convolution for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": windows.transposed_convolution for n in (1, 2, 3)},
    **{f"{how}_pool{n}d": windows.pooling for how in ("max", "avg", "lp") for n in (1, 2, 3)},
    **{f"max_pool{n}d_with_indices": windows.pooling for n in (1, 2, 3)},
    **{f"adaptive_{how}_pool{n}d": windows.adaptive_pooling for how in ("max", "avg") for n in (1, 2, 3)},
    **dict.fromkeys(("interpolate", "upsample"), windows.interpolation),
    "linear": products.linear,
    "dequantize": copying.copying,
    **dict.fromkeys(("matmul", "bmm", "mm", "addmm", "baddbmm"), products.matrix_product),
    **dict.fromkeys(("batch_norm", "instance_norm"), norms.batch_norm),
    "group_norm": norms.group_norm,
    "layer_norm": norms.layer_norm,
    "rms_norm": norms.rms_norm,
    "local_response_norm": norms.response_norm,
    "normalize": norms.unit_norm,
    **dict.fromkeys(("softmax", "log_softmax", "softmin"), mixing.softmax),
    **dict.fromkeys(("mean", "sum", "amax", "amin"), mixing.reduction),
    "scaled_dot_product_attention": mixing.attention,
    "multi_head_attention_forward": mixing.multi_head_attention,
    **{
        f"{name}dropout{n}": copying.dropout
        for name in ("", "alpha_", "feature_alpha_")
        for n in ("", "1d", "2d", "3d")
    },
}
