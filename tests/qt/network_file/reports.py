"""Reports on files that are nowhere, and how a dialog that shows them is used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from cnnviewer.card import Card
from cnnviewer.network_reports import FileReport, Fit, FitRow, Reason
from cnnviewer.preprocessing import Preprocessing

PATH = Path("/home/ada/networks/net.pth")
IMAGENET = Preprocessing((224, 224), 256, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CARD = Card(IMAGENET, "ImageNet-1k")
MATCH = FitRow("conv.weight", (64, 3, 3, 3), (64, 3, 3, 3))
SHAPE = FitRow("fc.weight", (1000, 512), (10, 512))
MISSING = FitRow("fc.bias", (1000,), None)
UNEXPECTED = FitRow("extra.scale", None, ())
WHOLE = Fit("squeezenet1_0", (MATCH, replace(MATCH, key="conv2.weight")))
BROKEN = Fit("squeezenet1_1", (MATCH, SHAPE, MISSING, UNEXPECTED), "10 classes instead of 1,000")
OTHER = Fit("timm/other", (MATCH,))
REASONS = (
    Reason("size", "Its family takes 224 pixels."),
    Reason("mean", "1,000 classes: ImageNet's."),
    Reason("architecture", "All tensors fit.", is_told=True),
    Reason("", "No card lies beside it."),
)
WEIGHTS = FileReport(
    PATH, "ab" * 32, "state dict", 5_017_600, fits=(WHOLE, BROKEN, OTHER), architecture="squeezenet1_0", card=CARD,
    origin="guessed", reasons=REASONS, classes=1000,
)  # fmt: skip
ONNX = FileReport(
    PATH.with_suffix(".onnx"), "cd" * 32, "ONNX", 26_454, card=Card(Preprocessing((28, 28), 28, (0.0,), (1.0,), 1,
    order="L"), name="MNIST"), origin="beside the file", classes=10,
)  # fmt: skip
CONSENT = FileReport(
    Path("/home/ada/networks/net.pt2"), "ef" * 32, "exported program", 9_000,
    consent="torch runs the program when it opens it.",
)  # fmt: skip


def press(qtbot, button):
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def retype(qtbot, line, text):
    line.setFocus()
    line.selectAll()
    qtbot.keyClick(line, Qt.Key.Key_Delete)
    qtbot.keyClicks(line, text)


def texts(dialog):
    return "\n".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())
