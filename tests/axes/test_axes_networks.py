"""Maps of tokens, windows and channels that stand last, against reshaping written by hand for each network."""

import re

import pytest
import timm
import torch
from torch import nn
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.maxvit import MaxVit
from torchvision.models.swin_transformer import (
    PatchMergingV2,
    SwinTransformer,
    SwinTransformerBlockV2,
)
from torchvision.models.vision_transformer import VisionTransformer

import cnnviewer
from cnnviewer.analysis.statistics import feature_maps
from cnnviewer.layouts import plain_layout

torch.set_num_threads(1)


def recorded(module, size=32, seed=1):
    image = torch.randn((1, 3, size, size), generator=torch.Generator().manual_seed(seed))
    return cnnviewer.record(cnnviewer.from_module(module), image)


def check(recording, expected):
    """Compare the maps of all layers whose names fit a pattern with what a hand made of the output; each must fit."""
    for pattern, make in expected.items():
        layers = [layer for layer in recording.layers if re.fullmatch(pattern, layer.name)]
        assert layers, pattern
        for layer in layers:
            assert torch.equal(feature_maps(layer), make(layer.output)), (layer.name, layer.shape)


def last(output):
    """Channels stand last."""
    return output.permute(2, 0, 1)


def tokens(rows, skipped=0):
    return lambda output: output.reshape(-1, output.shape[-1])[skipped:].unflatten(0, (rows, -1)).permute(2, 0, 1)


def test_torchvisions_vision_transformer():
    torch.manual_seed(0)
    module = VisionTransformer(
        image_size=32, patch_size=8, num_layers=2, num_heads=2, hidden_dim=12, mlp_dim=20, num_classes=5
    )
    recording = recorded(module)
    check(
        recording,
        {
            "conv_proj": lambda output: output,
            "reshape": lambda output: output.view(12, 4, 4),
            "permute": tokens(4),
            r"cat|encoder|encoder\.dropout": tokens(4, 1),
            r"encoder\.layers\..*(ln_\d|add|add#2|mlp\.\d)": tokens(4, 1),
            r"encoder\.layers\.\w+\.self_attention": tokens(4, 1),
            r"encoder\.layers\.\w+\.self_attention\.transpose": tokens(4, 1),
            r"encoder\.ln": tokens(4, 1),
        },
    )
    layout = recording["encoder.ln"].layout
    assert (layout.skipped, layout.skipped_axis) == (1, 0)
    assert recording["heads.head"].layout.is_vector


def test_timms_vision_transformers():
    torch.manual_seed(0)
    sizes = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 2, "num_heads": 3, "num_classes": 5}
    for name, skipped in [("vit_tiny_patch16_224", 1), ("deit_tiny_distilled_patch16_224", 2)]:
        recording = recorded(timm.create_model(name, **sizes))
        check(
            recording,
            {
                r"patch_embed\.transpose": tokens(4),
                r"blocks\.\d\.(norm\d|add|add#2|mlp\.fc\d|attn\.qkv|attn\.proj)": tokens(4, skipped),
                # (heads, tokens, channels of one)
                r"blocks\.\d\.attn\.scaled_dot_product_attention": lambda output, skipped=skipped: (
                    output[:, skipped:].permute(0, 2, 1).reshape(24, 4, 4)
                ),
                # (tokens, query key value, heads, channels of one)
                r"blocks\.\d\.attn\.reshape": lambda output, skipped=skipped: (
                    output[skipped:].reshape(16, 72).T.reshape(72, 4, 4)
                ),
            }
            if skipped == 1
            else {r"blocks\.\d\.(norm\d|add|add#2|mlp\.fc\d|attn\.qkv|attn\.proj)": tokens(4, skipped)},
        )


