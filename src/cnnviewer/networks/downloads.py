"""Downloading weights to where torch.hub looks for them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse

import torch

from cnnviewer.downloads.files import FetchError, fetch
from cnnviewer.errors import WeightsError

if TYPE_CHECKING:
    from cnnviewer.downloads import ProgressCallback

__all__ = ["download", "weights_path"]

_HASH = re.compile(r"-([a-f0-9]{8,})\.")


def weights_path(url: str) -> Path:
    """Return where torch.hub keeps what it downloads from `url`, whether the file is there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name


def download(url: str, name: str, size: str, progress: ProgressCallback | None = None) -> Path:
    """Download a file of weights, unless it is there already.

    Nothing of it is left when anything goes wrong, or when `progress` raises.

    Parameters
    ----------
    url
        Where it is. A file name that ends in ``-<hash>.pth`` tells the beginning of its SHA-256.
    name, size
        What messages call the network, and how large the file is: "resnet18", "45 MB".
    progress
        Called about 20 times a second, also while nothing comes.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    WeightsError
        If it can't be had, is damaged, or can't be written.
    """
    path = weights_path(url)
    if path.exists():
        return path
    found = _HASH.search(path.name)
    checksum = f"sha256:{found[1]}" if found else ""
    try:
        fetch(
            url, path, f"the weights of {name}", size, text=f"Downloading {name}", checksum=checksum, progress=progress
        )
    except FetchError as error:
        raise WeightsError(f"{error.story}. {error.remedy}, or go on with random weights.") from error
    return path
