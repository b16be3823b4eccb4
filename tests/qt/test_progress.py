"""What is told while a job goes on, and that what can be stopped is stopped."""

from __future__ import annotations

import time

import pytest
import torch

from cnnviewer.engine import Engine
from cnnviewer.qt.widgets.banner import ProgressBanner


@pytest.mark.parametrize(
    ("done", "total", "text", "told", "can_stop"),
    [
        (None, None, "Starting PyTorch", "Starting PyTorch", False),
        (0, None, "Reading net.pth", "Reading net.pth", True),
        (3, None, "Trying how net.pth wants its pixels", "Trying how net.pth wants its pixels · 3", True),
        (12, 300, "Looking for the architecture", "Looking for the architecture · 12 of 300", True),
        (1_200, 3_000_000, "Downloading resnet18", "Downloading resnet18 · 1.2 kB of 3 MB", True),
        (1_200, None, "Downloading resnet18", "Downloading resnet18 · 1.2 kB", True),
    ],
)
def test_a_banner_tells_how_far_a_job_is(qtbot, done, total, text, told, can_stop):
    banner = ProgressBanner()
    qtbot.addWidget(banner)
    banner.show_progress(done, total, text)
    assert banner.text == told
    assert banner.cancel.isHidden() is not can_stop


def test_the_look_into_a_file_can_be_stopped(lenet, tmp_path, monkeypatch):
    def look(engine, request, progress):
        while True:
            progress(0, None, "Reading net.pth")
            time.sleep(0.01)

    monkeypatch.setattr(Engine, "inspect", look)
    torch.save({"weight": torch.ones(3)}, tmp_path / "net.pth")
    lenet.window.open_paths([tmp_path / "net.pth"])
    banner = lenet.window.progress
    lenet.bot.waitUntil(lambda: banner.isVisible() and banner.text == "Reading net.pth", timeout=60_000)
    lenet.click(banner.cancel)
    assert not banner.isVisible()
    assert lenet.window.statusBar().currentMessage() == "Opening the network was stopped."
    assert lenet.session.network.name == "lenet5"


def test_what_can_not_be_stopped_offers_it_not(driver):
    told = []
    driver.session.progressed.connect(lambda done, total, text: told.append((done, text)))
    driver.open("lenet5")
    assert (None, "Starting PyTorch") in told
    assert (None, "Loading lenet5") in told
