"""What only moves values, explained, against PyTorch."""

import torch
from explained import SEEDS, Steps, cases, check, check_unit, noise
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from cnnviewer.analysis.explanation import CONSTANT, Rule

torch.set_num_threads(1)


def assigned(x):
    made = x.relu()
    made[:, 1:3] = 5.0
    made[:, 0, ::2] = x[:, 3, ::2]
    made[..., 0] = torch.tensor(4.0)
    return made


def masked(x):
    made = x * 1
    made[made > 0] = 3.0
    return made


PLACES, MASK, TAKEN = torch.tensor([3, 1]), torch.tensor([True, False, True, True]), torch.tensor([[3, 50], [7, 3]])

COPIES = {
    "flatten": lambda x: x.flatten(1),
    "flatten all": lambda x: torch.flatten(x),
    "unflatten": lambda x: x.unflatten(1, (2, 2)),
    "view": lambda x: x.view(1, -1, 2),
    "reshape": lambda x: x.reshape(2, 2, -1),
    "view as": lambda x: x.view_as(x.reshape(1, 2, 2, 4, 6)),
    "permute": lambda x: x.permute(0, 3, 1, 2),
    "permute function": lambda x: torch.permute(x, (0, 2, 3, 1)).contiguous(),
    "transpose": lambda x: x.transpose(1, -1),
    "movedim": lambda x: x.movedim(1, -1),
    "swapaxes": lambda x: x.swapaxes(2, 3),
    "T": lambda x: x[0, 0].T,
    "mT": lambda x: x.mT,
    "squeeze": lambda x: x[:, :1].squeeze(1),
    "unsqueeze": lambda x: x.unsqueeze(2),
    "chunk": lambda x: x.chunk(2, 1)[1],
    "chunk of rows": lambda x: torch.chunk(x, 3, dim=2)[1],
    "split": lambda x: x.split([1, 2, 1], 1)[1],
    "split function": lambda x: torch.split(x, 3, dim=3)[1],
    "tensor_split": lambda x: torch.tensor_split(x, 3, 3)[2],
    "unbind": lambda x: x.unbind(1)[2],
    "narrow": lambda x: x.narrow(2, 1, 2),
    "select": lambda x: x.select(1, 2),
    "slice": lambda x: x[:, 1::2, ::2, 1:-1],
    "ellipsis": lambda x: x[..., -1],
    "new axis": lambda x: x[:, None, 1],
    "list of places": lambda x: x[:, [2, 0, 0]],
    "tensor of places": lambda x: x[:, PLACES],
    "places of rows and columns": lambda x: x[:, :, [0, 1, 3], [5, 2, 2]],
    "bool mask": lambda x: x[:, MASK],
    "index_select": lambda x: x.index_select(1, PLACES),
    "take": lambda x: torch.take(x, TAKEN),
    "diagonal": lambda x: x.diagonal(dim1=2, dim2=3),
    "flip": lambda x: x.flip(2, 3),
    "roll": lambda x: x.roll((1, -2), (2, 3)),
    "roll all": lambda x: torch.roll(x, 5),
    "repeat": lambda x: x.repeat(1, 2, 1, 3),
    "tile": lambda x: x.tile((2, 1)),
    "expand": lambda x: x[:, :, :1].expand(-1, -1, 5, -1),
    "expand in front": lambda x: x.mean((2, 3), keepdim=True).expand(1, 4, 2, 3),
    "expand_as": lambda x: x[:, :1].expand_as(x.relu()),
    "stack": lambda x: torch.stack([x, x.cos()], 1),
    "stack last": lambda x: torch.stack((x, x), dim=-1),
    "hstack": lambda x: torch.hstack([x, x.cos()]),
    "vstack": lambda x: torch.vstack([x[0], x[0].cos()]),
    "cat": lambda x: torch.cat([x, x.cos(), x[:, :1]], 1),
    "cat of a constant": lambda x: torch.cat([torch.ones(1, 2, 4, 6), x], dim=1),
    "cat along columns": lambda x: torch.concat((x, x.cos()), -1),
    "concatenate axis": lambda x: torch.concatenate([x.cos(), x], axis=2),
    "cat along the batch": lambda x: torch.cat([x, x.cos()]),
    "pad": lambda x: F.pad(x, (1, 2, 0, 1)),
    "pad with a value": lambda x: F.pad(x, (1, 2, 0, 1), value=2.5),
    "pad of channels": lambda x: F.pad(x, (0, 0, 1, 0, 2, 1), "constant", -1.0),
    "pad that crops": lambda x: F.pad(x, (-1, 1, -1, -1)),
    "pad reflect": lambda x: F.pad(x, (2, 3, 1, 0), mode="reflect"),
    "pad replicate": lambda x: F.pad(x, [2, 7, 1, 0], "replicate"),
    "pad circular": lambda x: F.pad(x, (2, 3, 1, 4), mode="circular"),
    "ZeroPad2d": nn.ZeroPad2d((1, 0, 2, 1)),
    "ReflectionPad2d": nn.ReflectionPad2d(1),
    "ConstantPad2d": nn.ConstantPad2d(1, 7.0),
    "pixel_shuffle": lambda x: F.pixel_shuffle(x, 2),
    "pixel_unshuffle": lambda x: F.pixel_unshuffle(x, 2),
    "ChannelShuffle": nn.ChannelShuffle(2),
    "unfold of patches": lambda x: F.unfold(x, (2, 3), padding=1, stride=2),
    "unfold of an axis": lambda x: x.unfold(3, 3, 2),
    "clone": lambda x: x.clone(),
    "detach": lambda x: x.detach(),
    "dropout": lambda x: F.dropout(x, 0.5, training=False),
    "contiguous": lambda x: x.transpose(1, 2).contiguous(),
    "assigned": assigned,
    "windows of Swin": lambda x: x.view(1, 4, 2, 2, 3, 2).permute(0, 2, 4, 3, 5, 1).reshape(6, 4, 4),
    "shuffled channels": lambda x: x.view(1, 2, 2, 4, 6).transpose(1, 2).contiguous().view(1, 4, 4, 6),
}  # fmt: skip


