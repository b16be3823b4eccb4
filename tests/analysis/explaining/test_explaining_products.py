"""Linear layers and products of matrices, explained, against PyTorch."""

import torch
from explained import SEEDS, Steps, cases, check, check_unit, noise
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from cnnviewer.analysis.explanation import Rule

torch.set_num_threads(1)


@cases(80)
@given(st.data())
def test_linear(data):
    draw = data.draw
    shape, seed = tuple(draw(st.integers(1, 4)) for _ in range(3)), draw(SEEDS)
    form = draw(st.sampled_from(["flat", "rows", "vector"]))
    count = shape[-1] if form == "rows" else shape[0] * shape[1] * shape[2]
    linear = nn.Linear(count, draw(st.integers(1, 4)), bias=draw(st.booleans()))
    flatten = {"flat": lambda x: x.flatten(1), "rows": lambda x: x * 1, "vector": lambda x: x.flatten()}[form]
    recording = check(Steps(flatten, linear), noise(seed, *shape), seed, units=4)
    layer = recording.layers[-1]
    found = check_unit(recording, layer, (0,) * len(layer.shape))
    assert found.rule is Rule.SUM
    assert len(found.terms) == count
    assert found.bias == (0 if linear.bias is None else linear.bias[0].item())


FORMS = {
    "linear of two layers": lambda x, w, b: F.linear(x, x[0, 0], None),
    "linear with a bias of a layer": lambda x, w, b: F.linear(x, w, x[0, 0, 0] @ w.T),
    "linear of a constant": lambda x, w, b: F.linear(w, x[0, 0], None),
    "linear of one unit": lambda x, w, b: F.linear(x, b),
    "bilinear": lambda x, w, b: F.bilinear(x, x, w[None]),
    "matmul of a constant": lambda x, w, b: x @ w,
    "matmul after a constant": lambda x, w, b: w @ x,
    "matmul of two layers": lambda x, w, b: x @ x.relu().transpose(-1, -2),
    "matmul, repeated first": lambda x, w, b: x[:, :1] @ x.cos(),
    "matmul, repeated second": lambda x, w, b: torch.matmul(x, x.cos()[:, :1]),
    "matmul, fewer axes": lambda x, w, b: x @ x.cos()[0, 1],
    "matmul, fewer axes first": lambda x, w, b: x.cos()[0, 1] @ x,
    "matmul with a vector": lambda x, w, b: x @ x.cos()[0, 0, 0],
    "matmul with a constant vector": lambda x, w, b: x @ b,
    "matmul of a vector": lambda x, w, b: b @ x,
    "matmul of two vectors": lambda x, w, b: x[0, 0, 0] @ x[0, 1, 1].cos(),
    "mm": lambda x, w, b: torch.mm(x[0, 0], x.cos()[0, 1]),
    "mm method": lambda x, w, b: x[0, 0].mm(w),
    "bmm": lambda x, w, b: torch.bmm(x[0], x[0].cos()),
    "addmm": lambda x, w, b: torch.addmm(b, x[0, 0], w),
    "addmm scaled": lambda x, w, b: torch.addmm(x[0, 1], x[0, 0], w, beta=0.5, alpha=2),
    "addmm method": lambda x, w, b: x[0, 1].addmm(w, x[0, 0].cos(), beta=2),
    "addmm in place": lambda x, w, b: (x[0, 1] * 1).addmm_(w, x[0, 0].cos(), alpha=2),
    "baddbmm": lambda x, w, b: torch.baddbmm(x[0], x[0].cos(), x[0].sin(), beta=0.5, alpha=-1),
    "operator on the right": lambda x, w, b: w.__rmatmul__(x),
    "einsum": lambda x, w, b: torch.einsum("nchw,wv->nchv", x, w),
    "einsum of a list": lambda x, w, b: torch.einsum("nchw,wv->nchv", [x, w]),
    "einsum over all axes": lambda x, w, b: torch.einsum("...hw,...wv->...hv", x, x.cos()),
    "einsum without an arrow": lambda x, w, b: torch.einsum("ij,jk", x[0, 0], w),
    "einsum of one": lambda x, w, b: torch.einsum("nchw->nwc", x),
    "einsum of the diagonal": lambda x, w, b: torch.einsum("nchh->nch", x),
    "einsum of two layers": lambda x, w, b: torch.einsum("nchw, ncvw -> nchv", x, x.cos()),
    "tensordot": lambda x, w, b: torch.tensordot(x, w, 1),
    "outer": lambda x, w, b: torch.outer(x[0, 0, 0], x[0, 0, 1]),
}


class Written(nn.Module):
    def __init__(self, form):
        super().__init__()
        self.weight, self.bias, self.form = nn.Parameter(torch.empty(3, 3)), nn.Parameter(torch.empty(3)), form

    def forward(self, x):
        return self.form(x, self.weight, self.bias)


@cases(160)
@given(st.sampled_from(sorted(FORMS)), SEEDS, st.integers(2, 3))
def test_products_however_they_are_written(form, seed, channels):
    recording = check(Written(FORMS[form]), noise(seed, channels, 3, 3), seed, units=4)
    if form.split()[0] in ("mm", "bmm", "addmm", "baddbmm") or form == "matmul of two layers":
        layer = recording.layers[-1]
        found = check_unit(recording, layer, (0,) * len(layer.shape))
        assert found.rule is Rule.SUM
        assert len(found.terms) == 3
