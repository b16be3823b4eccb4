"""What the lessons tell, against plain PyTorch."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from cnnviewer.images import as_image
from cnnviewer.lessons.answering import LessonContext, answer
from cnnviewer.lessons.kernels import KERNELS, VERTICAL_EDGES
from cnnviewer.lessons.messages import (
    ConvolutionRequest,
    DepthRequest,
    GeometryRequest,
    KernelRequest,
    PoolingRequest,
    ReluRequest,
    SoftmaxRequest,
)

IMAGE = ((1, 1, 1, 0, 0), (0, 1, 1, 1, 0), (0, 0, 1, 1, 1), (0, 0, 1, 1, 0), (0, 1, 1, 0, 0))
FILTER = ((1, 0, 1), (0, 1, 0), (1, 0, 1))


@pytest.fixture(scope="module")
def context():
    path = pytest.importorskip("pathlib").Path(__file__).parents[2] / "resources" / "samples" / "chelsea.png"
    return LessonContext(as_image(path))


def grey(context, longest):
    return torch.from_numpy(np.array(context.small_photo(longest).convert("L"), np.float32))[None, None]


def test_zeros_and_ones_under_a_filter():
    told = answer(ConvolutionRequest(IMAGE, FILTER), LessonContext())
    assert told.output.numbers == ((4, 3, 4), (2, 4, 3), (2, 3, 4))
    assert told.image.numbers == IMAGE
    for row in range(3):
        for column in range(3):
            unit = told.sums[row][column]
            window = torch.tensor(IMAGE)[row : row + 3, column : column + 3]
            assert unit.values == tuple(map(tuple, window.tolist()))
            assert unit.products == tuple(map(tuple, (window * torch.tensor(FILTER)).tolist()))
            assert sum(map(sum, unit.products)) == unit.total == told.output.numbers[row][column]


@pytest.mark.parametrize("name", KERNELS)
def test_a_photo_under_a_kernel(context, name):
    kernel = torch.tensor(KERNELS[name], dtype=torch.float32)
    padded = F.pad(grey(context, 90), (1, 1, 1, 1), mode="replicate")
    expected = F.conv2d(padded, kernel[None, None])[0, 0]
    for unit in ((0, 0), (20, 33), tuple(side - 1 for side in expected.shape)):
        told = answer(KernelRequest(KERNELS[name], unit, longest=90), context)
        assert told.unit == unit
        assert told.sum.total == pytest.approx(float(expected[unit]), abs=1e-3)
        assert sum(map(sum, told.sum.products)) == pytest.approx(told.sum.total, abs=1e-3)
    assert told.is_signed == (name == "edges")
    assert told.reach == pytest.approx(float(expected.abs().max()), abs=1e-3)
    if not told.is_signed:
        shown = expected.clamp(0, 255).round().numpy()
        assert np.abs((told.result & 255).astype(int) - shown).max() <= 1


def test_a_sharpened_photo_to_the_number(context):
    """The photo's own pixels, sharpened, are those on the screen."""
    pixels = np.asarray(context.small_photo(90).convert("L")).astype(int)
    told = answer(KernelRequest(KERNELS["sharpen"], (10, 12), longest=90), context)
    middle = pixels[10, 12]
    around = (pixels[9, 12], pixels[11, 12], pixels[10, 11], pixels[10, 13])
    assert told.sum.total == 5 * middle - sum(around)
    assert told.sum.values[1][1] == middle
    padded = np.pad(pixels, 1, mode="edge")
    sharpened = 5 * pixels - padded[:-2, 1:-1] - padded[2:, 1:-1] - padded[1:-1, :-2] - padded[1:-1, 2:]
    assert np.array_equal(told.result & 255, sharpened.clip(0, 255))


def test_a_unit_outside_is_moved_inside(context):
    assert answer(KernelRequest(KERNELS["blur"], (999, -5), longest=60), context).unit == (39, 0)


@pytest.mark.parametrize("size", [4, 7, 12])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 3])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_geometry(size, kernel, stride, padding, dilation):
    request = GeometryRequest(size, kernel, stride, padding, dilation, unit=(99, 0))
    told = answer(request, LessonContext())
    ones = torch.ones(1, 1, size, size)
    weight = torch.ones(1, 1, kernel, kernel)
    try:
        expected = F.conv2d(ones, weight, stride=stride, padding=padding, dilation=dilation)[0, 0]
    except RuntimeError:
        assert told.output is None
        assert told.sentence.startswith("Nothing comes out")
        return
    assert told.output.numbers == tuple(map(tuple, expected.tolist()))
    assert told.formula[-1] == str(len(expected))
    assert told.unit == (len(expected) - 1, 0)
    # What is told to be dropped reaches no unit, and all before it does where no window jumps over it.
    grown = torch.nn.Parameter(torch.zeros(1, 1, size + 2 * padding, size + 2 * padding))
    F.conv2d(grown, weight, stride=stride, dilation=dilation).sum().backward()
    reached = (grown.grad[0, 0] > 0).any(0).nonzero().flatten().tolist()
    assert told.dropped == size + 2 * padding - 1 - reached[-1]
    assert ("dropped" in told.sentence) == bool(told.dropped)
    grown.grad = None
    F.conv2d(grown, weight, stride=stride, dilation=dilation)[0, 0][told.unit].backward()
    assert sorted(told.taps) == sorted(map(tuple, grown.grad[0, 0].nonzero().tolist()))


