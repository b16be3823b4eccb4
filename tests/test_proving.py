"""A replay is trusted once it gave, of other images, what the network's own code gives: all layers, to the bit."""

import random

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import cnnviewer
from cnnviewer.draws import draws_now, same_draws
from cnnviewer.passes import run_pass
from cnnviewer.proving import gives, is_same, repeats
from cnnviewer.recorder import Recorder
from cnnviewer.replay import plan_of
from small_modules import noise, tiny

torch.set_num_threads(1)


class Keeping(nn.Module):
    """Keeps something of each image for the next, in one of the ways in which networks do."""

    def __init__(self, how):
        super().__init__()
        self.conv, self.how = nn.Conv2d(3, 4, 3, padding=1), how
        self.register_buffer("average", torch.zeros(1, 4, 1, 1))
        self.register_buffer("count", torch.zeros(()))
        self.hidden, self.cache, self.calls = None, {}, 0

    def forward(self, x):
        return self.how(self, self.conv(x))


def averaged(net, h):
    net.average.mul_(0.9).add_(h.mean((2, 3), keepdim=True), alpha=0.1)
    return h - net.average


def counted(net, h):
    net.count += 1
    return h * net.count


def counted_in_python(net, h):
    net.calls += 1
    return h * net.calls


def hidden(net, h):
    before = h if net.hidden is None else net.hidden
    net.hidden = h.clone()
    return h + before


def replaced(net, h):
    net.average = h.mean((2, 3), keepdim=True)
    return h - net.average


def cached(net, h):
    before = net.cache.get("last", torch.zeros(1))
    net.cache["last"] = h.detach()
    return h + before


def autocast(net, h):
    with torch.autocast("cpu", torch.bfloat16):
        return F.conv2d(h, net.conv.weight[:, :1].repeat(1, 4, 1, 1)).float()


def autocast_twice(net, h):
    with torch.autocast("cpu", torch.bfloat16):
        h = net.conv(h[:, :3])
        with torch.autocast("cpu", enabled=False):
            h = net.conv(h.float()[:, :3])
        return net.conv(h[:, :3]).float()


def drawn(net, h):
    return h + torch.randn_like(h) * 0.1


def dropped(net, h):
    return F.dropout(h, 0.5, training=True)


def drawn_by_python(net, h):
    return h * random.random()


def chosen_by_python(net, h):
    return h.relu() if random.random() < 0.5 else h.tanh()


def seen_before(net, h):
    net.calls = min(net.calls + 1, 2)  # the same from the second image on
    return h * net.calls


WAYS = [averaged, counted, counted_in_python, hidden, replaced, cached, autocast, autocast_twice, drawn, dropped,
        drawn_by_python, chosen_by_python, seen_before]  # fmt: skip
STATE = [averaged, counted, counted_in_python, hidden, replaced, cached, drawn_by_python, chosen_by_python]
REPLAYED = [autocast, autocast_twice, dropped, seen_before]


def seeded(seed):
    torch.manual_seed(seed)
    random.seed(seed)


@pytest.mark.parametrize("how", WAYS, ids=lambda how: how.__name__)
def test_each_image_is_what_plain_pytorch_makes_of_it(how):
    """Also the second and later ones, and the state is that of as many images."""
    torch.manual_seed(0)
    module = Keeping(how).eval()
    witness = Keeping(how).eval()
    witness.load_state_dict(module.state_dict())
    recorder = Recorder(cnnviewer.from_module(module))
    for seed in range(5):
        seeded(seed)
        recording = recorder.record(noise(seed))
        seeded(seed)
        with torch.no_grad():
            wanted = witness(noise(seed))
        assert torch.equal(recording[recording.outputs[0].layer].output, wanted[0]), seed
        assert torch.equal(module.average, witness.average)
        assert (float(module.count), module.calls) == (float(witness.count), witness.calls)
    if how in STATE:
        assert recording.run_notes == ("run as written: its values depend on a state that is kept between images",)
    if how in REPLAYED:
        assert recording.run_notes == ()


