"""Small networks, and the files that tests make of them."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from cnnviewer.networks.checkpoints.reading import read_checkpoint
from cnnviewer.networks.files.formats import format_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cnnviewer.networks.files.opened import Opened


class Small(nn.Module):
    """Convolution, normalisation, a skip, a concatenation, a slice, pooling: what exporters write in several ways."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
        self.fc = nn.Linear(8, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        x = self.stem(image)
        x = torch.cat([x, F.gelu(x)], 1)[:, 2:10]
        x = x + torch.sigmoid(x)
        x += 1
        x = F.max_pool2d(x, 2).mean((2, 3))
        return torch.log_softmax(self.fc(torch.flatten(x, 1)), 1)


def plain() -> nn.Sequential:
    """Return a network of torch.nn's classes alone."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 15 * 15, 5)
    ).eval()


def small() -> Small:
    """Return the network above, with weights that are not all alike."""
    torch.manual_seed(0)
    network = Small().eval()
    norm = network.stem[1]
    norm.running_mean.normal_()
    norm.running_var.uniform_(0.5, 2)
    return network


def image(*shape: int) -> torch.Tensor:
    """Return a made image."""
    return torch.rand(shape or (1, 3, 32, 32), generator=torch.Generator().manual_seed(1))


def open_path(path: Path) -> Opened | Mapping[str, torch.Tensor]:
    """Open a file as its format says."""
    kind = format_of(path)
    if kind.is_weights:
        return read_checkpoint(path).tensors
    return import_module(f"cnnviewer.networks.files.{kind.file}").open_file(path)


def to_onnx(
    network: nn.Module, path: Path, shape: tuple[int, ...] = (1, 3, 32, 32), *, dynamo: bool, **options
) -> Path:
    """Write ONNX, by the newer or the older of torch's exporters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (image(*shape),),
            path,
            dynamo=dynamo,
            external_data=False,
            **({"verbose": False} if dynamo else {}),
            **options,
        )
    return path


def to_pt2(network: nn.Module, path: Path, shape: tuple[int, ...] = (1, 3, 32, 32), **options) -> Path:
    """Write an exported program."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(network, (image(*shape),), **options), path)
    return path
