"""A small network whose last operations are whatever a test wants."""

from __future__ import annotations

import torch
from torch import nn

import cnnviewer
from cnnviewer.preprocessing import Preprocessing

SMALL = Preprocessing(size=(8, 8), resize=8, mean=(0.5,) * 3, deviation=(0.5,) * 3)


class Answering(nn.Module):
    """A convolution whose mean activations go to what a test gives, which may use the layers that stand ready."""

    def __init__(self, answer):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.one, self.four, self.five, self.wide = (nn.Linear(4, count) for count in (1, 4, 5, 200))
        self.point = nn.Conv2d(4, 6, 1)
        self.norm = nn.BatchNorm1d(5)
        self.scale = nn.Parameter(torch.tensor(2.0))
        self.answer = answer

    def forward(self, image):
        self.maps = self.conv(image).relu()
        return self.answer(self, self.maps.mean((2, 3)))


def answering(answer, **what):
    """Return a network that ends in what `answer(module, means)` returns."""
    torch.manual_seed(0)
    what = {"preprocessing": SMALL, "name": "net", **what}
    return cnnviewer.from_module(Answering(answer), **what)