@pytest.mark.parametrize("how", REPLAYED, ids=lambda how: how.__name__)
def test_what_is_proved_is_replayed(how):
    calls = []

    def watched(net, h):
        calls.append(1)
        return how(net, h)

    torch.manual_seed(0)
    recorder = Recorder(cnnviewer.from_module(Keeping(watched).eval()))
    for seed in range(4):
        recorder.record(noise(seed))
    run = len(calls)
    for seed in range(3):
        recorder.record(noise(seed))
    assert len(calls) == run


def test_what_can_not_be_seen_is_found_by_comparing():
    seen = []

    def middle(h):
        seen.append(1)
        return h * (1.0 + len(seen) % 2)

    module = tiny(middle).module
    recorder = Recorder(cnnviewer.from_module(module))
    for seed in range(8):
        before = len(seen)
        recording = recorder.record(noise(seed))
        with torch.no_grad():
            conv = module.conv(noise(seed))
            wanted = module.fc((conv * (1.0 + len(seen) % 2)).mean((2, 3)))[0]
        assert torch.equal(recording[recording.outputs[0].layer].output, wanted)
        assert len(seen) > before  # never replayed
    assert recording.run_notes == ("run as written: its operations, run again on another image, gave other values",)


def test_a_network_that_fails_on_random_numbers_is_run_as_written():
    seen = []

    def middle(h):
        seen.append(1)
        if len(seen) == 2:
            raise RuntimeError("this is no face")
        return h * 1

    recorder = Recorder(tiny(middle))
    recorder.record(noise(1))
    recording = recorder.record(noise(2))
    assert recording.run_notes[0].startswith("run as written")


def standardised(net, h):
    weight = net.conv.weight - net.conv.weight.mean((1, 2, 3), keepdim=True)
    return F.conv2d(h[:, :3], weight, padding=1).add_(1).relu_()


def scaled_by_calls(net, h):
    net.cache["calls"] = net.cache.get("calls", 0) + 1
    return h * net.cache["calls"]


def table_of_calls(net, h):
    net.cache["calls"] = net.cache.get("calls", 0) + 1
    return h + torch.full((4, 1, 1), net.cache["calls"])


def dropped_twice(net, h):
    return F.dropout(F.dropout(h, 0.5, training=True), 0.5, training=True, inplace=True)


@pytest.mark.parametrize(("how", "is_repeated"), [
    (standardised, True), (autocast_twice, True), (dropped, True), (scaled_by_calls, False), (table_of_calls, False),
    (dropped_twice, False),
])  # fmt: skip
def test_a_pass_that_makes_the_calls_of_a_plan_gives_its_outputs(how, is_repeated):
    torch.manual_seed(0)
    network = cnnviewer.from_module(Keeping(how).eval())
    with torch.inference_mode():
        tape = run_pass(network, noise(0)).tape
        plan, why = plan_of(tape, network, noise(0), None)
        assert why == ""
        draws = draws_now(network.device)
        again = run_pass(network, noise(1)).tape
        with same_draws(draws, network.device):
            assert repeats(plan, again) == is_repeated
        with same_draws(draws, network.device):
            assert gives(plan, again) == (is_repeated or how is dropped_twice)


def test_no_number_is_the_same_as_no_number():
    nan, one = float("nan"), torch.tensor([1.0, float("nan"), float("inf")])
    assert is_same(one, one.clone())
    assert not is_same(one, torch.tensor([1.0, 2.0, float("inf")]))
    assert not is_same(one, torch.tensor([nan, 1.0, float("inf")]))
    assert not is_same(one, one.double())
    assert not is_same(one, one[None])
    assert is_same(torch.tensor([1, 2]), torch.tensor([1, 2]))


def test_networks_with_nan_are_replayed():
    network = tiny(lambda h: h.log() * 1)
    recorder = Recorder(network)
    for seed in range(4):
        recording = recorder.record(noise(seed))
        with torch.inference_mode():
            wanted = network.module.conv(noise(seed)).log()[0]
        assert is_same(recording["log"].output, wanted)
    assert recording.run_notes == ()
