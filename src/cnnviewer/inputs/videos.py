"""Video files."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from cnnviewer.errors import StreamError
from cnnviewer.kinds import HEAD, VIDEOS, Kind, ending_of, type_of_head

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from cnnviewer.kinds import FileType

__all__ = ["check_video", "is_video", "time_text"]

_BOX = re.compile(rb".{4}(ftyp|styp|moov|moof|mdat|sidx|free|skip|wide|pnot|uuid)", re.DOTALL)
"""What the files begin with that are made of boxes (ISO/IEC 14496-12, 4.2): MP4, QuickTime, 3GP."""
_MOST_BOXES = 10_000
_CUT_ANYWHERE = frozenset((".mpg", ".ts", ".h264", ".mjpeg", ".dv"))
"""An ending of each type whose files are cut anywhere, and play from there: their first bytes may tell nothing."""


def is_video(path: Path) -> bool:
    """Whether a file is a video, by its name; or an image of more than one frame, by its content."""
    if not path.is_file():
        return False
    return ending_of(path) in VIDEOS or _is_animated(path)


def check_video(path: Path) -> None:
    """Raise where a file is none that plays, as far as its first bytes and its index tell: a player should not see it.

    A few kilobytes are read, however long the file is.

    Raises
    ------
    StreamError
        If it can't be read, is something else, or was not finished.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise StreamError(f"{path.name} can't be played: it is no regular file; save the video to one first.")
        with path.open("rb") as file:
            head = file.read(HEAD)
            known = type_of_head(head, path.name)
            if reason := _refused(path, known, head):
                raise StreamError(f"{path.name} can't be played: {reason}.")
            if _BOX.match(head) and not _has_index(file):
                raise StreamError(
                    f"{path.name} was not finished: its index (moov) is missing; copy it anew, or record it again."
                )
    except FileNotFoundError as error:
        raise StreamError(f"There is no file {path}; check the path.") from error
    except OSError as error:
        raise StreamError(f"{path.name} can't be played: {error.strerror or error} ({path.parent}).") from error
    if not _can_be_named(path):
        raise StreamError(f"{path.name} can't be played: its name is not written in UTF-8; rename it, or its folder.")


def _refused(path: Path, known: FileType | None, head: bytes) -> str:
    """Return why a file of a type is no video; '' where it may be one."""
    if known is None:
        return "" if _BOX.match(head) else "it is damaged, or of an unknown kind"
    if not known.is_read:
        return f"it is {known.name}; {known.advice}"
    if known.kind is not Kind.VIDEO:
        if known.kind is Kind.IMAGE and _is_animated(path):
            return ""
        return f"it is {known.name}, not a video; open it with Ctrl+O, or drop it on the window"
    if known.matches(head) or _BOX.match(head) or not known.extensions.isdisjoint(_CUT_ANYWHERE):
        return ""
    return f"it is damaged, or something else: it does not begin as {known.name} does"


def _has_index(file: BinaryIO) -> bool:
    """Whether a file of boxes holds the one that tells where the frames are, and all of that."""
    place, end = 0, file.seek(0, os.SEEK_END)
    for _ in range(_MOST_BOXES):
        file.seek(place)
        head = file.read(16)
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        elif size == 0:
            size = end - place  # it goes on to the end of the file
        if kind == b"moov" or size < 8:  # what is no box, the player judges
            return 0 < size <= end - place
        place += size
    return True


def _can_be_named(path: Path) -> bool:
    """Whether a player can be told of a file: it knows names in UTF-8 only."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_animated(path: Path) -> bool:
    from cnnviewer.inputs.animations import is_animated  # not above: the window's first paint needs no PIL

    return is_animated(path)


def time_text(milliseconds: int) -> str:
    """Return a place in a video for people: "1:02.4"."""
    tenths = max(0, round(milliseconds / 100))
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 10:02d}.{rest % 10}"
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"