def test_depth_and_parameters(context):
    kernels = ((VERTICAL_EDGES, KERNELS["blur"], KERNELS["emboss"]), (KERNELS["identity"],) * 3)
    told = answer(DepthRequest(kernels, 7, 32), context)
    assert told.maps.shape == (7, 64, 96)
    assert len({told.maps[index].tobytes() for index in range(7)}) == 7
    for row, side in zip(told.rows, (32, 64, 128), strict=True):
        assert row.side == side
        assert row.convolution == 7 * (3 * 3 * 3 + 1)
        assert row.fully_connected == (3 * side * side + 1) * 7 * side * side
    # The map of the second filter is that of the colours' sum, painted as any map is.
    one = answer(DepthRequest(kernels[1:], 1, 32), context)
    assert np.array_equal(one.maps[0], told.maps[1])


def test_relu(context):
    numbers = ((-2.0, 0.0, 3.5), (1.0, -0.5, -7.0))
    told = answer(ReluRequest(numbers, VERTICAL_EDGES, longest=60), context)
    assert told.after.numbers == tuple(map(tuple, F.relu(torch.tensor(numbers)).tolist()))
    assert all(y == max(x, 0) for x, y in told.curve)
    photo = grey(context, 60) / 255
    photo = F.pad(photo, (1, 1, 1, 1), mode="replicate")
    edges = F.conv2d(photo, torch.tensor(VERTICAL_EDGES, dtype=torch.float32)[None, None])[0, 0]
    assert told.negative_share == pytest.approx(float((edges < 0).float().mean()))
    assert told.zero_share == pytest.approx(float((edges <= 0).float().mean()))
    # What is positive keeps its colour.
    kept = (edges > 0).numpy()
    assert np.array_equal(told.map_before[kept], told.map_after[kept])
    assert len(set(told.map_after[~kept].tolist())) == 1


@pytest.mark.parametrize(("window", "stride"), [(2, 2), (3, 2), (2, 1), (3, 3)])
@pytest.mark.parametrize("shift", [0, 1, 2])
def test_pooling(context, window, stride, shift):
    generator = torch.Generator().manual_seed(0)
    numbers = torch.randint(0, 9, (6, 6), generator=generator).float()
    moved = F.pad(numbers, (shift, 0))[:, :6]
    rules = {
        "max": lambda maps: F.max_pool2d(maps[None], window, stride)[0],
        "average": lambda maps: F.avg_pool2d(maps[None], window, stride)[0],
        "sum": lambda maps: F.avg_pool2d(maps[None], window, stride)[0] * window**2,
    }
    for how, rule in rules.items():
        given = tuple(map(tuple, numbers.tolist()))
        told = answer(PoolingRequest(given, how, window, stride, shift, longest=60), context)
        expected = rule(moved[None])[0]
        assert torch.allclose(torch.tensor(told.after.numbers), expected)
        assert torch.equal(torch.tensor(told.before.numbers), moved)
        assert torch.equal(torch.tensor(told.equal_before), moved == numbers)
        assert torch.equal(torch.tensor(told.equal_after), torch.isclose(expected, rule(numbers[None])[0]))
        assert told.shape_before == (3, 40, 57)
        assert told.shape_after == tuple(rule(torch.ones(3, 40, 57)).shape)
        assert (told.change_before == 0) == (shift == 0) == (told.change_after == 0)
        if how == "max":
            flat = [told.before.numbers[row][column] for row, column in told.winners]
            assert flat == expected.flatten().tolist()


def test_a_pooling_window_that_does_not_fit(context):
    told = answer(PoolingRequest(((1.0, 2.0), (3.0, 4.0)), "max", 3, 1), context)
    assert told.after is None


def test_softmax_at_a_temperature():
    inputs, weights, biases = (1.0, -2.0, 0.5), ((1.0, 0.0, 2.0), (-1.0, 1.0, 0.0)), (0.5, 3.0)
    told = answer(SoftmaxRequest(inputs, weights, biases, 0.5), LessonContext())
    logits = F.linear(torch.tensor([inputs]), torch.tensor(weights), torch.tensor(biases))[0]
    assert told.logits == pytest.approx(logits.tolist())
    assert told.probabilities == pytest.approx((logits / 0.5).softmax(0).tolist())
    assert told.exponentials == pytest.approx([math.exp(logit / 0.5) for logit in logits.tolist()])
    assert told.total == pytest.approx(sum(told.exponentials))
    for row, bias, logit in zip(told.products, biases, told.logits, strict=True):
        assert sum(row) + bias == pytest.approx(logit)


def test_exponentials_beyond_all_numbers_are_infinite_and_the_shares_are_not():
    weights = ((9.0, 9.0, 9.0), (0.0, 0.0, 0.0), (-9.0, -9.0, -9.0))
    told = answer(SoftmaxRequest((9.0, 9.0, 9.0), weights, (0.0, 0.0, 0.0), 0.1), LessonContext())
    assert told.exponentials == (math.inf, pytest.approx(1.0), 0.0)
    assert told.total == math.inf
    assert told.probabilities == pytest.approx((1.0, 0.0, 0.0))


def test_a_kernel_that_makes_all_negative_shows_more_than_black(context):
    told = answer(KernelRequest(((-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 0.5)), (0, 0)), context)
    assert told.is_signed
    assert len(np.unique(told.result)) > 10


def test_a_photo_of_one_pixel():
    """Where nothing fits, a lesson still answers."""
    context = LessonContext(Image.new("RGB", (1, 1), (9, 9, 9)))
    told = answer(PoolingRequest(((1.0, 2.0), (3.0, 4.0)), "average", 2, 2, 1), context)
    assert told.shape_after == (0, 0, 0)
    assert answer(KernelRequest(KERNELS["edges"], (5, 5)), context).unit == (0, 0)
