"""A small dataset and a small network to train on it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cnnviewer.datasets.labelled import Dataset, LabelledImages
from cnnviewer.network import Network
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.training import start

PREPROCESSING = Preprocessing(size=(12, 12), resize=10, padding=1, channels=1, order="L", mean=(0.3,), deviation=(0.4,))
CATEGORIES = ("row", "column", "blank")


def make_images(count: int, seed: int = 5) -> LabelledImages:
    """Bright rows (class 0), bright columns (class 1), nothing (class 2), in noise."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(90, (count, 1, 10, 10), dtype=torch.uint8, generator=generator)
    labels = torch.randint(3, (count,), generator=generator)
    images[labels == 0, :, 3:6, :] = 220
    images[labels == 1, :, :, 3:6] = 220
    return LabelledImages(images, labels, CATEGORIES)


@pytest.fixture
def dataset() -> Dataset:
    return Dataset("stripes", make_images(100), make_images(41, 6), make_images(30, 7), "made here")


@pytest.fixture
def stripes(monkeypatch, dataset) -> Dataset:
    """Give every plan the small dataset."""
    monkeypatch.setattr(start, "load_dataset", lambda *_, **__: dataset)
    return dataset


@pytest.fixture
def folder(tmp_path):
    """Where a run is written."""
    return tmp_path / "run"


@pytest.fixture
def make_network():
    def make(seed: int = 0, classes: int = 3, *, dropout: float = 0.0, norm: bool = False) -> Network:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            layers = [nn.Conv2d(1, 4, 3, stride=2), nn.ReLU(), nn.Flatten(), nn.Linear(100, classes)]
            if norm:
                layers.insert(1, nn.BatchNorm2d(4))
            if dropout:
                layers.insert(-1, nn.Dropout(dropout))
            return Network(nn.Sequential(*layers).eval(), "small", PREPROCESSING, CATEGORIES)

    return make
