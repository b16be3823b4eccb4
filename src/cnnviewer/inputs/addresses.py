"""Addresses and texts that name files: what drops, the clipboard and people give instead of a path."""

from __future__ import annotations

import base64
import binascii
import os
import re
import shlex
import socket
from pathlib import Path, PureWindowsPath
from urllib.parse import SplitResult, unquote, unquote_to_bytes, urlsplit

from cnnviewer.errors import ImageError
from cnnviewer.messages import ImageRequest

__all__ = ["LARGEST_DATA", "lines_with_files", "resolve"]

LARGEST_DATA = 100_000_000
"""An image that is written out in its address is refused beyond so many letters."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")
"""How an address begins; one letter alone is a drive of Windows."""
_OPENED = re.compile(
    r"(file|data|https?|smb|s?ftps?|trash|dav|davs|nfs|mtp|afc|gphoto2|ssh|afp|admin|recent):", re.IGNORECASE
)
"""Of the addresses those that a pasted text is taken for."""
_PATH = re.compile(r"[/~]|\.{1,2}[/\\]|[A-Za-z]:[/\\]|\\\\")
_MOST_LINES = 10_000
_ONLY_ADDRESS = (
    "Only the picture's address came, and nothing is downloaded unasked: "
    "copy the picture itself in the browser, and paste it here (Ctrl+V)."
)


def lines_with_files(text: str) -> tuple[str, ...]:
    """Return the lines of a text if each is the path or the address of a file, as programs copy them.

    Returns
    -------
    tuple of str
        For `resolve`; empty where one of them is anything else, or there are far too many.
    """
    if len(text) > LARGEST_DATA:
        return ()
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and line not in ("copy", "cut")]  # what GNOME's file manager writes first
    if len(lines) > _MOST_LINES:
        return ()
    bare = [_unquoted(line) for line in lines]
    return tuple(lines) if bare and all(_OPENED.match(line) or _PATH.match(line) for line in bare) else ()


def resolve(text: str) -> Path | ImageRequest:
    """Return the file that a path or an address means, or the image that is written out in an address.

    Parameters
    ----------
    text
        A path, maybe in quotes or with ``~``, or an address such as ``file:///home/anna/cat.jpg``.

    Raises
    ------
    ImageError
        If it means a file on another machine, in the trash, or on the network: each is told by name.
    """
    text = _unquoted(text.strip())
    if text[:5].lower() == "data:":
        return _written_out(text)
    if not _SCHEME.match(text):
        return _path(text)
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ImageError(f"{_short(text)} is no address of a file; check it.") from None
    if parts.scheme == "file":
        return _local(parts)
    raise ImageError(_elsewhere(parts))


def _unquoted(text: str) -> str:
    """Return a path without the quotes in which shells and Windows' "Copy as path" put it."""
    pairs = ('""', "''", "“”", "‘’", "<>")
    return text[1:-1] if len(text) > 1 and text[0] + text[-1] in pairs else text


def _path(text: str) -> Path:
    if "\0" in text:
        raise ImageError(f"There is no file or folder {text!r}. Check the path.")
    path = _expanded(text)
    if os.name == "posix" and "\\" in text and not path.exists():
        # Terminals put a backslash before what their shell would take for something else.
        words = _words(text)
        if len(words) == 1 and _expanded(words[0]).exists():
            return _expanded(words[0])
        if PureWindowsPath(text).is_absolute():
            raise ImageError(
                f"{_short(text)} is a path of Windows, which this machine does not have; copy the file here."
            )
    return path


def _expanded(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # there is no such user
        return Path(text)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _local(parts: SplitResult) -> Path:
    """Return the path of a ``file:`` address; what is no UTF-8 in it stays what it is."""
    host = (parts.hostname or "").lower()
    # A path may hold these: a file manager would write them as %3F and %23, people do not.
    rest = parts.path + (f"?{parts.query}" if parts.query else "") + (f"#{parts.fragment}" if parts.fragment else "")
    path = os.fsdecode(unquote_to_bytes(rest))
    if os.name == "nt":
        if host not in ("", "localhost"):
            return Path(f"//{host}{path}")
        return Path(re.sub(r"^/([A-Za-z]:)", r"\1", path))
    if host not in ("", "localhost", "127.0.0.1", socket.gethostname().lower()):
        raise ImageError(
            f"{_name(path)} lies on the machine {host}: copy it to this one, or mount its folder, and open it there."
        )
    return Path(path)


def _elsewhere(parts: SplitResult) -> str:
    """Return where the file of an address lies that can't be opened, and what to do."""
    scheme, name = parts.scheme, _name(unquote(parts.path))
    if scheme in ("http", "https", "blob", "about"):
        return _ONLY_ADDRESS
    if scheme == "trash":
        return f"{name} lies in the trash: restore it first, and open it then."
    if scheme == "recent":
        return f"{name} is an entry of a list of recent files: open its folder, and take it from there."
    where = f" on the machine {parts.hostname}" if parts.hostname else " on another machine or device"
    return f"{name} lies{where} ({scheme}): copy it to this machine, and open the copy."


def _written_out(text: str) -> ImageRequest:
    """Return the image of an address like ``data:image/png;base64,iVBORw0``."""
    if len(text) > LARGEST_DATA:
        raise ImageError(
            f"The image in this address has {len(text):,} letters, more than the {LARGEST_DATA:,} that can be opened; "
            "save it to a file, and open that."
        )
    head, comma, body = text[5:].partition(",")
    kind, *settings = (part.strip().lower() for part in head.split(";"))
    if not comma:
        raise ImageError("The address is cut off before the image that should be in it; copy it to its end.")
    if kind and not kind.startswith("image/"):
        raise ImageError(f"The address holds {_short(kind)}, and no image.")
    data = unquote_to_bytes(body)
    if "base64" in settings:
        try:
            # Mail and scripts break lines, and leave the padding out.
            letters = b"".join(data.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
            data = base64.b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
        except binascii.Error:
            raise ImageError("The image in the address is damaged, or cut off; copy it to its end.") from None
    return ImageRequest("pasted image", data=data)


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2] or "The address"


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"
