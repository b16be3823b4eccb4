"""State dicts of known networks under the names, and in the order, of other libraries."""

from __future__ import annotations

import re

import torch

__all__ = [
    "caffe_vgg",
    "flat_mobilenet",
    "hugging_face_beit",
    "hugging_face_convnext",
    "hugging_face_convnext_v2",
    "hugging_face_deit",
    "hugging_face_mobilenet",
    "hugging_face_mobilevit",
    "hugging_face_resnet",
    "hugging_face_swin",
    "hugging_face_swin_v2",
    "hugging_face_vit",
    "in_order_of_safetensors",
    "monai",
]


def in_order_of_safetensors(state):
    """Return a state dict as safetensors stores it: wide numbers before narrow ones, each by the alphabet."""
    return dict(sorted(state.items(), key=lambda item: (-item[1].element_size(), item[0])))


def renamed(state, *rules):
    """Return a state dict after each rule, a pattern and what takes its place."""
    found = {}
    for name, tensor in state.items():
        for pattern, new in rules:
            name = re.sub(pattern, new, name)
        assert name not in found
        found[name] = tensor
    return found


def flat_mobilenet(state):
    """MobileNetV2 of tonylins/pytorch-mobilenet-v2: the layers of a block in one sequence."""
    flat = {}
    for name, tensor in state.items():
        block = re.match(r"features\.(\d+)\.conv\.(\d)\.(.*)", name)
        if block:
            # The first block has no expansion; an activation stands behind each normalisation but the last.
            inner = re.fullmatch(r"(\d)\.(\w+)", block[3])
            lead = 3 if block[1] == "1" else 6
            if inner:
                place = 3 * int(block[2]) + int(inner[1])
            else:
                place = lead + int(block[2]) - lead // 3
            name = f"features.{block[1]}.conv.{place}.{inner[2] if inner else block[3]}"
        assert name not in flat
        flat[name] = tensor
    return flat


def hugging_face_resnet(state):
    """ResNet of transformers, whose shortcut stands before the layers of a block."""
    names = renamed(
        state,
        (r"^conv1\.", "resnet.embedder.embedder.convolution."),
        (r"^bn1\.", "resnet.embedder.embedder.normalization."),
        (r"layer(\d)\.(\d+)\.downsample\.0", lambda m: f"{_home(m)}.shortcut.convolution"),
        (r"layer(\d)\.(\d+)\.downsample\.1", lambda m: f"{_home(m)}.shortcut.normalization"),
        (r"layer(\d)\.(\d+)\.(conv|bn)(\d)", _layer),
        (r"^fc\.", "classifier.1."),
    )  # fmt: skip
    return dict(sorted(names.items(), key=lambda item: _block(item[0])))


def hugging_face_mobilenet(state):
    """MobileNetV2 of transformers as safetensors writes it: the counters first, then by the alphabet."""
    found, block = {}, re.compile(r"features\.(\d+)\.(?:conv\.)?(\d)(?:\.(\d))?\.(\w+)$")
    for name, tensor in state.items():
        match = block.match(name)
        if match is None:
            found[name.replace("classifier.1", "classifier")] = tensor
            continue
        number, place, is_norm = int(match[1]), int(match[2]), match[3] == "1"
        if number in (0, 18):
            home, is_norm = {0: "conv_stem.first_conv", 18: "conv_1x1"}[number], place == 1
        else:
            last = 1 if number == 1 else 2
            is_norm = is_norm or place > last
            layers = ("conv_3x3",) if number == 1 else ("expand_1x1", "conv_3x3")
            stem = "conv_stem" if number == 1 else f"layer.{number - 2}"
            home = f"{stem}.{layers[place] if place < last else 'reduce_1x1'}"
        found[f"mobilenet_v2.{home}.{'normalization' if is_norm else 'convolution'}.{match[4]}"] = tensor
    return in_order_of_safetensors(found)


def _layer(m):
    what = "convolution" if m[3] == "conv" else "normalization"
    return f"{_home(m)}.layer.{int(m[4]) - 1}.{what}"


def _home(m):
    return f"resnet.encoder.stages.{int(m[1]) - 1}.layers.{m[2]}"


def _block(name):
    found = re.match(r"resnet\.encoder\.stages\.(\d+)\.layers\.(\d+)\.(\w+)", name)
    if found:
        return 1, int(found[1]), int(found[2]), found[3] != "shortcut"
    return (2, 0, 0, False) if name.startswith("classifier") else (0, 0, 0, False)


