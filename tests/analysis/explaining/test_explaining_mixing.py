"""Softmax, attention, and what is taken over whole axes, explained, against PyTorch."""

import math

import torch
from explained import SEEDS, Steps, cases, check, check_unit, noise, recorded
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from cnnviewer.analysis.explanation import Rule

torch.set_num_threads(1)

SHARES = [
    lambda x, dim: F.softmax(x, dim),
    lambda x, dim: F.log_softmax(x, dim=dim),
    lambda x, dim: F.softmin(x, dim),
    lambda x, dim: torch.softmax(x, dim),
    lambda x, dim: torch.log_softmax(x, dim=dim),
    lambda x, dim: x.softmax(dim),
    lambda x, dim: x.softmax(dim=dim),
    lambda x, dim: x.log_softmax(dim),
    lambda x, dim: nn.Softmax(dim)(x),
    lambda x, dim: nn.LogSoftmax(dim)(x),
    lambda x, dim: nn.Softmin(dim)(x),
    lambda x, dim: nn.Softmax2d()(x),
    lambda x, dim: F.softmax(x, dim, dtype=torch.float64),
    lambda x, dim: x.masked_fill(x > 0.5, -math.inf).softmax(dim),
    lambda x, dim: x[0].softmax(dim % 3),
    lambda x, dim: F.softmax(x.flatten(), 0),
    lambda x, dim: F.softmax(x),
    lambda x, dim: F.softmax(x.flatten(1)),
]


@cases(120)
@given(st.sampled_from(SHARES), st.integers(-3, 3), SEEDS, st.integers(1, 3))
def test_softmax(function, dim, seed, channels):
    image = noise(seed, channels, 3, 4)
    recording = check(Steps(lambda x: function(x * 3, dim)), image, seed, units=4)
    layer = recording.layers[-1]
    found = check_unit(recording, layer, (0,) * len(layer.shape))
    assert found.rule is Rule.SHARE
    if math.isfinite(found.value):
        share = found.facts["exponential"] / found.facts["sum of exponentials"]
        assert math.isclose(math.log(share) if layer.operation == "log_softmax" else share, found.value, rel_tol=1e-9)
        assert math.isclose(found.terms.contributions.sum(), found.facts["sum of exponentials"], rel_tol=1e-9)
        assert found.strongest.place == found.unit


REDUCTIONS = [
    lambda x, dim, keep: x.mean(dim, keep),
    lambda x, dim, keep: x.mean(dim=dim, keepdim=keep),
    lambda x, dim, keep: torch.mean(x, dim),
    lambda x, dim, keep: x.sum(dim, keepdim=keep),
    lambda x, dim, keep: torch.sum(x, dim=dim),
    lambda x, dim, keep: torch.sum(x, axis=dim),
    lambda x, dim, keep: x.amax(dim, keep),
    lambda x, dim, keep: torch.amax(x, dim, keepdim=keep),
    lambda x, dim, keep: x.amin(dim),
    lambda x, dim, keep: x.mean(),
    lambda x, dim, keep: x.sum(),
    lambda x, dim, keep: x.mean(-1).mean(-1),
    lambda x, dim, keep: x.var(dim, keepdim=keep),
    lambda x, dim, keep: x.std(dim),
    lambda x, dim, keep: x.norm(dim=dim, keepdim=keep),
    lambda x, dim, keep: x.logsumexp(dim),
    lambda x, dim, keep: x.max(3)[0],
    lambda x, dim, keep: x.max(3)[1],
    lambda x, dim, keep: torch.max(x, 2, keepdim=True).values,
    lambda x, dim, keep: x.min(-1)[0],
    lambda x, dim, keep: x.max(),
    lambda x, dim, keep: x.prod(-1),
    lambda x, dim, keep: x.cumsum(2),
    lambda x, dim, keep: x.topk(2, -1)[0],
    lambda x, dim, keep: x.sort(-1)[0],
    lambda x, dim, keep: x.argmax(1),
    lambda x, dim, keep: x[0].mean(dim[0] - 4 if isinstance(dim, tuple) and dim[0] > 1 else -1),
]
AXES = st.sampled_from([1, 2, 3, -1, -2, (2, 3), (-1, -2), (1, 3), (1, 2, 3), [2, 3], (0, 1)])


@cases(160)
@given(st.sampled_from(REDUCTIONS), AXES, st.booleans(), SEEDS)
def test_reductions(function, dim, keep, seed):
    check(Steps(lambda x: function(x, dim, keep)), noise(seed, 3, 4, 2), seed, units=4)


# ---- attention


