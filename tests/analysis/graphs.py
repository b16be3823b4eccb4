"""Random networks of few small layers: sequences, branches, skips."""

import copy

import torch
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


class Skip(nn.Module):
    """Adds to what goes in what some modules make of it, or puts that beside it, or multiplies by it."""

    def __init__(self, inner, join):
        super().__init__()
        self.inner, self.join = inner, join

    def forward(self, x):
        y = self.inner(x)
        if self.join == "cat":
            return torch.cat([x, y], 1)
        return x + y if self.join == "add" else x * y


class MaxPool(nn.MaxPool2d):
    """Max pooling that can also give the sum of its window, which every unit of the window changes."""

    is_sum = False

    def forward(self, x):
        pooled = super().forward(x)
        if not self.is_sum:
            return pooled
        sides = [
            (after - 1) * self.stride + self.dilation * (self.kernel_size - 1) + 1 - before - self.padding
            for after, before in zip(pooled.shape[2:], x.shape[2:], strict=True)
        ]
        x = F.pad(x, (self.padding, max(0, sides[1]), self.padding, max(0, sides[0])))
        ones = x.new_ones(x.shape[1], 1, self.kernel_size, self.kernel_size)
        found = F.conv2d(x, ones, stride=self.stride, dilation=self.dilation, groups=x.shape[1])
        return found[:, :, : pooled.shape[2], : pooled.shape[3]]


def divisors(number, most=4):
    return [count for count in range(1, most + 1) if number % count == 0]


