"""Operations in place: a recording holds what there was before, as a run that clones after each step has it."""

import pytest
import torch
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import cnnviewer
from cnnviewer.recorder import Recorder, record
from small_modules import convolved, noise, tiny, without_batch

torch.set_num_threads(1)


IN_PLACE = {
    # name: (the network's middle, then for each recorded layer how plain PyTorch makes it of the convolution)
    "inplace=True": (lambda h: F.relu(h, inplace=True), {"relu": lambda c: c.relu()}),
    "relu_": (lambda h: h.relu_(), {"relu": lambda c: c.relu()}),
    "torch.relu_": (torch.relu_, {"relu": lambda c: c.relu()}),
    "leaky_relu_": (lambda h: F.leaky_relu_(h, 0.3), {"leaky_relu": lambda c: F.leaky_relu(c, 0.3)}),
    "hardtanh positional": (
        lambda h: F.hardtanh(h, -0.5, 0.5, True),
        {"hardtanh": lambda c: F.hardtanh(c, -0.5, 0.5)},
    ),
    "+=": (lambda h: h.__iadd__(1.5), {"add": lambda c: c + 1.5}),
    "chain": (
        lambda h: h.mul_(2).add_(1).relu_(),
        {"mul": lambda c: c * 2, "add": lambda c: c * 2 + 1, "relu": lambda c: (c * 2 + 1).relu()},
    ),
    "add to itself": (lambda h: h.add_(h), {"add": lambda c: c + c}),
    "operator truediv": (lambda h: h.__itruediv__(3), {"div": lambda c: c / 3}),
    "clamp_": (lambda h: h.clamp_(-0.1, 0.2), {"clamp": lambda c: c.clamp(-0.1, 0.2)}),
    "masked_fill_": (
        lambda h: h.masked_fill_(h > 0, 7.0),
        {"masked_fill": lambda c: c.masked_fill(c > 0, 7.0)},
    ),
    "zero_": (lambda h: h.zero_(), {"zero": lambda c: torch.zeros_like(c)}),
}


@pytest.mark.parametrize("name", IN_PLACE)
def test_the_output_before_an_in_place_operation_is_kept(name):
    middle, expected = IN_PLACE[name]
    network = tiny(middle)
    image = noise()
    recording = record(network, image.clone())
    conv = convolved(network, image)
    assert torch.equal(recording["conv"].output, conv[0])
    for layer, make in expected.items():
        assert torch.equal(recording[layer].output, make(conv)[0]), layer
    assert torch.equal(recording.scores, network.module.fc(make(conv).mean((2, 3)))[0])


def test_out_is_a_change_in_place():
    def middle(h):
        kept = h * 2
        torch.add(h, 1, out=kept)
        return kept

    network, image = tiny(middle), noise()
    recording = record(network, image.clone())
    conv = convolved(network, image)
    assert torch.equal(recording["mul"].output, (conv * 2)[0])
    assert torch.equal(recording["add"].output, (conv + 1)[0])
    assert torch.equal(recording.scores, network.module.fc((conv + 1).mean((2, 3)))[0])


def test_an_assignment_to_a_slice_keeps_what_was():
    def middle(h):
        g = h.relu()
        g[:, 1:3] = 5.0
        g[:, 0] = g[:, 3]
        return g * 1

    network, image = tiny(middle), noise()
    recording = record(network, image.clone())
    relu = convolved(network, image).relu()
    first = relu.clone()
    first[:, 1:3] = 5.0
    second = first.clone()
    second[:, 0] = first[:, 3]
    assert torch.equal(recording["relu"].output, relu[0])
    assert torch.equal(recording["setitem"].output, first[0])
    assert torch.equal(recording["setitem#2"].output, second[0])
    assert recording["mul"].inputs == ("setitem#2",)
    assert torch.equal(recording["mul"].output, second[0])


def test_a_view_changed_in_place_changes_what_it_is_a_view_of():
    def middle(h):
        flat = h.view(-1)
        flat.relu_()
        return h + 1

    network, image = tiny(middle), noise()
    recording = record(network, image.clone())
    conv = convolved(network, image)
    assert torch.equal(recording["conv"].output, conv[0])
    assert torch.equal(recording["view"].output, conv.view(-1))
    assert torch.equal(recording["relu"].output, conv.view(-1).relu())
    assert torch.equal(recording["add"].output, (conv.relu() + 1)[0])
    assert recording["add"].inputs == ("reshape",)  # what takes h is not given the flat one
    assert torch.equal(recording["reshape"].output, conv.relu()[0])


