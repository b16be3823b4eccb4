"""What a recording holds is compared with plain PyTorch: hooks that clone, or a run that clones after each step."""

import re
import warnings
from itertools import pairwise

import pytest
import torch
import torchvision
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

import cnnviewer
from cnnviewer.errors import ImageError, RecordingError
from cnnviewer.operations import Kind
from cnnviewer.recorder import Recorder, record
from plain import without_fast_path

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


def without_batch(tensor):
    return tensor[0] if tensor.ndim > 1 and tensor.shape[0] == 1 else tensor


class Tiny(nn.Module):
    """A convolution, then whatever the test wants, then class scores."""

    def __init__(self, middle):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.fc = nn.Linear(4, 5)
        self.middle = middle

    def forward(self, x):
        return self.fc(self.middle(self.conv(x)).mean((2, 3)))


def tiny(middle, seed=0):
    torch.manual_seed(seed)
    return cnnviewer.from_module(Tiny(middle))


def noise(seed=1, channels=3, size=8):
    return torch.randn((1, channels, size, size), generator=torch.Generator().manual_seed(seed))


def convolved(network, image):
    with torch.inference_mode():
        return network.module.conv(image.clone())


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


# ---- operations in place


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
    assert recording["add"].inputs == ("relu",)


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


def test_a_list_that_grows_after_it_was_concatenated():
    class Dense(nn.Module):
        def __init__(self):
            super().__init__()
            self.convs = nn.ModuleList([nn.Conv2d(3 + 2 * i, 2, 3, padding=1) for i in range(3)])

        def forward(self, x):
            features = [x]
            for conv in self.convs:
                features.append(conv(torch.cat(features, 1)))
            return torch.cat(features, 1)

    torch.manual_seed(0)
    network, image = cnnviewer.from_module(Dense()), noise()
    recording = record(network, image.clone())
    assert recording["cat"].inputs == ("input",)
    assert recording["cat#3"].inputs == ("input", "convs.0", "convs.1")
    assert recording["cat#4"].inputs == ("input", "convs.0", "convs.1", "convs.2")
    features = image
    with torch.inference_mode():
        for index, conv in enumerate(network.module.convs):
            output = conv(features)
            assert torch.equal(recording[f"convs.{index}"].output, output[0])
            features = torch.cat([features, output], 1)
    assert torch.equal(recording["cat#4"].output, features[0])
    assert recording["cat#4"].settings["dim"] == 1


def test_the_list_may_be_given_by_name():
    def middle(h):
        features = [h]
        first = torch.cat(tensors=features, dim=1)
        features.append(first)
        return torch.cat(tensors=features, dim=1)[:, :4]

    network, image = tiny(middle), noise()
    recording = record(network, image)
    assert recording["cat#2"].inputs == ("conv", "cat")
    assert recording["cat"].settings["dim"] == 1


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 2)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        tokens = self.conv(x).flatten(2).transpose(1, 2)
        attended, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        return (tokens + attended).mean(1)


def attending():
    torch.manual_seed(0)
    return cnnviewer.from_module(Attending())


def test_multi_head_attention_is_one_layer():
    network, image = attending(), noise()
    recording = record(network, image.clone())
    module = network.module
    with torch.inference_mode():
        tokens = module.conv(image).flatten(2).transpose(1, 2)
        with without_fast_path():
            attended = module.attention(tokens, tokens, tokens, need_weights=False)[0]
    assert [layer.name for layer in recording.layers if layer.kind is Kind.ATTENTION] == ["attention"]
    # Multi-head attention computes with the positions first, and turns them back.
    assert torch.equal(recording["attention"].output.transpose(0, 1), attended)
    assert torch.equal(recording["transpose"].output, tokens[0])
    assert torch.equal(recording["add"].output, (tokens + attended)[0])
    assert torch.equal(recording.scores, (tokens + attended).mean(1)[0])
    projection = recording["attention"].parameters
    assert any(tensor is module.attention.in_proj_weight for tensor in projection.values())


class Encoding(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 8, 3, 2), nn.Linear(8, 5)
        layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)

    def forward(self, x):
        return self.fc(self.encoder(self.conv(x).flatten(2).transpose(1, 2)).mean(1))


@pytest.mark.parametrize("module", [Attending, Encoding])
def test_attention_has_the_bits_of_plain_torch_without_its_fast_path(module):
    torch.manual_seed(0)
    network, image = cnnviewer.from_module(module()), noise()
    recording = record(network, image.clone())
    with torch.inference_mode(), without_fast_path():
        expected = network.module(image.clone())[0]
        again = record(network, image.clone())
    assert torch.equal(recording.scores, expected)
    assert torch.equal(again.scores, expected)


@pytest.mark.parametrize("module", [Attending, Encoding])
def test_attention_is_close_to_plain_torch_on_its_fast_path(module):
    """Torch leaves its fast path, one fused kernel that shows no operation, when a function mode is in force."""
    torch.manual_seed(0)
    network, image = cnnviewer.from_module(module()), noise()
    assert torch.backends.mha.get_fastpath_enabled()
    with torch.inference_mode():
        expected = network.module(image.clone())[0]
    recording = record(network, image.clone())
    torch.testing.assert_close(recording.scores, expected, rtol=1e-5, atol=1e-6)
    assert any(layer.kind is Kind.ATTENTION for layer in recording.layers)


