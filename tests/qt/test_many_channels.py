"""A network of many channels in the window."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtWidgets import QApplication

from cnnviewer.messages import ImageRequest, NetworkRequest

FACTORY = """
import torch

def five():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Conv2d(5, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
"""


@pytest.fixture
def five(driver, tmp_path):
    (tmp_path / "five.py").write_text(FACTORY)
    np.save(tmp_path / "five.npy", np.random.default_rng(0).integers(0, 256, (60, 60, 5), dtype=np.uint8))
    driver.session.open_with_card(NetworkRequest(f"{tmp_path / 'five.py'}:five", allow_code=True))
    driver.window.show_images([ImageRequest("five.npy", path=tmp_path / "five.npy")])
    driver.settle()
    return driver


def test_each_channel_is_shown_by_its_name(five):
    panel = five.window.input
    assert panel.views.options[2:] == tuple(f"channel {number}" for number in range(1, 6))
    fold = panel.views.button("Channel ▾")

    def choose_fourth() -> None:
        menu = QApplication.activePopupWidget()
        five.bot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(menu.actions()[3]).center())

    QTimer.singleShot(0, choose_fourth)
    five.bot.mouseClick(fold, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    five.settle()
    assert panel.views.current == "channel 4"
    assert fold.text() == "channel 4 ▾"
    five.click(panel.views.button("Photo"))
    assert panel.views.current == "Photo"
    assert fold.text() == "Channel ▾"
    assert not five.session.recording.caution.startswith("The image has no")


def test_a_network_that_takes_others_is_told_and_the_one_that_is_open_stays(five):
    five.session.open_network("lenet5")
    five.settle()
    assert five.window.error.isVisible()
    assert "5 channels" in five.window.error.sentence
    assert five.session.network.input_shape[0] == 5