def test_attention_weights_stay_matrices():
    torch.manual_seed(0)
    sizes = {"img_size": 32, "patch_size": 8, "embed_dim": 24, "depth": 1, "num_heads": 3, "num_classes": 5}
    module = timm.create_model("vit_tiny_patch16_224", **sizes)
    module.blocks[0].attn.fused_attn = False
    recording = recorded(module)
    weights = [layer for layer in recording.layers if layer.operation == "softmax"]
    assert [layer.shape for layer in weights] == [(3, 17, 17)]
    assert torch.equal(feature_maps(weights[0]), weights[0].output)
    assert (weights[0].layout.maps, weights[0].layout.map_shape) == (3, (17, 17))
    joined = next(layer for layer in recording.layers if layer.operation == "matmul" and layer.shape == (3, 17, 8))
    assert torch.equal(feature_maps(joined), joined.output[:, 1:].permute(0, 2, 1).reshape(24, 4, 4))


def windows(side):
    """Windows of a map of 8 x 8, ``(windows, side * side, C)``, put together by loops."""

    def make(output):
        count, maps = 8 // side, torch.empty(output.shape[-1], 8, 8)
        for window, values in enumerate(output):
            top, left = side * (window // count), side * (window % count)
            maps[:, top : top + side, left : left + side] = values.T.reshape(-1, side, side)
        return maps

    return make


@pytest.mark.parametrize("version", [1, 2])
def test_swin_transformers(version):
    torch.manual_seed(0)
    more = {} if version == 1 else {"block": SwinTransformerBlockV2, "downsample_layer": PatchMergingV2}
    module = SwinTransformer([4, 4], 12, [2, 2], [2, 2], [4, 4], num_classes=5, **more)
    recording = recorded(module)
    first, heads = "features.1.0.attn", 2
    inside = [layer for layer in recording.layers if layer.name.startswith(first) and layer.shape[:2] == (4, 16)]
    linear = [layer for layer in inside if layer.operation == "linear"]
    assert len(linear) >= 2
    for layer in (*linear, *(layer for layer in inside if layer.operation == "reshape" and len(layer.shape) == 3)):
        assert torch.equal(feature_maps(layer), windows(4)(layer.output)), layer.name
    products = [layer for layer in recording.layers if layer.operation == "matmul" and layer.name.startswith(first)]
    scores, mixed = products[:2]
    assert torch.equal(feature_maps(scores), scores.output.reshape(4 * heads, 16, 16))
    assert torch.equal(feature_maps(mixed), windows(4)(mixed.output.transpose(1, 2).reshape(4, 16, 12)))
    check(
        recording,
        {
            r"features\.0\.0": lambda output: output,
            r"features\.[13]\.\d\.(norm\d|add|add#2|mlp\.\d|attn\.roll)|features\.2\.(reduction|norm)": last,
        },
    )
    assert feature_maps(recording["norm"]).shape == (24, 4, 4)


def test_convnext():
    torch.manual_seed(0)
    module = ConvNeXt([CNBlockConfig(8, 16, 1), CNBlockConfig(16, None, 1)], num_classes=5)
    check(
        recorded(module),
        {
            r"features\.\d\.\d\.block\.[12345]": last,
            r"features\.\d\.\d\.block\.6|features\.1\.0|features\.1\.0\.add": lambda output: output,
        },
    )


def test_maxvits_windows_and_grids():
    torch.manual_seed(0)
    module = MaxVit((32, 32), 8, 4, [8], [1], 4, 0.0, num_classes=5)
    recording = recorded(module)
    side = feature_maps(recording["stem.1.0"]).shape[1] // 2
    assert side == 8
    layers = "blocks.0.layers.0.layers"

    def grid(output):  # (places in a window, windows, channels): each window is spread over the whole map
        maps = torch.empty(output.shape[-1], 8, 8)
        for place, values in enumerate(output):
            row, column = divmod(place, 2)
            maps[:, row::2, column::2] = values.T.reshape(-1, 4, 4)
        return maps

    check(
        recording,
        {
            rf"{layers}\.window_attention\.attn_layer\.(0|1\.to_qkv|1\.merge)": windows(4),
            rf"{layers}\.window_attention\.mlp_layer\.\d": windows(4),
            rf"{layers}\.grid_attention\.attn_layer\.(0|1\.to_qkv|1\.merge)": grid,
        },
    )


def test_mixers_and_poolformers():
    torch.manual_seed(0)
    mixer = timm.create_model("mixer_s32_224", img_size=128, num_classes=5)
    recording = recorded(mixer, 128)
    check(
        recording,
        {
            r"blocks\.\d\.(norm\d|mlp_channels\.fc\d|add|add#2)": tokens(4),
            r"blocks\.\d\.transpose": lambda output: output.view(512, 4, 4),
        },
    )
    # Between tokens a linear layer makes new ones, whose places are not known.
    assert recording["blocks.0.mlp_tokens.fc1"].layout == plain_layout(recording["blocks.0.mlp_tokens.fc1"].shape)
    pools = recorded(timm.create_model("poolformer_s12", num_classes=5), 64)
    for layer in pools.layers:
        if len(layer.shape) == 3 and layer.operation in ("conv2d", "avg_pool2d", "group_norm", "mul"):
            assert torch.equal(feature_maps(layer), layer.output), layer.name


def test_levits_batch_norm_over_tokens():
    torch.manual_seed(0)
    module = timm.create_model("levit_128s", num_classes=5)
    recording = recorded(module, 224)
    layers = [layer for layer in recording.layers if layer.operation == "linear" and layer.shape[0] == 196]
    norms = [layer for layer in recording.layers if layer.operation == "batch_norm" and layer.shape[0] == 196]
    assert layers
    assert norms
    for layer in (*layers, *norms):
        assert torch.equal(feature_maps(layer), tokens(14)(layer.output)), layer.name


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "resnet18", "densenet121"])
def test_maps_of_convolutional_networks_are_what_they_were(name):
    torch.manual_seed(0)
    recording = recorded(timm.create_model(name, num_classes=5), 64)
    for layer in recording.layers:
        is_pooled = layer.kind.value == "pooling"
        plain = plain_layout(layer.shape, is_pooled=is_pooled)
        assert layer.layout.keeps_order
        assert (layer.layout.maps, layer.layout.map_shape) == (plain.maps, plain.map_shape), layer.name


