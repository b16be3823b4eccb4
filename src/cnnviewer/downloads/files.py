"""`fetch`: the bytes of an address as a file that is whole and right, or not there."""

from __future__ import annotations

import errno
import hashlib
from contextlib import closing
from typing import TYPE_CHECKING

from cnnviewer.downloads.progress import Beat
from cnnviewer.downloads.streams import ByteStream, NotReceivedError
from cnnviewer.files import new_file

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from cnnviewer.downloads.progress import ProgressCallback

__all__ = ["FetchError", "NotWrittenError", "fetch", "not_written"]


class FetchError(Exception):
    """A file that could not be fetched.

    Parameters
    ----------
    story, remedy
        What happened, and what to do: two sentences without their full stops, so that callers may add to them.
    """

    def __init__(self, story: str, remedy: str) -> None:
        super().__init__(f"{story}. {remedy}.")
        self.story, self.remedy = story, remedy


class NotWrittenError(FetchError):
    """A file for which this machine has no place; another address would not help."""


def fetch(
    url: str,
    path: Path,
    what: str,
    size: str,
    *,
    text: str,
    checksum: str = "",
    progress: ProgressCallback | None = None,
) -> None:
    """Download a file, and replace what lies at its path.

    The bytes go to a temporary file, which takes its final name when its length and checksum are right. It is
    removed when anything goes wrong, and when `progress` raises.

    Parameters
    ----------
    url
        Where it is.
    path
        Where it shall be; folders are made.
    what, size
        What sentences call it, in the plural, and how large it is: "the weights of resnet18", "45 MB".
    text
        The line for people that `progress` gets.
    checksum
        "sha256:" or "md5:" and the beginning of the hexadecimal digest; empty where nothing is known.
    progress
        Called about 20 times a second, also while nothing comes.

    Raises
    ------
    FetchError
        If it can't be had, or is not what was asked for.
    NotWrittenError
        If it can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with new_file(path) as partial, partial.open("xb") as file:
            _receive(url, file, Beat(text, progress), checksum)
    except NotReceivedError as error:
        story = f"{_begin(what)} ({size}) could not be downloaded: {error.reason}"
        raise FetchError(story, error.remedy) from error
    except OSError as error:
        raise not_written(error, what, size, path.parent) from error


def not_written(error: OSError, what: str, size: str, folder: Path) -> NotWrittenError:
    """Return what is to be said where something can't be written.

    Parameters
    ----------
    error
        Why.
    what, size
        As in `fetch`.
    folder
        Where it was to be written.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NotWrittenError(f"The disk is full: {what} need {size} in {folder}", "Free some space and try again")
    return NotWrittenError(
        f"{_begin(what)} ({size}) can't be written to {folder}: {error.strerror or error}",
        "Choose another folder with the environment variable TORCH_HOME",
    )


def _receive(url: str, file: BinaryIO, beat: Beat, checksum: str) -> None:
    """Write the bytes of an address to a file, and check them."""
    algorithm, _, expected = checksum.partition(":")
    digest, done = hashlib.new(algorithm or "sha256", usedforsecurity=False), 0
    with closing(ByteStream(url)) as stream:
        beat(0, None)
        for chunk in stream:
            file.write(chunk)
            digest.update(chunk)
            done += len(chunk)
            beat(done, stream.total)
    if not digest.hexdigest().startswith(expected):
        name = {"md5": "MD5", "sha256": "SHA-256"}[algorithm]
        raise NotReceivedError(f"what came is not the file that was asked for (its {name} is wrong)", "Try again")


def _begin(what: str) -> str:
    return what[:1].upper() + what[1:]