def test_a_module_used_twice_is_numbered():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.relu = nn.Conv2d(3, 3, 1), nn.ReLU(inplace=True)

        def forward(self, x):
            return self.relu(self.conv(self.relu(self.conv(x))))

    torch.manual_seed(0)
    network, image = cnnviewer.from_module(Twice()), noise()
    recording = record(network, image.clone())
    assert [layer.name for layer in recording.layers] == ["conv", "relu", "conv#2", "relu#2"]
    assert [layer.inputs for layer in recording.layers] == [("input",), ("conv",), ("relu",), ("conv#2",)]
    weight, bias = network.module.conv.weight.detach(), network.module.conv.bias.detach()
    steps = [F.conv2d(image, weight, bias)]
    steps.append(steps[-1].relu())
    steps.append(F.conv2d(steps[-1], weight, bias))
    steps.append(steps[-1].relu())
    for layer, step in zip(recording.layers, steps, strict=True):
        assert torch.equal(layer.output, step[0]), layer.name


def test_functional_calls_take_the_name_of_the_calling_module():
    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 1)

        def forward(self, x):
            return F.max_pool2d(F.relu(self.conv(x)), 2) * 2

    torch.manual_seed(0)
    recording = record(cnnviewer.from_module(nn.Sequential(Inner(), nn.Flatten())), noise())
    assert [layer.name for layer in recording.layers] == ["0.conv", "0.relu", "0.max_pool2d", "0.mul", "1"]
    assert [layer.kind for layer in recording.layers] == [
        Kind.CONVOLUTION, Kind.ACTIVATION, Kind.POOLING, Kind.MULTIPLICATION, Kind.RESHAPE,
    ]  # fmt: skip


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


def test_operators_of_libraries_are_recorded():
    offset, weight = noise(5, 18, 3) * 0.5, torch.randn((4, 4, 3, 3), generator=torch.Generator().manual_seed(6))
    boxes = torch.tensor([[0.0, 0, 2, 2], [0.2, 0, 2, 2], [1, 1, 3, 3]])

    def middle(h):
        moved = torchvision.ops.deform_conv2d(h, offset, weight, stride=3)
        kept = torchvision.ops.nms(boxes, moved.mean((0, 2, 3))[:3].sigmoid(), 0.5)
        return torchvision.ops.roi_align(h, [boxes[kept]], (2, 2)).mean(0, keepdim=True)

    network, image = tiny(middle), noise(size=9)
    recorder = Recorder(network)
    conv = convolved(network, image)
    moved = torchvision.ops.deform_conv2d(conv, offset, weight, stride=3)
    kept = torchvision.ops.nms(boxes, moved.mean((0, 2, 3))[:3].sigmoid(), 0.5)
    pooled = torchvision.ops.roi_align(conv, [boxes[kept]], (2, 2))
    for _ in range(2):  # how many boxes are kept depends on the image: nothing is replayed
        recording = recorder.record(image.clone())
        assert torch.equal(recording["deform_conv2d"].result, moved)
        assert torch.equal(recording["nms"].output, kept)
        assert torch.equal(recording["roi_align"].result, pooled)
        assert recording["nms"].inputs[-1] == "sigmoid"
        assert recording["mean#2"].inputs == ("roi_align",)
        assert torch.equal(recording.scores, network.module(image.clone())[0].detach())
    assert recorder._plan is None


def test_an_in_place_random_draw():
    network = tiny(lambda h: h.bernoulli_())
    assert len(record(network, noise()).layers) == 4


def test_an_lstm_is_recorded():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(8, 5, batch_first=True)

        def forward(self, x):
            return self.lstm(x.flatten(1, 2))[0][:, -1]

    torch.manual_seed(0)
    network, image = cnnviewer.from_module(Recurrent()), noise()
    recording = record(network, image.clone())
    with torch.inference_mode():
        assert torch.equal(recording.scores, network.module(image)[0])


def test_indices_in_a_list_within_a_tuple():
    def middle(h):
        first, second = torch.tensor(0), torch.tensor(1)
        return h[:, [first, second, first, second]]

    network, image = tiny(middle), noise()
    recording = record(network, image.clone())
    conv = convolved(network, image)
    assert torch.equal(recording["getitem"].output, conv[0, [0, 1, 0, 1]])


def test_vmap_is_recorded():
    network, image = tiny(lambda h: torch.vmap(lambda part: part * 2)(h) + 1), noise()
    recording = record(network, image.clone())
    assert torch.equal(recording["add"].output, (convolved(network, image) * 2 + 1)[0])


# ---- random small modules against a run that clones after each step

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
    """The independent witness: clones each result at once, and never touches the network's tensors."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        kept = args[0] if result is None else result
        for part in kept if isinstance(kept, (tuple, list)) else (kept,):
            if isinstance(part, torch.Tensor):
                self.seen.append(part.clone())
        return result


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
    assert [layer.output.shape for layer in recording.layers] == [without_batch(t).shape for t in witness.seen]
    for layer, expected in zip(recording.layers, witness.seen, strict=True):
        assert torch.equal(layer.output, without_batch(expected)), layer.name
    assert torch.equal(recording.layers[-1].output, result[0])
    other = noise(seed + 50, channels=4, size=5)
    given_image = other.clone()
    with torch.inference_mode(), Cloning() as witness:
        module(given_image)
    for layer, expected in zip(recorder.record(other.clone()).layers, witness.seen, strict=True):
        assert torch.equal(layer.output, without_batch(expected)), f"second image, {layer.name}"


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


def test_the_image_itself_changed_in_place():
    torch.manual_seed(0)
    network, image = cnnviewer.from_module(nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 4, 3))), noise()
    recording = record(network, image.clone())
    assert torch.equal(recording.input, image[0])
    assert torch.equal(recording["0"].output, image.relu()[0])
    with torch.inference_mode():
        assert torch.equal(recording["1"].output, network.module[1](image.relu())[0])
