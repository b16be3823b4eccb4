"""The second image: replayed or run anew, it has the bits of a first recording of it."""

import gc
import itertools
import warnings
import weakref

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import cnnviewer
from cnnviewer.recorder import Recorder, record

torch.set_num_threads(1)

NETWORKS = [
    "alexnet", "resnet18", "googlenet", "densenet121", "squeezenet1_0", "vgg11", "efficientnet-lite0", "lenet5",
]  # fmt: skip


def noise(seed, channels=3, height=8, width=8, shift=0.0):
    return torch.randn((1, channels, height, width), generator=torch.Generator().manual_seed(seed)) + shift


def same(first, second):
    """Whether two recordings are equal, and the layer that is not."""
    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]
    for one, other in zip(first.layers, second.layers, strict=True):
        assert (one.kind, one.inputs, one.module) == (other.kind, other.inputs, other.module), one.name
        assert torch.equal(one.output, other.output), one.name
    assert torch.equal(first.input, second.input)
    assert (first.scores is None) == (second.scores is None)
    if first.scores is not None:
        assert torch.equal(first.scores, second.scores)


def check_second(network, first, second, *, replays=None):
    """Record two images with one recorder; the second must equal a fresh recording, and an eager run."""
    recorder = Recorder(network)
    recorder.record(first.clone())
    if replays is not None:
        assert (recorder._plan is not None) is replays
    again = recorder.record(second.clone())
    same(again, record(network, second.clone()))
    with torch.inference_mode():
        result = network.module(second.clone())
    result = result[0] if isinstance(result, tuple) else result
    if again.scores is not None:
        assert torch.equal(again.scores, result[0])
    return again


class Tiny(nn.Module):
    def __init__(self, middle):
        super().__init__()
        self.conv, self.fc, self.middle = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 5), middle

    def forward(self, x):
        return self.fc(self.middle(self.conv(x)).mean((2, 3)))


def tiny(middle):
    torch.manual_seed(0)
    return cnnviewer.from_module(Tiny(middle))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_second_image_has_the_bits_of_a_first(name):
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        network = cnnviewer.load_network(name, weights=None)
    channels, (height, width) = network.preprocessing.channels, network.preprocessing.size
    images = [noise(seed, channels, height, width) for seed in (1, 2)]
    again = check_second(network, *images, replays=True)
    assert not torch.equal(again.input, images[0][0])


def test_it_replays_without_the_networks_code():
    calls = []

    def middle(h):
        calls.append(1)
        return h.relu_()

    network = tiny(middle)
    recorder = Recorder(network)
    recorder.record(noise(1))
    recorder.record(noise(2))
    recorder.record(noise(3))
    assert len(calls) == 3  # for the second image, and for random numbers, both are run
    recorder.record(noise(4))
    assert len(calls) == 3


def test_recordings_do_not_share_memory():
    network = tiny(lambda h: h.relu_())
    recorder = Recorder(network)
    first = recorder.record(noise(1))
    kept = [layer.output.clone() for layer in first.layers]
    second = recorder.record(noise(2))
    recorder.record(noise(3))
    for layer, before in zip(first.layers, kept, strict=True):
        assert torch.equal(layer.output, before)
    same(second, record(network, noise(2)))


# ---- what may not be replayed


def branch(h):
    return h.relu() if h.mean() > 0 else h * 2


def item(h):
    return h * float(h.max())


def items(h):
    return h * len([value for value in h.flatten().tolist() if value > 0])


def masked(h):
    return h + h[h > h.median()].mean()


def counted(h):
    n = int((h > 0).sum()) % 7 + 1
    return h[:, :, :n]


def nonzero(h):
    return h * (len(h.nonzero()) % 11)


def aliased(h):
    flat = h.view(-1)
    flat.relu_()
    return h + 1


def sliced(h):
    h[:, :2].mul_(2)
    return h + 1


def assigned(h):
    g = h + 0
    g[:, 0] = 0.5
    return g


def masked_assigned(h):
    g = h + 0
    g[g > 0] = -1.0
    return g


def out(h):
    kept = torch.zeros_like(h)
    torch.mul(h, 3, out=kept)
    return kept + 1


def numpy(h):
    return h + torch.from_numpy(h.numpy().copy()) * 2


@pytest.mark.parametrize(
    "middle",
    [branch, item, items, masked, counted, nonzero, numpy],
    ids=lambda middle: middle.__name__,
)
def test_what_depends_on_the_values_is_run_anew(middle):
    # The two images are far apart, so that each branch is taken.
    network = tiny(middle)
    network.module.conv.weight.data.abs_()
    check_second(network, noise(1, shift=2.0), noise(2, shift=-2.0), replays=False)


@pytest.mark.parametrize(
    "middle", [aliased, sliced, assigned, masked_assigned, out], ids=lambda middle: middle.__name__
)
def test_changes_in_place_are_made_on_copies(middle):
    check_second(tiny(middle), noise(1, shift=2.0), noise(2, shift=-2.0), replays=True)


