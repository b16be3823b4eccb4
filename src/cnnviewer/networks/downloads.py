"""Downloading weights into torch's hub folder, with progress in bytes."""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import urlparse

import torch

from cnnviewer.errors import WeightsError

if TYPE_CHECKING:
    from cnnviewer.networks import ProgressCallback

__all__ = ["cached_file", "fetch"]

_CHUNK = 1 << 16
_TIMEOUT = 20.0
_TELL_EVERY = 0.05


def cached_file(url: str) -> Path:
    """Return where torch keeps the file of this address."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(urlparse(url).path).name


def fetch(url: str, name: str, progress: ProgressCallback) -> Path:
    """Download a file into torch's hub folder, unless it is there already.

    The file appears under its name only when it is whole and its SHA-256 begins as its name says
    (``resnet18-f37072fd.pth``), as torch.hub checks it.

    Parameters
    ----------
    url
        Its address.
    name
        The network's name, for messages.
    progress
        See `load_network`; what it raises ends the download and leaves nothing behind.

    Raises
    ------
    WeightsError
        If there is no connection, the server refuses, the disk is full or the content is not what it should be.
    """
    target = cached_file(url)
    if target.exists():
        return target
    text = f"Downloading the weights of {name}"
    progress(0, None, text)
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".partial", delete=False) as file:
            temporary = Path(file.name)
            digest = _copy(url, cast("BinaryIO", file), text, progress)
        _check(digest, target.name, name)
        temporary.replace(target)
    except urllib.error.HTTPError as error:
        raise WeightsError(_failed(name, f"the server answered {error.code} {error.reason}")) from error
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise WeightsError(_failed(name, "there is no connection")) from error
    except OSError as error:
        raise WeightsError(_failed(name, f"{target.parent}: {error.strerror or error}")) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return target


def _copy(url: str, file: BinaryIO, text: str, progress: ProgressCallback) -> str:
    """Copy what lies at an address into a file, and return its SHA-256."""
    digest, done, told = hashlib.sha256(), 0, 0.0
    request = urllib.request.Request(url, headers={"User-Agent": "cnnviewer"})
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
        length = answer.headers.get("Content-Length")
        total = int(length) if length and length.isdigit() else None
        while chunk := answer.read(_CHUNK):
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            if time.monotonic() - told >= _TELL_EVERY:
                told = time.monotonic()
                progress(done, total, text)
    if total is not None and done < total:
        raise ConnectionError("the connection broke off")
    progress(done, total or done, text)
    return digest.hexdigest()


def _check(digest: str, file_name: str, name: str) -> None:
    wanted = re.search(r"-([a-f0-9]{6,64})\.", file_name)
    if wanted and not digest.startswith(wanted[1]):
        raise WeightsError(_failed(name, "what came is damaged (its SHA-256 is wrong)"))


def _failed(name: str, reason: str) -> str:
    return f"The weights of {name} could not be downloaded: {reason}. Try again, or go on with random weights."
