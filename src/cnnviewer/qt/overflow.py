"""What a tool bar gives up, step by step, where it is too narrow for all; a menu has what went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMenu, QToolBar, QToolButton, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction

__all__ = ["Overflow", "Step"]


@dataclass(frozen=True)
class Step:
    """What goes at once: buttons that keep their icon only, or tools that move into the menu, as these entries."""

    shortened: tuple[QToolButton, ...] = ()
    hidden: tuple[QAction, ...] = ()
    entries: tuple[QAction | QMenu, ...] = field(default=())


class Overflow(QObject):
    """Takes as many steps as are needed for the bar's width, the first ones first."""

    def __init__(self, bar: QToolBar, button: QToolButton, button_action: QAction, steps: Sequence[Step]) -> None:
        super().__init__(bar)
        self._bar, self._steps, self._taken = bar, tuple(steps), 0
        self._button_action = button_action
        self.menu = QMenu(button)
        """What has moved into the menu."""
        button.setMenu(self.menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._take(0)

    def fit(self) -> None:
        """Take the steps that are needed now, and no more."""
        before = self._taken
        for count in range(len(self._steps) + 1):
            if count != self._taken:
                self._take(count)
            if self._width() <= self._bar.width():
                break
        if before != self._taken:
            self._bar.updateGeometry()
        if self.menu.isEmpty():
            self.menu.close()  # its button has gone too

    def _take(self, count: int) -> None:
        self._taken = count
        styles = Qt.ToolButtonStyle
        self.menu.clear()
        for number, step in enumerate(self._steps):
            is_taken = number < count
            for button in step.shortened:
                button.setToolButtonStyle(styles.ToolButtonIconOnly if is_taken else styles.ToolButtonTextBesideIcon)
            for action in step.hidden:
                action.setVisible(not is_taken)
            for entry in step.entries if is_taken else ():
                self.menu.addMenu(entry) if isinstance(entry, QMenu) else self.menu.addAction(entry)
        self._button_action.setVisible(not self.menu.isEmpty())

    def _width(self) -> int:
        """Return how wide the bar has to be for what stands on it."""
        layout = self._bar.layout()
        assert layout is not None
        shown = [widget for action in self._bar.actions() if (widget := self._widget(action)) is not None]
        widths = sum(_width_of(widget) for widget in shown)
        margins = layout.contentsMargins()
        frame = self._bar.width() - self._bar.contentsRect().width()
        return widths + layout.spacing() * len(shown) + margins.left() + margins.right() + max(frame, _PADDING)

    def _widget(self, action: QAction) -> QWidget | None:
        return self._bar.widgetForAction(action) if action.isVisible() else None


_PADDING = 16  # of the style sheet


def _width_of(widget: QWidget) -> int:
    hint = widget.sizeHint().expandedTo(widget.minimumSizeHint()).expandedTo(widget.minimumSize())
    return max(0, hint.boundedTo(widget.maximumSize()).width())
