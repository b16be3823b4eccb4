"""Random programs: networks of views, changes in place, buffers and branches, made of a few numbers each."""

import torch
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

CHANNELS, SIDE = 4, 6

VIEWS = {
    "flatten": lambda h: h.flatten(2) if h.ndim == 4 else h.flatten(),
    "flat": lambda h: h.view(-1) if h.is_contiguous() else h,
    "transpose": lambda h: h.transpose(-1, -2) if h.ndim > 1 else h,
    "permute": lambda h: h.permute(0, 2, 3, 1) if h.ndim == 4 else h,
    "unsqueeze": lambda h: h.unsqueeze(1) if h.ndim < 5 else h.squeeze(),
    "squeeze": lambda h: h.squeeze(),
    "first half": lambda h: h.narrow(-1, 0, max(h.shape[-1] // 2, 1)) if h.ndim else h,
    "channels": lambda h: h[:, 1:3] if h.ndim > 1 else h,
    "channel": lambda h: h[:, 0] if h.ndim > 2 else h,
    "every second": lambda h: h[..., ::2] if h.ndim else h,
    "block": lambda h: h[:, 1:, 1:4, ::3] if h.ndim == 4 else h,
    "chunk": lambda h: h.chunk(2, -1)[-1] if h.ndim else h,
    "split": lambda h: h.split(2, 1)[0] if h.ndim > 1 else h,
    "unbind": lambda h: h.unbind(-1)[-1] if h.ndim > 1 else h,
    "data": lambda h: h.data,
    "detach": lambda h: h.detach(),
    "diagonal": lambda h: h.diagonal(dim1=-2, dim2=-1) if h.ndim > 1 else h,
    "strided": lambda h: h.as_strided((2, 2), (3, 1), h.storage_offset()) if h.numel() > 8 and h.is_contiguous() else h,
    "windows": lambda h: h.unfold(-1, 2, 1) if h.ndim and h.shape[-1] > 2 else h,
    "expand": lambda h: h.expand(3, *h.shape[1:]) if h.ndim and h.shape[0] == 1 else h,
}
CHANGES = {
    "relu_": lambda h: h.relu_(),
    "mul_": lambda h: h.mul_(-1.5),
    "add_": lambda h: h.add_(0.25),
    "sigmoid_": lambda h: h.sigmoid_(),
    "clamp_": lambda h: h.clamp_(-1, 1),
    "F.relu": lambda h: F.relu(h, inplace=True),
    "exp_": lambda h: h.clamp_(max=1).exp_(),
    "zero_": lambda h: h[..., :1].zero_() if h.ndim else h.zero_(),
    "setitem": lambda h: h.__setitem__(..., 0.5) if h.ndim < 2 else h.__setitem__((slice(None), 0), 0.5),
    "masked": lambda h: h.masked_fill_(h > 1, 1.0),
    "tanh_": lambda h: torch.tanh_(h),
    "own half": lambda h: h.sub_(h * 0.5),
}
MAKERS = {
    "relu": lambda h: h.relu(),
    "scaled": lambda h: h * 0.5,
    "clone": lambda h: h.clone(),
    "summed": lambda h: h.sum(-1, keepdim=True) if h.ndim else h + 1,
    "copied": lambda h: torch.cat([h, h], -1) if h.ndim else h + 1,
    "contiguous": lambda h: h.contiguous(),
    "reshaped": lambda h: h.reshape(-1),
}


def pairs(h):
    """The last axis as complex numbers that share the memory, where it can be."""
    fits = h.ndim and h.is_contiguous() and h.dtype is torch.float32 and h.shape[-1] and h.shape[-1] % 2 == 0
    return torch.view_as_complex(h.unflatten(-1, (-1, 2))) if fits else None


def first_of(h):
    return torch.zeros_like(h[..., :1], dtype=torch.long)


MORE = {
    "swapaxes": lambda h: h.swapaxes(0, -1) if h.ndim > 1 else h,
    "tensor_split": lambda h: torch.tensor_split(h, 3, -1)[1] if h.ndim else h,
    "real part": lambda h: h if pairs(h) is None else pairs(h).real,
    "conjugate": lambda h: h if pairs(h) is None else torch.view_as_real(pairs(h).conj().resolve_conj()),
    "read as whole": lambda h: h.view(torch.int32).view(torch.float32) if h.dtype is torch.float32 and h.ndim else h,
    "nothing": lambda h: h[..., :0] if h.ndim else h,
    "augmented": lambda h: h[..., ::2].add_(1) if h.ndim else None,
    "scatter_": lambda h: h.scatter_(-1, first_of(h), 0.75) if h.ndim and h.numel() else None,
    "index_fill_": lambda h: h.index_fill_(-1, torch.tensor([0]), 2.0) if h.ndim and h.numel() else None,
    "copy within": lambda h: h[..., :1].copy_(h[..., -1:]) if h.ndim and h.shape[-1] > 1 else None,
    "set where": lambda h: h.__setitem__(h > 0.5, 0.5),
    "cumsum_": lambda h: h.cumsum_(-1) if h.ndim else None,
    "transpose_": lambda h: h.transpose_(-1, -2) if h.ndim > 1 else None,
    "squeeze_": lambda h: h.squeeze_(),
    "data=": lambda h: setattr(h, "data", h * 2),
    "out of itself": lambda h: torch.add(h, 1, out=h),
    "not a number": lambda h: h.log_(),
    "infinite": lambda h: h.reciprocal_(),
    "where": lambda h: torch.where(h > 0, h, h * 0.2),
    "gather": lambda h: h.gather(-1, first_of(h)) if h.ndim and h.numel() else None,
    "chosen": lambda h: h[h > 0],
    "sort": lambda h: h.sort(-1).values if h.ndim else None,
    "without gradients": torch.no_grad()(lambda h: h.sigmoid() * 2),
    "checkpoint": lambda h: checkpoint(torch.sin, h, use_reentrant=False),
    "half": lambda h: (h.bfloat16() * 2).float(),
    "double": lambda h: h.double().mul(2).float(),
    "channels last": lambda h: h.contiguous(memory_format=torch.channels_last) if h.ndim == 4 else None,
}
ODD = ("conv", "join", "join in place", "copy into", "filled", "out", "buffer", "count", "state", "attribute", "branch",
       "dropout", "noise", "autocast", "item", "table")  # fmt: skip


def is_single(tensor):
    """Whether no two numbers of a tensor lie in the same place: torch does not change those in place."""
    places = [0]
    for size, stride in zip(tensor.shape, tensor.stride(), strict=True):
        places = [place + index * stride for place in places for index in range(size)]
    return len(set(places)) == len(places)


def memory_of(tensor):
    return tensor.data_ptr() - tensor.storage_offset() * tensor.element_size()


class Program(nn.Module):
    """Runs steps, each a word and two numbers that choose among the tensors that are there."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps
        self.conv = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        self.mix = nn.Linear(SIDE, SIDE)
        self.register_buffer("average", torch.zeros(1, CHANNELS, 1, 1))
        self.register_buffer("seen", torch.zeros(()))
        self.calls, self.last = 0, None

    def forward(self, x):
        there = [self.conv(x)]
        for word, one, other in self.steps:
            h, g = there[one % len(there)], there[other % len(there)]
            made = self.step(word, h, g)
            if isinstance(made, torch.Tensor):
                there.append(made)
        return tuple(part * 1 if part is x else part for part in (there[0], there[-1]))

    def step(self, word, h, g):
        for known in (VIEWS, MAKERS):
            if word in known:
                return known[word](h)
        if word in MORE:
            return MORE[word](h) if is_single(h) else None
        if word in CHANGES or word in ("join in place", "copy into", "out"):
            return self.change(word, h, g) if is_single(h) else None
        return self.odd(word, h, g)

    def change(self, word, h, g):
        if word in CHANGES:
            return CHANGES[word](h)
        fits = h.shape == g.shape and memory_of(h) != memory_of(g)
        if not fits:
            return None
        if word == "out":
            return torch.mul(g, 2, out=h)
        return h.add_(g) if word == "join in place" else h.copy_(g)

    def odd(self, word, h, g):
        if word == "conv":
            return (
                self.conv(h)
                if h.ndim == 4 and h.shape[1] == CHANNELS
                else self.mix(h)
                if h.shape[-1:] == (SIDE,)
                else None
            )
        if word == "join":
            return h + g if h.shape == g.shape else None
        if word == "filled":
            made = torch.empty(h.shape)
            made[...] = 1.0
            made.view(-1)[:2] = h.reshape(-1)[:2]
            return made
        if word == "buffer":
            return h + self.average.mean()
        if word == "count":
            self.seen.view(1).add_(1)
            return h * self.seen
        if word == "state":
            self.average[:, :2].mul_(0.5).add_(h.mean())
            return h - self.average.sum()
        if word == "attribute":
            before, self.last = self.last, h.clone()
            self.calls += 1
            return h * self.calls if before is None or before.shape != h.shape else h + before
        if word == "branch":
            return h.relu() if bool(h.mean() > 0) else h.tanh()
        if word == "item":
            return h * (0.5 + (float(h.sum()) > 1))
        if word == "dropout":
            return F.dropout(h, 0.5, training=True)
        if word == "noise":
            return h + torch.randn_like(h)
        if word == "table":
            return h + torch.arange(h.shape[-1]) * self.mix.bias[0] if h.ndim else None
        with torch.autocast("cpu", torch.bfloat16):
            return (
                self.mix(h).float()
                if h.shape[-1:] == (SIDE,)
                else h @ h
                if h.ndim == 2 and len(set(h.shape)) == 1
                else None
            )


STEPS = st.tuples(
    st.one_of(
        *[st.sampled_from(sorted(words)) for words in (VIEWS, CHANGES, CHANGES, MAKERS, MORE)], st.sampled_from(ODD)
    ),
    st.integers(0, 5),
    st.integers(0, 5),
)
PROGRAMS = st.lists(STEPS, min_size=1, max_size=9)
PLAIN_STEPS = st.tuples(
    st.one_of(*[st.sampled_from(sorted(words)) for words in (VIEWS, CHANGES, MAKERS)]),
    st.integers(0, 5),
    st.integers(0, 5),
)
PLAIN_PROGRAMS = st.lists(PLAIN_STEPS, min_size=1, max_size=9)
"""Programs that can be replayed."""


def image(seed):
    return torch.randn((1, CHANNELS, SIDE, SIDE), generator=torch.Generator().manual_seed(seed))
