"""How a network is run, where that is particular: told beside the time that it took."""

from __future__ import annotations

from torch import nn

import cnnviewer

from .live.conftest import camera as camera
from .live.conftest import media as media
from .live.conftest import picture


class Counting(nn.Module):
    """Keeps how many images it has seen."""

    def __init__(self):
        super().__init__()
        self.conv, self.head, self.seen = nn.Conv2d(3, 4, 3), nn.Linear(4, 5), 0

    def forward(self, x):
        self.seen += 1
        return self.head(self.conv(x).relu().mean((2, 3))) * self.seen


def opened(driver, monkeypatch, module):
    preprocessing = cnnviewer.Preprocessing(size=(64, 64), resize=64, mean=(0.5,) * 3, deviation=(0.25,) * 3)
    network = cnnviewer.from_module(module, preprocessing=preprocessing)
    monkeypatch.setattr("cnnviewer.engine.engine.load_network", lambda *args, **kwargs: network)
    driver.open("odd", sample="chelsea")
    return driver.window.status


def test_the_status_bar_tells_why_a_network_is_run_as_written(driver, monkeypatch):
    status = opened(driver, monkeypatch, Counting())
    assert status.timing.endswith("run as written")
    assert status.timing_tip == (
        "The network is run as written: its values depend on a state that is kept between images."
    )
    driver.open("odd", sample="coffee")
    assert status.timing.endswith("run as written")


def test_nothing_is_told_of_a_network_that_is_run_as_most_are(driver, monkeypatch):
    status = opened(driver, monkeypatch, nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()))
    assert status.timing.endswith("ms")
    assert status.timing_tip == ""


def test_the_timing_of_a_stream_tells_it_too(driver, monkeypatch, camera):
    status = opened(driver, monkeypatch, Counting())
    live = driver.window.open_live()
    driver.settle()
    live.live.run(camera)
    for number in (4, 9):
        with driver.bot.waitSignal(driver.session.framed, timeout=60_000):
            camera.send(picture(number))
    told = "The network is run as written: its values depend on a state that is kept between images."
    driver.bot.waitUntil(lambda: live.presenter.panel.notes == told, timeout=20_000)
    assert status.timing.endswith("run as written")
    live.live.stop()
