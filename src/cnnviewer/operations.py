"""What the functions of torch are: their kind, the names of their arguments, which argument they change.

The kind of a layer is told from the function that ran, never from the name of a module.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional as F

from cnnviewer.quantised import FUSED_NAMES, is_of_quantized_table, schema_names

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Change",
    "Kind",
    "argument_names",
    "change_of",
    "function_name",
    "has_free_result",
    "is_query",
    "is_random",
    "kind_of",
    "results_of",
    "valued",
]


class Kind(StrEnum):
    """What a layer does, in the field's words."""

    CONVOLUTION = "convolution"
    ACTIVATION = "activation"
    POOLING = "pooling"
    NORMALISATION = "normalisation"
    LINEAR = "linear"
    SOFTMAX = "softmax"
    ADDITION = "addition"
    MULTIPLICATION = "multiplication"
    CONCATENATION = "concatenation"
    ATTENTION = "attention"
    DROPOUT = "dropout"
    RESHAPE = "reshape"
    RESAMPLING = "resampling"
    OTHER = "other"


_FUNCTIONS = {
    Kind.CONVOLUTION: (
        "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution deform_conv2d"
    ),
    Kind.ACTIVATION: (
        "relu relu6 hardtanh leaky_relu prelu rrelu elu selu celu gelu silu mish softplus softsign softshrink "
        "hardshrink tanhshrink hardsigmoid hardswish sigmoid logsigmoid tanh threshold glu clamp clamp_min clamp_max"
    ),
    Kind.POOLING: (
        "max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices "
        "avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d "
        "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d lp_pool1d lp_pool2d lp_pool3d "
        "fractional_max_pool2d mean amax amin"
    ),
    Kind.NORMALISATION: "batch_norm layer_norm group_norm instance_norm local_response_norm rms_norm normalize",
    Kind.LINEAR: "linear bilinear addmm",
    Kind.SOFTMAX: "softmax log_softmax softmin gumbel_softmax",
    Kind.ADDITION: "add sub rsub sum",
    Kind.MULTIPLICATION: "mul div truediv rdiv matmul bmm mm baddbmm einsum pow square sqrt rsqrt",
    Kind.CONCATENATION: "cat concat concatenate stack hstack vstack",
    Kind.ATTENTION: "scaled_dot_product_attention multi_head_attention_forward",
    Kind.DROPOUT: (
        "dropout dropout1d dropout2d dropout3d alpha_dropout feature_dropout feature_alpha_dropout native_dropout"
    ),
    Kind.RESHAPE: (
        "flatten unflatten view view_as reshape reshape_as permute transpose movedim swapaxes squeeze unsqueeze expand "
        "contiguous chunk split tensor_split unbind getitem setitem narrow select slice roll pad pixel_shuffle "
        "pixel_unshuffle unfold T mT data detach clone to float channel_shuffle flip repeat"
    ),
    Kind.RESAMPLING: "interpolate upsample grid_sample",
}
_KINDS = {name: kind for kind, names in _FUNCTIONS.items() for name in names.split()}

# F.max_pool2d and its kin choose between two functions at run time; the plain one has their signature.
_PLAIN = {
    getattr(F, name): getattr(F, plain)
    for dimension in "123"
    for name, plain in [
        (f"max_pool{dimension}d", f"_max_pool{dimension}d"),
        (f"adaptive_max_pool{dimension}d", f"_adaptive_max_pool{dimension}d"),
    ]
}
# Where torch's documentation has no signature, or that of another form first.
_NAMES = {
    function: tuple(names.split())
    for functions, names in [
        ((torch.batch_norm,), "input weight bias running_mean running_var training momentum eps cudnn_enabled"),
        (
            (torch.instance_norm,),
            "input weight bias running_mean running_var use_input_stats momentum eps cudnn_enabled",
        ),
        ((torch.layer_norm,), "input normalized_shape weight bias eps cudnn_enable"),
        ((torch.group_norm,), "input num_groups weight bias eps cudnn_enabled"),
        ((torch.rms_norm,), "input normalized_shape weight eps"),
        ((torch.log_softmax,), "input dim dtype"),
        ((torch.Tensor.softmax, torch.Tensor.log_softmax), "self dim dtype"),
        ((torch.mean, torch.sum, torch.prod), "input dim keepdim dtype"),
        ((torch.Tensor.mul, torch.Tensor.mul_), "self other"),
        ((torch.max, torch.min), "input dim keepdim"),
        ((torch.max_pool1d, torch.max_pool2d, torch.max_pool3d), "input kernel_size stride padding dilation ceil_mode"),
        ((torch.adaptive_max_pool1d,), "input output_size"),
        (
            (
                torch.dropout,
                torch.alpha_dropout,
                torch.feature_dropout,
                torch.feature_alpha_dropout,
                torch.native_dropout,
            ),
            "input p train",
        ),
    ]
    for function in functions
}
# Methods whose in-place form computes the same as the other; bernoulli_, for one, does not.
_SAME_APART = frozenset(
    {"add", "sub", "mul", "div", "pow", "relu", "clamp", "sigmoid", "tanh", "abs", "neg", "exp", "sqrt", "square"}
)
_IN_PLACE_OPERATORS = frozenset(
    f"__i{name}__"
    for name in [
        "add",
        "sub",
        "mul",
        "matmul",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "and",
        "or",
        "xor",
        "lshift",
        "rshift",
    ]
)


