"""Webcams."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCameraPermission, QCoreApplication, QObject, Qt, Slot
from PySide6.QtMultimedia import QCamera, QMediaCaptureSession, QMediaDevices, QVideoSink

from cnnviewer.errors import StreamError
from cnnviewer.inputs.cameras import ENDED, NO_PERMISSION, NONE_FOUND, failure_text, preferred_size
from cnnviewer.qt.live.grabber import Grab
from cnnviewer.qt.live.sources import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QPermission
    from PySide6.QtMultimedia import QCameraDevice, QCameraFormat

__all__ = ["CameraSource", "devices"]


class CameraSource(Source):
    """A webcam, by its id; without one the usual camera.

    Raises
    ------
    StreamError
        If there is no such camera.
    """

    def __init__(self, camera: bytes | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        known = [device for device in devices() if camera is None or bytes(device.id().data()) == camera]
        if not known:
            raise StreamError(NONE_FOUND)
        self._device: QCameraDevice = known[0]
        self.name = self._device.description() or "The camera"
        self.grab = Grab(self.name, mirrored=True)
        self.sink = QVideoSink(self)
        self._session = QMediaCaptureSession(self)
        self._session.setVideoSink(self.sink)
        self._camera = QCamera(self._device, self)
        self._camera.errorOccurred.connect(self._on_error)
        self._session.setCamera(self._camera)
        self._media = QMediaDevices(self)
        self._media.videoInputsChanged.connect(self._on_devices_changed)
        self.sizes = tuple(sorted({_size(known) for known in self._device.videoFormats()}))
        self._choose(preferred_size(self.sizes))

    @property
    def size(self) -> tuple[int, int] | None:
        """The width and height of its pictures; None where it does not tell."""
        size = self._camera.cameraFormat().resolution()
        return None if size.isEmpty() else (size.width(), size.height())

    def set_size(self, size: tuple[int, int]) -> None:
        """Take pictures of another size."""
        self._choose(size)
        self.changed.emit()

    def set_mirrored(self, is_mirrored: bool) -> None:
        """Change left and right, as in a mirror; or don't."""
        self.grab = replace(self.grab, mirrored=is_mirrored)
        self.changed.emit()

    def maker(self) -> Callable[[QObject], Source]:
        """Return what makes it anew, with the same size, mirrored or not."""
        return partial(_made_again, bytes(self._device.id().data()), self.size, self.grab.mirrored)

    def start(self) -> None:
        """Ask for the permission where the system has one, then begin."""
        app = QCoreApplication.instance()
        assert app is not None
        status = app.checkPermission(QCameraPermission())
        if status is Qt.PermissionStatus.Undetermined:
            app.requestPermission(QCameraPermission(), self, self._on_permission)
        else:
            self._begin(status)

    def stop(self) -> None:
        """Let go of the camera."""
        self._camera.stop()

    def _choose(self, size: tuple[int, int] | None) -> None:
        fitting = [known for known in self._device.videoFormats() if _size(known) == size]
        if fitting:
            self._camera.setCameraFormat(max(fitting, key=_rate))

    def _begin(self, status: Qt.PermissionStatus) -> None:
        if status is Qt.PermissionStatus.Granted:
            self._camera.start()
        else:
            self.failed.emit(NO_PERMISSION)

    def _on_permission(self, permission: QPermission) -> None:
        app = QCoreApplication.instance()
        assert app is not None
        self._begin(app.checkPermission(permission))

    @Slot(QCamera.Error, str)
    def _on_error(self, error: QCamera.Error, text: str) -> None:
        if error is not QCamera.Error.NoError:
            self.failed.emit(failure_text(self.name, text))

    @Slot()
    def _on_devices_changed(self) -> None:
        if self._device not in devices():
            self.failed.emit(f"{self.name} {ENDED}")


def _made_again(camera: bytes, size: tuple[int, int] | None, is_mirrored: bool, parent: QObject) -> Source:
    source = CameraSource(camera, parent)
    if size is not None:
        source.set_size(size)
    source.set_mirrored(is_mirrored)
    return source


def devices() -> list[QCameraDevice]:
    """Return the cameras of this machine, the usual one first."""
    found, usual = QMediaDevices.videoInputs(), QMediaDevices.defaultVideoInput()
    return sorted(found, key=lambda device: device != usual)


def _size(camera_format: QCameraFormat) -> tuple[int, int]:
    return camera_format.resolution().width(), camera_format.resolution().height()


def _rate(camera_format: QCameraFormat) -> float:
    return camera_format.maxFrameRate()
