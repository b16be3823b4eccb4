"""The controls of a source, below its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from cnnviewer.inputs.videos import time_text
from cnnviewer.qt.icons import icon
from cnnviewer.qt.widgets.wheel import Choice, Slider

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CameraBar", "LiveBar", "PadBar", "VideoBar"]


class _Bar(QWidget):
    """A row of controls."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icons: list[tuple[QToolButton, str]] = []
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)

    def refresh_icons(self) -> None:
        """Paint the icons in the theme's colour."""
        for button, name in self._icons:
            button.setIcon(icon(name))

    def _button(self, icon_name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setToolTip(tip)
        button.setAccessibleName(tip.split(" (")[0])
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setProperty("flat", True)
        button.setIcon(icon(icon_name))
        self._icons.append((button, icon_name))
        self._row.addWidget(button)
        return button


class VideoBar(_Bar):
    """Play, pause, single frames, and a slider over the whole video."""

    playToggled = Signal()
    stepped = Signal(int)
    sought = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.back = self._button("step-back", "One frame back (,)")
        self.back.clicked.connect(self._on_back)
        self.play = self._button("pause", "Play or pause (K)")
        self.play.clicked.connect(self.playToggled)
        self.forward = self._button("step", "One frame on (.)")
        self.forward.clicked.connect(self._on_forward)
        self.slider = Slider(self)
        self.slider.setAccessibleName("Place in the video")
        self.slider.setToolTip("The place in the video")
        self.slider.setPageStep(5000)
        self.slider.valueChanged.connect(self.sought)
        self._row.addWidget(self.slider, stretch=1)
        self._time = QLabel(self)
        self._time.setProperty("role", "muted")
        self._row.addWidget(self._time)

    def show_duration(self, milliseconds: int) -> None:
        """Show how long the video is."""
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, milliseconds)
        self._show_time(self.slider.value())

    def show_position(self, milliseconds: int) -> None:
        """Show the place that is played."""
        if not self.slider.isSliderDown():
            with QSignalBlocker(self.slider):
                self.slider.setValue(milliseconds)
        self._show_time(milliseconds)

    def show_playing(self, is_playing: bool) -> None:
        """Show whether it runs."""
        name = "pause" if is_playing else "play"
        self._icons = [(button, name if button is self.play else known) for button, known in self._icons]
        self.refresh_icons()

    @property
    def time(self) -> str:
        """The place and the length, as they are shown."""
        return self._time.text()

    def _show_time(self, milliseconds: int) -> None:
        self._time.setText(f"{time_text(milliseconds)} / {time_text(self.slider.maximum())}")

    @Slot()
    def _on_back(self) -> None:
        self.stepped.emit(-1)

    @Slot()
    def _on_forward(self) -> None:
        self.stepped.emit(1)


class CameraBar(_Bar):
    """The size of the pictures, and the mirror."""

    sizeChosen = Signal(object)
    mirrorToggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.size_box = Choice(self)
        self.size_box.setToolTip("The size of the camera's pictures; a network sees a few hundred pixels")
        self.size_box.setAccessibleName("Size of the pictures")
        self.size_box.activated.connect(self._on_size)
        self._row.addWidget(self.size_box)
        self.mirror = QCheckBox("Mirror", self)
        self.mirror.setToolTip("Change left and right, as in a mirror")
        self.mirror.toggled.connect(self.mirrorToggled)
        self._row.addWidget(self.mirror)
        self._row.addStretch(1)

    def show_camera(self, sizes: Sequence[tuple[int, int]], size: tuple[int, int] | None, is_mirrored: bool) -> None:
        """Show what the camera can do, and does."""
        with QSignalBlocker(self.size_box), QSignalBlocker(self.mirror):
            self.size_box.clear()
            for width, height in sizes:
                self.size_box.addItem(f"{width} × {height}", (width, height))
            self.size_box.setCurrentIndex(-1 if size is None else self.size_box.findData(size))
            self.size_box.setVisible(len(sizes) > 1)
            self.mirror.setChecked(is_mirrored)

    @Slot(int)
    def _on_size(self, index: int) -> None:
        size = self.size_box.itemData(index)
        self.sizeChosen.emit(tuple(size))


class PadBar(_Bar):
    """The thickness of the line, undo, a new sheet, and whether the drawing is put into the middle."""

    undone = Signal()
    cleared = Signal()
    widthChanged = Signal(float)
    centredToggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.undo = self._button("undo", "Take the last stroke away (Ctrl+Z)")
        self.undo.clicked.connect(self.undone)
        self.clear = self._button("trash", "A new sheet (Delete)")
        self.clear.clicked.connect(self.cleared)
        self.width_slider = Slider(self)
        self.width_slider.setRange(3, 20)
        self.width_slider.setToolTip("The thickness of the line")
        self.width_slider.setAccessibleName("Thickness of the line")
        self.width_slider.setMaximumWidth(110)
        self.width_slider.valueChanged.connect(self._on_width)
        self._row.addWidget(self.width_slider)
        self.centred = QCheckBox("Centre", self)
        self.centred.setToolTip(
            "Put the drawing into the middle and make it as large as the digits that the network learnt from"
        )
        self.centred.setChecked(True)
        self.centred.toggled.connect(self.centredToggled)
        self._row.addWidget(self.centred)
        self._row.addStretch(1)

    def show_width(self, width: float) -> None:
        """Show the thickness, a share of the pad's side."""
        with QSignalBlocker(self.width_slider):
            self.width_slider.setValue(round(width * 100))

    @Slot(int)
    def _on_width(self, value: int) -> None:
        self.widthChanged.emit(value / 100)


class LiveBar(_Bar):
    """Freeze, stop, and the controls of the source that runs."""

    frozen = Signal()
    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.freeze = self._button("freeze", "Keep this frame for study, or go on (F)")
        self.freeze.setCheckable(True)
        self.freeze.clicked.connect(self.frozen)
        self.video, self.camera, self.pad = VideoBar(self), CameraBar(self), PadBar(self)
        for bar in (self.video, self.camera, self.pad):
            bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
            self._row.addWidget(bar, stretch=1)
        self._row.addStretch(0)
        self.stop = self._button("stop", "Stop: let go of the camera or file")
        self.stop.clicked.connect(self.stopped)
        self.show_source(None)

    def show_source(self, bar: QWidget | None) -> None:
        """Show the controls of one kind of source; None hides those of all."""
        for known in (self.video, self.camera, self.pad):
            known.setVisible(known is bar)

    def show_frozen(self, is_frozen: bool) -> None:
        """Show whether a frame is kept for study."""
        self.freeze.setChecked(is_frozen)

    def refresh_icons(self) -> None:
        """Paint the icons in the theme's colour."""
        super().refresh_icons()
        for bar in (self.video, self.camera, self.pad):
            bar.refresh_icons()
