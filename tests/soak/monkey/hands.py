"""The hands of the random user: real events for the widgets that it can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDropEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QFileDialog,
    QLineEdit,
    QTabBar,
    QWidget,
)

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Hands", "name_of"]

_CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QTabBar,
)
_LEFT, _RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton


class Hands:
    """Touches what a mouse and a keyboard could reach now: a menu before a dialog, a dialog before the window."""

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self._turn = 0

    def turn(self) -> None:
        """Begin something else: what an earlier drag held is let go of when its menu or dialog is closed."""
        self._turn += 1

    def top(self, dice: random.Random) -> QWidget:
        """Return the window in which the user can do something."""
        covering = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if covering is not None:
            return covering
        others = [one for one in QApplication.topLevelWidgets() if one.isVisible() and one is not self._window]
        return dice.choice(others) if others and dice.random() < 0.3 else self._window

    def widget(self, dice: random.Random) -> QWidget:
        """Return a widget that is seen: a control, or what lies at any point."""
        top = self.top(dice)
        if dice.random() < 0.6:
            controls = [one for one in top.findChildren(QWidget) if isinstance(one, _CONTROLS) and _is_reached(one)]
            if controls:
                return dice.choice(controls)
        point = QPoint(dice.randrange(max(1, top.width())), dice.randrange(max(1, top.height())))
        return top.childAt(point) or top

    # ---- the mouse

    def click(self, widget: QWidget, point: QPoint, sort: str) -> None:
        if sort == "double":
            QTest.mouseDClick(widget, _LEFT, Qt.KeyboardModifier.NoModifier, point)
            return
        QTest.mouseClick(widget, _RIGHT if sort == "right" else _LEFT, Qt.KeyboardModifier.NoModifier, point)
        if sort == "right":
            place = widget.mapToGlobal(point)
            QApplication.sendEvent(widget, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, point, place))

    def drag(self, widget: QWidget, points: Sequence[QPoint]) -> None:
        kinds, turn = QEvent.Type, self._turn
        for number, point in enumerate(points):
            is_end = number == len(points) - 1
            if self._turn != turn and not is_end:
                continue  # a menu was open in between: a move with the button held would open it once more
            kind = kinds.MouseButtonPress if number == 0 else kinds.MouseButtonRelease if is_end else kinds.MouseMove
            place, button = QPointF(point), _LEFT if kind is not kinds.MouseMove else Qt.MouseButton.NoButton
            held = Qt.MouseButton.NoButton if is_end else _LEFT
            event = QMouseEvent(
                kind, place, QPointF(widget.mapToGlobal(point)), button, held, Qt.KeyboardModifier.NoModifier
            )
            QApplication.sendEvent(widget, event)

    def hover(self, widget: QWidget, point: QPoint) -> None:
        none = Qt.MouseButton.NoButton
        place, there = QPointF(point), QPointF(widget.mapToGlobal(point))
        event = QMouseEvent(QEvent.Type.MouseMove, place, there, none, none, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(widget, event)

    def wheel(self, widget: QWidget, point: QPoint, steps: int, modifiers: Qt.KeyboardModifier) -> None:
        event = QWheelEvent(
            QPointF(point),
            QPointF(widget.mapToGlobal(point)),
            QPoint(),
            QPoint(0, 120 * steps),
            Qt.MouseButton.NoButton,
            modifiers,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(widget, event)

    def drop(self, mime: QMimeData) -> None:
        """Drop something on the middle of the window."""
        place = self._window.rect().center()
        what = Qt.DropAction.CopyAction, mime, _LEFT, Qt.KeyboardModifier.NoModifier
        entered = QDragEnterEvent(place, *what)
        QApplication.sendEvent(self._window, entered)
        if entered.isAccepted():
            QApplication.sendEvent(self._window, QDropEvent(QPointF(place), *what))

    # ---- the keyboard

    def press(self, widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
        QTest.keyClick(widget, key, modifiers)

    def answer(self, dialog: QFileDialog, path: Path) -> None:
        """Type a path into a file dialog, and accept it."""
        edit = dialog.findChild(QLineEdit)
        edit.setText(str(path))
        QTest.keyClick(edit, Qt.Key.Key_Return)


def files(paths: Sequence[Path]) -> QMimeData:
    """Return files as they are dropped and pasted."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def name_of(widget: QWidget) -> str:
    """Return which widget it is, as words."""
    text = getattr(widget, "text", None)
    said = text() if callable(text) and isinstance(widget, QAbstractButton) else widget.accessibleName()
    around, parent = "", widget.parentWidget()
    while parent is not None and not around:
        around, parent = (
            (type(parent).__name__ if type(parent).__module__.startswith("cnnviewer") else ""),
            (parent.parentWidget()),
        )
    return f"{type(widget).__name__} {said or widget.objectName()!r} in {around or 'the window'}"


def _is_reached(widget: QWidget) -> bool:
    return widget.isVisible() and widget.isEnabled() and not widget.visibleRegion().isEmpty()