def test_both_ways_of_a_branch_are_taken():
    network = tiny(branch)
    network.module.conv.weight.data.abs_()
    recorder = Recorder(network)
    up, down = recorder.record(noise(1, shift=3.0)), recorder.record(noise(2, shift=-3.0))
    assert "relu" in {layer.name for layer in up.layers}
    assert "mul" in {layer.name for layer in down.layers}


def slice_of_tensor(h):
    n = (h > 0).sum() // 32 + 1
    return h[:, :, :n]


def test_a_slice_whose_end_is_a_tensor():
    network = tiny(slice_of_tensor)
    network.module.conv.weight.data.abs_()
    check_second(network, noise(1, shift=2.0), noise(2, shift=-2.0))


def test_random_operations_draw_anew():
    network = tiny(lambda h: h + torch.rand(h.shape))
    recorder = Recorder(network)
    recorder.record(noise(1))
    first, second = recorder.record(noise(1)), recorder.record(noise(1))
    assert torch.equal(first["conv"].output, second["conv"].output)
    drawn = [recording["add"].parameters["constant"] for recording in (first, second)]
    assert not torch.equal(*drawn)
    assert torch.equal(second["add"].result, second["conv"].result + drawn[1])


def test_random_draws_in_place():
    network = tiny(lambda h: h + torch.empty(1).uniform_())
    recorder = Recorder(network)
    recorder.record(noise(1))
    assert recorder._plan is None


def test_dropout_in_place_that_is_off_is_replayed():
    """EfficientNet's head: dropout in place on a view of the pooled maps, which changes nothing outside training."""
    network = tiny(lambda h: F.dropout(h.view(h.shape), 0.5, False, True))
    recorder = Recorder(network)
    first = recorder.record(noise(1))
    assert recorder._plan is not None
    assert torch.equal(first["dropout"].output, first["view"].output)
    again = recorder.record(noise(2))
    assert torch.equal(again["dropout"].output, Recorder(network).record(noise(2))["dropout"].output)
    training = tiny(lambda h: F.dropout(h.view(h.shape), 0.5, True, True))
    drawn = Recorder(training)
    outputs = [drawn.record(noise(1))["dropout"].output for _ in range(4)]
    assert not any(torch.equal(one, other) for one, other in itertools.combinations(outputs, 2))


def test_dropout_that_is_always_on_draws_anew():
    network = tiny(lambda h: F.dropout(h, 0.5, training=True))
    recorder = Recorder(network)
    outputs = [recorder.record(noise(1))["dropout"].output for _ in range(3)]
    assert not torch.equal(outputs[1], outputs[2])
    assert not torch.equal(outputs[0], outputs[1])


def test_two_constants_made_one_after_the_other():
    def middle(h):
        zeros, ones = torch.zeros(4, 1, 1), torch.ones(4, 1, 1)
        return h * ones + zeros

    check_second(tiny(middle), noise(1), noise(2))


def test_constants_made_apart_are_replayed():
    def middle(h):
        rows = torch.arange(8.0)
        return h * rows

    check_second(tiny(middle), noise(1), noise(2))


def test_a_scripted_part_is_computed_anew():
    def part(h: torch.Tensor) -> torch.Tensor:
        return torch.relu(h) + 1.0

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(part)
    check_second(tiny(lambda h: scripted(h)), noise(1), noise(2))


def test_a_custom_autograd_function_is_computed_anew():
    class Clamp(torch.autograd.Function):
        @staticmethod
        def forward(ctx, h):
            return h.clamp(min=0)

        @staticmethod
        def backward(ctx, gradient):
            return gradient

    check_second(tiny(Clamp.apply), noise(1), noise(2))


def test_data_assigned_anew_is_not_replayed_wrong():
    def middle(h):
        h.data = h.relu()
        return h

    check_second(tiny(middle), noise(1), noise(2))


def test_tensors_of_the_first_image_are_not_kept():
    network = tiny(lambda h: nn.Parameter(h, requires_grad=False) + 1)
    check_second(network, noise(1), noise(2))


# ---- a network that changes between two images


@pytest.fixture
def changing():
    network = tiny(lambda h: h.relu())
    recorder = Recorder(network)
    recorder.record(noise(1))
    assert recorder._plan is not None
    assert recorder._plan.fits(noise(2))
    return network, recorder


def test_a_hook_added_later_is_run(changing):
    network, recorder = changing
    handle = network.module.conv.register_forward_hook(lambda module, inputs, output: output * 2)
    recording = recorder.record(noise(2))
    same(recording, record(network, noise(2)))
    assert "mul" in {layer.operation for layer in recording.layers}
    handle.remove()
    again = recorder.record(noise(3))
    same(again, record(network, noise(3)))
    assert "mul" not in {layer.operation for layer in again.layers}


