"""Small networks with branches, skips, modules that are used again, and what the window knows of their layers."""

from __future__ import annotations

import torch
from torch import nn

from cnnviewer import from_module, record
from cnnviewer.engine.summaries import layer_summaries


class Block(nn.Module):
    """A residual block."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.conv2(self.relu(self.conv1(x)))


class Branches(nn.Module):
    """Three ways side by side, one of them empty."""

    def __init__(self, channels):
        super().__init__()
        self.wide = nn.Sequential(nn.Conv2d(channels, 4, 5, padding=2), nn.ReLU())
        self.narrow = nn.Conv2d(channels, 4, 1)

    def forward(self, x):
        return torch.cat([self.wide(x), self.narrow(x), x], 1)


class Dense(nn.Module):
    """Each layer takes all that were made before it."""

    def __init__(self, channels, count):
        super().__init__()
        self.steps = nn.ModuleList(nn.Sequential(nn.Conv2d(channels + 2 * i, 2, 1), nn.ReLU()) for i in range(count))

    def forward(self, x):
        found = [x]
        for step in self.steps:
            found.append(step(torch.cat(found, 1)))
        return torch.cat(found, 1)


class Again(nn.Module):
    """The same block twice, and something else between."""

    def __init__(self):
        super().__init__()
        self.block = Block(3)
        self.between = nn.MaxPool2d(2)

    def forward(self, x):
        return self.block(self.between(self.block(x)))


def head(channels):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 4))


NETWORKS = {
    "plain": lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), head(4)),
    "residual": lambda: nn.Sequential(Block(3), Block(3), head(3)),
    "branches": lambda: nn.Sequential(nn.Conv2d(3, 6, 1), Branches(6), Branches(14), head(22)),
    "dense": lambda: nn.Sequential(Dense(3, 6), head(15)),
    "again": lambda: nn.Sequential(Again(), head(3)),
}


def recording_of(name):
    return record(from_module(NETWORKS[name]().eval(), name=name), torch.rand(1, 3, 16, 16))


def layers_of(name):
    """Return the layers of a network as the window knows them, and the shape of its input."""
    recording = recording_of(name)
    return layer_summaries(recording), tuple(recording.input.shape)
