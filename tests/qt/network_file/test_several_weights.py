"""A file that holds a network several times: which weights are taken is a choice in the dialog."""

import pytest
import timm
import torch
from PySide6.QtCore import Qt

from cnnviewer.network_reports import FileRequest, Fit, FitRow
from cnnviewer.networks.files.opening import FileOpener
from cnnviewer.qt.network_file_dialog import NetworkFileDialog
from cnnviewer.qt.panels.network_file.fits_panel import fit_text


@pytest.fixture
def path(tmp_path):
    states = {}
    for seed, name in enumerate(("student", "teacher")):
        torch.manual_seed(seed)
        states[name] = timm.create_model("test_resnet", num_classes=5).state_dict()
    torch.save({**states, "queue": torch.ones(4, 4)}, tmp_path / "net.pth")
    return tmp_path / "net.pth"


def test_the_weights_are_chosen_and_go_with_the_card(qtbot, path):
    dialog, opener, asked, opened = NetworkFileDialog(), FileOpener(), [], []
    qtbot.addWidget(dialog)
    dialog.inspectRequested.connect(asked.append)
    dialog.openRequested.connect(lambda request, _: opened.append(request))
    dialog.show_report(opener.inspect(FileRequest(path)))
    dialog.show()
    qtbot.mouseClick(dialog.parts.button("Architecture"), Qt.MouseButton.LeftButton)
    choice = dialog.fits.weights
    assert choice.isVisible()
    assert [choice.itemText(row) for row in range(choice.count())] == ["student", "teacher"]
    assert choice.currentText() == "teacher"
    qtbot.keyClick(choice, Qt.Key.Key_Up)
    assert asked[-1].part == "student"
    dialog.show_report(opener.inspect(asked[-1]))
    assert choice.currentText() == "student"
    assert [row.key for row in dialog.fits.model.rows] == ["queue"]
    assert dialog.fits.counts.endswith("1 left over, no part of the network")
    qtbot.mouseClick(dialog.open_button, Qt.MouseButton.LeftButton)
    assert opened[0].card.part == "student"


def test_one_network_is_no_choice(qtbot, tmp_path):
    torch.save(timm.create_model("test_resnet", num_classes=5).state_dict(), tmp_path / "net.pth")
    dialog = NetworkFileDialog()
    qtbot.addWidget(dialog)
    dialog.show_report(FileOpener().inspect(FileRequest(tmp_path / "net.pth")))
    dialog.show()
    qtbot.mouseClick(dialog.parts.button("Architecture"), Qt.MouseButton.LeftButton)
    assert not dialog.fits.weights.isVisible()


def test_what_is_left_over_counts_neither_way():
    rows = (FitRow("a", (1,), (1,), source="b"), FitRow("queue", None, (4, 4), is_left=True))
    fit = Fit("net", rows, is_by_order=True)
    assert fit.is_whole
    assert fit_text(fit) == "✓ net — 1 of 1 tensors fit · under other names, by order and shape"
