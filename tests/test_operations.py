"""What torch's functions are: names, kinds, arguments, changes in place."""

import pytest
import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from cnnviewer.operations import (
    Kind,
    argument_names,
    change_of,
    function_name,
    has_free_result,
    is_query,
    kind_of,
)

torch.set_num_threads(1)


class Seen(TorchFunctionMode):
    def __init__(self):
        super().__init__()
        self.calls = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls.append((func, args, kwargs or {}))
        return func(*args, **(kwargs or {}))


def called(action, tensor=None):
    """Return the torch function that an action calls last, with its arguments, as a tape sees them."""
    tensor = torch.rand(1, 4, 6, 6) if tensor is None else tensor
    with torch.inference_mode():
        tensor = tensor.clone()
        with Seen() as seen:
            action(tensor)
    return tensor, *seen.calls[-1]


WEIGHT = torch.rand(2, 4, 3, 3)

CALLS = {
    # what is written: (plain name, kind)
    "F.conv2d": (lambda h: F.conv2d(h, WEIGHT), "conv2d", Kind.CONVOLUTION),
    "F.relu": (lambda h: F.relu(h), "relu", Kind.ACTIVATION),
    "relu_": (lambda h: h.relu_(), "relu", Kind.ACTIVATION),
    "torch.relu_": (lambda h: torch.relu_(h), "relu", Kind.ACTIVATION),
    "F.relu6": (lambda h: F.relu6(h), "relu6", Kind.ACTIVATION),
    "max_pool2d": (lambda h: F.max_pool2d(h, 2), "max_pool2d", Kind.POOLING),
    "max_pool2d with indices": (
        lambda h: F.max_pool2d(h, 2, return_indices=True), "max_pool2d_with_indices", Kind.POOLING,
    ),
    "adaptive": (lambda h: F.adaptive_avg_pool2d(h, 1), "adaptive_avg_pool2d", Kind.POOLING),
    "mean": (lambda h: h.mean((2, 3)), "mean", Kind.POOLING),
    "+": (lambda h: h + h, "add", Kind.ADDITION),
    "1 +": (lambda h: 1 + h, "add", Kind.ADDITION),
    "1 -": (lambda h: 1 - h, "rsub", Kind.ADDITION),
    "subtract": (lambda h: h.subtract(h), "sub", Kind.ADDITION),
    "multiply": (lambda h: torch.multiply(h, h), "mul", Kind.MULTIPLICATION),
    "divide": (lambda h: torch.divide(h, 2), "div", Kind.MULTIPLICATION),
    "*": (lambda h: h * h, "mul", Kind.MULTIPLICATION),
    "2 *": (lambda h: 2 * h, "mul", Kind.MULTIPLICATION),
    "/": (lambda h: h / 2, "div", Kind.MULTIPLICATION),
    "@": (lambda h: h @ h, "matmul", Kind.MULTIPLICATION),
    "+=": (lambda h: h.__iadd__(1), "add", Kind.ADDITION),
    "*=": (lambda h: h.__imul__(2), "mul", Kind.MULTIPLICATION),
    "slice": (lambda h: h[:, :2], "getitem", Kind.RESHAPE),
    "assignment": (lambda h: h.__setitem__(0, 1.0), "setitem", Kind.RESHAPE),
    ".T": (lambda h: h.mT, "mT", Kind.RESHAPE),
    "cat": (lambda h: torch.cat([h, h], 1), "cat", Kind.CONCATENATION),
    "softmax": (lambda h: F.softmax(h, 1), "softmax", Kind.SOFTMAX),
    "dropout": (lambda h: F.dropout(h, 0.5, False), "dropout", Kind.DROPOUT),
    "interpolate": (lambda h: F.interpolate(h, scale_factor=2.0), "interpolate", Kind.RESAMPLING),
    "layer_norm": (lambda h: F.layer_norm(h, (6,)), "layer_norm", Kind.NORMALISATION),
    "attention": (
        lambda h: F.scaled_dot_product_attention(h, h, h), "scaled_dot_product_attention", Kind.ATTENTION,
    ),
    "unknown": (lambda h: torch.cumsum(h, 1), "cumsum", Kind.OTHER),
}  # fmt: skip


@pytest.mark.parametrize("written", CALLS)
def test_names_and_kinds(written):
    action, name, kind = CALLS[written]
    _, function, _, _ = called(action)
    assert function_name(function) == name
    assert kind_of(function) is kind


IN_PLACE = {
    "relu_": lambda h: h.relu_(),
    "F.relu": lambda h: F.relu(h, inplace=True),
    "F.relu positional": lambda h: F.relu(h, True),
    "by name only": lambda h: F.relu(input=h, inplace=True),
    "hardtanh": lambda h: F.hardtanh(h, 0.2, 0.5, True),
    "leaky_relu_": lambda h: F.leaky_relu_(h),
    "+=": lambda h: h.__iadd__(1),
    "-=": lambda h: h.__isub__(1),
    "*=": lambda h: h.__imul__(2),
    "/=": lambda h: h.__itruediv__(2),
    "//=": lambda h: h.__ifloordiv__(2),
    "**=": lambda h: h.__ipow__(2),
    "%=": lambda h: h.__imod__(2),
    "add_": lambda h: h.add_(1, alpha=3),
    "setitem": lambda h: h.__setitem__((0, 1), 9.0),
    "copy_": lambda h: h.copy_(torch.zeros(6)),
    "fill_": lambda h: h.fill_(3),
    "out=": lambda h: torch.add(h, 1, out=h),
    "dropout": lambda h: F.dropout(h, 0.5, True, True),
    "uniform_": lambda h: h.uniform_(),
    "transpose_": lambda h: h.transpose_(1, 2),
}


