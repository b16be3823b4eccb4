"""Convolution, pooling and resampling, explained with any settings, against PyTorch."""

import math

import torch
from explained import SEEDS, Steps, cases, check, check_unit, noise, recorded
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from cnnviewer.analysis.explanation import Rule

torch.set_num_threads(1)

CONVOLUTIONS = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


def lengths(draw, count, low, high):
    """Return a setting: one number for all axes, or one for each."""
    if draw(st.booleans()):
        return draw(st.integers(low, high))
    return tuple(draw(st.integers(low, high)) for _ in range(count))


def each(setting, count):
    return (setting,) * count if isinstance(setting, int) else setting


def shaped(count, size):
    """Return the height and width of an image, and the step that gives it as many axes as are wanted."""
    if count == 1:
        return (1, size[0]), (lambda x: x.flatten(2))
    if count == 2:
        return size, (lambda x: x)
    return (size[0] * size[1], size[2]), (lambda x: x.unflatten(2, size[:2]))


def sizes(draw, count, low=1, high=6):
    high = high if count < 3 else min(high, 4)
    return tuple(draw(st.integers(low, high)) for _ in range(count))


# ---- convolution


@cases(330)
@given(st.data())
def test_convolution(data):
    draw = data.draw
    count, seed = draw(st.sampled_from([1, 2, 2, 2, 3])), draw(SEEDS)
    size, groups = sizes(draw, count, 1, 7), draw(st.sampled_from([1, 1, 2, 3]))
    channels, filters = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel, stride, dilation = lengths(draw, count, 1, 3), lengths(draw, count, 1, 3), lengths(draw, count, 1, 2)
    padding = draw(st.sampled_from(["same", "valid", None, None]))
    if padding is None:
        padding = lengths(draw, count, 0, 3)
    if padding == "same":
        stride = 1
    mode = draw(st.sampled_from(["zeros", "zeros", "reflect", "replicate", "circular"]))
    spans = [d * (k - 1) + 1 for k, d in zip(each(kernel, count), each(dilation, count), strict=True)]
    pads = {"same": tuple(span // 2 for span in spans), "valid": (0,) * count}.get(padding)
    pads = each(padding, count) if pads is None else pads
    if mode == "reflect":
        assume(all(pad < length for pad, length in zip(pads, size, strict=True)))
    if mode == "circular":
        assume(all(pad <= length for pad, length in zip(pads, size, strict=True)))
    if padding != "same":
        assume(all(n + 2 * pad >= span for n, pad, span in zip(size, pads, spans, strict=True)))
    image, shape = shaped(count, size)
    conv = CONVOLUTIONS[count](
        channels, filters, kernel, stride, padding, dilation, groups, bias=draw(st.booleans()), padding_mode=mode
    )
    recording = check(Steps(shape, conv), noise(seed, channels, *image), seed)
    last = recording.layers[-1]
    found = check_unit(recording, last, tuple(length - 1 for length in last.shape))
    assert found.rule is Rule.SUM
    assert found.grid == (channels // groups, *each(kernel, count))
    assert found.bias == (0 if conv.bias is None else conv.bias[-1].item())
    assert torch.equal(torch.from_numpy(found.terms.weights), conv.weight[-1].detach().double().flatten())


@cases(120)
@given(st.data())
def test_transposed_convolution(data):
    draw = data.draw
    count, seed = draw(st.sampled_from([1, 2, 2, 3])), draw(SEEDS)
    size, groups = sizes(draw, count, 1, 5), draw(st.sampled_from([1, 1, 2, 3]))
    channels, filters = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    kernel, stride, dilation = lengths(draw, count, 1, 4), lengths(draw, count, 1, 3), lengths(draw, count, 1, 2)
    padding = lengths(draw, count, 0, 2)
    more = tuple(
        draw(st.integers(0, max(s, d) - 1)) for s, d in zip(each(stride, count), each(dilation, count), strict=True)
    )
    made = [
        (n - 1) * s - 2 * p + d * (k - 1) + m + 1
        for n, k, s, p, d, m in zip(
            size, *(each(part, count) for part in (kernel, stride, padding, dilation)), more, strict=True
        )
    ]
    assume(min(made) > 0)
    image, shape = shaped(count, size)
    conv = TRANSPOSED[count](
        channels, filters, kernel, stride, padding, more, groups, draw(st.booleans()), dilation=dilation
    )
    recording = check(Steps(shape, conv), noise(seed, channels, *image), seed, units=4)
    assert recording.layers[-1].shape[1:] == tuple(made)


FORMS = [
    lambda x, w, b: torch.conv2d(x, w, b, 2, 1),
    lambda x, w, b: torch.conv2d(x, weight=w, stride=(1, 2), padding=1),
    lambda x, w, b: F.conv2d(input=x, weight=w, bias=b, groups=1),
    lambda x, w, b: F.conv2d(x, w, None, [1, 2], [0, 1], [2, 1], 1),
    lambda x, w, b: F.conv2d(x[0], w, b, padding="same")[None],
    lambda x, w, b: torch.conv_transpose2d(x, w.transpose(0, 1), b, 2, 1, 1),
    lambda x, w, b: F.conv2d(x[:, :1].relu(), w[:, :1], b),
]


class Written(nn.Module):
    """A convolution as somebody wrote it."""

    def __init__(self, form):
        super().__init__()
        self.weight, self.bias, self.form = nn.Parameter(torch.empty(4, 3, 3, 3)), nn.Parameter(torch.empty(4)), form

    def forward(self, x):
        return self.form(x, self.weight, self.bias)


@cases(25)
@given(st.sampled_from(FORMS), SEEDS)
def test_convolution_however_it_is_written(form, seed):
    recording = check(Written(form), noise(seed, 3, 6, 7), seed)
    assert "conv" in "".join(layer.operation for layer in recording.layers)


# ---- pooling


def pooled(draw, count, kind):
    """Return the settings of a pooling, and a size that it fits."""
    kernel = lengths(draw, count, 1, 3)
    ks = each(kernel, count)
    settings = {"kernel_size": kernel, "ceil_mode": draw(st.booleans())}
    if draw(st.booleans()):
        settings["stride"] = lengths(draw, count, 1, 3)
    spans = list(ks)
    pads = (0,) * count
    if kind == "lp" and count == 1:
        settings["kernel_size"] = ks[0]  # PyTorch's own fails on a tuple
    if kind != "lp":
        pads = tuple(draw(st.integers(0, k // 2)) for k in ks)
        settings["padding"] = pads
    if kind == "max":
        dilation = lengths(draw, count, 1, 2)
        settings["dilation"] = dilation
        spans = [d * (k - 1) + 1 for k, d in zip(ks, each(dilation, count), strict=True)]
    if kind == "avg":
        settings["count_include_pad"] = draw(st.booleans())
        if count > 1:
            settings["divisor_override"] = draw(st.sampled_from([None, 1, 5]))
    if kind == "avg" and count == 3:
        spans = [k + 2 * pad for k, pad in zip(ks, pads, strict=True)]  # PyTorch wants no window larger than the map
    size = tuple(
        draw(st.integers(max(1, span - 2 * pad), 7 if count < 3 else 5)) for span, pad in zip(spans, pads, strict=True)
    )
    return settings, size


POOLS = {
    kind: {count: getattr(nn, f"{kind.capitalize().replace('Lp', 'LP')}Pool{count}d") for count in (1, 2, 3)}
    for kind in ("max", "avg", "lp")
}


def before_pooling(draw):
    """Return what makes equal values, as a network does: a ReLU, or rounding."""
    return draw(st.sampled_from([nn.ReLU(), torch.round, nn.Identity()]))


@cases(200)
@given(st.data())
def test_max_pooling(data):
    draw = data.draw
    count, seed = draw(st.sampled_from([1, 2, 2, 3])), draw(SEEDS)
    settings, size = pooled(draw, count, "max")
    image, shape = shaped(count, size)
    pool = POOLS["max"][count](**settings)
    recording = check(Steps(shape, before_pooling(draw), pool), noise(seed, 2, *image), seed)
    layer = recording.layers[-1]
    operand = recording.result(layer.inputs[0])
    pool.return_indices = True
    _, winners = pool(operand)
    for unit in [tuple(length - 1 for length in layer.shape), (0,) * len(layer.shape)]:
        found = check_unit(recording, layer, unit)
        won = found.strongest
        assert found.rule is Rule.MAXIMUM
        if won is None:
            assert found.value == -math.inf  # the window lies in the padding
            continue
        assert won.weight == 1
        assert (found.terms.weights != 0).sum() == 1
        flat = 0
        for place, length in zip(won.place[1:], operand.shape[2:], strict=True):
            flat = flat * length + place
        assert won.place[0] == unit[0]
        assert flat == int(winners[(0, *unit)])


@cases(200)
@given(st.data())
def test_average_and_sum_pooling(data):
    draw = data.draw
    count, seed = draw(st.sampled_from([1, 2, 2, 3])), draw(SEEDS)
    settings, size = pooled(draw, count, "avg")
    image, shape = shaped(count, size)
    recording = check(Steps(shape, POOLS["avg"][count](**settings)), noise(seed, 2, *image), seed, units=4)
    layer = recording.layers[-1]
    found = check_unit(recording, layer, tuple(length - 1 for length in layer.shape))
    if settings.get("divisor_override"):
        assert found.facts["divisor"] == settings["divisor_override"]
    is_sum = settings.get("divisor_override") == 1 and len(found.terms) > 1
    assert is_sum <= (found.rule is Rule.SUM)
    assert math.isclose(found.facts["sum"], found.value * found.facts["divisor"], rel_tol=1e-9, abs_tol=1e-9)


@cases(60)
@given(st.data())
def test_power_pooling(data):
    draw = data.draw
    count, seed = draw(st.sampled_from([1, 2, 3])), draw(SEEDS)
    settings, size = pooled(draw, count, "lp")
    settings["norm_type"] = draw(st.sampled_from([1.0, 2.0, 3.0]))
    image, shape = shaped(count, size)
    check(Steps(shape, nn.ReLU(), POOLS["lp"][count](**settings)), noise(seed, 2, *image), seed)


@cases(120)
@given(st.data())
def test_adaptive_pooling(data):
    draw = data.draw
    count, seed, kind = draw(st.sampled_from([1, 2, 2, 3])), draw(SEEDS), draw(st.sampled_from(["Max", "Avg"]))
    size = sizes(draw, count, 1, 7)
    wanted = lengths(draw, count, 1, 5)
    if count > 1 and draw(st.booleans()):
        wanted = (None, *each(wanted, count)[1:])
    image, shape = shaped(count, size)
    pool = getattr(nn, f"Adaptive{kind}Pool{count}d")(wanted)
    recording = check(Steps(shape, before_pooling(draw), pool), noise(seed, 2, *image), seed, units=4)
    assert len(recording.layers[-1].shape) == count + 1


def test_what_a_window_drops_and_what_it_reaches_beyond_is_told():
    floor = recorded(nn.MaxPool2d(2), noise(0, 1, 5, 4))
    ceil = recorded(nn.MaxPool2d(2, ceil_mode=True), noise(0, 1, 5, 4))
    exact = recorded(nn.MaxPool2d(2), noise(0, 1, 4, 4))
    notes = [check_unit(recording, recording.layers[0], (0, 0, 0)).notes for recording in (floor, ceil, exact)]
    assert notes[0] == ("The last 1 row of the map are in no window: they are dropped.",)
    assert notes[1] == ("Rounded up: the last window reaches 1 row beyond the map.",)
    assert notes[2] == ()
    assert len(check_unit(ceil, ceil.layers[0], (0, 2, 0)).terms) == 4


def test_the_places_that_won_are_explained_too():
    pool = nn.MaxPool2d(2, return_indices=True)
    recording = check(Steps(pool, lambda found: found[1]), noise(3, 2, 6, 6), 3, units=6)
    assert recording.layers[-1].call.part == 1


# ---- resampling

MODES = {1: ["nearest", "nearest-exact", "area", "linear"], 3: ["nearest", "nearest-exact", "area", "trilinear"]}
MODES[2] = ["nearest", "nearest-exact", "area", "bilinear", "bicubic"]
FACTORS = st.sampled_from([0.4, 0.5, 1.0, 1.3, 1.7, 2.0, 3.0, 2.51])


@cases(220)
@given(st.data())
def test_interpolation(data):
    draw = data.draw
    count, seed = draw(st.sampled_from([1, 2, 2, 2, 3])), draw(SEEDS)
    size, mode = sizes(draw, count, 1, 6), draw(st.sampled_from(MODES[count]))
    settings = {"mode": mode}
    if draw(st.booleans()):
        settings["size"] = tuple(draw(st.integers(1, 7)) for _ in range(count))
    else:
        factors = tuple(draw(FACTORS) for _ in range(count))
        settings["scale_factor"] = factors[0] if draw(st.booleans()) else factors
        settings["recompute_scale_factor"] = draw(st.sampled_from([None, True]))
        assume(all(int(n * f) > 0 for n, f in zip(size, each_factor(settings["scale_factor"], count), strict=True)))
    if "linear" in mode or mode == "bicubic":
        settings["align_corners"] = draw(st.booleans())
    if mode in ("bilinear", "bicubic") and not settings["align_corners"]:
        settings["antialias"] = draw(st.booleans())
    image, shape = shaped(count, size)
    module = Steps(shape, lambda x: F.interpolate(x, **settings))
    recording = recorded(module, noise(seed, 2, *image), seed)
    after, before = recording.layers[-1].shape[1:], size
    if settings.get("antialias"):
        assume(after[-1] > 1)  # PyTorch 2.14 smooths rows of one column wrongly
    if mode.startswith("nearest") and count != 2:
        assume(after != before)  # PyTorch's slopes are those of a copy there, its values may be others
    check(module, noise(seed, 2, *image), seed, units=4)
    assert recording.layers[-1].operation == "interpolate"


def each_factor(factor, count):
    return (factor,) * count if isinstance(factor, float) else factor


@cases(30)
@given(st.data())
def test_upsampling_modules(data):
    draw = data.draw
    seed, mode = draw(SEEDS), draw(st.sampled_from(["nearest", "bilinear", "bicubic"]))
    up = nn.Upsample(scale_factor=draw(st.sampled_from([2, 3, (2, 1)])), mode=mode)
    check(Steps(up), noise(seed, 2, 3, 4), seed)
