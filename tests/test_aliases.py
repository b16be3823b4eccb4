"""Changes through views: what is used later is the output of a layer that has its shape and its values."""

import pytest
import torch
from torch import nn

import cnnviewer
from cnnviewer.recorder import Recorder, record
from small_modules import noise, tiny, without_batch

torch.set_num_threads(1)


def then(*changes):
    """Return what makes changes, and passes on what it was given."""

    def middle(h):
        for change in changes:
            change(h)
        return h

    return middle


def halves(change):
    def middle(h):
        left, right = h.chunk(2, 1)
        change(h, left, right)
        return torch.cat([right, left], 1)

    return middle


def filled(fill):
    def middle(h):
        made = torch.empty(h.shape)
        fill(made, h)
        return made

    return middle


def windows(h):
    seen = h.unfold(3, 2, 1)
    h.relu_()
    return seen.sum(-1)


def held(h):
    flat = h.flatten(1)
    h.mul_(-1)
    return flat.view(h.shape) + h


def between(h):
    one, other = h.flatten(1), h.transpose(2, 3)
    one.relu_()
    return other.transpose(2, 3) + h


def unbound(h):
    parts = h.unbind(1)
    parts[0].mul_(2)
    return torch.stack(parts, 1) + h


def squeezed(h):
    more = h.view(1, 1, 4, 8, 8)
    more.squeeze_(0)
    more.relu_()
    return h


def assigned(h):
    old = h[:, :2]
    h.data = h.relu()
    h.mul_(2)
    return torch.cat([h[:, :2], old], 1)


def own_data(h):
    h.data.relu_()
    return h


MIDDLES = {
    "flatten": then(lambda h: h.flatten(2).sigmoid_()),
    "transpose": then(lambda h: h.transpose(1, 3).relu_()),
    "unsqueeze": then(lambda h: h.unsqueeze(0).mul_(2)),
    "detach": then(lambda h: h.detach().relu_()),
    "data": own_data,
    "slice": then(lambda h: h[:, 1:3].mul_(2)),
    "block": then(lambda h: h[:, 1:3, ::2, 3].mul_(2)),
    "part of a chunk": then(lambda h: h.chunk(2, 1)[1].mul_(2)),
    "diagonal": then(lambda h: h.diagonal(dim1=2, dim2=3).mul_(3)),
    "strided": then(lambda h: h.as_strided((2, 3), (5, 7), 3).mul_(3)),
    "chain": then(lambda h: h.permute(0, 2, 3, 1)[:, 1:5].flatten(0, 1)[..., 2].exp_()),
    "two parts": then(lambda h: h[:, 0].relu_(), lambda h: h[:, 1].mul_(2)),
    "two that overlap": then(lambda h: h[:, 0:2].relu_(), lambda h: h[:, 1:3].mul_(2)),
    "views of the whole": then(lambda h: h.flatten().relu_(), lambda h: h.transpose(1, 2).add_(1)),
    "whole, seen in halves": halves(lambda h, left, right: h.mul_(2)),
    "one half of two": halves(lambda h, left, right: left.add_(right)),
    "both halves": halves(lambda h, left, right: (left.relu_(), right.sigmoid_())),
    "held views": held,
    "two views": between,
    "unbound": unbound,
    "squeezed in place": squeezed,
    "assigned data": assigned,
    "windows": windows,
    "filled by slices": filled(lambda made, h: (made.__setitem__((slice(None), slice(0, 2)), h[:, :2]),
                                                made.__setitem__((slice(None), slice(2, 4)), h[:, 2:] * 2))),
    "filled through views": filled(lambda made, h: (made[:, :2].copy_(h[:, :2]), made[:, 2:].copy_(h[:, 2:]))),
    "filled as out": filled(lambda made, h: (torch.mul(h[:, :2], 2, out=made[:, :2]),
                                             torch.add(h[:, 2:], 2, out=made[:, 2:]))),
}  # fmt: skip


def same(one, other):
    return one.shape == other.shape and torch.equal(one.nan_to_num(), other.nan_to_num())


def check_wiring(recording):
    for layer in recording.layers:
        if layer.operation == "empty":
            continue
        with torch.inference_mode():
            found = layer.call.run([recording.result(name) for name in layer.inputs])
        assert same(found, layer.result), (layer.name, layer.inputs)


@pytest.mark.parametrize("name", MIDDLES)
def test_each_layer_is_made_of_what_its_operands_recorded(name):
    network, image = tiny(MIDDLES[name]), noise()
    recording = record(network, image.clone())
    check_wiring(recording)
    with torch.inference_mode():
        assert torch.equal(recording.scores, network.module(image.clone())[0])