def test_a_pre_hook_added_later_is_run(changing):
    network, recorder = changing
    network.module.fc.register_forward_pre_hook(lambda module, inputs: (inputs[0] - 1,))
    recording = recorder.record(noise(2))
    same(recording, record(network, noise(2)))
    assert "sub" in {layer.operation for layer in recording.layers}


def test_a_global_hook_is_run(changing):
    network, recorder = changing
    seen = []
    handle = nn.modules.module.register_module_forward_hook(lambda module, inputs, output: seen.append(module))
    try:
        recorder.record(noise(2))
    finally:
        handle.remove()
    assert network.module.conv in seen


def test_a_parameter_replaced_is_used(changing):
    network, recorder = changing
    network.module.conv.weight = nn.Parameter(torch.ones(4, 3, 3, 3))
    recording = recorder.record(noise(2))
    expected = F.conv2d(noise(2), torch.ones(4, 3, 3, 3), network.module.conv.bias, padding=1)
    assert torch.equal(recording["conv"].output, expected.detach()[0])


def test_a_submodule_replaced_is_used(changing):
    network, recorder = changing
    torch.manual_seed(9)
    network.module.fc = nn.Linear(4, 7).eval()
    recording = recorder.record(noise(2))
    with torch.inference_mode():
        assert torch.equal(recording.scores, network.module(noise(2))[0])
    assert recording.scores.shape == (7,)


def test_a_bias_given_later_is_used():
    torch.manual_seed(0)
    network = cnnviewer.from_module(nn.Sequential(nn.Conv2d(3, 4, 3, bias=False)))
    recorder = Recorder(network)
    recorder.record(noise(1))
    network.module[0].bias = nn.Parameter(torch.arange(4.0))
    expected = F.conv2d(noise(2), network.module[0].weight, torch.arange(4.0)).detach()[0]
    assert torch.equal(recorder.record(noise(2))["0"].output, expected)


def test_a_submodule_appended_is_run():
    torch.manual_seed(0)
    network = cnnviewer.from_module(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten()))
    recorder = Recorder(network)
    recorder.record(noise(1))
    network.module.append(nn.Softmax(1))
    with torch.inference_mode():
        assert torch.equal(recorder.record(noise(2)).scores, network.module(noise(2))[0])


def test_parameters_changed_in_place_are_honoured(changing):
    network, recorder = changing
    optimiser = torch.optim.SGD(network.module.parameters(), 0.5)
    before = recorder.record(noise(2))
    network.module(noise(5)).square().sum().backward()
    optimiser.step()
    after = recorder.record(noise(2))
    assert not torch.equal(before["conv"].output, after["conv"].output)
    same(after, record(network, noise(2)))


def test_loaded_weights_are_honoured(changing):
    network, recorder = changing
    network.module.load_state_dict({name: value * 2 for name, value in network.module.state_dict().items()})
    same(recorder.record(noise(2)), record(network, noise(2)))


def test_buffers_changed_in_place_are_honoured():
    torch.manual_seed(0)
    network = cnnviewer.from_module(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)))
    recorder = Recorder(network)
    before = recorder.record(noise(1))["1"].output
    network.module[1].running_mean.add_(1)
    after = recorder.record(noise(1))["1"].output
    assert not torch.equal(before, after)
    same(recorder.record(noise(2)), record(network, noise(2)))


def test_another_shape_is_run_anew(changing):
    network, recorder = changing
    for height, width in [(9, 12), (8, 8), (5, 5)]:
        image = noise(4, 3, height, width)
        recording = recorder.record(image)
        assert recording["conv"].shape == (4, height, width)
        same(recording, record(network, image))


def test_a_shape_that_the_code_reads():
    def middle(h):
        return h.reshape(1, 4, -1, h.shape[-1] // 2) * h.shape[2]

    network = tiny(middle)
    recorder = Recorder(network)
    for size in (8, 12, 8):
        same(recorder.record(noise(size, 3, size, size)), record(network, noise(size, 3, size, size)))


def test_a_failure_leaves_the_recorder_usable():
    torch.manual_seed(0)
    network = cnnviewer.from_module(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 3)))
    recorder = Recorder(network)
    recorder.record(noise(1))
    with pytest.raises(cnnviewer.CnnviewerError):
        recorder.record(noise(1, 3, 9, 9))
    same(recorder.record(noise(2)), record(network, noise(2)))


def test_the_first_image_is_let_go():
    """A recorder keeps the operations of the first image, and not its tensors."""
    seen = []

    def watched(h):
        y = h * 2
        seen.append(weakref.ref(y))
        return y + 1

    recorder = Recorder(tiny(watched))
    recorder.record(noise(1))
    gc.collect()
    assert seen[0]() is None
    recorder.record(noise(2))
    assert [tensor() for tensor in seen] == [None] * 3  # compared with it, and let go
