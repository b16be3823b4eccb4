"""The catalogue: every network that can be opened by its name, with what is known of it before it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnnviewer.network_reports import CatalogueEntry

__all__ = ["catalogue"]


def catalogue() -> tuple[CatalogueEntry, ...]:
    """Return all networks, those that the program carries first; this imports torch."""
    return ()
