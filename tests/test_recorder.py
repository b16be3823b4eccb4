"""What a recording holds is compared with plain PyTorch: hooks that clone, in whole networks."""

import re
import warnings
from itertools import pairwise

import pytest
import torch
from torch import nn

import cnnviewer
from cnnviewer.errors import ImageError, RecordingError
from cnnviewer.operations import Kind
from cnnviewer.recorder import record
from small_modules import noise, tiny, without_batch

torch.set_num_threads(1)


NETWORKS = {
    "alexnet": 22,
    "resnet18": None,
    "googlenet": 197,
    "densenet121": 431,
    "squeezenet1_0": None,
    "vgg11": None,
    "efficientnet-lite0": None,
    "lenet5": None,
}


def random_network(name):
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GoogLeNet warns that its initialisation is slow
        return cnnviewer.load_network(name, weights=None)


def random_input(network, seed=1):
    size = (1, network.preprocessing.channels, *network.preprocessing.size)
    return torch.randn(size, generator=torch.Generator().manual_seed(seed))


def hooked_outputs(module, image):
    """Run a module with hooks that clone each leaf's output; return these by path, and the result."""
    found, handles = {}, []
    for name, leaf in module.named_modules():
        if not leaf._modules:

            def keep(_module, _inputs, output, name=name):
                found.setdefault(name, []).append(output.clone())

            handles.append(leaf.register_forward_hook(keep))
    with torch.inference_mode():
        result = module(image.clone())
    for handle in handles:
        handle.remove()
    return found, result


def hook_counts(module):
    return sum(
        len(part._forward_hooks) + len(part._forward_pre_hooks) + len(part._backward_hooks) for part in module.modules()
    )


# ---- whole networks


@pytest.mark.parametrize("name", NETWORKS)
def test_each_leaf_output_equals_a_hooked_run(name):
    network = random_network(name)
    image = random_input(network)
    expected, result = hooked_outputs(network.module, image)
    recording = record(network, image.clone())
    assert recording.scores is not None
    assert torch.equal(recording.scores, result[0])
    assert torch.equal(recording.input, image[0])
    by_module = {}
    for layer in recording.layers:
        by_module.setdefault(layer.module, []).append(layer)
    compared = 0
    for path, outputs in expected.items():
        if type(dict(network.module.named_modules())[path]) is nn.Identity:
            continue
        # A convolution that pads first makes two layers; the one with its weights has the module's name.
        layers = [layer for layer in by_module[path] if re.fullmatch(re.escape(path) + r"(#\d+)?", layer.name)]
        assert len(layers) == len(outputs), path
        for layer, output in zip(layers, outputs, strict=True):
            assert torch.equal(layer.output, without_batch(output)), layer.name
            compared += 1
    assert compared >= 12
    if NETWORKS[name] is not None:
        assert len(recording.layers) == NETWORKS[name]
    known = {"input"}
    for index, layer in enumerate(recording.layers):
        assert layer.index == index
        assert layer.name not in known
        assert set(layer.inputs) <= known, layer.name
        assert layer.inputs, layer.name
        assert recording[layer.name] is layer
        known.add(layer.name)
    assert hook_counts(network.module) == 0
    assert not any(part.training for part in network.module.modules())


def test_functional_joins_equal_their_recorded_operands():
    for name, kind in [("resnet18", Kind.ADDITION), ("squeezenet1_0", Kind.CONCATENATION)]:
        network = random_network(name)
        recording = record(network, random_input(network))
        joins = [layer for layer in recording.layers if layer.kind is kind]
        assert len(joins) == 8
        for layer in joins:
            parts = [recording[source].output for source in layer.inputs]
            assert len(parts) == 2
            expected = parts[0] + parts[1] if kind is Kind.ADDITION else torch.cat(parts)
            assert torch.equal(layer.output, expected), layer.name


