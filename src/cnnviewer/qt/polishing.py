"""Polishing widgets again after the colours of the palette changed, without holding the window."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication, QWidget
from shiboken6 import isValid

from cnnviewer.qt.garbage import no_collection

__all__ = ["Polisher"]

_TURN = 0.005
"""For how many seconds the window is held at once by those that are not seen."""


class Polisher(QObject):
    """Polishes what is seen at once, and the rest when there is time.

    What a style sheet says is worked out when a widget is polished, and kept: colours that it takes from the palette
    too.
    """

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._waiting: list[QWidget] = []
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)

    @classmethod
    def of(cls, app: QApplication) -> Polisher:
        """Return the one of an application."""
        return app.findChild(cls) or cls(app)

    def polish(self) -> None:
        """Polish all widgets."""
        self._waiting = _all_widgets()
        self._polish_seen()
        self._timer.start()

    @Slot()
    def _go_on(self) -> None:
        """Polish some; what came into sight in the meantime first."""
        self._polish_seen()
        end = time.perf_counter() + _TURN
        while self._waiting and time.perf_counter() < end:
            _polish(self._waiting.pop())
        if not self._waiting:
            self._timer.stop()

    def _polish_seen(self) -> None:
        waiting, self._waiting = self._waiting, []
        for widget in waiting:
            if _is_seen(widget):
                _polish(widget)
            else:
                self._waiting.append(widget)


def _all_widgets() -> list[QWidget]:
    """Return all widgets, while Python's garbage collector rests.

    Each gets an object of Python's. If one of these made the collector run, widgets that nobody holds would be
    destroyed while the rest of Qt's list still points to them, and the process would crash.
    """
    with no_collection():
        return QApplication.allWidgets()


def _is_seen(widget: QWidget) -> bool:
    """Whether a widget is on the screen; one may go at any moment, when Python clears away what nobody holds."""
    return isValid(widget) and widget.isVisible()


def _polish(widget: QWidget) -> None:
    if isValid(widget):
        style = widget.style()
        style.unpolish(widget)
        style.polish(widget)
        widget.update()
