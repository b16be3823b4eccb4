"""What the name of a folder tells: a split, a folder that a program made, or a class."""

from __future__ import annotations

import os
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SPLITS", "class_key", "first_of", "is_hidden", "is_made_by_program", "readable", "split_in"]

SPLITS = ("train", "validation", "test")
"""The splits that there are."""

_SPLITS = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "eval", "evaluation"), "validation"),
    **dict.fromkeys(("test", "testing", "tst"), "test"),
}
"""What splits are called."""

_FILLERS = frozenset({"set", "sets", "data", "dataset", "split", "image", "images", "img", "imgs", "folder", "samples"})
"""What may stand beside the word for a split, and says nothing: ``training_set``, ``test images``."""

_GLUED = re.compile(rf"\b({'|'.join(_SPLITS)})({'|'.join(_FILLERS)})\b")
"""Both in one: ``trainset``."""

_MADE_BY_PROGRAMS = frozenset(
    {
        "__macosx", "lost+found", "$recycle.bin", "recycler", "recycled", "system volume information",
        "__pycache__", "@eadir", "#recycle", "#snapshot", "@recycle", "@recently-snapshot", "@tmp", "thumbnails",
        "network trash folder", "temporary items",
    }
)  # fmt: skip
"""What operating systems, their file managers, network disks and Python leave in folders, in small letters."""


def split_in(name: str) -> tuple[str, str] | None:
    """Return the split that the name of a folder tells, and what else is in the name; None where it tells none.

    ``training_set`` is ("train", ""), ``seg_train`` ("train", "seg"): such folders are splits of one set where the
    rest is the same in all.
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", readable(name)).casefold()
    parts = _GLUED.sub(r"\1 \2", re.sub(r"[\W_\d]+", " ", apart)).split()
    told = [_SPLITS[part] for part in parts if part in _SPLITS]
    if len(told) != 1:
        return None
    return told[0], " ".join(part for part in parts if part not in _SPLITS and part not in _FILLERS)


def is_hidden(name: str) -> bool:
    """Whether files and folders of this name are hidden: macOS keeps ``._cat.jpg`` beside ``cat.jpg``."""
    return name.startswith(".")


def is_made_by_program(name: str) -> bool:
    """Whether a folder of this name was made by a program, for its own use."""
    return name.casefold().strip() in _MADE_BY_PROGRAMS


def class_key(name: str) -> str:
    """Return what is the same in two spellings of a class: letters of either case, spaces and underscores."""
    return " ".join(readable(name).casefold().replace("_", " ").replace("-", " ").split())


def readable(name: str) -> str:
    """Return a name that can be compared, and shown: composed, and with a sign for each byte that is no UTF-8."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))


def first_of(names: Iterable[str]) -> str:
    """Return the first of some names, and how many more there are, for a sentence."""
    names = list(dict.fromkeys(names))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
