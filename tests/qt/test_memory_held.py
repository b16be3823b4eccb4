"""What the window holds: as much after many images and networks as after a few, and nothing of what was freed."""

from __future__ import annotations

import gc
from collections import Counter

import pytest
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from cnnviewer.qt import worker
from cnnviewer.recording import Recording


def held() -> Counter[str]:
    """Count what is large, or may become many."""
    gc.collect()
    kinds = (Recording, QImage, QPixmap)
    found = Counter(kind.__name__ for one in gc.get_objects() for kind in kinds if isinstance(one, kind))
    found[QWidget.__name__] = len(QApplication.allWidgets())
    return found


def test_rounds_of_images_networks_and_themes_hold_no_more_each_time(driver):
    counts = []
    for _ in range(3):
        for network, sample in (("lenet5", "digit-3"), ("fashion-cnn", "digit-8"), ("lenet5", "digit-5")):
            driver.open(network, sample=sample)
            driver.window.set_theme("dark")
            driver.window.set_theme("light")
            driver.settle()
        counts.append(held())
    assert counts[2] == counts[1]
    assert counts[2]["Recording"] <= 2


@pytest.fixture
def given(monkeypatch):
    times = []
    monkeypatch.setattr(worker, "give_back", lambda: times.append(None))
    return times


def test_what_was_freed_is_given_back_when_nothing_is_asked_for(lenet, given, monkeypatch):
    monkeypatch.setattr(worker, "QUIET", 50)
    lenet.window.show_sample("digit-8")
    lenet.settle()
    lenet.bot.waitUntil(lambda: len(given) > 0)
    lenet.bot.wait(200)
    count = len(given)
    lenet.bot.wait(200)
    assert len(given) == count  # once, until something is asked for again
    lenet.window.show_sample("digit-5")
    lenet.settle()
    lenet.bot.waitUntil(lambda: len(given) > count)


def test_nothing_is_given_back_between_two_images(lenet, given, monkeypatch):
    monkeypatch.setattr(worker, "QUIET", 600_000)
    for name in ("digit-8", "digit-5", "digit-1"):
        lenet.window.show_sample(name)
        lenet.settle()
    assert given == []
