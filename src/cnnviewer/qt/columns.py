"""The columns of panels at the sides: each panel has the height at which all of it is seen, where there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Slot

from cnnviewer.qt.widgets.panel_area import PanelArea

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QDockWidget

    from cnnviewer.qt.main_window import MainWindow

__all__ = ["Columns", "column_need", "shared"]

_SIDES = (Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea)

_CENTER, _RIGHT = 420, 236
"""How wide the layers are to be, and the panels at the right at least, in pixels."""


class Columns(QObject):
    """Shares the height of each column anew where the window, or what a panel shows, has changed.

    What the user has dragged stays, as long as it hides nothing.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._share)
        for dock in window.docks:
            area = dock.widget()
            if isinstance(area, PanelArea):
                area.needChanged.connect(self.share_soon)

    @Slot()
    def share_soon(self) -> None:
        """Share the heights, once those of now are known."""
        self._soon.start()

    @Slot()
    def _share(self) -> None:
        self._widen_center()
        for column in _columns(self._window):
            heights, needs = [dock.height() for dock in column], [_need(dock) for dock in column]
            wanted = shared(heights, needs)
            if wanted != heights:
                self._window.resizeDocks(column, wanted, Qt.Orientation.Vertical)

    def _widen_center(self) -> None:
        """Give the layers what the panels at the right can spare, where the cards would be too narrow."""
        center, right = self._window.centralWidget(), self._window.docks[2]
        assert center is not None
        missing, spare = _CENTER - center.width(), right.width() - _RIGHT
        at_right = self._window.dockWidgetArea(right) == _SIDES[1] and not right.isFloating()
        if missing > 0 and spare > 0 and at_right:
            width = right.width() - min(missing, spare)
            self._window.resizeDocks([right], [width], Qt.Orientation.Horizontal)


def column_need(window: MainWindow) -> tuple[int, int]:
    """Return the height of the columns, and the least at which all of their panels is seen."""
    columns = _columns(window)
    heights = [sum(dock.height() for dock in column) for column in columns]
    needs = [sum(map(_need, column)) for column in columns]
    return max(heights, default=0), max(needs, default=0)


def shared(heights: Sequence[int], needs: Sequence[int]) -> list[int]:
    """Return heights of the same sum, none of them below its need where that can be."""
    missing = sum(max(need - height, 0) for height, need in zip(heights, needs, strict=True))
    spare = sum(max(height - need, 0) for height, need in zip(heights, needs, strict=True))
    if not missing or not spare:
        return list(heights)
    given, taken = min(1.0, spare / missing), min(1.0, missing / spare)
    moved = [
        round(height + (need - height) * (given if height < need else taken))
        for height, need in zip(heights, needs, strict=True)
    ]
    moved[-1] += sum(heights) - sum(moved)
    return moved


def _columns(window: MainWindow) -> list[list[QDockWidget]]:
    """Return the panels of each side that lie below each other."""
    found = []
    for side in _SIDES:
        docks = [dock for dock in window.docks if window.dockWidgetArea(dock) == side and not dock.isFloating()]
        if len(docks) > 1 and not any(window.tabifiedDockWidgets(dock) for dock in docks):
            found.append(sorted(docks, key=lambda dock: dock.y()))
    return found


def _need(dock: QDockWidget) -> int:
    area = dock.widget()
    assert isinstance(area, PanelArea)
    return area.need + dock.height() - area.height()