class Returning(nn.Module):
    def __init__(self, middle):
        super().__init__()
        self.conv, self.middle = nn.Conv2d(3, 4, 3, padding=1), middle

    def forward(self, x):
        return self.middle(self.conv(x))


@pytest.mark.parametrize("name", MIDDLES)
def test_what_is_returned_is_the_output_of_the_layer_that_is_told(name):
    torch.manual_seed(0)
    module, image = Returning(MIDDLES[name]), noise()
    recorder = Recorder(cnnviewer.from_module(module))
    for seed in range(4):
        image = noise(seed)
        recording = recorder.record(image.clone())
        (output,) = recording.outputs
        with torch.inference_mode():
            assert torch.equal(recording[output.layer].output, without_batch(module(image.clone())))


class Headed(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 2, 3)

    def forward(self, x):
        x = self.conv(x)
        x.flatten(2).sigmoid_()
        return self.head(x)


def test_what_takes_a_tensor_changed_through_a_view_is_explained():
    torch.manual_seed(0)
    recording = record(cnnviewer.from_module(Headed()), noise(size=16))
    assert [layer.name for layer in recording.layers] == ["conv", "flatten", "sigmoid", "reshape", "head"]
    assert recording["head"].inputs == ("reshape",)
    explanation = cnnviewer.explain(recording, "head", (1, 3, 4))
    assert explanation.value == pytest.approx(explanation.recorded, abs=1e-5)
    assert len(explanation.terms) == 36
    field = cnnviewer.receptive_field(recording, "head", (1, 3, 4))
    assert (field.left, field.top, field.right, field.bottom) == (3, 2, 8, 7)


def test_units_within_the_change_come_from_it_and_the_others_from_before():
    network = tiny(then(lambda h: h[:, 1:3].mul_(2)))
    recording = record(network, noise())
    assert recording["setitem"].inputs == ("conv", "mul")
    within, outside = (cnnviewer.explain(recording, "setitem", (channel, 3, 4)) for channel in (2, 3))
    assert [(term.source, term.place) for term in within.terms] == [("mul", (1, 3, 4))]
    assert [(term.source, term.place) for term in outside.terms] == [("conv", (3, 3, 4))]
    assert within.value == within.recorded
    assert outside.value == outside.recorded


def test_a_layer_is_added_only_where_a_changed_tensor_is_used_again():
    def middle(h):
        flat = h.flatten(2)
        flat.relu_()
        return flat.unflatten(2, (8, 8)) * 2

    assert [layer.operation for layer in record(tiny(middle), noise()).layers] == [
        "conv2d", "flatten", "relu", "unflatten", "mul", "mean", "linear",
    ]  # fmt: skip


def test_views_of_disjoint_parts_do_not_touch_each_other():
    def middle(h):
        left, right = h.chunk(2, 1)
        left.relu_()
        return right * 2

    recording = record(tiny(lambda h: torch.cat([middle(h), middle(h)], 1)), noise())
    assert recording["mul"].inputs == ("chunk#2",)


class Image(nn.Module):
    def forward(self, x):
        x.flatten(2).relu_()
        return x + 1


def test_the_image_changed_through_a_view():
    image = noise()
    recording = record(cnnviewer.from_module(Image()), image.clone())
    check_wiring(recording)
    assert torch.equal(recording.input, image[0])
    assert recording["add"].inputs == ("reshape",)


class Counting(nn.Module):
    """Rewrites a buffer, directly or through a view, before it is used and behind."""

    def __init__(self, change):
        super().__init__()
        self.register_buffer("kept", torch.ones(3, 1, 1))
        self.change = change

    def forward(self, x):
        y = x * self.kept
        self.change(self.kept, x)
        return y + self.kept


@pytest.mark.parametrize(
    "change",
    [
        lambda kept, x: kept.add_(1),
        lambda kept, x: kept.view(-1).add_(x.mean()),
        lambda kept, x: kept[1:].mul_(x.std()),
        lambda kept, x: kept.__setitem__(0, x.mean()),
        lambda kept, x: kept.copy_(x.mean((0, 2, 3))[:, None, None]),
    ],
    ids=["added", "view", "slice", "setitem", "copied"],
)
def test_buffers_that_the_network_rewrites(change):
    module, witness = Counting(change), Counting(change)
    recorder = Recorder(cnnviewer.from_module(module))
    for seed in range(4):
        image = noise(seed)
        recording = recorder.record(image.clone())
        check_wiring(recording)
        with torch.inference_mode():
            wanted = witness(image.clone())[0]
        assert torch.equal(recording[recording.outputs[0].layer].output, wanted)
        assert torch.equal(module.kept, witness.kept)
    assert any("state" in note for note in recording.run_notes)
