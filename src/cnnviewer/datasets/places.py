"""Where the files of listed datasets lie, and what is said where they are missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from cnnviewer.errors import DatasetError

if TYPE_CHECKING:
    from cnnviewer.datasets import DatasetInfo
    from cnnviewer.downloads.files import FetchError

__all__ = ["data_folder", "missing", "not_fetched"]


def data_folder() -> Path:
    """Return where datasets are downloaded to: ``~/.cache/torch/datasets``; it follows ``TORCH_HOME``, as torch does.

    Each lies in it as torchvision lays it out.
    """
    return Path(torch.hub.get_dir()).parent / "datasets"


def missing(info: DatasetInfo, folder: Path | None) -> DatasetError:
    """Return what is to be said where a dataset is not found.

    Parameters
    ----------
    info
        What the list tells of it.
    folder
        Where it was looked for; None for the usual places.
    """
    where = "on this machine" if folder is None else f"in {folder}"
    return DatasetError(
        f"{info.title} is not {where}. Download it ({info.needs_download}, to {folder or data_folder()}) with the "
        "download button, or with --download on the command line; "
        f"or give {'the' if folder is None else 'another'} folder with its files."
    )


def not_fetched(error: FetchError) -> DatasetError:
    """Return what is to be said where a dataset could not be downloaded."""
    return DatasetError(f"{error.story}. {error.remedy}, or give a folder with the files.")
