"""Axes through operations that only move numbers: each map must still be the image, whatever moved its axes."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import cnnviewer
from cnnviewer.analysis.statistics import feature_maps

torch.set_num_threads(1)

CHANNELS, ROWS, COLUMNS = 5, 12, 8
PLACES = torch.arange(float(ROWS * COLUMNS)).reshape(ROWS, COLUMNS)


class Steps(nn.Module):
    """Applies functions one after the other."""

    def __init__(self, *steps):
        super().__init__()
        self.steps = steps

    def forward(self, x):
        for step in self.steps:
            x = step(x)
        return x


def image():
    """Return an image whose numbers are those of their places, the same in each channel."""
    return PLACES.expand(1, CHANNELS, ROWS, COLUMNS).clone()


def last_of(*steps, given=None):
    recording = cnnviewer.record(cnnviewer.from_module(Steps(*steps)), image() if given is None else given)
    return recording.layers[-1]


def assert_is_the_image(layer):
    maps = feature_maps(layer)
    assert maps.shape[1:] == (ROWS, COLUMNS), (layer.shape, maps.shape)
    assert all(torch.equal(each, PLACES) for each in maps), layer.shape


@st.composite
def rearrangements(draw):
    """Return steps that split, join and move axes; each axis is known by the sizes of what it was joined of."""
    axes = [[1], [CHANNELS], [ROWS], [COLUMNS]]
    steps = []
    for _ in range(draw(st.integers(1, 7))):
        kind = draw(st.sampled_from(["permute", "split", "divide", "join", "transpose"]))
        place = draw(st.integers(0, len(axes) - 1))
        if kind == "permute":
            order = draw(st.permutations(range(len(axes))))
            axes = [axes[number] for number in order]
            steps.append(lambda x, order=tuple(order): x.permute(order))
            continue
        if kind == "transpose":
            other = draw(st.integers(0, len(axes) - 1))
            axes[place], axes[other] = axes[other], axes[place]
            steps.append(lambda x, place=place, other=other: x.transpose(place, other))
            continue
        if kind == "join" and place + 1 < len(axes):
            axes[place : place + 2] = [axes[place] + axes[place + 1]]
        elif kind == "split" and len(axes[place]) > 1:
            cut = draw(st.integers(1, len(axes[place]) - 1))
            axes[place : place + 1] = [axes[place][:cut], axes[place][cut:]]
        elif kind == "divide" and len(axes[place]) == 1 and axes[place][0] % 2 == 0:
            axes[place : place + 1] = [[axes[place][0] // 2], [2]]
        else:
            continue
        shape = tuple(map(math.prod, axes))
        is_view = draw(st.booleans())
        steps.append(
            lambda x, shape=shape, is_view=is_view: x.contiguous().view(shape) if is_view else x.reshape(shape)
        )
    return steps


@settings(max_examples=300, deadline=None, derandomize=True)
@given(rearrangements())
def test_what_only_moves_axes_leaves_each_map_the_image(steps):
    recording = cnnviewer.record(cnnviewer.from_module(Steps(*steps, torch.clone)), image())
    for layer in recording.layers:
        if len(layer.shape) > 1:
            assert_is_the_image(layer)


TOKENS = [lambda x: x.flatten(2), lambda x: x.transpose(1, 2)]
WEIGHT = torch.eye(CHANNELS)


@pytest.mark.parametrize(
    "steps",
    [
        [lambda x: x.movedim(1, -1)],
        [lambda x: x.movedim((2, 3), (0, 1))],
        [lambda x: x.swapaxes(1, 3), lambda x: x + 0],
        [lambda x: x[0], lambda x: x.permute(1, 2, 0), lambda x: x[None]],
        [lambda x: x.squeeze(0).unsqueeze(-1)],
        [lambda x: x.unflatten(2, (3, 4)), lambda x: x.flatten(1, 2)],
        [*TOKENS, lambda x: F.linear(x, WEIGHT)],
        [*TOKENS, lambda x: x @ WEIGHT],
        [*TOKENS, lambda x: F.layer_norm(x, (CHANNELS,)) * 0 + x],
        [*TOKENS, lambda x: torch.cat([torch.zeros(1, 2, CHANNELS), x], 1)],
        [*TOKENS, lambda x: torch.cat([x[:, :1] * 0, x], 1), lambda x: x + torch.zeros(97, CHANNELS)],
        [*TOKENS, lambda x: torch.cat([torch.zeros(1, 2, CHANNELS), x], 1), lambda x: x[:, 1:]],
        [*TOKENS, lambda x: torch.cat([torch.zeros(1, 2, CHANNELS), x], 1), lambda x: x[:, 2:]],
        [*TOKENS, lambda x: torch.cat([torch.zeros(1, 2, CHANNELS), x], 1).split([2, 96], 1)[1]],
        [*TOKENS, lambda x: torch.cat([torch.zeros(1, 2, CHANNELS), x], 1).narrow(1, 2, 96)],
        [*TOKENS, lambda x: torch.einsum("btc,cd->bdt", x, WEIGHT)],
        [*TOKENS, lambda x: torch.stack([x, x]), lambda x: x[1]],
        [*TOKENS, lambda x: x.reshape(1, 96, 1, CHANNELS).permute(0, 2, 1, 3)],
        [lambda x: x.chunk(2, 2), lambda x: torch.cat(x, 2)],
        [lambda x: x.unbind(1), lambda x: torch.stack(x, 1)],
        [lambda x: torch.cat([x, x], 1), lambda x: x[:, 1::2]],
        [lambda x: F.pad(x, (1, 1, 2, 2)), lambda x: x[..., 2:-2, 1:-1]],
        [lambda x: x.expand(3, -1, -1, -1), lambda x: x * 1],
        [lambda x: F.interpolate(x, scale_factor=2.0, mode="nearest"), lambda x: F.max_pool2d(x, 2)],
        [lambda x: F.unfold(x, 1), lambda x: x.transpose(1, 2)],
        [lambda x: F.pixel_unshuffle(x, 2), lambda x: F.pixel_shuffle(x, 2)],
        [lambda x: x.unfold(2, 4, 4), lambda x: x.unfold(3, 2, 2), lambda x: x * 1],
    ],
)  # fmt: skip
def test_each_rule_keeps_rows_and_columns(steps):
    assert_is_the_image(last_of(*steps))


def queries(x):
    x = x.flatten(2).transpose(1, 2)
    return F.scaled_dot_product_attention(x[:, None] * 9, x[:, None], x[:, None])


def test_attention_has_the_grid_of_its_queries():
    layer = last_of(queries)
    assert (layer.layout.maps, layer.layout.map_shape) == (CHANNELS, (ROWS, COLUMNS))


@pytest.mark.parametrize(
    ("step", "shape"),
    [
        (lambda x: x.mean(1), (1, ROWS, COLUMNS)),
        (lambda x: x.mean((2, 3)), (1, 1, CHANNELS)),
        (lambda x: x.amax(3), (CHANNELS, ROWS, 1)),
        (lambda x: x.mean((2, 3), keepdim=True).permute(0, 2, 3, 1), (CHANNELS, 1, 1)),
        (lambda x: x.flatten(2).mean(2), None),
        (lambda x: x.flatten(1), None),
        (lambda x: x.sum(), (1, 1, 1)),
    ],
)
def test_axes_that_are_averaged_away_are_gone(step, shape):
    layer = last_of(step)
    if shape is not None and layer.kind.value == "pooling" and len(layer.shape) == 1:
        shape = (layer.shape[0], 1, 1)
    assert shape is None or tuple(feature_maps(layer).shape) == shape


def odd(x):
    """Operations that no rule knows, and arguments that no rule expects."""
    yield torch.linalg.svdvals(x)
    yield x.gather(1, torch.zeros(x.shape, dtype=torch.long))
    yield x[:, torch.tensor([0, 2])]
    yield x[:, [0, 1], :, [0, 1]]
    yield x[x > 3]
    yield x.flatten(2).transpose(1, 2)[:, torch.randperm(96)]
    yield torch.einsum("...hw->...wh", x)
    yield x.flatten().reshape(3, 32, 5)
    yield torch.nn.functional.fold(F.unfold(x, 2, stride=2), (12, 8), 2, stride=2)
    yield torch.cat([x.flatten(2), x.flatten(2)], 2)
    yield x.T if x.ndim == 2 else x[0, 0].T
    yield torch.topk(x, 2, 1)[0]
    yield x.repeat(1, 2, 1, 1)
    yield torch.bmm(x[0], x[0].transpose(1, 2))


@pytest.mark.parametrize("number", range(14))
def test_what_can_not_be_followed_still_has_a_layout(number):
    layer = last_of(lambda x: list(odd(x))[number])
    assert layer.layout.shape == layer.shape
    assert feature_maps(layer).numel() == layer.output.numel()