@pytest.mark.parametrize("written", IN_PLACE)
def test_the_tensor_that_changes_is_found(written):
    tensor, function, args, kwargs = called(IN_PLACE[written])
    assert change_of(function).targets(args, kwargs)[0] is tensor


@pytest.mark.parametrize(
    "written",
    ["relu_", "F.relu", "F.relu positional", "hardtanh", "+=", "-=", "*=", "**=", "add_"],
)
def test_the_functional_form_computes_the_same_bits(written):
    before = torch.randn(1, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    changed, function, args, kwargs = called(IN_PLACE[written], before)
    change = change_of(function)
    assert change.functional is not None
    rest, named = change.without((before.clone(), *args[1:]), kwargs)
    given = rest[0].clone()
    assert torch.equal(change.functional(*rest, **named), changed)
    assert torch.equal(rest[0], given)


@pytest.mark.parametrize(
    "written", ["F.relu", "+", "slice", "cat", "mean", "dropout", "max_pool2d", "attention", "F.conv2d"]
)
def test_other_calls_change_nothing(written):
    _, function, args, kwargs = called(CALLS[written][0])
    assert change_of(function).targets(args, kwargs) == ()


def test_an_absent_out_changes_nothing():
    _, function, args, kwargs = called(lambda h: F.normalize(h))
    assert change_of(function).targets(args, {**kwargs, "out": None}) == ()


def test_argument_names():
    assert argument_names(F.conv2d)[:4] == ("input", "weight", "bias", "stride")
    assert argument_names(F.max_pool2d)[:3] == ("input", "kernel_size", "stride")
    assert argument_names(F.relu) == ("input", "inplace")
    assert argument_names(torch.Tensor.view)[0] == "self"
    assert argument_names(torch.cat)[:2] == ("tensors", "dim")
    assert argument_names(torch.flatten)[:3] == ("input", "start_dim", "end_dim")
    assert argument_names(torch.Tensor.permute)[:2] == ("self", "dims")


def test_queries():
    for action in [lambda h: h.size(), lambda h: h.shape, lambda h: h.dim(), lambda h: h.is_contiguous()]:
        assert is_query(called(action)[1])
    for action in [lambda h: h.relu(), lambda h: h.max(), lambda h: h[0], lambda h: h.mT]:
        assert not is_query(called(action)[1])


def test_free_results():
    free = [
        lambda h: h.nonzero(),
        lambda h: torch.nonzero(h),
        lambda h: h[h > 0.5],
        lambda h: h[0, h[0] > 0.5],
        lambda h: torch.where(h > 0.5),
        lambda h: torch.masked_select(h, h > 0.5),
        lambda h: h.unique(),
        lambda h: torch.rand(3),
        lambda h: torch.rand_like(h),
        lambda h: torch.randn(3),
        lambda h: torch.randperm(3),
        lambda h: torch.bernoulli(h),
        lambda h: h.uniform_(),
        lambda h: h.normal_(),
        lambda h: torch.multinomial(h.flatten(), 1),
    ]
    for action in free:
        _, function, args, _ = called(action)
        assert has_free_result(function, args), function_name(function)
    fixed = [
        lambda h: F.normalize(h),
        lambda h: h[0],
        lambda h: h[:, torch.tensor([0, 2])],
        lambda h: torch.where(h > 0.5, h, 0.0),
        lambda h: h.relu(),
        lambda h: h.masked_fill(h > 0.5, 0.0),
    ]
    for action in fixed:
        _, function, args, _ = called(action)
        assert not has_free_result(function, args), function_name(function)


ATEN = torch.ops.aten


def test_operations_of_exported_programs_are_named_as_the_functions():
    assert argument_names(ATEN.conv2d.default)[:4] == ("input", "weight", "bias", "stride")
    assert argument_names(ATEN.gelu.default) == ("self",)  # what must be named is no positional argument
    assert function_name(ATEN.upsample_bilinear2d.vec) == "upsample"
    assert function_name(ATEN.constant_pad_nd.default) == "pad"
    assert kind_of(ATEN.relu_.default) == Kind.ACTIVATION
    assert kind_of(ATEN.slice.Tensor) == Kind.RESHAPE
    assert kind_of(ATEN._adaptive_avg_pool2d.default) == Kind.POOLING
    assert is_query(ATEN.sym_size.int)


@pytest.mark.parametrize("name", ["relu_", "hardtanh_", "hardswish_", "silu_", "add_", "sigmoid_"])
def test_in_place_operations_of_exported_programs(name):
    operation = getattr(ATEN, name)
    operation = operation.Tensor if name == "add_" else operation.default
    change, tensor = change_of(operation), torch.randn(3, 4)
    others = (torch.ones(3, 4),) if name == "add_" else ()
    assert change.targets((tensor, *others), {}) == (tensor,)
    kept = tensor.clone()
    wanted = change.functional(tensor, *others)
    assert torch.equal(tensor, kept)
    assert torch.equal(operation(tensor, *others), wanted)


@pytest.mark.parametrize("operation", [ATEN.bernoulli_.float, ATEN.normal_.default, ATEN.uniform_.default])
def test_random_operations_of_exported_programs_are_not_run_apart(operation):
    assert change_of(operation).functional is None