def hugging_face_vit(state):
    """ViT of transformers: query, key and value by themselves, the norms of a block behind its linear layers."""
    found, norms = {}, {}
    for name, tensor in state.items():
        block = re.match(r"blocks\.(\d+)\.(.*)\.(weight|bias)", name)
        if not block:
            name = re.sub(r"^patch_embed\.proj", "vit.embeddings.patch_embeddings.projection", name)
            name = re.sub(r"^norm\.", "vit.layernorm.", name)
            name = {"cls_token": "vit.embeddings.cls_token", "pos_embed": "vit.embeddings.position_embeddings"}.get(
                name, name
            )
            found[name.replace("head.", "classifier.")] = tensor
            continue
        home = f"vit.encoder.layer.{block[1]}"
        if block[2] == "attn.qkv":
            for part, own in zip(tensor.chunk(3), ("query", "key", "value"), strict=True):
                found[f"{home}.attention.attention.{own}.{block[3]}"] = part.clone()
        elif block[2].startswith("norm"):
            norms[f"{home}.layernorm_{'before' if block[2] == 'norm1' else 'after'}.{block[3]}"] = tensor
        else:
            own = {"attn.proj": "attention.output.dense", "mlp.fc1": "intermediate.dense", "mlp.fc2": "output.dense"}
            found[f"{home}.{own[block[2]]}.{block[3]}"] = tensor
        if block[2] == "mlp.fc2" and block[3] == "bias":
            found.update(norms)
            norms = {}
    return found


def hugging_face_deit(state):
    """DeiT of transformers with the second head, which its teacher taught."""
    first = {"dist_token": "vit.embeddings.distillation_token"}
    found = {first.get(name, name): tensor for name, tensor in hugging_face_vit(state).items()}
    return renamed(
        found,
        (r"^head_dist", "distillation_classifier"),
        (r"^classifier", "cls_classifier"),
        (r"^vit\.", "deit."),
    )


def hugging_face_convnext(state):
    """ConvNeXt of transformers."""
    return renamed(
        state,
        (r"^stem\.0", "convnext.embeddings.patch_embeddings"),
        (r"^stem\.1", "convnext.embeddings.layernorm"),
        (r"^stages\.(\d)\.downsample\.(\d)", r"convnext.encoder.stages.\1.downsampling_layer.\2"),
        (r"^stages\.(\d)\.blocks\.(\d+)\.", r"convnext.encoder.stages.\1.layers.\2."),
        (r"conv_dw", "dwconv"),
        (r"mlp\.fc(\d)", r"pwconv\1"),
        (r"(layers\.\d+)\.norm", r"\1.layernorm"),
        (r"gamma$", "layer_scale_parameter"),
        (r"^head\.norm", "convnext.layernorm"),
        (r"^head\.fc", "classifier"),
    )


def hugging_face_convnext_v2(state):
    """ConvNeXt V2 of transformers, which has a number a channel as (1, 1, 1, C)."""
    found = hugging_face_convnext(state)
    return {name: tensor.view(1, 1, 1, -1) if ".grn." in name else tensor for name, tensor in found.items()}


def _parted(state, own):
    """Return a state dict with query, key and value by themselves; `own` is where they are."""
    found = {}
    for name, tensor in state.items():
        if name.endswith(("q_bias", "v_bias")):
            one = "query" if name.endswith("q_bias") else "value"
            found[f"{name.rpartition('attn.')[0]}{own}.{one}.bias"] = tensor
        elif ".attn.qkv." in name:
            for part, one in zip(tensor.chunk(3), ("query", "key", "value"), strict=True):
                found[name.replace("attn.qkv", f"{own}.{one}")] = part.clone()
        else:
            found[name] = tensor
    return found


_LINEAR = (
    (r"attn\.proj", "attention.output.dense"),
    (r"mlp\.fc1", "intermediate.dense"),
    (r"mlp\.fc2", "output.dense"),
)
"""The linear layers of a transformer's block there."""


