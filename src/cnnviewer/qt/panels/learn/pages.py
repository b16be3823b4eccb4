"""The pages of the tour, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.qt.panels.learn.pixels_page import PixelsPage

if TYPE_CHECKING:
    from cnnviewer.qt.panels.learn.page import Page

__all__ = ["PAGES"]

PAGES: tuple[type[Page], ...] = (PixelsPage,)
"""All pages; each is built when it is first shown."""