def test_a_slice_multiplied_in_place():
    def middle(h):
        h[:, :2].mul_(2)
        return h + 1

    network, image = tiny(middle), noise()
    recording = record(network, image.clone())
    conv = convolved(network, image)
    changed = conv.clone()
    changed[:, :2] *= 2
    assert torch.equal(recording["conv"].output, conv[0])
    assert torch.equal(recording["getitem"].output, conv[0, :2])
    assert torch.equal(recording["mul"].output, changed[0, :2])
    assert torch.equal(recording["add"].output, (changed + 1)[0])


def test_a_base_changed_while_views_of_it_are_held():
    def middle(h):
        left, right = h.chunk(2, 1)
        h.mul_(-1)
        return torch.cat([right, left], 1)

    network, image = tiny(middle), noise()
    recording = record(network, image.clone())
    conv = convolved(network, image)
    assert torch.equal(recording["chunk"].output, conv[0, :2])
    assert torch.equal(recording["chunk#2"].output, conv[0, 2:])
    assert torch.equal(recording["mul"].output, -conv[0])
    assert torch.equal(recording["cat"].output, torch.cat([-conv[0, 2:], -conv[0, :2]]))


def test_one_half_of_a_split_changed_in_place():
    def middle(h):
        left, right = h.split(2, 1)
        left += right
        return torch.cat((left, right, h), 1)[:, :4]

    network, image = tiny(middle), noise()
    recording = record(network, image.clone())
    conv = convolved(network, image)
    summed = conv[:, :2] + conv[:, 2:]
    assert torch.equal(recording["split"].output, conv[0, :2])
    assert torch.equal(recording["split#2"].output, conv[0, 2:])
    assert torch.equal(recording["add"].output, summed[0])
    assert torch.equal(recording["cat"].output, torch.cat([summed, conv[:, 2:], summed, conv[:, 2:]], 1)[0])


def test_the_views_that_iterating_makes_are_known():
    def middle(h):
        (first,) = h
        h.relu_()
        return first[None] + 0

    network, image = tiny(middle), noise()
    recording = record(network, image.clone())
    conv = convolved(network, image)
    assert torch.equal(recording["conv"].output, conv[0])
    assert torch.equal(recording["add"].output, conv.relu()[0])


def test_the_image_changed_in_place_is_recorded_as_it_was():
    class First(nn.Module):
        def forward(self, x):
            y = x.view(x.shape)
            y.relu_()
            return x + 1

    image = noise()
    recording = record(cnnviewer.from_module(First()), image.clone())
    assert torch.equal(recording.input, image[0])
    assert torch.equal(recording["view"].output, image[0])
    assert torch.equal(recording["relu"].output, image.relu()[0])
    assert torch.equal(recording["add"].output, (image.relu() + 1)[0])


def test_a_buffer_changed_through_a_view():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("count", torch.zeros(3, 1, 1))

        def forward(self, x):
            view = self.count.view(3, 1, 1)
            view.add_(1)
            return x * self.count

    network, image = cnnviewer.from_module(Counting()), noise()
    recording = record(network, image.clone())
    assert network.module.count.flatten().tolist() == [1, 1, 1]
    assert torch.equal(recording["mul"].output, image[0])


def test_data_assigned_anew():
    def middle(h):
        h.data = h.relu()
        return h + 1

    network, image = tiny(middle), noise()
    recording = record(network, image.clone())
    assert torch.equal(recording["conv"].output, convolved(network, image)[0])


def test_an_output_of_several_tensors_given_as_out():
    def middle(h):
        values = h.amax(1) * 2
        torch.max(h, 1, out=(values, torch.zeros(values.shape, dtype=torch.long)))
        return h * values[:, None]

    network, image = tiny(middle), noise()
    recording = record(network, image.clone())
    conv = convolved(network, image)
    assert torch.equal(recording["mul"].output, (conv.amax(1) * 2)[0])
    assert torch.equal(recording["mul#2"].output, (conv * conv.amax(1)[:, None])[0])


def test_operators_of_torch_ops_in_place():
    network, image = tiny(lambda h: torch.ops.aten.relu_.default(h)), noise()
    recording = record(network, image.clone())
    assert torch.equal(recording["conv"].output, convolved(network, image)[0])


