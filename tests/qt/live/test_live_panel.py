"""What only a stream shows."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt

from ..conftest import wait
from .driving import digit, send, until


def test_the_live_panel_tells_the_last_minute(streaming):
    panel = streaming.live.presenter.panel
    assert streaming.live.presenter.dock.isVisible()
    for name in ("digit-3", "digit-3", "digit-8", "digit-8"):
        send(streaming, digit(name))
        wait(120)
    until(streaming, lambda: len(panel.classes.lines) == 5 and panel.strip.lines)
    assert panel._title.text() == "relu1 · map 0: mean activation"
    names = [line.name for line in panel.classes.lines]
    assert {"3", "8"} <= set(names)
    line = panel.strip.lines[0]
    assert 2 <= np.isfinite(line.values).sum() <= 12
    assert panel.best.best
    assert panel.best.best[0].value == max(best.value for best in panel.best.best)
    until(streaming, lambda: "from source to screen" in panel.rates)
    assert panel.stages.times.network > 0
    assert "frames/s" in streaming.window.status.stream


def test_another_map_has_its_own_strip(streaming):
    panel = streaming.live.presenter.panel
    streaming.session.select("c3", 2)
    for _ in range(3):
        send(streaming, digit("digit-5"))
    assert panel._chosen.channel == 2
    assert panel._title.text() == "c3 · map 2: mean activation"
    until(streaming, lambda: len(panel.best.best) == 1)


def test_the_live_panel_can_be_hidden(streaming):
    dock = streaming.live.presenter.dock
    streaming.bot.keyClick(streaming.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert dock.isHidden()
    streaming.live.live.run(streaming.camera)
    assert dock.isHidden()
    streaming.bot.keyClick(streaming.window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert not dock.isHidden()
