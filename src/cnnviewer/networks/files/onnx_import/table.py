"""The table of operators: a row each, from ONNX's name to a function, or the reason why there is none."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch.nn import functional as F

from cnnviewer.networks.files.onnx_import import (
    attention,
    control,
    convolving,
    detecting,
    indexing,
    making,
    moving,
    normalising,
    pooling,
    quantised,
    recurrent,
    reducing,
    resizing,
    signals,
)
from cnnviewer.networks.files.onnx_import import pointwise as point
from cnnviewer.networks.files.onnx_import.microsoft import MICROSOFT
from cnnviewer.networks.files.onnx_import.row import Row

__all__ = ["DOMAINS", "OPERATORS", "REFUSED", "WITH_GRAPHS", "is_known", "row_of", "why_refused"]

DOMAINS = ("", "ai.onnx")
WITH_GRAPHS = frozenset(["If", "Loop", "Scan", "SequenceMap"])
"""They run graphs within the graph: see `control`."""


def _unary(function: Any) -> Row:
    return Row(point.unary(function))


def _binary(function: Any, swapped: Any = None, *, keeps_numbers: bool = True) -> Row:
    return Row(point.binary(function, swapped), keeps_numbers=keeps_numbers)


def _reduced(function: Any) -> Row:
    return Row(reducing.reduction(function), settings=(1,))


_RECURRENT = Row(recurrent.recurrent, settings=(4,), make=recurrent.recurrent_module, taken=recurrent.recurrent_inputs)

OPERATORS: dict[str, Row] = {
    # activations
    "Celu": Row(point.celu),
    "Clip": Row(point.clip, settings=(1, 2)),
    "Elu": Row(point.elu),
    "Gelu": Row(point.gelu),
    "HardSigmoid": Row(point.hard_sigmoid),
    "HardSwish": _unary(F.hardswish),
    "LeakyRelu": Row(point.leaky_relu),
    "Mish": _unary(F.mish),
    "PRelu": Row(point.prelu, make=point.prelu_module),
    "Relu": _unary(F.relu),
    "Selu": Row(point.selu),
    "Shrink": Row(point.shrink),
    "Sigmoid": _unary(torch.sigmoid),
    "Softplus": Row(point.softplus),
    "Softsign": _unary(F.softsign),
    "Swish": Row(point.swish),
    "Tanh": _unary(torch.tanh),
    "ThresholdedRelu": Row(point.thresholded_relu),
    # one number at a time
    "Abs": _unary(torch.abs),
    "Acos": _unary(torch.acos),
    "Acosh": _unary(torch.acosh),
    "Asin": _unary(torch.asin),
    "Asinh": _unary(torch.asinh),
    "Atan": _unary(torch.atan),
    "Atanh": _unary(torch.atanh),
    "BitwiseNot": Row(point.inverted),
    "Ceil": _unary(torch.ceil),
    "Cos": _unary(torch.cos),
    "Cosh": _unary(torch.cosh),
    "Erf": _unary(torch.erf),
    "Exp": _unary(torch.exp),
    "Floor": _unary(torch.floor),
    "IsInf": Row(point.is_infinite),
    "IsNaN": _unary(torch.isnan),
    "Log": _unary(torch.log),
    "Neg": _unary(torch.neg),
    "Not": _unary(torch.logical_not),
    "Reciprocal": _unary(torch.reciprocal),
    "Round": _unary(torch.round),
    "Sign": _unary(torch.sign),
    "Sin": _unary(torch.sin),
    "Sinh": _unary(torch.sinh),
    "Sqrt": _unary(torch.sqrt),
    "Tan": _unary(torch.tan),
    # arithmetic and comparisons
    "Add": _binary(torch.add),
    "And": _binary(torch.logical_and, keeps_numbers=False),
    "BitShift": Row(point.shifted),
    "BitwiseAnd": _binary(torch.bitwise_and, keeps_numbers=False),
    "BitwiseOr": _binary(torch.bitwise_or, keeps_numbers=False),
    "BitwiseXor": _binary(torch.bitwise_xor, keeps_numbers=False),
    "Div": Row(point.divided, keeps_numbers=True),
    "Equal": _binary(torch.eq),
    "Greater": _binary(torch.gt, operator.gt),
    "GreaterOrEqual": _binary(torch.ge, operator.ge),
    "Less": _binary(torch.lt, operator.lt),
    "LessOrEqual": _binary(torch.le, operator.le),
    "Max": Row(point.variadic(torch.maximum)),
    "Mean": Row(point.averaged),
    "Min": Row(point.variadic(torch.minimum)),
    "Mod": Row(point.modulo),
    "Mul": _binary(torch.mul),
    "Or": _binary(torch.logical_or, keeps_numbers=False),
    "Pow": Row(point.power, keeps_numbers=True),
    "Sub": _binary(torch.sub, operator.sub),
    "Sum": Row(point.variadic(torch.add)),
    "Where": Row(point.where),
    "Xor": _binary(torch.logical_xor, keeps_numbers=False),
    # types
    "BitCast": Row(point.bit_cast),
    "Cast": Row(point.cast),
    "CastLike": Row(point.cast_like),
    # convolutions
    "Col2Im": Row(convolving.folded, settings=(1, 2)),
    "Conv": Row(convolving.convolved, make=convolving.convolution_module),
    "ConvTranspose": Row(convolving.transposed_convolution, make=convolving.transposed_module),
    "DeformConv": Row(convolving.deformed_convolution),
    # pooling
    "AveragePool": Row(pooling.average_pooled),
    "GlobalAveragePool": Row(pooling.whole_mean),
    "GlobalLpPool": Row(pooling.whole_norm),
    "GlobalMaxPool": Row(pooling.whole_maximum),
    "LpPool": Row(pooling.norm_pooled),
    "MaxPool": Row(pooling.max_pooled),
    "MaxRoiPool": Row(detecting.pooled_regions),
    "MaxUnpool": Row(pooling.unpooled, settings=(2,)),
    # normalisations
    "BatchNormalization": Row(normalising.batch_norm, make=normalising.batch_norm_module),
    "GroupNormalization": Row(normalising.group_norm),
    "InstanceNormalization": Row(normalising.instance_norm),
    "LRN": Row(normalising.local_response_norm),
    "LayerNormalization": Row(normalising.layer_norm, make=normalising.layer_norm_module),
    "LpNormalization": Row(normalising.norm_of_axis),
    "MeanVarianceNormalization": Row(normalising.mean_variance_norm),
    "RMSNormalization": Row(normalising.rms_norm),
    # along axes
    "ArgMax": Row(indexing.extreme(torch.argmax)),
    "ArgMin": Row(indexing.extreme(torch.argmin)),
    "CumProd": Row(reducing.running(torch.cumprod, 1.0), settings=(1,)),
    "CumSum": Row(reducing.running(torch.cumsum, 0.0), settings=(1,)),
    "Hardmax": Row(indexing.hardmax),
    "LogSoftmax": Row(reducing.softmax(torch.log_softmax)),
    "NegativeLogLikelihoodLoss": Row(reducing.hard_loss),
    "ReduceL1": Row(reducing.first_norm, settings=(1,)),
    "ReduceL2": Row(reducing.second_norm, settings=(1,)),
    "ReduceLogSum": Row(reducing.log_of_sum, settings=(1,)),
    "ReduceLogSumExp": Row(reducing.log_of_exponents, settings=(1,)),
    "ReduceMax": _reduced(reducing.largest),
    "ReduceMean": _reduced(reducing.mean),
    "ReduceMin": _reduced(reducing.smallest),
    "ReduceProd": _reduced(reducing.product),
    "ReduceSum": _reduced(reducing.total),
    "ReduceSumSquare": Row(reducing.sum_of_squares, settings=(1,)),
    "Softmax": Row(reducing.softmax(torch.softmax)),
    "SoftmaxCrossEntropyLoss": Row(reducing.softmax_loss),
    # products of matrices
    "Det": Row(reducing.determinant),
    "Einsum": Row(reducing.einstein_sum),
    "Gemm": Row(reducing.general_product, make=reducing.general_product_module),
    "MatMul": Row(reducing.matrix_product, make=reducing.product_module),
    # attention and recurrent layers
    "Attention": Row(attention.attention, settings=(6,)),
    "GRU": _RECURRENT,
    "LSTM": _RECURRENT,
    "RNN": _RECURRENT,
    "RotaryEmbedding": Row(attention.rotated),
    # shapes and places
    "CenterCropPad": Row(moving.centred, settings=(1,)),
    "Concat": Row(moving.joined),
    "DepthToSpace": Row(moving.depth_to_space),
    "Expand": Row(moving.expanded, settings=(1,)),
    "Flatten": Row(moving.flattened),
    "Identity": Row(control.optional),
    "Pad": Row(moving.padded, settings=(1, 2, 3)),
    "Reshape": Row(moving.reshaped, settings=(1,)),
    "ReverseSequence": Row(moving.reversed_sequences, settings=(1,)),
    "Shape": Row(moving.shape_of),
    "Size": Row(moving.size_of),
    "Slice": Row(moving.sliced, settings=(1, 2, 3, 4)),
    "SpaceToDepth": Row(moving.space_to_depth),
    "Split": Row(moving.split, settings=(1,)),
    "Squeeze": Row(moving.squeezed, settings=(1,)),
    "Tile": Row(moving.tiled, settings=(1,)),
    "Transpose": Row(moving.transposed),
    "Trilu": Row(moving.triangle, settings=(1,)),
    "Unsqueeze": Row(moving.unsqueezed, settings=(1,)),
    # taking, putting and sorting
    "Compress": Row(indexing.compressed, settings=(1,)),
    "Gather": Row(indexing.gathered, short=(1,)),
    "GatherElements": Row(indexing.gathered_elements),
    "GatherND": Row(indexing.gathered_nd),
    "NonZero": Row(indexing.non_zero),
    "OneHot": Row(indexing.one_hot, settings=(1,)),
    "Scatter": Row(indexing.scattered_elements),
    "ScatterElements": Row(indexing.scattered_elements),
    "ScatterND": Row(indexing.scattered_nd),
    "TensorScatter": Row(indexing.put_into_cache, settings=(2,)),
    "TopK": Row(indexing.top, settings=(1,)),
    "Unique": Row(indexing.unique),
    # made, or drawn at random
    "Bernoulli": Row(making.drawn_ones, is_random=True),
    "BlackmanWindow": Row(making.window(torch.blackman_window), settings=(0,)),
    "Constant": Row(making.constant),
    "ConstantOfShape": Row(making.constant_of_shape, settings=(0,)),
    "Dropout": Row(making.dropped, settings=(1, 2)),
    "EyeLike": Row(making.eye_like),
    "HammingWindow": Row(making.window(making.hamming), settings=(0,)),
    "HannWindow": Row(making.window(torch.hann_window), settings=(0,)),
    "MelWeightMatrix": Row(making.mel_weights, settings=(0, 1, 2, 3, 4)),
    "Multinomial": Row(making.drawn_classes, is_random=True),
    "RandomNormal": Row(making.drawn_normal, is_random=True),
    "RandomNormalLike": Row(making.drawn_normal, is_random=True),
    "RandomUniform": Row(making.drawn_evenly, is_random=True),
    "RandomUniformLike": Row(making.drawn_evenly, is_random=True),
    "Range": Row(making.stepped, settings=(0, 1, 2)),
    # images, boxes, signals
    "AffineGrid": Row(detecting.affine_grid, settings=(1,)),
    "DFT": Row(signals.fourier, settings=(1, 2)),
    "GridSample": Row(detecting.sampled),
    "NonMaxSuppression": Row(detecting.suppressed, settings=(2, 3, 4)),
    "Resize": Row(resizing.resized, settings=(1, 2, 3), make=resizing.resizing_module),
    "RoiAlign": Row(detecting.aligned_regions),
    "STFT": Row(signals.short_fourier, settings=(1, 3)),
    "Upsample": Row(resizing.resized, settings=(1,), make=resizing.resizing_module),
    # quantised numbers
    "ConvInteger": Row(quantised.integer_convolution),
    "DequantizeLinear": Row(quantised.dequantised),
    "DynamicQuantizeLinear": Row(quantised.quantised_by_range),
    "MatMulInteger": Row(quantised.integer_product),
    "QLinearConv": Row(quantised.quantised_convolution),
    "QLinearMatMul": Row(quantised.quantised_product),
    "QuantizeLinear": Row(quantised.quantised),
    # lists of tensors, and what may be nothing
    "ConcatFromSequence": Row(control.joined),
    "Optional": Row(control.optional),
    "OptionalGetElement": Row(control.optional),
    "OptionalHasElement": Row(control.is_given),
    "SequenceAt": Row(control.taken, settings=(1,)),
    "SequenceConstruct": Row(control.sequence),
    "SequenceEmpty": Row(control.empty_sequence),
    "SequenceErase": Row(control.erased, settings=(1,)),
    "SequenceInsert": Row(control.inserted, settings=(2,)),
    "SequenceLength": Row(control.length),
    "SplitToSequence": Row(control.split, settings=(1,)),
}

_TEXT = "it works on texts, which no image is"
REFUSED: dict[str, str] = {
    "ImageDecoder": "it reads a picture's file, and here the picture is there already",
    "RegexFullMatch": _TEXT,
    "StringConcat": _TEXT,
    "StringNormalizer": _TEXT,
    "StringSplit": _TEXT,
    "TfIdfVectorizer": _TEXT,
}
"""Operators of ONNX that no network over an image needs, and why."""


def row_of(domain: str, kind: str) -> Row:
    """Return the row of an operator that is known."""
    return OPERATORS[kind] if domain in DOMAINS else MICROSOFT[kind]


def is_known(domain: str, kind: str) -> bool:
    """Whether there is a row for an operator, or it runs graphs."""
    if domain in DOMAINS:
        return kind in OPERATORS or kind in WITH_GRAPHS
    return domain == "com.microsoft" and kind in MICROSOFT


def why_refused(domain: str, kind: str) -> str:
    """Return why an operator is refused, where that is known; else ''."""
    return REFUSED.get(kind, "") if domain in DOMAINS else ""
