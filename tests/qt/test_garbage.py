"""Python's garbage: objects of Qt's among it are destroyed in the window's thread, whoever makes it due."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject

from cnnviewer.qt.garbage import GarbageCollector, no_collection


class Ringed(QObject):
    """An object of Qt's that only the collector finds."""

    def __init__(self) -> None:
        super().__init__()
        self.own = self


def make_garbage() -> None:
    kept = []
    for _ in range(20_000):
        ring: list = []
        ring.append(ring)
        kept.append([])


def in_a_thread(work) -> int:
    """Do something in another thread; return which one it was."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert thread.ident is not None
    return thread.ident


def test_what_is_qts_is_destroyed_in_the_windows_thread(lenet):
    gc.collect()
    died: list[int] = []
    weakref.finalize(Ringed(), lambda: died.append(threading.get_ident()))
    in_a_thread(make_garbage)
    lenet.bot.waitUntil(lambda: bool(died), timeout=10_000)
    assert died == [threading.get_ident()]


def test_nothing_is_collected_while_a_network_is_loaded(qtbot):
    was_enabled = gc.isenabled()
    collector = GarbageCollector()
    died: list[bool] = []
    with no_collection():
        weakref.finalize(Ringed(), lambda: died.append(True))
        in_a_thread(make_garbage)
        qtbot.wait(1200)
        assert not died
    qtbot.waitUntil(lambda: bool(died), timeout=10_000)
    assert not gc.isenabled()
    collector.close()
    assert was_enabled
    assert gc.isenabled()


def test_python_collects_by_itself_again_when_the_last_window_is_closed(qtbot):
    first, second = GarbageCollector(), GarbageCollector()
    first.close()
    assert not gc.isenabled()
    second.close()
    assert gc.isenabled()