@cases(330)
@given(st.sampled_from(sorted(COPIES)), SEEDS, st.sampled_from([1, 1, 0]))
def test_copies(name, seed, first):
    """Of the image, of a layer after it, and of what was moved there before."""
    image, function = noise(seed, 4, 4, 6), COPIES[name]
    recording = check(Steps(*[lambda x: x - 0.1] * first, function), image, seed, units=4)
    layer = recording.layers[-1]
    found = check_unit(recording, layer, tuple(length - 1 for length in layer.shape))
    assert found.rule is Rule.COPY
    assert len(found.terms) == 1
    assert found.terms[0].weight == 1
    assert found.bias == 0


def test_padding_is_a_constant():
    recording = check(Steps(nn.ConstantPad2d(1, 7.0)), noise(0, 2, 2, 2), 0)
    for unit, source in [((0, 0, 0), CONSTANT), ((1, 2, 2), "input"), ((1, 3, 3), CONSTANT)]:
        term = check_unit(recording, recording.layers[0], unit).terms[0]
        assert term.source == source
        assert term.place == ((1, 1, 1) if source == "input" else None)
        assert term.value == (7 if source == CONSTANT else float(recording.input[1, 1, 1]))


DECIDED = {
    "places made on the way": lambda x: x[:, torch.tensor([3, 1])],
    "mask made on the way": lambda x: x[:, torch.tensor([True, False, True, True])],
    "places of a layer": lambda x: x[:, :, x[0, 0, :, 0].argsort()],
    "gather": lambda x: x.gather(3, x.argsort(3)),
    "masked assignment": masked,
    "bool mask of a layer": lambda x: x[x > 0],
    "grid_sample": lambda x: F.grid_sample(x, x[:, :2].permute(0, 2, 3, 1).tanh(), align_corners=False),
    "fold": lambda x: F.fold(F.unfold(x, 2), (4, 6), 2),
    "cdist": lambda x: torch.cdist(x[0], x[0].cos()),
    "affine_grid": lambda x: F.affine_grid(x[0, 0, :2, :3][None], (1, 1, 2, 2), align_corners=False),
    "max_unpool": lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2),
    "embedding": lambda x: F.embedding(x.argmax(1), torch.arange(20.0).view(4, 5)),
    "interpolate": lambda x: F.interpolate(x.flip(1), scale_factor=2),
    "a constant of the pass": lambda x: x + torch.ones(4, 1, 1) * 2,
}


@cases(50)
@given(st.sampled_from(sorted(DECIDED)), SEEDS)
def test_any_other_operation(name, seed):
    check(Steps(DECIDED[name]), noise(seed, 4, 4, 6), seed, units=4)