@cases(120)
@given(st.data())
def test_attention(data):
    draw = data.draw
    seed, heads = draw(SEEDS), draw(st.integers(1, 3))
    queries, tokens, size = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 4))
    settings = {"scale": draw(st.sampled_from([None, 0.3, 2.0]))}
    mask = draw(st.sampled_from(["none", "causal", "bool", "float", "row", "made"]))
    generator = torch.Generator().manual_seed(seed)
    if mask == "causal":
        settings["is_causal"] = True
    elif mask in ("bool", "float"):
        shape = draw(st.sampled_from([(queries, tokens), (1, heads, queries, tokens), (1, 1, queries, tokens)]))
        settings["attn_mask"] = torch.randn(shape, generator=generator)
        if mask == "bool":
            settings["attn_mask"] = (settings["attn_mask"] > 0).index_fill(-1, torch.tensor([0]), True)
    elif mask == "row":
        settings["attn_mask"] = torch.randn((1, tokens), generator=generator)
    three = draw(st.booleans()) and mask in ("none", "causal", "row")

    def attend(x):
        tall = max(queries, tokens)
        q, k, v = x[..., :queries, :size], x.cos()[..., :tokens, :size], x.sin()[..., :tokens, :]
        assert x.shape[-2] == tall
        if three:
            q, k, v = q[0], k[0], v[0]
        if mask == "made":
            settings["attn_mask"] = x.mean() * torch.ones(queries, tokens)
        return F.scaled_dot_product_attention(q, k, v, **settings)

    recording = check(Steps(attend), noise(seed, heads, max(queries, tokens), size), seed, units=4)
    layer = recording.layers[-1]
    found = check_unit(recording, layer, (0,) * len(layer.shape))
    assert found.rule is Rule.ATTENTION
    assert math.isclose(found.terms.weights.sum(), 1, rel_tol=1e-6)
    assert len(found.terms) == tokens


def test_grouped_queries():
    def attend(x):
        return F.scaled_dot_product_attention(x, x[:, :2].cos(), x[:, :2].sin(), enable_gqa=True)

    check(Steps(attend), noise(0, 4, 3, 2), 0, units=6)


class Heads(nn.Module):
    """Multi-head attention over the places of the image, in some form."""

    def __init__(self, attention, form):
        super().__init__()
        self.attention, self.form = attention, form

    def forward(self, x):
        tokens = x.flatten(2).transpose(1, 2)
        return self.form(self.attention, tokens)


FORMS = [
    lambda attend, x: attend(x, x, x, need_weights=False)[0],
    lambda attend, x: attend(x, x, x)[0],
    lambda attend, x: attend(x, x.cos(), x.sin())[0],
    lambda attend, x: attend(x[:, :1], x, x)[0],
    lambda attend, x: attend(x, x, x)[1],
    lambda attend, x: attend(x, x, x, average_attn_weights=False)[1],
    lambda attend, x: attend(x, x, x, attn_mask=torch.eye(x.shape[1]).bool() ^ True)[0],
    lambda attend, x: attend(x, x, x, key_padding_mask=torch.arange(x.shape[1])[None] > 1)[0],
    lambda attend, x: attend(x[0], x[0], x[0])[0],
    lambda attend, x: attend(x[0], x[0], x[0], need_weights=False)[0],
]


@cases(80)
@given(st.data())
def test_multi_head_attention(data):
    draw = data.draw
    seed, heads, tokens = draw(SEEDS), draw(st.integers(1, 3)), draw(st.sampled_from([(1, 1), (1, 3), (2, 2)]))
    size = heads * draw(st.integers(1, 3))
    settings = {"bias": draw(st.booleans()), "batch_first": True}
    extra = draw(st.sampled_from([{}, {}, {"add_bias_kv": True}, {"add_zero_attn": True}]))
    form = draw(st.sampled_from(FORMS))
    if tokens == (1, 1) and form is FORMS[6]:
        form = FORMS[0]  # every token would be masked
    attention = nn.MultiheadAttention(size, heads, **settings, **extra)
    # PyTorch takes a faster way where nothing looks on; it rounds otherwise.
    check(Heads(attention, form), noise(seed, size, *tokens), seed, exactly=False)


@cases(20)
@given(SEEDS, st.sampled_from(FORMS[8:]), st.booleans())
def test_multi_head_attention_without_a_batch(seed, form, batch_first):
    attention = nn.MultiheadAttention(4, 2, batch_first=batch_first)
    check(Heads(attention, form), noise(seed, 4, 2, 2), seed, exactly=False)


def test_a_token_of_multi_head_attention_is_the_mean_of_all_heads():
    attention = nn.MultiheadAttention(6, 3, batch_first=True)
    recording = recorded(Heads(attention, lambda attend, x: attend(x, x, x)[0]), noise(4, 6, 2, 3), 4)
    layer = next(layer for layer in recording.layers if layer.operation == "multi_head_attention_forward")
    looks = recording.layers[layer.index + 1].result[0]
    assert looks.shape == (6, 6)
    for place in range(6):
        found = check_unit(recording, layer, (place, 0, 1))
        assert found.rule is Rule.ATTENTION
        assert [term.place for term in found.terms] == [(token, 0) for token in range(6)]
        assert torch.allclose(torch.from_numpy(found.terms.weights), looks[place].double(), atol=1e-6)
