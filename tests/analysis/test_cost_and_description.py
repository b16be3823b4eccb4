"""Multiply-adds against sums by hand, and the words that describe known layers."""

import graphs
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import cnnviewer
from cnnviewer.analysis.cost import multiply_adds
from cnnviewer.analysis.description import describe, shape_text
from plain import without_fast_path

torch.set_num_threads(1)


def noise(channels, size):
    return torch.randn((1, channels, size, size), generator=torch.Generator().manual_seed(1))


def recorded(module, channels=3, size=12):
    torch.manual_seed(0)
    return cnnviewer.record(cnnviewer.from_module(module), noise(channels, size))


def hooked_cost(module, image):
    """Count by plain hooks: for each output unit, the products of its filter."""
    costs = {}

    def count(part, inputs, output):
        if isinstance(part, nn.Conv2d):
            kernel = part.kernel_size[0] * part.kernel_size[1]
            cost = output.numel() * (part.in_channels // part.groups) * kernel
        elif isinstance(part, nn.Linear):
            cost = output.numel() * part.in_features
        else:
            return
        name = next(path for path, other in module.named_modules() if other is part)
        costs[name] = costs.get(name, 0) + cost

    handles = [part.register_forward_hook(count) for part in module.modules()]
    with torch.inference_mode():
        module(image)
    for handle in handles:
        handle.remove()
    return costs


@pytest.mark.parametrize(
    ("name", "total"),
    [("alexnet", 714_188_480), ("resnet18", 1_814_073_344), ("lenet5", None), ("efficientnet-lite0", None)],
)
def test_whole_networks(name, total):
    torch.manual_seed(0)
    network = cnnviewer.load_network(name, weights=None)
    image = torch.zeros(1, network.preprocessing.channels, *network.preprocessing.size)
    recording = cnnviewer.record(network, image)
    expected = hooked_cost(network.module, image)
    found = {
        layer.module: multiply_adds(layer, recording) for layer in recording.layers if multiply_adds(layer, recording)
    }
    assert found == expected
    if total is not None:
        assert sum(found.values()) == total


def test_alexnet_by_hand():
    # units x inputs x kernel, layer by layer
    convolutions = (
        64 * 55 * 55 * 3 * 121 + 192 * 27 * 27 * 64 * 25
        + 384 * 13 * 13 * 192 * 9 + 256 * 13 * 13 * 384 * 9 + 256 * 13 * 13 * 256 * 9
    )  # fmt: skip
    assert convolutions + 9216 * 4096 + 4096 * 4096 + 4096 * 1000 == 714_188_480


def test_a_transposed_convolution_counts_its_inputs():
    recording = recorded(nn.ConvTranspose2d(3, 5, 4, stride=2), size=6)
    # each of 3 * 6 * 6 inputs is multiplied with 5 * 4 * 4 weights
    assert multiply_adds(recording.layers[0], recording) == 3 * 36 * 5 * 16


def test_a_depthwise_convolution():
    recording = recorded(nn.Conv2d(3, 6, 3, groups=3), size=6)
    assert multiply_adds(recording.layers[0], recording) == 6 * 16 * 9


class Matrices(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        h = self.conv(x).flatten(2)
        return h @ h.transpose(1, 2)


def test_a_matrix_product():
    recording = recorded(Matrices(), size=5)
    assert multiply_adds(recording["matmul"], recording) == 4 * 4 * 25
    assert multiply_adds(recording["transpose"], recording) == 0


def test_a_matrix_product_with_a_weight_in_front():
    class Weighted(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.rand(7, 12))

        def forward(self, x):
            return torch.matmul(self.weight, x * 1)

    recording = recorded(Weighted())
    # (7, 12) @ (12, 5): each of the 3 * 7 * 5 outputs takes 12 products
    torch.manual_seed(0)
    recording = cnnviewer.record(cnnviewer.from_module(Weighted()), torch.rand(1, 3, 12, 5))
    assert recording["matmul"].shape == (3, 7, 5)
    assert multiply_adds(recording["matmul"], recording) == 3 * 7 * 5 * 12


class Attends(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(12, 3, batch_first=True)

    def forward(self, x):
        return self.attention(x[0], x[0, :, :7], x[0, :, :7], need_weights=True)[0]


PRODUCTS = {
    "attention": lambda x: F.scaled_dot_product_attention(x, x[:, :, :7], x[:, :, :7, :5]),
    "attention of one head": lambda x: F.scaled_dot_product_attention(x[0], x[0, :, 2:], x[0, :, 2:]),
    "einsum": lambda x: torch.einsum("bchw,bcdw->bhd", x, x[:, :, :5]),
    "einsum with a list": lambda x: torch.einsum("chw,kw->ckh", [x[0], torch.ones(4, 12)]),
    "addmm": lambda x: torch.addmm(torch.zeros(12, 7), x[0, 0], torch.ones(12, 7)),
    "baddbmm": lambda x: torch.baddbmm(torch.zeros(3, 12, 7), x[0], torch.ones(3, 12, 7)),
    "a weight that the image makes": lambda x: F.conv2d(x, x[0, :, :3, :3].expand(2, 3, 3, 3)),
    "matrix times vector": lambda x: x[0, 0] @ torch.ones(12),
    "multi-head attention": Attends(),
}  # fmt: skip


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_count_as_pytorchs_dispatcher_counts_them(name):
    """With attention written out, which the dispatcher does not count as one operation on the CPU."""
    function = PRODUCTS[name]
    module = function if isinstance(function, nn.Module) else graphs.Function(function)
    recording = recorded(module)
    module.requires_grad_(False)
    with without_fast_path(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        module(noise(3, 12))
    counted = counter.get_total_flops() // 2
    if name == "matrix times vector":  # which it does not count either
        counted = 12 * 12
    assert counted > 0
    assert sum(multiply_adds(layer, recording) for layer in recording.layers) == counted


DESCRIPTIONS = [
    (nn.Conv2d(3, 4, 3), "3×3"),
    (nn.Conv2d(3, 4, 3, stride=2, padding=1), "3×3, stride 2, padding 1"),
    (nn.Conv2d(3, 4, (1, 5), stride=(1, 2), dilation=2), "1×5, stride 1×2, dilation 2"),
    (nn.Conv2d(3, 6, 3, groups=3), "3×3 depthwise"),
    (nn.Conv2d(3, 4, 3, padding="same"), "3×3, padding same"),
    (nn.ConvTranspose2d(3, 4, 2, stride=2), "2×2 transposed, stride 2"),
    (nn.MaxPool2d(2), "max 2×2, stride 2"),
    (nn.MaxPool2d(3, 2, 1, ceil_mode=True), "max 3×3, stride 2, padding 1, rounded up"),
    (nn.AvgPool2d((2, 3)), "average 2×3, stride 2×3"),
    (nn.AdaptiveAvgPool2d(1), "average over 12×12"),
    (nn.AdaptiveAvgPool2d(3), "average over 4×4"),
    (nn.AdaptiveAvgPool2d(5), "average, adaptive to 5×5"),
    (nn.ReLU(), "ReLU"),
    (nn.ReLU6(), "ReLU6"),
    (nn.Hardtanh(0, 4), "ReLU up to 4"),
    (nn.LeakyReLU(0.2), "leaky ReLU, slope 0.2"),
    (nn.Sigmoid(), "sigmoid"),
    (nn.Linear(12, 7), "12 → 7"),
    (nn.Dropout(0.3), "p 0.3, off outside training"),
    (nn.BatchNorm2d(3), "batch norm"),
    (nn.LayerNorm(12), "layer norm"),
    (nn.Flatten(), "flatten"),
    (nn.Softmax(1), "softmax"),
]


@pytest.mark.parametrize(("module", "words"), DESCRIPTIONS, ids=[words for _, words in DESCRIPTIONS])
def test_descriptions(module, words):
    recording = recorded(module)
    assert describe(recording.layers[0], recording) == words


def test_descriptions_of_functional_calls():
    class Calls(nn.Module):
        def forward(self, x):
            a = F.hardtanh(x, 0.0, 6.0)
            b = torch.cat([a, x, x * 2], 1)
            b[:, 0] = 0.0
            c = torch.cat([b, b, b, b, b], dim=1)
            return c.mean((2, 3)) + torch.cat([c, c], 3).amax((2, 3)) - c.amin((2, 3)) ** 2

    recording = recorded(Calls())
    words = [describe(layer, recording) for layer in recording.layers]
    assert words == [
        "ReLU6", "mul 2", "3 + 3 + 3 channels", "assignment to a slice", "5 inputs", "average over 12×12", "axis 3",
        "max over 12×24", "add", "min over 12×12", "pow 2", "sub",
    ]  # fmt: skip


def test_groups_that_are_not_depthwise():
    recording = recorded(nn.Conv2d(4, 8, 3, groups=2), channels=4)
    assert describe(recording.layers[0], recording) == "3×3, 2 groups"


def test_shapes_as_text():
    assert shape_text((32, 112, 7)) == "32×112×7"
    assert shape_text((10,)) == "10"
    assert shape_text(()) == "1"
