"""LeNet-5, trained by this project on MNIST."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from torch import nn

from cnnviewer.network import Network
from cnnviewer.networks.weights import RANDOM, fill, fill_from_file, read_weights
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.resources import resource

if TYPE_CHECKING:
    import torch

    from cnnviewer.networks import ProgressCallback

__all__ = ["CATEGORIES", "PREPROCESSING", "LeNet5", "load"]

CATEGORIES = tuple("0123456789")
PREPROCESSING = Preprocessing(
    size=(32, 32), resize=28, padding=2, channels=1, order="L", mean=(0.1307,), deviation=(0.3081,)
)
"""28 x 28 digits, white on black, two pixels of black around them; MNIST's mean and deviation."""


class LeNet5(nn.Module):
    """LeNet-5 for grey images ``(N, 1, 32, 32)``; returns logits ``(N, 10)``.

    After LeCun, Bottou, Bengio, Haffner, "Gradient-based learning applied to document recognition", 1998, fig. 2,
    with that paper's names of the layers. Modernised: ReLU instead of the scaled tanh; max pooling instead of
    subsampling with a trained factor; each map of c3 sees all six maps of s2 instead of some; the last layer is
    linear, followed by a softmax, instead of Euclidean distances to drawn digits.
    """

    def __init__(self) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.relu1 = nn.ReLU()
        self.s2 = nn.MaxPool2d(2)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.relu3 = nn.ReLU()
        self.s4 = nn.MaxPool2d(2)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.relu5 = nn.ReLU()
        self.flatten = nn.Flatten()
        self.f6 = nn.Linear(120, 84)
        self.relu6 = nn.ReLU()
        self.output = nn.Linear(84, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return the logits of the ten digits."""
        maps = self.s2(self.relu1(self.c1(image)))
        maps = self.s4(self.relu3(self.c3(maps)))
        vector = self.flatten(self.relu5(self.c5(maps)))
        logits: torch.Tensor = self.output(self.relu6(self.f6(vector)))
        return logits


def load(name: str, weights: str | None, progress: ProgressCallback) -> Network:
    """Load LeNet-5; see `cnnviewer.networks.load_network`."""
    del progress  # the weights are installed with the program
    module = LeNet5()
    if weights is None:
        provenance = RANDOM
    elif weights == "DEFAULT":
        fill(module, read_weights(resource("networks", "lenet5.safetensors")), name)
        card = json.loads(resource("networks", "lenet5.json").read_text(encoding="utf-8"))
        provenance = f"trained on {card['data']}, {card['test_accuracy']:.2%} on its test set"
    else:
        provenance = fill_from_file(module, weights, name)
    return Network(module.eval(), name, PREPROCESSING, CATEGORIES, provenance)
