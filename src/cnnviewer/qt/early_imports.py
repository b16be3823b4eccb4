"""Libraries that features of the window need and that take long to import."""

from __future__ import annotations

from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.qt.session import Session

__all__ = ["EarlyImports"]


class EarlyImports(QObject):
    """Imports libraries in a thread, once the first recording is shown and nothing else is to be done.

    The feature that needs one finds it there when it is opened: else the window would stand still for its import.
    """

    def __init__(self, session: Session, names: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._names = session, tuple(names)
        self._thread: Thread | None = None
        session.idle.connect(self._on_idle)

    def end(self) -> None:
        """Begin none any more, and wait for those that are under way: Python can't end without them."""
        self._names = ()
        if self._thread is not None:
            self._thread.join()

    @Slot()
    def _on_idle(self) -> None:
        if self._names and self._thread is None and self._session.recording is not None:
            self._thread = Thread(target=_import, args=(self._names,), name="cnnviewer imports")
            self._thread.start()


def _import(names: Sequence[str]) -> None:
    for name in names:
        import_module(name)