def same_convolution(draw, channels, filters):
    """Return a convolution that keeps the height and the width."""
    kernel, dilation = draw(st.sampled_from([1, 3])), draw(st.sampled_from([1, 1, 2]))
    groups = draw(st.sampled_from([count for count in divisors(channels) if filters % count == 0]))
    return nn.Conv2d(channels, filters, kernel, padding=dilation * (kernel // 2), dilation=dilation, groups=groups)


def convolution(draw, c):
    groups = draw(st.sampled_from(divisors(c)))
    pad = (draw(st.integers(0, 2)), draw(st.integers(0, 2)))
    kernel, stride = (
        (draw(st.integers(1, 3)), draw(st.integers(1, 3))),
        (draw(st.integers(1, 2)), draw(st.integers(1, 3))),
    )
    mode = draw(st.sampled_from(["zeros", "zeros", "replicate", "reflect", "circular"]))
    return nn.Conv2d(
        c, groups * draw(st.integers(1, 2)), kernel, stride, pad, draw(st.integers(1, 2)), groups, padding_mode=mode
    )


def transposed(draw, c):
    groups, stride = draw(st.sampled_from(divisors(c))), draw(st.integers(1, 3))
    more = draw(st.integers(0, stride - 1))
    kernel, padding, filters = draw(st.integers(1, 3)), draw(st.integers(0, 1)), groups * draw(st.integers(1, 2))
    return nn.ConvTranspose2d(c, filters, kernel, stride, padding, more, groups)


def pooling(draw, c):
    kernel, ceil = draw(st.integers(1, 3)), draw(st.booleans())
    stride, padding = draw(st.integers(1, 3)), draw(st.integers(0, kernel // 2))
    if draw(st.booleans()):
        return MaxPool(kernel, stride, padding, draw(st.integers(1, 2)), ceil_mode=ceil)
    return nn.AvgPool2d(kernel, stride, padding, ceil, draw(st.booleans()))


def adaptive(draw, c):
    return nn.AdaptiveAvgPool2d((draw(st.integers(1, 5)), draw(st.integers(1, 5))))


def resampling(draw, c):
    mode = draw(st.sampled_from(["nearest", "bilinear", "nearest-exact"]))
    return nn.Upsample(scale_factor=draw(st.sampled_from([2.0, 0.5, (1.0, 2.0)])), mode=mode)


def skip(draw, c):
    """A skip: added, or beside it; sometimes over two modules."""
    join = draw(st.sampled_from(["add", "cat", "mul"]))
    between, filters = draw(st.integers(1, 3)), c if join != "cat" else draw(st.integers(1, 2))
    inner = [same_convolution(draw, c, between), nn.ReLU(), same_convolution(draw, between, filters)]
    return Skip(nn.Sequential(*(inner if draw(st.booleans()) else [same_convolution(draw, c, filters)])), join)


def squeeze_and_excite(draw, c):
    pool = nn.AdaptiveAvgPool2d(1) if draw(st.booleans()) else Function(lambda x: x.mean((2, 3), keepdim=True))
    return Skip(nn.Sequential(pool, nn.Conv2d(c, c, 1)), "mul")


def halves(draw, c):
    """A part of the channels goes through a convolution, the rest passes it; as in ShuffleNet they are mixed."""
    kept = draw(st.integers(1, c - 1)) if c > 1 else 0
    if not kept:
        return nn.Identity()
    conv = same_convolution(draw, c - kept, draw(st.integers(1, 2)))
    return Halves(kept, conv, draw(st.booleans()))


class Halves(nn.Module):
    def __init__(self, kept, conv, turned):
        super().__init__()
        self.kept, self.conv, self.turned = kept, conv, turned

    def forward(self, x):
        first, second = x[:, : self.kept], self.conv(x[:, self.kept :])
        return torch.cat([second, first] if self.turned else [first, second], 1)


MOVES = {
    "crop": lambda draw, c: Function(lambda x: x[:, :, 1:, :-1]),
    "every other": lambda draw, c: Function(lambda x: x[..., ::2, 1::2]),
    "pad": lambda draw, c: nn.ZeroPad2d((1, 0, 2, 1)),
    "pad with a value": lambda draw, c: nn.ConstantPad2d(1, 2.0),
    "mirror": lambda draw, c: nn.ReflectionPad2d((1, 1, 0, 1)),
    "pad that crops": lambda draw, c: nn.ZeroPad2d((-1, 2, 0, -1)),
    "pixel shuffle": lambda draw, c: nn.PixelShuffle(2) if c % 4 == 0 else nn.Identity(),
    "pixel unshuffle": lambda draw, c: nn.PixelUnshuffle(2),
    "channel shuffle": lambda draw, c: nn.ChannelShuffle(draw(st.sampled_from(divisors(c)))),
    "written shuffle": lambda draw, c: shuffled(c, draw(st.sampled_from(divisors(c)))),
    "turn": lambda draw, c: Function(lambda x: x.transpose(2, 3)),
    "flip": lambda draw, c: Function(lambda x: x.flip(3)),
    "roll": lambda draw, c: Function(lambda x: x.roll((1, 1), (2, 3))),
    "repeat": lambda draw, c: Function(lambda x: x.repeat(1, 1, 2, 1)),
    "last first": lambda draw, c: Function(lambda x: torch.cat(x.chunk(2, 1)[::-1], 1)),
    "patches": lambda draw, c: Function(lambda x: F.unfold(x, 2, stride=2).unsqueeze(2)),
}


def shuffled(channels, groups):
    return Function(lambda x: x.unflatten(1, (groups, channels // groups)).transpose(1, 2).flatten(1, 2))


def moving(draw, c):
    return MOVES[draw(st.sampled_from(sorted(MOVES)))](draw, c)


def norm(draw, c):
    return nn.BatchNorm2d(c)


POSITIVE = [convolution, convolution, transposed, pooling, pooling, adaptive, resampling, skip, skip, moving, moving]
POSITIVE += [squeeze_and_excite, halves, norm]


def signed(draw, c):
    """A layer that makes negative numbers, or mixes."""
    groups = draw(st.sampled_from(divisors(c)))
    return draw(
        st.sampled_from(
            [
                nn.ReLU(), Function(lambda x: (x * 1).relu_()), nn.Tanh(), nn.GELU(), nn.GroupNorm(groups, c),
                nn.InstanceNorm2d(c), nn.LocalResponseNorm(3), nn.Softmax(1), nn.Softmax(-1), nn.Softmax2d(),
                nn.Hardswish(), nn.PReLU(c),
                nn.Upsample(scale_factor=2, mode="bicubic"), nn.AdaptiveMaxPool2d(3), nn.LPPool2d(2, 2),
                Function(lambda x: F.layer_norm(x, x.shape[1:])), Function(lambda x: F.normalize(x, dim=1)),
                Function(lambda x: F.layer_norm(x, x.shape[-1:])), Function(lambda x: x - x.mean((2, 3), keepdim=True)),
                Function(lambda x: 1 / (1 + x.abs())), Function(lambda x: x @ x.transpose(-1, -2)),
                Function(lambda x: torch.where(x > 0, x, x.flip(2))), Function(lambda x: x.amax(1, keepdim=True) + x),
                Function(lambda x: F.scaled_dot_product_attention(x, x, x)), Function(lambda x: x.cumsum(2)),
                Function(lambda x: F.glu(torch.cat([x, x.flip(1)], 1), 1)), Function(lambda x: x.sort(3)[0]),
                Function(lambda x: torch.einsum("nchw,ncvw->nchv", x, x)),
                Function(lambda x: x.var(1, correction=0, keepdim=True) * x),
                Function(lambda x: (x @ torch.ones(x.shape[-1], dtype=x.dtype))[..., None] + x),
                Function(lambda x: torch.einsum("...hw,...hv->...wv", x, x)), Function(lambda x: x + x.mean()),
                Function(lambda x: torch.max(x, 2, keepdim=True)[0]), Function(lambda x: x * torch.tensor(2.0)),
                Function(lambda x: F.normalize(x, dim=(2, 3))), Function(lambda x: torch.log_softmax(x, 1)),
            ]
        )
    )  # fmt: skip


def graph(draw, shape, makers, depth=5, most=400):
    """Return a random network for an image ``(C, H, W)``; each of its maps has at most `most` units."""
    steps, x = [], torch.rand(1, *shape) + 0.5
    for _ in range(draw(st.integers(1, depth))):
        made = draw(st.sampled_from(makers))(draw, x.shape[1])
        try:
            with torch.no_grad():
                after = made.eval()(x.clone())
        except (RuntimeError, ValueError, AssertionError):  # a window larger than the map
            continue
        if 0 < after.numel() <= most:
            steps.append(made)
            x = after
    if draw(st.integers(0, 4)) == 0:
        steps += [nn.Flatten(), nn.Linear(x.numel(), 3)]
    return nn.Sequential(*steps, nn.Identity())


def positive(module, seed):
    """Give a network positive weights: no ReLU dies, and no two ways cancel each other."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in module.parameters():
        parameter.data.uniform_(0.1, 1, generator=generator)
    return module.eval()


def smooth(module):
    """Return a copy in float64, in which each unit of a window of max pooling counts."""
    found = copy.deepcopy(module).double()
    for part in found.modules():
        if isinstance(part, MaxPool):
            part.is_sum = True
    return found