@cache
def function_name(function: Callable[..., Any]) -> str:
    """Return a torch function's plain name: "add" for ``Tensor.add_``, ``torch.add``, ``Tensor.__iadd__``."""
    name = str(getattr(function, "__name__", type(function).__name__))
    if name in ("__get__", "__set__"):  # a property, such as Tensor.T
        return str(getattr(getattr(function, "__self__", None), "__name__", "property"))
    if name in _IN_PLACE_OPERATORS:
        return name[3:-2]
    name = name.split(".")[0].strip("_")
    return _OTHER_NAMES.get(name, name)


# Operations of exported programs, quantised ones, and aliases, by the names that the functions of torch have.
_OTHER_NAMES = {
    **FUSED_NAMES,
    "radd": "add",
    "rmul": "mul",
    "subtract": "sub",
    "multiply": "mul",
    "divide": "div",
    "upsample_nearest2d": "upsample",
    "upsample_bilinear2d": "upsample",
    "upsample_bicubic2d": "upsample",
    "constant_pad_nd": "pad",
    "to_copy": "to",
}


_QUERIES = frozenset(
    {
        "dim", "size", "stride", "numel", "nelement", "storage_offset", "element_size", "is_contiguous",
        "is_floating_point", "is_complex", "data_ptr", "get_device", "shape", "ndim", "dtype", "device", "layout",
        "is_cuda", "is_cpu", "is_quantized", "is_sparse", "is_mkldnn", "is_meta", "requires_grad", "is_leaf",
        "grad_fn", "names", "nbytes", "itemsize", "has_names", "is_inference", "version", "sym_size", "sym_stride",
        "sym_numel", "sym_storage_offset", "assert_tensor_metadata", "assert_scalar", "assert_async",
        "is_nested", "is_sparse_csr", "is_conj", "is_neg", "is_signed", "is_same_size", "is_shared", "is_mps", "is_xpu",
        "len", "result_type", "retains_grad",
    }
)  # fmt: skip


@cache
def is_query(function: Callable[..., Any]) -> bool:
    """Whether a torch function only tells something about a tensor and returns none."""
    return str(getattr(function, "__name__", "")) == "_assert" or function_name(function) in _QUERIES


_FREE_SHAPES = frozenset(
    ["nonzero", "argwhere", "masked_select", "unique", "unique_consecutive", "bincount", "repeat_interleave", "nms"]
)
_DRAWN_WITHIN = frozenset(["gumbel_softmax", "fractional_max_pool2d", "fractional_max_pool3d"])
_RANDOM = (
    "cauchy",
    "geometric",
    "log_normal",
    "rand",
    "bernoulli",
    "binomial",
    "multinomial",
    "normal",
    "poisson",
    "exponential",
    "uniform",
)


