"""Train the LeNet-5 that is shipped: ``python -m cnnviewer.training.lenet5 --data FOLDER --out FOLDER``."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file
from torch.nn import functional

from cnnviewer.datasets.mnist import read_mnist
from cnnviewer.errors import CnnviewerError
from cnnviewer.networks.lenet5 import PREPROCESSING, LeNet5
from cnnviewer.training.trainer import Settings, measure_accuracy, train

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.datasets.labelled import LabelledImages

__all__ = ["main", "prepare_digits", "train_lenet5"]

SHIFT = 2
"""The largest random shift of a training digit, in pixels, across and down."""


def prepare_digits(images: torch.Tensor, generator: torch.Generator | None = None, /) -> torch.Tensor:
    """Make a batch of digits, to the bit as LeNet-5's `Preprocessing` makes one of each.

    Parameters
    ----------
    images
        uint8, ``(N, 28, 28)``, white on black.
    generator
        Where given, each digit is shifted by -2..2 whole pixels across and down, drawn from it.

    Returns
    -------
    torch.Tensor
        float32, ``(N, 1, 32, 32)``.
    """
    framed = functional.pad(images, [PREPROCESSING.padding] * 4) if generator is None else _shifted(images, generator)
    mean, deviation = PREPROCESSING.mean[0], PREPROCESSING.deviation[0]
    return framed.float().div(PREPROCESSING.divisor).sub(mean).div(deviation)[:, None]


def train_lenet5(data: LabelledImages, settings: Settings) -> LeNet5:
    """Return a LeNet-5 trained from random weights, in eval mode; a line is printed for each epoch."""
    torch.manual_seed(settings.seed)
    module = LeNet5().eval()
    losses: list[float] = []
    for progress in train(module, data, prepare_digits, settings):
        losses.append(progress.loss)
        if progress.step * settings.epochs % progress.steps == 0:
            print(
                f"epoch {progress.epoch} of {settings.epochs}: mean loss {sum(losses) / len(losses):.4f}",
                flush=True,
            )
            losses.clear()
    return module


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, measure, write ``lenet5.safetensors`` and its card ``lenet5.json``; return the exit status."""
    options = _parser().parse_args(arguments)
    settings = Settings(epochs=options.epochs, seed=options.seed)
    try:
        train_data, test_data = read_mnist(options.data, "train"), read_mnist(options.data, "test")
        options.out.mkdir(parents=True, exist_ok=True)
        module = train_lenet5(train_data, settings)
        accuracy = measure_accuracy(module, test_data, prepare_digits)
        save_file(module.state_dict(), options.out / "lenet5.safetensors")
        card = _card(module, settings, len(train_data), len(test_data), accuracy)
        (options.out / "lenet5.json").write_text(
            json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    except (CnnviewerError, OSError) as error:
        print(f"cnnviewer: {error}", file=sys.stderr)
        return 2
    print(f"{accuracy:.2%} of {len(test_data)} test digits are classified rightly")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cnnviewer.training.lenet5", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER", help="the four IDX files of MNIST")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to write")
    parser.add_argument("--epochs", type=_positive, default=30, metavar="N", help="default 30")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="default 0")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _shifted(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Return each image ``(N, H, W)`` in its black frame, shifted on its own."""
    height, width = PREPROCESSING.size
    wide = functional.pad(images, [PREPROCESSING.padding + SHIFT] * 4)
    down, across = torch.randint(2 * SHIFT + 1, (2, len(images), 1), generator=generator)
    rows, columns = down + torch.arange(height), across + torch.arange(width)
    return wide[torch.arange(len(images))[:, None, None], rows[:, :, None], columns[:, None, :]]


def _card(module: LeNet5, settings: Settings, train_size: int, test_size: int, accuracy: float) -> dict[str, Any]:
    """Return what is to be known of the weights; paths of this machine stay out."""
    return {
        "architecture": "LeNet-5 (LeCun et al., 1998) with ReLU, maximum pooling, a full C3 and a softmax",
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        "data": "MNIST (LeCun, Cortes, Burges), CC BY-SA 3.0 as commonly stated",
        "split": {"train": train_size, "test": test_size},
        "preprocessing": PREPROCESSING.describe(),
        "augmentation": f"shifts by up to {SHIFT} pixels across and down",
        "optimiser": (
            f"SGD, Nesterov momentum {settings.momentum}, weight decay {settings.weight_decay}, "
            f"learning rate {settings.learning_rate} annealed to 0 by a cosine"
        ),
        "epochs": settings.epochs,
        "batch_size": settings.batch_size,
        "seed": settings.seed,
        "chosen": "the weights after the last epoch; the test digits were used for the figure below only",
        "test_accuracy": accuracy,
        "command": (
            "python -m cnnviewer.training.lenet5 --data FOLDER --out FOLDER "
            f"--epochs {settings.epochs} --seed {settings.seed}"
        ),
        "date": datetime.now(UTC).date().isoformat(),
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    sys.exit(main())
