"""Trains the LeNet-5 that the program ships.

Run as ``python -m cnnviewer.training.lenet5 --data FOLDER --out FOLDER``, where the first folder holds MNIST's
four IDX files.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file
from torch.nn import functional as F  # noqa: N812 - torch's own name for it

from cnnviewer.datasets.mnist import read_mnist
from cnnviewer.errors import CnnviewerError
from cnnviewer.networks.lenet5 import PREPROCESSING, LeNet5
from cnnviewer.training.trainer import accuracy, train

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main", "preprocessed", "shifted"]

_BATCH_SIZE = 100
_LEARNING_RATE = 0.004
_LARGEST_SHIFT = 2


def preprocessed(images: torch.Tensor) -> torch.Tensor:
    """Return uint8 digits ``(N, 28, 28)`` as the network takes them, float32 ``(N, 1, 32, 32)``.

    What `PREPROCESSING` does to one, done to all of them at once.
    """
    values = F.pad(images[:, None].float() / PREPROCESSING.divisor, [PREPROCESSING.padding] * 4)
    return (values - PREPROCESSING.mean[0]) / PREPROCESSING.deviation[0]


def shifted(batch: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return the batch with each image moved by up to two pixels; what comes in at the border is background."""
    reach = _LARGEST_SHIFT
    count, _, height, width = batch.shape
    padded = F.pad(batch, [reach] * 4, value=-PREPROCESSING.mean[0] / PREPROCESSING.deviation[0])
    down, right = torch.randint(0, 2 * reach + 1, (2, count), generator=generator)
    rows = down[:, None] + torch.arange(height)
    columns = right[:, None] + torch.arange(width)
    return padded[torch.arange(count)[:, None, None], 0, rows[:, :, None], columns[:, None, :]][:, None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, measure, and write ``lenet5.safetensors`` and its card ``lenet5.json``."""
    parser = argparse.ArgumentParser(description="Train the LeNet-5 that cnnviewer ships.")
    parser.add_argument("--data", type=Path, required=True, help="folder with MNIST's four IDX files")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args(arguments)
    try:
        _run(options)
    except CnnviewerError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _run(options: argparse.Namespace) -> None:
    images, labels = read_mnist(options.data, "train")
    test_images, test_labels = read_mnist(options.data, "test")
    torch.manual_seed(options.seed)
    module = LeNet5()
    for progress in train(
        module,
        preprocessed(images),
        labels,
        epochs=options.epochs,
        batch_size=_BATCH_SIZE,
        learning_rate=_LEARNING_RATE,
        seed=options.seed,
        augment=shifted,
    ):
        if progress.step % 100 == 0:
            print(f"\rstep {progress.step} of {progress.steps}, loss {progress.loss:.4f}", end="", flush=True)
    measured = accuracy(module, preprocessed(test_images), test_labels)
    print(f"\ntest accuracy {measured:.4f}")
    options.out.mkdir(parents=True, exist_ok=True)
    save_file(module.state_dict(), options.out / "lenet5.safetensors")
    card = _card(options.epochs, options.seed, measured, sum(p.numel() for p in module.parameters()))
    (options.out / "lenet5.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def _card(epochs: int, seed: int, measured: float, parameters: int) -> dict[str, Any]:
    return {
        "architecture": "lenet5",
        "parameters": parameters,
        "data": "MNIST",
        "data_licence": "CC BY-SA 3.0 (Y. LeCun, C. Cortes)",
        "split": "trained on the 60,000 training digits, measured on the 10,000 test digits",
        "augmentation": f"shifts by up to {_LARGEST_SHIFT} pixels",
        "epochs": epochs,
        "batch_size": _BATCH_SIZE,
        "optimiser": f"AdamW, one-cycle schedule, highest learning rate {_LEARNING_RATE}",
        "loss": "cross-entropy",
        "seed": seed,
        "test_accuracy": measured,
        "command": (
            f"python -m cnnviewer.training.lenet5 --data FOLDER --out FOLDER --epochs {epochs} --seed {seed}"
        ),
        "trained_with": f"torch {torch.__version__.split('+')[0]}, one CPU thread",
    }


if __name__ == "__main__":
    sys.exit(main())