def has_free_result(function: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    """Whether a call's result is random, or its shape depends on the values of its arguments."""
    name = function_name(function)
    if name in _FREE_SHAPES or _is_draw(name):
        return True
    if name == "where":
        return len(args) == 1
    if name != "getitem" or len(args) < 2:
        return False
    indices = args[1] if isinstance(args[1], (tuple, list)) else (args[1],)
    return any(isinstance(index, torch.Tensor) and index.dtype == torch.bool for index in indices)


def _is_draw(name: str) -> bool:
    return name.startswith(_RANDOM) and name != "normalize"


def is_random(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a call draws random numbers: dropout and its kin do in training only."""
    name = function_name(function)
    is_attention = kind_of(function) is Kind.ATTENTION
    if kind_of(function) is not Kind.DROPOUT and name != "rrelu" and not is_attention:
        return _is_draw(name) or name in _DRAWN_WITHIN
    given = {**dict(zip(argument_names(function), args, strict=False)), **kwargs}
    if is_attention and not given.get("dropout_p"):
        return False
    return bool(given.get("training", given.get("train", name != "rrelu")))


_OF_A_SHAPE = ("zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like", "randint_like",
               "new_zeros", "new_ones", "new_empty", "new_full", "new_tensor", "new_empty_strided")  # fmt: skip
_TO_A_SHAPE = ("expand_as", "view_as", "reshape_as", "type_as", "to")


@cache
def valued(function: Callable[..., Any]) -> slice:
    """Return which of a call's tensors its result has values from: of some only the shape or the type counts."""
    name = function_name(function)
    return slice(1, None) if name in _OF_A_SHAPE else slice(0, 1) if name in _TO_A_SHAPE else slice(None)


@cache
def kind_of(function: Callable[..., Any]) -> Kind:
    """Return what a torch function does."""
    return _KINDS.get(function_name(function), Kind.OTHER)


@cache
def argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a torch function's positional arguments; empty where they can't be known.

    Functions written in C have no signature; torch's documentation begins with it, and for a method leaves
    ``self`` out.
    """
    if function in _NAMES:
        return _NAMES[function]
    if isinstance(function, torch._ops.OpOverload) or is_of_quantized_table(function):
        return schema_names(function)
    plain = _PLAIN.get(function, function)
    try:
        parameters = inspect.signature(plain).parameters.values()
    except (TypeError, ValueError):
        return _documented_names(plain)
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(parameter.name for parameter in parameters if parameter.kind in kinds)


def _documented_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the argument names that the first lines of a C function's documentation tell."""
    found = re.match(r"\s*[\w.]+\((.*?)\)\s*->", function.__doc__ or "", re.DOTALL)
    if not found:
        return ()
    text = re.sub(r"\([^()]*\)|\[[^\[\]]*\]", "", found[1])
    names = [part.split("=")[0].split(":")[0].strip().lstrip("*") for part in text.split(",")]
    names = [name for name in names if name.isidentifier()]
    is_method = hasattr(function, "__objclass__")
    return ("self", *names) if is_method else tuple(names)


@dataclass(frozen=True)
class Change:
    """How a function changes a tensor in place.

    Parameters
    ----------
    always
        The first argument is changed by every call.
    position
        Where among the positional arguments the flag ``inplace`` stands; None where there is no such flag.
    functional
        The function that computes the same without the change; None where there is none.
    training
        Where the flag ``training`` stands without which nothing is changed: dropout outside training passes on what it
        gets. None where there is no such flag.
    """

    always: bool = False
    position: int | None = None
    functional: Callable[..., Any] | None = None
    training: int | None = None

    def targets(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[torch.Tensor, ...]:
        """Return the tensors that this call changes."""
        changed = None
        if self.always or (self._flag("inplace", self.position, args, kwargs) and not self._is_idle(args, kwargs)):
            changed = args[0] if args else next(iter(kwargs.values()), None)
        elif "out" in kwargs:
            changed = kwargs["out"]
        if isinstance(changed, torch.Tensor):
            return (changed,)
        return tuple(part for part in changed or () if isinstance(part, torch.Tensor))

    def without(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments with which `functional` computes the same."""
        if self.position is None:
            return args, kwargs
        if len(args) > self.position:
            return (*args[: self.position], False, *args[self.position + 1 :]), kwargs
        return args, {**kwargs, "inplace": False}

    def _is_idle(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        return self.training is not None and not self._flag("training", self.training, args, kwargs, usual=True)

    def _flag(
        self, name: str, position: int | None, args: tuple[Any, ...], kwargs: dict[str, Any], usual: bool = False
    ) -> bool:
        if position is None:
            return False
        return bool(args[position] if len(args) > position else kwargs.get(name, usual))


def _functional(function: Callable[..., Any], name: str) -> Callable[..., Any] | None:
    """Return the function that computes what an in-place one does, without the change; None where there is none."""
    if isinstance(function, torch._ops.OpOverload):
        packet = getattr(getattr(torch.ops, function.namespace), name.removesuffix("_"), None)
        is_same = packet is not None and not name.startswith((*_RANDOM, "random", "rrelu", "set", "copy"))
        return getattr(packet, function._overloadname, None) if is_same else None
    plain = function_name(function)
    return getattr(torch.Tensor, plain) if plain in _SAME_APART else None


@cache
def change_of(function: Callable[..., Any]) -> Change:
    """Return how a torch function changes a tensor in place."""
    name = str(getattr(function, "__name__", "")).split(".")[0]
    if name in ("__setitem__", "__set__"):
        return Change(always=True)
    if name in _IN_PLACE_OPERATORS or (name.endswith("_") and not name.endswith("__")):
        return Change(always=True, functional=_functional(function, name))
    names = argument_names(function)
    if "inplace" in names:
        is_dropout = kind_of(function) is Kind.DROPOUT
        training = names.index("training") if is_dropout and "training" in names else None
        return Change(position=names.index("inplace"), functional=function, training=training)
    return Change()


def results_of(result: Any) -> tuple[torch.Tensor, ...]:
    """Return the tensors that a call returned."""
    if isinstance(result, torch.Tensor):
        return (result,)
    if isinstance(result, (tuple, list)):
        return tuple(part for part in result if isinstance(part, torch.Tensor))
    return ()
