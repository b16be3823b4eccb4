"""Icons (Lucide, ISC) in the colour of the theme's text, sharp at every scale."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap

from cnnviewer.qt.theme import current_theme
from cnnviewer.resources import resource

__all__ = ["app_icon", "icon"]

_SIZES = (16, 32, 48)


def icon(name: str, color: str | None = None) -> QIcon:
    """Return the icon of this name, in a colour (#rrggbb) or that of the theme's text."""
    return _icon(name, color or current_theme().text)


@cache
def app_icon() -> QIcon:
    """Return the application's own icon."""
    return QIcon(str(resource("icons", "cnnviewer.png")))


@cache
def _icon(name: str, color: str) -> QIcon:
    # Not above: icons come after the first paint.
    from PySide6.QtSvg import QSvgRenderer

    text = resource("icons", f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", color)
    renderer = QSvgRenderer(QByteArray(text.encode()))
    found = QIcon()
    for size in _SIZES:
        pixmap = QPixmap(QSize(size, size))
        pixmap.fill(Qt.GlobalColor.transparent)
        with QPainter(pixmap) as painter:
            renderer.render(painter)
        found.addPixmap(pixmap)
    return found
