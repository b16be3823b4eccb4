"""A small network around whatever a test wants, and what plain PyTorch makes of it."""

import torch
from torch import nn

import cnnviewer


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