def _swin(state, home):
    return renamed(
        _parted(state, "attention.self"),
        (r"^patch_embed\.proj", f"{home}.embeddings.patch_embeddings.projection"),
        (r"^patch_embed\.norm", f"{home}.embeddings.norm"),
        (r"^norm\.", f"{home}.layernorm."),
        (r"^head\.fc", "classifier"),
        # The part that halves the sides closes a stage there, and opens the next here.
        (r"^layers\.(\d)\.downsample", lambda m: f"{home}.encoder.layers.{int(m[1]) - 1}.downsample"),
        (r"^layers\.", f"{home}.encoder.layers."),
        *_LINEAR,
        (r"attn\.cpb_mlp", "attention.self.continuous_position_bias_mlp"),
        (r"attn\.(relative|logit)", r"attention.self.\1"),
        (r"(blocks\.\d+)\.norm1", r"\1.layernorm_before"),
        (r"(blocks\.\d+)\.norm2", r"\1.layernorm_after"),
    )


def hugging_face_swin(state):
    """Swin of transformers, as safetensors stores it: the places in its tables, whole numbers, first."""
    found = _swin(state, "swin")
    tables = [name for name in found if name.endswith("relative_position_bias_table")]
    found |= {name.replace("bias_table", "index"): torch.zeros(49, 49, dtype=torch.long) for name in tables}
    return in_order_of_safetensors(found)


def hugging_face_swin_v2(state):
    """Swin V2 of transformers, as safetensors stores it: the key has no bias."""
    return in_order_of_safetensors(_swin(state, "swinv2"))


def hugging_face_beit(state):
    """BEiT of transformers, as safetensors stores it: the key has no bias, and two numbers a channel have no layer."""
    return in_order_of_safetensors(
        renamed(
            _parted(state, "attention.attention"),
            (r"^cls_token", "beit.embeddings.cls_token"),
            (r"^patch_embed\.proj", "beit.embeddings.patch_embeddings.projection"),
            (r"^fc_norm", "beit.pooler.layernorm"),
            (r"^head", "classifier"),
            (r"^blocks", "beit.encoder.layer"),
            *_LINEAR,
            (r"attn\.relative", "attention.attention.relative_position_bias.relative"),
            (r"gamma_", "lambda_"),
            (r"(layer\.\d+)\.norm1", r"\1.layernorm_before"),
            (r"(layer\.\d+)\.norm2", r"\1.layernorm_after"),
        )
    )


def hugging_face_mobilevit(state):
    """MobileViT of transformers, as safetensors stores it: the norm behind a stage's blocks stands before them."""
    return in_order_of_safetensors(
        renamed(
            _parted(state, "attention.attention"),
            (r"^stem\.", "mobilevit.conv_stem."),
            (r"^final_conv\.", "mobilevit.conv_1x1_exp."),
            (r"^head\.fc", "classifier"),
            (r"^stages\.([01])\.(\d)\.", r"mobilevit.encoder.layer.\1.layer.\2."),
            (r"^stages\.(\d)\.0\.", r"mobilevit.encoder.layer.\1.downsampling_layer."),
            (r"^stages\.(\d)\.1\.", r"mobilevit.encoder.layer.\1."),
            (r"conv1_1x1\.", "expand_1x1."),
            (r"conv2_kxk\.", "conv_3x3."),
            (r"conv3_1x1\.", "reduce_1x1."),
            (r"conv_proj\.", "conv_projection."),
            (r"conv_fusion\.", "fusion."),
            (r"\.(conv_1x1)\.weight", r".\1.convolution.weight"),
            (r"\.conv\.weight", ".convolution.weight"),
            (r"\.bn\.", ".normalization."),
            (r"transformer\.(\d)", r"transformer.layer.\1"),
            *_LINEAR,
            (r"(transformer\.layer\.\d)\.norm1", r"\1.layernorm_before"),
            (r"(transformer\.layer\.\d)\.norm2", r"\1.layernorm_after"),
            (r"(layer\.\d)\.norm", r"\1.layernorm"),
        )
    )


def monai(state):
    """DenseNet of MONAI."""
    return renamed(state, (r"(denselayer\d+)\.", r"\1.layers."), (r"^classifier", "class_layers.out"))


def caffe_vgg(state):
    """VGG under the paper's names, as converters from Caffe leave it."""
    convolutions, found = iter([(1, 1), (2, 1), (3, 1), (3, 2), (4, 1), (4, 2), (5, 1), (5, 2)]), {}
    linear = iter((6, 7, 8))
    for name, tensor in state.items():
        if name.endswith("weight"):
            home = "conv{}_{}".format(*next(convolutions)) if tensor.ndim == 4 else f"fc{next(linear)}"
        found[f"{home}.{name.rpartition('.')[2]}"] = tensor
    return found


def as_sequence(module):
    """Return the state dict of ``nn.Sequential(*module.children())``."""
    return torch.nn.Sequential(*module.children()).state_dict()