def test_names_in_resnet18():
    network = random_network("resnet18")
    recording = record(network, random_input(network))
    names = [layer.name for layer in recording.layers]
    assert names[:11] == [
        "conv1", "bn1", "relu", "maxpool",
        "layer1.0.conv1", "layer1.0.bn1", "layer1.0.relu", "layer1.0.conv2", "layer1.0.bn2", "layer1.0.add",
        "layer1.0.relu#2",
    ]  # fmt: skip
    assert recording["layer1.0.add"].inputs == ("layer1.0.bn2", "maxpool")
    assert recording["layer2.0.add"].inputs == ("layer2.0.bn2", "layer2.0.downsample.1")
    assert recording["layer1.0.relu#2"].module == "layer1.0.relu"
    assert recording["layer1.0.add"].module == "layer1.0"
    assert names[-3:] == ["avgpool", "flatten", "fc"]


def test_followers_turn_the_inputs_around():
    network = random_network("resnet18")
    recording = record(network, random_input(network))
    assert recording.followers["input"] == ("conv1",)
    assert recording.followers["maxpool"] == ("layer1.0.conv1", "layer1.0.add")
    assert recording.followers["fc"] == ()
    edges = {(source, layer.name) for layer in recording.layers for source in layer.inputs}
    assert {(source, name) for source, names in recording.followers.items() for name in names} == edges


def test_the_parameters_of_all_layers_are_those_of_the_network():
    network = random_network("alexnet")
    recording = record(network, random_input(network))
    assert sum(layer.parameter_count for layer in recording.layers) == network.parameter_count == 61_100_840
    conv = recording["features.0"]
    assert conv.parameters["weight"] is network.module.features[0].weight
    assert conv.parameters["bias"] is network.module.features[0].bias
    assert conv.settings["stride"] == (4, 4)
    assert conv.settings["padding"] == (2, 2)
    assert recording["features.2"].settings["kernel_size"] == 3


# ---- what is left behind


class Failing(nn.Module):
    def __init__(self, error):
        super().__init__()
        self.conv, self.drop, self.error = nn.Conv2d(3, 4, 3), nn.Dropout(), error

    def forward(self, x):
        self.drop(self.conv(x))
        raise self.error


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (RuntimeError("sizes differ"), r"^mine failed on this image: sizes differ$"),
        (KeyError("gone"), r"^mine failed on this image: KeyError: 'gone'$"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), r"^mine needs more memory"),
        (MemoryError(), r"^mine needs more memory"),
    ],
)
def test_a_failure_is_told_and_leaves_nothing_behind(error, sentence):
    network = cnnviewer.from_module(Failing(error), name="mine")
    network.module.drop.train()
    with pytest.raises(RecordingError, match=sentence) as raised:
        record(network, noise())
    assert raised.value.__cause__ is error
    assert network.module.drop.training
    assert not network.module.training
    assert not network.module.conv.training
    assert hook_counts(network.module) == 0
    # No function mode is left in force: torch computes without a tape.
    assert not torch.overrides._get_current_function_mode_stack()


def test_each_submodule_gets_its_own_mode_back():
    torch.manual_seed(0)
    network = cnnviewer.from_module(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.ReLU()))
    network.module.train()
    network.module[1].eval()
    before = {name: value.clone() for name, value in network.module.state_dict().items()}
    image = noise()
    recording = record(network, image)
    assert [part.training for part in network.module.modules()] == [True, True, False, True, True]
    assert torch.equal(recording["2"].output, recording["1"].output)  # dropout was off
    assert hook_counts(network.module) == 0
    for name, value in network.module.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_gradients_are_as_they_were():
    network = tiny(lambda h: h.relu_())
    record(network, noise())
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()
    network.module(noise()).sum().backward()
    assert network.module.conv.weight.grad is not None


# ---- scores


