"""The order of files."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["in_natural_order"]


def in_natural_order(paths: Iterable[Path]) -> list[Path]:
    """Return paths sorted by the values of the numbers in their names, folder by folder; the path breaks ties."""
    numbered = cache(_numbered)  # the folders above are the same for most
    return sorted(paths, key=lambda path: ([numbered(part) for part in path.parts], str(path)))


def _numbered(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"([0-9]+)", name.casefold())
    return [(int(part), "") if index % 2 else (-1, part) for index, part in enumerate(parts)]
