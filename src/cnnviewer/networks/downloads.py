"""Downloading weights to where torch.hub looks for them, with progress, and a way to stop."""

from __future__ import annotations

import errno
import hashlib
import re
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse

import torch

from cnnviewer.errors import WeightsError
from cnnviewer.networks.streams import BEAT, ByteStream, ConnectionFailedError

if TYPE_CHECKING:
    from typing import BinaryIO

__all__ = ["ProgressCallback", "download", "weights_path"]

ProgressCallback = Callable[[int, int | None, str], None]
"""Called with the bytes so far, all bytes (None where not known) and a line for people.

It may raise `Cancelled`.
"""

_HASH = re.compile(r"-([a-f0-9]{8,})\.")


def weights_path(url: str) -> Path:
    """Return where torch.hub keeps what it downloads from `url`, whether the file is there or not."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name


def download(url: str, name: str, size: str, progress: ProgressCallback | None = None) -> Path:
    """Download a file of weights, unless it is there already.

    The bytes go to a temporary file, which takes its final name when its length and hash are right. It is
    removed when anything goes wrong, and when `progress` raises.

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
    partial = path.with_name(f"{path.name}.{uuid.uuid4().hex}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("xb") as file:
            digest = _receive(url, file, _Beat(f"Downloading {name}", progress))
        _check_hash(path.name, digest)
        partial.replace(path)
    except (ConnectionFailedError, _WrongHashError) as error:
        raise WeightsError(f"The weights of {name} ({size}) could not be downloaded: {error}") from error
    except OSError as error:
        raise WeightsError(_disk_sentence(error, name, size, path.parent)) from error
    finally:
        _remove(partial)
    return path


class _WrongHashError(Exception):
    """The wrong bytes came."""


class _Beat:
    """Calls the progress callback, not too often."""

    def __init__(self, text: str, progress: ProgressCallback | None) -> None:
        self._text, self._progress = text, progress
        self._last = -BEAT

    def __call__(self, done: int, total: int | None) -> None:
        now = time.monotonic()
        if self._progress and (now - self._last >= BEAT or done == total):
            self._last = now
            self._progress(done, total, self._text)


def _receive(url: str, file: BinaryIO, beat: _Beat) -> str:
    """Write the bytes of an address to a file, and return their SHA-256."""
    digest, done = hashlib.sha256(), 0
    with closing(ByteStream(url)) as stream:
        beat(0, None)
        for chunk in stream:
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            beat(done, stream.total)
    return digest.hexdigest()


def _check_hash(file_name: str, digest: str) -> None:
    found = _HASH.search(file_name)
    if found and not digest.startswith(found[1]):
        raise _WrongHashError(
            "what came is not the file that was asked for (its SHA-256 is wrong). "
            "Try again, or go on with random weights."
        )


def _remove(partial: Path) -> None:
    # Where its folder could not be made, unlink raises too, and would hide the first error.
    if partial.parent.is_dir():
        partial.unlink(missing_ok=True)


def _disk_sentence(error: OSError, name: str, size: str, folder: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full: the weights of {name} need {size} in {folder}. Free some space and try again."
    return (
        f"The weights of {name} ({size}) can't be written to {folder}: {error.strerror or error}. "
        "Choose another folder with the environment variable TORCH_HOME, or go on with random weights."
    )