def test_probabilities_are_the_softmax_of_the_scores():
    network, image = tiny(lambda h: h.relu()), noise()
    recording = record(network, image)
    expected = torch.softmax(recording.scores.double(), 0)
    assert recording.probabilities.dtype == torch.float32
    assert torch.allclose(recording.probabilities.double(), expected, atol=1e-7)
    assert float(recording.probabilities.sum()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("ending", [nn.Softmax(1), nn.LogSoftmax(1)])
def test_a_softmax_in_the_network_is_not_taken_twice(ending):
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 6, 8), nn.Flatten(), ending)
    image = noise()
    recording = record(cnnviewer.from_module(module), image)
    expected = torch.softmax(recording["1"].output, 0)
    assert torch.allclose(recording.probabilities, expected, atol=1e-6)
    assert float(expected.max()) > 1.5 / 6  # twice would be nearly even


def test_a_softmax_that_is_reshaped_is_not_taken_twice():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 6, 8), nn.Softmax(1), nn.Flatten())
    recording = record(cnnviewer.from_module(module), noise())
    assert torch.allclose(recording.probabilities, recording["1"].output.flatten(), atol=1e-6)


def test_a_softmax_of_something_else_is_not_taken_for_the_scores():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 6, 8)

        def forward(self, x):
            scores = self.conv(x).flatten(1)
            return scores, (scores * 2).softmax(1)

    torch.manual_seed(0)
    recording = record(cnnviewer.from_module(Two()), noise())
    assert torch.equal(recording.scores, recording["flatten"].output)
    assert torch.allclose(recording.probabilities, recording.scores.softmax(0))


def test_top_is_sorted_and_named():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 8), nn.Flatten())
    network = cnnviewer.from_module(module, categories=["cat", "dog", "hen"])
    recording = record(network, noise())
    order = recording.probabilities.argsort(descending=True).tolist()
    names = ["cat", "dog", "hen", "class 3"]
    assert recording.top(2) == [(names[i], float(recording.probabilities[i])) for i in order[:2]]
    assert [name for name, _ in recording.top(99)] == [names[i] for i in order]
    assert all(a >= b for (_, a), (_, b) in pairwise(recording.top(99)))


def test_a_network_without_scores_says_so():
    torch.manual_seed(0)
    recording = record(cnnviewer.from_module(nn.Conv2d(3, 4, 3), name="maps"), noise())
    assert recording.scores is None
    with pytest.raises(RecordingError, match="maps gives no class probabilities"):
        _ = recording.probabilities


def test_an_unknown_layer_is_told():
    recording = record(tiny(lambda h: h), noise())
    with pytest.raises(RecordingError, match=r"Tiny has no layer named 'conv9'\."):
        recording["conv9"]


@pytest.mark.parametrize(
    "wrong",
    [
        torch.zeros(3, 8, 8),
        torch.zeros(2, 3, 8, 8),
        torch.zeros(1, 3, 8, 8, dtype=torch.uint8),
    ],
)
def test_a_tensor_that_does_not_fit_is_refused(wrong):
    with pytest.raises(ImageError, match="floating point tensor of shape"):
        record(tiny(lambda h: h), wrong)


def test_memory_that_layers_share_counts_once():
    torch.manual_seed(0)
    recording = record(cnnviewer.from_module(nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Flatten())), noise())
    assert recording.nbytes == 4 * 8 * 8 * 4


class Tied(nn.Module):
    """Shares weights as one parameter, and as two that have the same memory."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 3, padding=1)
        self.second.weight = self.first.weight
        self.coder, self.decoder = nn.Linear(3, 3), nn.Linear(3, 3)
        self.decoder.weight = nn.Parameter(self.coder.weight.data.t())

    def forward(self, x):
        return self.decoder(self.coder(self.second(self.first(x)).mean((2, 3))))


def test_weights_that_are_shared_count_once():
    network = cnnviewer.from_module(Tied())
    assert network.parameter_count == 81 + 9 + 4 * 3
    first, second = record(network, torch.rand(1, 3, 8, 8)).layers[:2]
    assert first.parameter_count == second.parameter_count == 84
    assert len({**first.learnt, **second.learnt}) == 3
