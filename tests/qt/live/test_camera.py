"""Cameras, and what they lack."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from ..test_main_window import drop, files
from .driving import SEVEN, banner, draw, show_pad, until


def test_no_camera_is_told(live, media):
    from cnnviewer.qt.live.media import camera_names

    if camera_names():
        pytest.skip("this machine has a camera")
    live.live.camera()
    assert "No camera was found" in banner(live)
    assert not live.live.live.is_running
    menu = live.window.tool_bar._cameras
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["No camera found"]


@pytest.fixture
def webcam(live, media, monkeypatch):
    """A camera source on a device that gives nothing; its signals are told by the test."""
    from PySide6.QtMultimedia import QCameraDevice

    from cnnviewer.qt.live import camera as module

    monkeypatch.setattr(module, "devices", lambda: [QCameraDevice()])
    source = module.CameraSource(parent=live.window)
    live.live.live.run(source)
    return source


def test_a_camera_that_is_busy_is_told(live, webcam):
    from PySide6.QtMultimedia import QCamera

    webcam._camera.errorOccurred.emit(QCamera.Error.CameraError, "Device or resource busy")
    assert "The camera gives no pictures (Device or resource busy)" in banner(live)
    assert not live.live.live.is_running


def test_a_camera_that_is_unplugged_is_told(live, webcam, monkeypatch):
    from cnnviewer.qt.live import camera as module

    webcam._media.videoInputsChanged.emit()
    assert not banner(live)
    monkeypatch.setattr(module, "devices", list)
    webcam._media.videoInputsChanged.emit()
    assert "was unplugged" in banner(live)
    assert not live.live.live.is_running
    assert live.window.probabilities.bars[0].name == "3"


@pytest.mark.parametrize("is_asked", [False, True])
def test_a_permission_that_is_refused_is_told(live, webcam, monkeypatch, is_asked):
    from cnnviewer.qt.live import camera as module

    class App:
        def __init__(self) -> None:
            self.is_asked = False

        def checkPermission(self, permission):  # noqa: N802
            states = Qt.PermissionStatus
            return states.Undetermined if is_asked and not self.is_asked else states.Denied

        def requestPermission(self, permission, context, answer):  # noqa: N802
            self.is_asked = True
            answer(permission)

    app = App()
    with monkeypatch.context() as patch:
        patch.setattr(module.QCoreApplication, "instance", lambda: app)
        webcam.start()
    assert "may not use the camera" in banner(live)
    assert app.is_asked is is_asked
    assert not live.live.live.is_running


def test_the_mirror_of_a_camera(live, webcam):
    bar = live.window.input.live_bar.camera
    assert bar.isVisible()
    assert live.live.live.grabber.settings.mirrored
    bar.mirror.click()
    assert not live.live.live.grabber.settings.mirrored


def test_without_the_systems_libraries_all_else_works(live, monkeypatch, clip):
    from cnnviewer.qt.live import media

    monkeypatch.setattr(media, "missing_library", lambda: "libpulse.so.0: cannot open shared object file")
    for wish in (live.live.camera, live.live.screen, live.live.record_window):
        live.window.error.hide()
        wish()
        assert "libpulse.so.0" in banner(live)
        assert "apt install libpulse0 libxrandr2" in banner(live)
    live.window.error.hide()
    assert drop(live.window, files(clip))
    until(live, lambda: banner(live))
    assert "libpulse.so.0" in banner(live)
    assert media.camera_names() == {}
    live.window.error.hide()
    show_pad(live)
    draw(live, *SEVEN)
    until(live, lambda: live.window.probabilities.bars[0].name == "7")
    assert not banner(live)
