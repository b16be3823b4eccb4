"""The dialog of a network's file."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from cnnviewer.qt.network_file_dialog import NetworkFileDialog
from cnnviewer.qt.theme import LIGHT, apply_theme


@pytest.fixture
def dialog(qtbot, qapp):
    apply_theme(qapp, LIGHT)
    made = NetworkFileDialog()
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
    made.asked, made.opened = [], []
    made.inspectRequested.connect(made.asked.append)
    made.openRequested.connect(lambda request, remember: made.opened.append((request, remember)))
    return made