class Strip(nn.Module):
    """Takes some of the tokens, behind a class token."""

    def __init__(self, part):
        super().__init__()
        self.conv, self.linear, self.part = nn.Conv2d(3, 6, 4, stride=4), nn.Linear(6, 5), part

    def forward(self, x):
        x = self.conv(x).flatten(2).transpose(1, 2)
        return self.linear(torch.cat([x[:, :1], x], 1)[:, self.part])


@pytest.mark.parametrize("part", [slice(None, None, 3), slice(5, None), slice(1, -1), slice(0, 4)])
def test_tokens_without_a_grid_are_a_strip(part):
    layer = recorded(Strip(part), 16)["linear"]
    count = len(range(17)[part])
    assert layer.shape == (count, 5)
    assert (layer.layout.maps, layer.layout.map_shape) == (5, (1, count))
    assert torch.equal(feature_maps(layer), layer.output.T[:, None])


def test_a_bright_patch_lights_its_place_on_every_map_of_tokens():
    """An image with one bright patch: before attention mixes places, only the token of that place changes."""
    torch.manual_seed(0)
    module = timm.create_model(
        "vit_tiny_patch16_224", img_size=48, patch_size=8, embed_dim=24, depth=1, num_heads=3, num_classes=5
    )
    network, dark = cnnviewer.from_module(module), torch.zeros(1, 3, 48, 48)
    bright = dark.clone()
    bright[:, :, 32:40, 8:16] = 5.0
    before, after = (cnnviewer.record(network, image) for image in (dark, bright))
    seen = 0
    for name in ("patch_embed.proj", "patch_embed.flatten", "patch_embed.transpose", "cat", "add", "blocks.0.norm1",
                 "blocks.0.attn.qkv", "blocks.0.attn.reshape"):  # fmt: skip
        change = (feature_maps(after[name]) - feature_maps(before[name])).abs().sum(0)
        assert change.shape == (6, 6)
        assert change[4, 1] > 0
        assert change.count_nonzero() == 1, name
        seen += 1
    assert seen == 8
