"""What every format's file shares: sizes that can be true, and errors told in a sentence."""

from __future__ import annotations

import warnings
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cnnviewer.errors import CnnviewerError, NetworkError
from cnnviewer.files import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["check_archive", "check_claim", "first_line", "parsed_json", "refusing"]

_SLACK = 256_000_000
"""So many bytes may always be made of a file, however small it is."""
_MOST_TIMES = 20
_MOST_ENTRIES = 100_000
"""In an archive: one a tensor, those of an optimiser too."""
_MOST_VALUES = 2_000_000
"""In a JSON text: ten times as many as the largest network of keras.applications has."""
_LONGEST_MESSAGE = 200


def check_claim(path: Path, nbytes: int, what: str) -> None:
    """Refuse a file that claims to hold far more than its own size can.

    Raises
    ------
    NetworkError
        If `nbytes` are out of proportion.
    """
    size = path.stat().st_size
    if nbytes > max(_SLACK, _MOST_TIMES * size):
        raise NetworkError(
            f"{path.name} can't be true: {what} would take {nbytes:,} bytes, and the file has {size:,}. "
            "It is damaged, or made to fill the memory."
        )


def check_archive(path: Path) -> None:
    """Refuse a zip archive that unpacks to far more than its size (a "zip bomb"), or that is encrypted.

    Raises
    ------
    NetworkError
        If it is one, or damaged.
    """
    with refusing(path, "a zip archive"), zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > _MOST_ENTRIES:
            raise NetworkError(f"{path.name} is no network: it has {len(entries):,} entries, of which each takes time.")
        check_claim(path, sum(entry.file_size for entry in entries), "its entries, unpacked,")
        if any(entry.flag_bits & 1 for entry in entries):
            raise NetworkError(f"{path.name} is locked with a password; unlock it first.")


def parsed_json(text: str | bytes, path: Path, what: str) -> dict[str, Any]:
    """Return the JSON object in a text.

    Raises
    ------
    NetworkError
        If it is none, or has more values than the description of any network.
    """
    comma, colon = (b",", b":") if isinstance(text, bytes) else (",", ":")
    if text.count(comma) + text.count(colon) > _MOST_VALUES:  # type: ignore[arg-type]
        raise NetworkError(f"{path.name} is no network: {what} in it has over {_MOST_VALUES:,} values.")
    try:
        found = parsed(text)
    except ValueError as error:
        raise NetworkError(f"{path.name} is damaged: {what} in it is no JSON.") from error
    if not isinstance(found, dict):
        raise NetworkError(f"{path.name} is damaged: {what} in it is no JSON object.")
    return found


@contextmanager
def refusing(path: Path, what: str) -> Iterator[None]:
    """Turn whatever a reader raises on a damaged or hostile file into a sentence; its warnings are not for users.

    Parameters
    ----------
    path
        The file.
    what
        What it is read as: "an ONNX model".

    Raises
    ------
    NetworkError
        If anything is raised within.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except CnnviewerError:
        raise
    except RecursionError as error:
        raise NetworkError(
            f"{path.name} is nested too deeply, or has too many layers in a row, to be read as {what} here."
        ) from error
    except (MemoryError, OverflowError) as error:
        raise NetworkError(f"{path.name} asks for more memory than there is; it can't be {what}.") from error
    except Exception as error:
        # Readers of damaged files raise nearly everything: KeyError, struct.error, AttributeError, their own.
        if "allocate memory" in str(error):
            raise NetworkError(f"{path.name} asks for more memory than there is; it can't be {what}.") from error
        # Whether the file is damaged, or only holds what its reader here does not know, can't be told from that.
        raise NetworkError(
            f"{path.name} can't be read as {what} ({type(error).__name__}: {first_line(error)}). "
            "If the program that wrote it reads it, save the network there in another format."
        ) from error


def first_line(error: BaseException) -> str:
    """Return the first line of an error's message, without its full stop, short enough for a sentence."""
    try:
        text = str(error)
    except Exception:  # an error of someone's own code may fail in this, too
        text = ""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "no message")
    return line[:_LONGEST_MESSAGE].rstrip(".: ")
