"""Normalisation, explained with any settings, against PyTorch."""

import math

import torch
from explained import SEEDS, Steps, cases, check, check_unit, noise
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from cnnviewer.analysis.explanation import Rule

torch.set_num_threads(1)

EPSILONS = st.sampled_from([1e-5, 1e-3, 0.5])


def images(draw):
    """Return channels, height, width."""
    return draw(st.integers(1, 6)), draw(st.integers(1, 4)), draw(st.integers(2, 4))


@cases(60)
@given(st.data())
def test_batch_norm(data):
    draw = data.draw
    (channels, *size), seed = images(draw), draw(SEEDS)
    settings = {
        "eps": draw(EPSILONS),
        "affine": draw(st.booleans()),
        "track_running_stats": draw(st.sampled_from([True, True, False])),
    }
    form = draw(st.sampled_from([1, 2, 3, 0]))
    if form == 0:  # a batch norm of a vector has no statistics of its own
        settings["track_running_stats"] = True
        steps = [lambda x: x.mean((2, 3)), nn.BatchNorm1d(channels, **settings)]
    else:
        shapes = {1: lambda x: x.flatten(2), 2: lambda x: x * 1, 3: lambda x: x[:, :, None]}
        steps = [shapes[form], getattr(nn, f"BatchNorm{form}d")(channels, **settings)]
    recording = check(Steps(*steps), noise(seed, channels, *size), seed)
    layer = recording.layers[-1]
    found = check_unit(recording, layer, (0,) * len(layer.shape))
    assert found.rule is Rule.NORMALISATION
    assert found.facts["epsilon"] == settings["eps"]
    norm = steps[1]
    if norm.running_mean is not None:
        assert found.facts["mean"] == norm.running_mean[0].item()
        assert found.facts["variance"] == norm.running_var[0].item()
    if settings["affine"]:
        assert (found.facts["scale"], found.facts["shift"]) == (norm.weight[0].item(), norm.bias[0].item())
    value = (found.terms[0].value - found.facts["mean"]) / math.sqrt(found.facts["variance"] + settings["eps"])
    assert math.isclose(value * found.facts["scale"] + found.facts["shift"], found.value, rel_tol=1e-9, abs_tol=1e-9)


@cases(50)
@given(st.data())
def test_instance_norm(data):
    draw = data.draw
    (channels, *size), seed, count = images(draw), draw(SEEDS), draw(st.sampled_from([1, 2, 2, 3]))
    norm = getattr(nn, f"InstanceNorm{count}d")(
        channels, draw(EPSILONS), affine=draw(st.booleans()), track_running_stats=draw(st.booleans())
    )
    shape = {1: lambda x: x.flatten(2), 2: lambda x: x, 3: lambda x: x[:, :, None]}[count]
    check(Steps(shape, norm), noise(seed, channels, *size), seed)


@cases(50)
@given(st.data())
def test_group_norm(data):
    draw = data.draw
    groups, seed = draw(st.integers(1, 4)), draw(SEEDS)
    channels, size = groups * draw(st.integers(1, 3)), (draw(st.integers(1, 4)), 2)
    norm = nn.GroupNorm(groups, channels, draw(EPSILONS), affine=draw(st.booleans()))
    recording = check(Steps(norm), noise(seed, channels, *size), seed, units=5)
    x = recording.input.double().reshape(groups, -1)
    found = check_unit(recording, recording.layers[-1], (channels - 1, 0, 1))
    assert math.isclose(found.facts["mean"], x[-1].mean(), abs_tol=1e-12)
    assert math.isclose(found.facts["variance"], x[-1].var(correction=0), abs_tol=1e-12)


@cases(80)
@given(st.data())
def test_layer_norm_and_rms_norm(data):
    draw = data.draw
    shape, seed, count = images(draw), draw(SEEDS), draw(st.integers(1, 3))
    if draw(st.booleans()):
        norm = nn.LayerNorm(
            shape[-count:], draw(EPSILONS), elementwise_affine=draw(st.booleans()), bias=draw(st.booleans())
        )
    else:
        norm = nn.RMSNorm(
            shape[-count:], draw(st.sampled_from([None, 1e-5, 0.5])), elementwise_affine=draw(st.booleans())
        )
    last = draw(st.booleans()) and count < 3
    steps = [lambda x: x.permute(0, 2, 3, 1).contiguous(), lambda x: x.permute(0, 3, 1, 2), norm] if last else [norm]
    check(Steps(*steps), noise(seed, *shape), seed)


@cases(40)
@given(st.data())
def test_local_response_norm(data):
    draw = data.draw
    shape, seed = images(draw), draw(SEEDS)
    norm = nn.LocalResponseNorm(
        draw(st.integers(1, 7)),
        draw(st.sampled_from([1e-4, 0.5, 2.0])),
        draw(st.sampled_from([0.5, 0.75, 2.0])),
        draw(st.sampled_from([1.0, 2.0])),
    )
    check(Steps(norm), noise(seed, *shape), seed, units=5)


@cases(50)
@given(st.data())
def test_unit_length(data):
    draw = data.draw
    shape, seed = images(draw), draw(SEEDS)
    settings = {
        "p": draw(st.sampled_from([1.0, 2.0, 3.0, math.inf])),
        "dim": draw(st.sampled_from([1, 2, 3, -1, (2, 3)])),
    }
    if draw(st.booleans()):
        settings["eps"] = draw(st.sampled_from([1e-12, 3.0]))
    check(Steps(lambda x: F.normalize(x, **settings)), noise(seed, *shape), seed, units=4)


FORMS = [
    lambda x, w, b: torch.batch_norm(x, w, b, w, w * w, False, 0.1, 1e-3, False),
    lambda x, w, b: F.batch_norm(x, running_mean=b, running_var=w * w, eps=1e-3),
    lambda x, w, b: F.batch_norm(x, None, None, w, b, True),
    lambda x, w, b: torch.layer_norm(x.permute(0, 2, 3, 1), (4,), w, b),
    lambda x, w, b: F.layer_norm(x.permute(0, 2, 3, 1), (4,), bias=b),
    lambda x, w, b: torch.group_norm(x, 2, w, b, 1e-3),
    lambda x, w, b: torch.instance_norm(x, w, b, None, None, True, 0.1, 1e-3, False),
    lambda x, w, b: F.instance_norm(x),
    lambda x, w, b: torch.rms_norm(x.permute(0, 2, 3, 1), (4,), w),
    lambda x, w, b: F.batch_norm(x, b, w * w, x.mean((0, 2, 3)), b),
    lambda x, w, b: torch.nn.functional.normalize(x.flatten(1)),
]


class Written(nn.Module):
    def __init__(self, form):
        super().__init__()
        self.weight, self.bias, self.form = nn.Parameter(torch.empty(4)), nn.Parameter(torch.empty(4)), form

    def forward(self, x):
        return self.form(x, self.weight, self.bias)


@cases(40)
@given(st.sampled_from(FORMS), SEEDS)
def test_normalisation_however_it_is_written(form, seed):
    check(Written(form), noise(seed, 4, 3, 3), seed)
