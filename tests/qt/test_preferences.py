"""What is remembered between runs."""

from __future__ import annotations

import os
from dataclasses import replace

from PySide6.QtCore import QSettings

from cnnviewer.messages import Order, Scope
from cnnviewer.qt.main_window import MainWindow
from cnnviewer.qt.preferences import Preferences
from cnnviewer.qt.session import Session


def test_all_comes_back(qtbot, qapp, lenet):
    session, window = lenet.session, lenet.window
    session.set_appearance(
        scale=replace(session.scale, scope=Scope.NETWORK, gamma=0.5, sequential="viridis"), order=Order.MEAN, tile=90
    )
    window.resize(940, 640)
    Preferences().save(window, session, "dark")
    other = Session()
    again = MainWindow(other, Preferences())
    qtbot.addWidget(again)
    assert other.scale.scope is Scope.NETWORK
    assert other.scale.gamma == 0.5
    assert other.scale.sequential == "viridis"
    assert other.scale.dark
    assert (other.order, other.tile) == (Order.MEAN, 90)
    assert again.height() == 640  # as wide as the screen allows
    assert Preferences().network() == ("lenet5", "DEFAULT")
    again.close()


def test_a_name_that_is_no_utf_8_comes_back(lenet):
    name = os.fsdecode(b"/home/anna/caf\xe9.pth")
    lenet.session.network_request = replace(lenet.session.network_request, name=name, weights=name)
    Preferences().save(lenet.window, lenet.session, "light")
    assert Preferences().network() == (name, name)
    QSettings().clear()


def test_damaged_settings_are_as_on_the_first_launch(qapp, qtbot):
    settings = QSettings()
    for key, value in {
        "appearance/gamma": "much",
        "appearance/tile": "-4",
        "appearance/scope": "world",
        "appearance/order": "7",
        "theme": "pink",
        "window/geometry": "none",
    }.items():
        settings.setValue(key, value)
    session = Session()
    window = MainWindow(session, Preferences())
    qtbot.addWidget(window)
    assert (session.scale.gamma, session.tile, session.scale.scope, session.order) == (1.0, 20, Scope.MAP, "channel")
    assert Preferences().theme() == "system"
    window.close()
    settings.clear()