def test_an_in_place_random_draw():
    network = tiny(lambda h: h.bernoulli_())
    assert len(record(network, noise()).layers) == 4


STEPS = {
    "relu": lambda h: h.relu(),
    "relu_": lambda h: h.relu_(),
    "F.relu in place": lambda h: F.relu(h, inplace=True),
    "add": lambda h: h + 0.25,
    "add_": lambda h: h.add_(0.25),
    "mul_": lambda h: h.mul_(-1.5),
    "sub_ self": lambda h: h.sub_(h * 0.5),
    "slice mul_": lambda h: (h[:, :2].mul_(2), h)[1],
    "view neg_": lambda h: (h.view(1, 1, 4, 5, 5).neg_(), h)[1],
    "setitem": lambda h: (h.__setitem__((slice(None), 0), 0.5), h)[1],
    "chunk add_": lambda h: (h.chunk(2, 1)[0].add_(h.chunk(2, 1)[1]), h)[1],
    "cat of halves": lambda h: torch.cat(h.split(2, 1)[::-1], 1),
    "transposed": lambda h: h.transpose(2, 3),
    "permuted view relu_": lambda h: (h.permute(0, 2, 3, 1).relu_(), h)[1],
    "contiguous": lambda h: h.contiguous(),
    "detach mul_": lambda h: (h.detach().mul_(0.5), h)[1],
    "out=": lambda h: torch.mul(h, 0.75, out=torch.zeros_like(h)),
    "pool": lambda h: F.max_pool2d(h, 3, 1, 1),
    "clamp_": lambda h: h.clamp_(-1, 1),
    "sigmoid_": lambda h: h.sigmoid_(),
    "keep": "keep",  # holds the tensor of this moment, alive, for
    "join": "join",  # which adds it
    "join_": "join_",
}


class Mixed(nn.Module):
    """Runs a list of steps, and ends with a tensor of its own."""

    def __init__(self, names):
        super().__init__()
        self.names = names

    def forward(self, x):
        h = kept = x * 1
        for name in self.names:
            step = STEPS[name]
            if step == "keep":
                kept = h
            elif step == "join":
                h = h + kept
            elif step == "join_":
                h.add_(kept)
            else:
                h = step(h)
        return h * 1


class Cloning(torch.overrides.TorchFunctionMode):
    """The independent witness: clones each result at once, and never touches the network's tensors.

    The zeros that "out=" makes have nothing of the image: they are no layer.
    """

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        kept = args[0] if result is None else result
        for part in kept if isinstance(kept, (tuple, list)) else (kept,):
            if isinstance(part, torch.Tensor) and func is not torch.zeros_like:
                self.seen.append(part.clone())
        return result


def check_seen(recording, seen):
    """Layers that tell what a changed memory holds stand between those that were seen."""
    layers = iter(recording.layers)
    for expected in map(without_batch, seen):
        assert any(layer.shape == expected.shape and torch.equal(layer.output, expected) for layer in layers)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=7), st.integers(0, 3))
def test_random_modules_equal_a_run_that_clones(names, seed):
    module = Mixed(names).eval()
    image = noise(seed, channels=4, size=5)
    given_image = image.clone()
    with torch.inference_mode(), Cloning() as witness:
        try:
            result = module(given_image)
        except RuntimeError:  # torch refuses to add a tensor to its own transposition in place
            reject()
    recorder = Recorder(cnnviewer.from_module(module))
    recording = recorder.record(image.clone())
    check_seen(recording, witness.seen)
    assert torch.equal(recording.layers[-1].output, result[0])
    other = noise(seed + 50, channels=4, size=5)
    given_image = other.clone()
    with torch.inference_mode(), Cloning() as witness:
        module(given_image)
    for _ in range(2):  # proved, and replayed
        check_seen(recorder.record(other.clone()), witness.seen)


def test_the_image_itself_changed_in_place():
    torch.manual_seed(0)
    network, image = cnnviewer.from_module(nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 4, 3))), noise()
    recording = record(network, image.clone())
    assert torch.equal(recording.input, image[0])
    assert torch.equal(recording["0"].output, image.relu()[0])
    with torch.inference_mode():
        assert torch.equal(recording["1"].output, network.module[1](image.relu())[0])
