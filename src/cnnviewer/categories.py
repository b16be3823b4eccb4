"""The names of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["category_name"]


def category_name(categories: Sequence[str], index: int) -> str:
    """Return the name of a class; its number where it has none."""
    return categories[index] if index < len(categories) else f"class {index}"
