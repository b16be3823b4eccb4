"""Receptive fields: published sizes; the support of the gradient, of random graphs and of torchvision's networks."""

import gc

import graphs
import numpy as np
import pytest
import torch
import torchvision
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import cnnviewer
from cnnviewer.analysis.receptive_field import Box, reach_of_pixel
from cnnviewer.recorder import record
from plain import assert_is_plain
from quick_networks import torchvision_model

torch.set_num_threads(1)

SEEDS = st.integers(0, 2**31 - 1)


def cases(count):
    return settings(max_examples=count, deadline=None, derandomize=True)


# ---- published sizes


def photo(size, seed=0):
    return torch.randn((1, 3, size, size), generator=torch.Generator().manual_seed(seed))


def sizes_of(name, layers, size=64):
    recording = record(cnnviewer.from_module(torchvision_model(name)), photo(size))
    found = {}
    for layer in layers:
        channels, height, width = recording[layer].shape
        field = cnnviewer.receptive_field(recording, layer, (channels - 1, height // 2, width // 2))
        found[layer] = field.size
    return found


def test_the_pools_of_vgg16():
    pools = dict(zip((4, 9, 16, 23, 30), (6, 16, 44, 100, 212), strict=True))
    found = sizes_of("vgg16", [f"features.{index}" for index in pools])
    assert found == {f"features.{index}": (size, size) for index, size in pools.items()}


@pytest.mark.parametrize(
    ("name", "layer", "size"),
    [
        ("alexnet", "features.12", 195),
        ("resnet18", "layer4.1.relu#2", 435),
        ("resnet50", "layer4.2.relu#3", 427),
        ("densenet121", "features.norm5", 2071),
    ],
)
def test_published_sizes(name, layer, size):
    assert sizes_of(name, [layer])[layer] == (size, size)


def test_the_first_layers_of_vgg16_by_hand():
    recording = record(cnnviewer.from_module(torchvision_model("vgg11").features), photo(32))
    field = cnnviewer.receptive_field(recording, "0", (5, 0, 31))
    assert field == cnnviewer.receptive_field(recording, "0", (-1 - 58, 0, -1))
    assert (field.top, field.left, field.bottom, field.right) == (-1, 30, 2, 33)
    assert field.seen == Box(0, 30, 2, 32)
    assert field.stride == (1, 1)
    assert field.channels == (0, 1, 2)
    assert field.notes == ()
    assert field.centre == (0.5, 31.5)
    field = cnnviewer.receptive_field(recording, "2", (0, 3, 2))
    assert (field.top, field.left, field.bottom, field.right) == (5, 3, 9, 7)
    assert field.stride == (2, 2)


def test_the_image_is_its_own_field():
    recording = record(cnnviewer.from_module(nn.Conv2d(3, 4, 3)), photo(8))
    field = cnnviewer.receptive_field(recording, "input", (1, 2, -1))
    assert (field.top, field.left, field.bottom, field.right) == (2, 7, 3, 8)
    assert field.seen == Box(2, 7, 3, 8)
    assert field.channels == (1,)


# ---- random graphs


def sized(draw):
    return draw(st.integers(1, 4)), draw(st.integers(3, 10)), draw(st.integers(3, 10))


def random_unit(random, shape):
    return tuple(int(random.integers(length)) for length in shape)


def bounding(mask):
    """Return the box around what is true in a mask ``(C, H, W)``; None where nothing is."""
    rows, columns = np.flatnonzero(mask.any((0, 2))), np.flatnonzero(mask.any((0, 1)))
    return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1) if len(rows) else None


def support(output, unit, image):
    """Return where the gradient of a unit is not zero, ``(C, H, W)``."""
    value = output[unit]
    slope = torch.autograd.grad(value, image, retain_graph=True, allow_unused=True)[0] if value.requires_grad else None
    return np.zeros(image.shape[1:], bool) if slope is None else (slope[0] != 0).numpy()


def is_within(inner, outer):
    if inner is None or outer is None:
        return inner is None
    return (
        outer.top <= inner.top
        and outer.left <= inner.left
        and inner.bottom <= outer.bottom
        and inner.right <= outer.right
    )


@pytest.mark.slow
@cases(500)
@given(st.data())
def test_the_field_is_the_support_of_the_gradient(data):
    shape, seed = sized(data.draw), data.draw(SEEDS)
    module = graphs.positive(graphs.graph(data.draw, shape, graphs.POSITIVE), seed)
    random = np.random.default_rng(seed)
    image = torch.rand((1, *shape), generator=torch.Generator().manual_seed(seed)) + 0.5
    recording = record(cnnviewer.from_module(module), image.clone())
    exact = image.double().requires_grad_()
    output = graphs.smooth(module)(exact)
    layer = recording.layers[-1] if recording.layers else None
    name, units = ("input", image.shape[1:]) if layer is None else (layer.name, layer.shape)
    output = output if layer is None or not layer.is_batched else output[0]
    if layer is None:
        output = output[0]
    assert tuple(output.shape) == tuple(units)
    for _ in range(4):
        unit = random_unit(random, units)
        changed = support(output, unit, exact)
        field = cnnviewer.receptive_field(recording, name, unit)
        assert field.seen == bounding(changed), (module, unit)
        assert field.channels == tuple(np.flatnonzero(changed.any((1, 2)))), (module, unit)
        assert is_within(field.seen, field), (module, unit, field)
        assert field.notes == ()


@pytest.mark.slow
@cases(400)
@given(st.data())
def test_no_gradient_lies_outside(data):
    shape, seed = sized(data.draw), data.draw(SEEDS)
    torch.manual_seed(seed)
    module = graphs.graph(data.draw, shape, [*graphs.POSITIVE, *[graphs.signed] * 14], depth=6).eval()
    random = np.random.default_rng(seed)
    image = torch.randn((1, *shape), generator=torch.Generator().manual_seed(seed))
    recording = record(cnnviewer.from_module(module), image.clone())
    if not recording.layers:
        return
    exact = image.double().requires_grad_()
    output = module.double()(exact * 1)
    layer = recording.layers[-1]
    output = output[0] if layer.is_batched else output
    if tuple(output.shape) != layer.shape:  # what was recorded last is another part, such as the places of a sort
        return
    for _ in range(4):
        unit = random_unit(random, layer.shape)
        field = cnnviewer.receptive_field(recording, layer, unit)
        changed = support(output, unit, exact)
        assert is_within(bounding(changed), field.seen), (module, unit)
        assert set(np.flatnonzero(changed.any((1, 2)))) <= set(field.channels), (module, unit)


def reached(module, image, pixel):
    """Return which units of a positive network change with a pixel."""
    changed = image.double()
    changed[0, :, pixel[0], pixel[1]] += 1
    return (module(changed) != module(image.double())).numpy()


@pytest.mark.slow
@cases(250)
@given(st.data())
def test_the_reach_of_a_pixel(data):
    shape, seed = sized(data.draw), data.draw(SEEDS)
    module = graphs.positive(graphs.graph(data.draw, shape, graphs.POSITIVE, most=200), seed)
    random = np.random.default_rng(seed)
    image = torch.rand((1, *shape), generator=torch.Generator().manual_seed(seed)) + 0.5
    recording = record(cnnviewer.from_module(module), image.clone())
    name = recording.layers[-1].name if recording.layers else "input"
    smooth = graphs.smooth(module)
    with torch.no_grad():
        for _ in range(3):
            pixel = int(random.integers(shape[1])), int(random.integers(shape[2]))
            found = reach_of_pixel(recording, name, pixel)
            wanted = reached(smooth, image, pixel).reshape(found.mask.shape)
            np.testing.assert_array_equal(found.mask, wanted, err_msg=str((module, pixel)))


@cases(100)
@given(st.data())
def test_the_reach_of_pixels_is_the_transpose_of_fields(data):
    shape, seed = (data.draw(st.integers(1, 3)), 5, 4), data.draw(SEEDS)
    module = graphs.graph(data.draw, shape, [*graphs.POSITIVE, *[graphs.signed] * 5], most=150).eval()
    recording = record(cnnviewer.from_module(module), torch.rand(1, *shape))
    name = recording.layers[-1].name if recording.layers else "input"
    reach = np.stack([reach_of_pixel(recording, name, (row, column)).mask for row in range(5) for column in range(4)])
    random = np.random.default_rng(seed)
    for _ in range(6):
        unit = random_unit(random, recording.result(name).shape)
        pixels = reach[(slice(None), *unit)].reshape(1, 5, 4)
        own = unit[1:] if name == "input" or recording[name].is_batched else unit
        assert cnnviewer.receptive_field(recording, name, own).seen == bounding(pixels), (module, unit)


def test_a_number_made_on_the_way_is_reached_by_no_pixel():
    module = graphs.Function(lambda x: x[:, :, :2, :2] * torch.tensor(2.0))
    recording = record(cnnviewer.from_module(module), photo(4))
    assert [layer.shape for layer in recording.layers] == [(3, 2, 2), (3, 2, 2)]
    assert reach_of_pixel(recording, recording.layers[-1].name, (3, 3)).is_empty
    assert reach_of_pixel(recording, recording.layers[-1].name, (1, 0)).size == 3
    assert cnnviewer.receptive_field(recording, recording.layers[-1], (0, 1, 0)).size == (1, 1)


def test_mirrored_pixels_lie_in_the_box():
    recording = record(cnnviewer.from_module(nn.ReflectionPad2d(3)), photo(8))
    field = cnnviewer.receptive_field(recording, recording.layers[0], (0, 0, 1))
    assert field.seen == Box(3, 2, 4, 3)
    assert is_within(field.seen, field)
    assert field.size == (7, 5)


# ---- torchvision's networks

IMAGES = {"inception_v3": 96, "maxvit_t": 224}
SMALL = 64


def small_model(name):
    """Return a network and the size of its image; vision transformers are made for small ones."""
    size = IMAGES.get(name, SMALL)
    more = {}
    if name.startswith("vit"):
        size = 16 * 4 if "16" in name else 32 * 2 if "32" in name else 14 * 4
        more = {"image_size": size}
    if name in ("googlenet", "inception_v3"):
        more = {"init_weights": False, "aux_logits": False}
    return torchvision_model(name, **more), size


def kept_outputs(module, image):
    """Run a module; return what its leaves made, by path, with the graph behind it."""
    found, handles = {}, []
    for path, leaf in module.named_modules():
        if not leaf._modules:

            def keep(_module, _inputs, output, path=path):
                found.setdefault(path, output)

            handles.append(leaf.register_forward_hook(keep))
    with torch.enable_grad():
        module(image)
    for handle in handles:
        handle.remove()
    return {path: output for path, output in found.items() if isinstance(output, torch.Tensor) and output.requires_grad}


@pytest.mark.slow
@pytest.mark.parametrize("name", torchvision.models.list_models(module=torchvision.models))
def test_torchvisions_networks(name):
    """What is recorded has the bits of plain PyTorch, and no gradient that is not zero lies outside of the field.

    One pass for both: to build them takes longer. Fields are those of units of early, middle and late layers.
    """
    module, size = small_model(name)
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    image = photo(size)
    recording = record(cnnviewer.from_module(module), image.clone())
    assert assert_is_plain(recording, module, image) >= 18
    exact = image.clone().requires_grad_()
    outputs = kept_outputs(module, exact * 1)
    known = {layer.name: layer for layer in recording.layers}
    paths = [path for path in outputs if path in known and outputs[path].shape == known[path].result.shape]
    assert len(paths) >= 8
    random, fields = np.random.default_rng(1), []
    for place in (0, 0.1, 0.25, 0.5, 0.98):
        layer = known[paths[int(place * len(paths))]]
        unit = random_unit(random, layer.shape)
        field = cnnviewer.receptive_field(recording, layer, unit)
        changed = support(outputs[layer.name][0] if layer.is_batched else outputs[layer.name], unit, exact)
        assert is_within(bounding(changed), field.seen), (layer.name, unit)
        fields.append((field, changed))
    assert fields[0][0].seen.size < (size, size)
    assert any(changed.any() for _, changed in fields)
    notes = {note for field, _ in fields for note in field.notes}
    assert any("attention" in note for note in notes) == name.startswith(("vit", "swin", "maxvit"))
    del module, recording, outputs, known, fields
    gc.collect()


class _ChangedThroughViews(nn.Module):
    """A mask whose parts are filled, as a shifted-window attention makes it."""

    def forward(self, image):
        mask = image.new_zeros(7, 7)
        mask[:3, :3].fill_(1)
        mask[3:, :2].fill_(2)
        return image * mask[1:, 1:].sum()


def test_parts_of_a_map_that_was_changed_through_views():
    recording = cnnviewer.record(cnnviewer.from_module(_ChangedThroughViews()), torch.rand(1, 3, 7, 7))
    for layer in recording.layers:
        box = cnnviewer.receptive_field(recording, layer, tuple(length // 2 for length in layer.shape))
        assert box.bottom - box.top <= 7
    assert recording.layers[-1].operation == "mul"
