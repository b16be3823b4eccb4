"""The device and the precision, chosen in the real window."""

from __future__ import annotations

import pytest
import torch
from PySide6.QtCore import QPoint, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMenu

from cnnviewer.devices import Precision
from cnnviewer.messages import DeviceRequest, WeightsRequest
from cnnviewer.networks import load_network
from cnnviewer.qt.preferences import Preferences

HALF = DeviceRequest("auto", Precision.HALF)


def choose(driver, text):
    """Click the button in the status bar, and then the line of its menu that begins with a text."""
    button = driver.window.status.device
    seen = []

    def click():
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        (action,) = [action for action in menu.actions() if action.text().startswith(text)]
        seen.append(action.isEnabled())
        driver.bot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
        if menu.isVisible():  # a grey line does not close it
            menu.close()

    QTimer.singleShot(50, click)
    driver.bot.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    driver.settle()
    (is_enabled,) = seen
    return is_enabled


def lines(driver):
    return {action.text(): action for action in driver.window.status.device.menu().actions()}


@pytest.mark.skipif(
    torch.cuda.is_available() or torch.backends.mps.is_available(), reason="only where the CPU is all there is"
)
def test_what_is_there_is_offered_and_what_is_not_is_grey(lenet):
    button = lenet.window.status.device
    assert button.isEnabled()
    assert button.text() == "CPU ▾"
    enabled = {text.split(":")[0]: action.isEnabled() for text, action in lines(lenet).items() if text}
    assert enabled == {"Automatic": True, "CPU": True, "CUDA": False, "MPS": False, "Half precision": True}
    assert lines(lenet)["Half precision: bfloat16"].isCheckable()
    (grey,) = [action for text, action in lines(lenet).items() if text.startswith("CUDA")]
    assert grey.toolTip().startswith("There is no CUDA device here: ")
    before = lenet.session.recording
    assert not choose(lenet, "CUDA")
    assert lenet.session.recording is before
    assert lenet.session.device == DeviceRequest()


def test_half_precision_is_switched_on_and_off(lenet):
    window, session = lenet.window, lenet.session
    before, layers = session.recording.probabilities, session.recording.layers
    session.select("c3", 2, (1, 1))
    lenet.settle()
    shown = window.inspector.unit_text
    value = window._presenter.map_answer.mean
    choose(lenet, "Half precision")
    assert session.device == HALF
    assert window.status.device.text() == "CPU · bfloat16 ▾"
    assert session.network.numbers == "bfloat16"
    assert session.recording.probabilities != before
    assert session.recording.probabilities == pytest.approx(before, abs=0.02)
    assert session.recording.layers is layers
    assert session.selection.layer == "c3"
    assert window.probabilities.bars[0].name == "3"
    assert window._presenter.map_answer.mean == pytest.approx(value, rel=0.05)
    assert window._presenter.map_answer.mean != value  # the picture came with the new recording
    lenet.card("c3")
    choose(lenet, "Half precision")
    assert session.device == DeviceRequest()
    assert session.recording.probabilities == before
    assert window.inspector.unit_text == shown
    assert window._presenter.map_answer.mean == value
    assert window.status.device.text() == "CPU ▾"
    assert not window.error.isVisible()


def test_it_is_reached_by_keyboard(lenet):
    button = lenet.window.status.device
    button.setFocus(Qt.FocusReason.TabFocusReason)

    def press():
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        menu.setActiveAction(menu.actions()[-1])
        lenet.bot.keyClick(menu, Qt.Key.Key_Return)

    QTimer.singleShot(50, press)
    lenet.bot.keyClick(button, Qt.Key.Key_Space)
    lenet.settle()
    assert lenet.session.device == HALF
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_networks_that_are_opened_later_run_there(lenet):
    choose(lenet, "Half precision")
    lenet.session.open_network("resnet20", None)
    lenet.settle()
    assert (lenet.session.network.name, lenet.session.network.numbers) == ("resnet20", "bfloat16")
    lenet.session.open_network("lenet5")
    lenet.settle()
    assert lenet.session.network.numbers == "bfloat16"
    assert lenet.window.probabilities.bars[0].name == "3"


def test_where_it_can_not_run_all_stays(lenet, monkeypatch):
    before = lenet.session.recording

    def fail(*args, **kwargs):
        raise RuntimeError("\"conv2d\" not implemented for 'BFloat16'")

    monkeypatch.setattr("cnnviewer.recorder.run_pass", fail)
    choose(lenet, "Half precision")
    assert "lenet5 can't run in half precision" in lenet.window.error.sentence
    assert lenet.session.recording is before
    assert lenet.session.device == DeviceRequest()
    assert not lines(lenet)["Half precision: bfloat16"].isChecked()
    monkeypatch.undo()
    choose(lenet, "Half precision")
    assert lenet.session.device == HALF
    assert not lenet.window.error.isVisible()


def test_a_device_that_has_gone_is_told(lenet):
    name = "cuda:7" if torch.cuda.device_count() < 8 else "cuda:99"
    lenet.session.use_device(DeviceRequest(name))
    lenet.settle()
    assert "There is no CUDA" in lenet.window.error.sentence
    assert lenet.session.device == DeviceRequest()


def test_a_remembered_device_that_has_gone_is_told_and_the_network_opens(driver):
    driver.session.use_device(DeviceRequest("cuda:99"))
    driver.open("lenet5")
    assert driver.session.network.device == str(load_network("lenet5").to().device)
    assert "There is no CUDA 99 device here" in driver.window.statusBar().currentMessage()


def test_weights_and_the_held_moment_live_there(lenet):
    weights = {name: tensor * 0.5 for name, tensor in load_network("lenet5").module.state_dict().items()}
    choose(lenet, "Half precision")
    lenet.session.hold(True)
    lenet.session.show_weights(WeightsRequest(7, weights))
    lenet.settle()
    held = lenet.session.held
    assert lenet.window.status.provenance == "training, step 7"
    choose(lenet, "Half precision")
    assert lenet.window.status.provenance == "training, step 7"
    assert lenet.session.held == pytest.approx(held, abs=0.02)
    assert lenet.session.held != held
    assert lenet.session.recording.probabilities != lenet.session.held


def test_the_choice_is_remembered(lenet):
    choose(lenet, "Half precision")
    preferences = Preferences()
    preferences.save(lenet.window, lenet.session, "light")
    assert preferences.device() == HALF
    QSettings().setValue("device/precision", "quarter")
    assert preferences.device() == DeviceRequest()
    QSettings().clear()
    assert preferences.device() == DeviceRequest()
