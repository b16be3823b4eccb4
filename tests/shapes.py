"""Networks of many shapes: what people's own modules look like, small."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F


class Unet(nn.Module):
    """Down and up again with transposed convolutions; returns maps of scores, as segmentation does."""

    def __init__(self, channels=3, classes=4):
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(channels, 8, 3, padding=1), nn.Conv2d(8, 16, 3, padding=1)
        self.up, self.out = nn.ConvTranspose2d(16, 8, 2, stride=2), nn.Conv2d(16, classes, 1)

    def forward(self, x):
        first = F.relu(self.down1(x))
        second = F.relu(self.down2(F.max_pool2d(first, 2)))
        return OrderedDict(out=self.out(torch.cat([self.up(second), first], 1)), aux=second)


class Function(nn.Module):
    """A convolution, and then a function of its maps."""

    def __init__(self, function, channels=3):
        super().__init__()
        self.conv, self.function = nn.Conv2d(channels, 6, 3, stride=2, padding=1), function

    def forward(self, x):
        return self.function(self.conv(x))


class Scores(NamedTuple):
    logits: torch.Tensor
    aux: torch.Tensor


@dataclass
class Answer:
    features: torch.Tensor
    logits: torch.Tensor


class Grouped(nn.Module):
    """Depthwise, grouped and dilated convolutions, with squeeze-and-excite."""

    def __init__(self, channels=4):
        super().__init__()
        self.stem = nn.Conv2d(channels, 8, 3, stride=4)
        self.depthwise = nn.Conv2d(8, 8, 3, padding=1, groups=8)
        self.dilated = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=2)
        self.squeeze, self.excite, self.head = nn.Conv2d(8, 2, 1), nn.Conv2d(2, 8, 1), nn.Conv2d(8, 5, 1)

    def forward(self, x):
        x = self.dilated(self.depthwise(self.stem(x)).relu())
        share = self.excite(self.squeeze(F.adaptive_avg_pool2d(x, 1)).relu()).sigmoid()
        return self.head(F.adaptive_avg_pool2d(x * share, 1))  # (1, classes, 1, 1)


class Solid(nn.Module):
    """Convolutions over three axes: the channels of the image are taken for depth."""

    def __init__(self):
        super().__init__()
        self.conv, self.fc = nn.Conv3d(1, 4, 3, stride=(1, 4, 4), padding=1), nn.Linear(4, 5)

    def forward(self, x):
        x = F.max_pool3d(F.relu(self.conv(x[:, None])), (1, 2, 2))
        return self.fc(x.mean((2, 3, 4)))


class Chooses(nn.Module):
    """Takes one way for bright images and another for dark ones."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 6, 5, stride=4)
        self.bright, self.dark, self.fc = nn.Conv2d(6, 6, 3), nn.Conv2d(6, 6, 1), nn.Linear(6, 5)

    def forward(self, x):
        h = self.stem(x)
        h = self.bright(h).relu() if x.mean() > 0 else self.dark(h).tanh()
        return self.fc(h.mean((2, 3)))


class Loops(nn.Module):
    """Goes round more often for brighter images."""

    def __init__(self):
        super().__init__()
        self.stem, self.step, self.fc = nn.Conv2d(3, 6, 5, stride=4), nn.Conv2d(6, 6, 3, padding=1), nn.Linear(6, 5)

    def forward(self, x):
        h, rounds = self.stem(x), int((x.mean() + 3).clamp(1, 5))
        for _ in range(rounds):
            h = self.step(h).relu()
        return self.fc(h.mean((2, 3)))


class Named(nn.Module):
    """Returns scores, and something else, in a class of its own."""

    def __init__(self, kind):
        super().__init__()
        self.kind, self.fc, self.aux = kind, nn.Linear(6, 4), nn.Linear(6, 3)

    def forward(self, x):
        values = {"logits": self.fc(x), "aux": self.aux(x), "features": x}
        return self.kind(**{name: values[name] for name in self.kind.__annotations__})
