"""Files of text beside a network's own: read whole, if they are as small as such files are. No torch here."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from cnnviewer.files import parsed

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_json", "read_side_file"]

_LARGEST = 4_000_000


def read_side_file(path: Path) -> str | None:
    """Return the text of a file; None where there is none, it is no plain file, too large, or no text."""
    with suppress(OSError, ValueError):  # UnicodeDecodeError is one
        if path.is_file() and path.stat().st_size <= _LARGEST:
            return path.read_text(encoding="utf-8-sig")
    return None


def read_json(path: Path) -> tuple[Any, str]:
    """Return what a JSON file beside a network says, and why it can't be used; None and '' where there is none."""
    with suppress(OSError, ValueError):
        if not path.is_file():
            return None, ""
        if path.stat().st_size > _LARGEST:
            return None, f"{path.name} beside the file is larger than {_LARGEST:,} bytes, and is left out."
    text = read_side_file(path)
    if text is None:
        return None, f"{path.name} beside the file can't be read, and is left out."
    try:
        return parsed(text), ""
    except ValueError as error:
        return None, f"{path.name} beside the file is no JSON ({str(error)[:100]}), and is left out."
