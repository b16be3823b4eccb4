"""The controls of the source that runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from cnnviewer.qt.live.sources import PlayedSource

if TYPE_CHECKING:
    from cnnviewer.qt.live.camera import CameraSource
    from cnnviewer.qt.live.live import Live
    from cnnviewer.qt.live.sources import Source
    from cnnviewer.qt.panels.input_panel import InputPanel
    from cnnviewer.qt.widgets.drawing_pad import DrawingPad

__all__ = ["SourceControls"]


class SourceControls(QObject):
    """Connects the bar below the picture, and the drawing pad, with the source."""

    def __init__(self, panel: InputPanel, live: Live, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._input, self._live = panel, live
        self._bar = bar = panel.live_bar
        bar.frozen.connect(live.toggle_frozen)
        bar.stopped.connect(live.stop)
        bar.camera.mirrorToggled.connect(self._on_mirrored)
        bar.camera.sizeChosen.connect(self._on_size)
        bar.video.playToggled.connect(self.toggle_playing)
        bar.video.stepped.connect(self.step_frame)
        bar.video.sought.connect(self._on_sought)
        bar.pad.undone.connect(self._on_undone)
        bar.pad.cleared.connect(self._on_cleared)
        bar.pad.widthChanged.connect(self._on_width)
        bar.pad.centredToggled.connect(self._on_centred)
        live.sourceChanged.connect(self._on_source_changed)
        live.frozenChanged.connect(bar.show_frozen)
        self._shown: Source | None = None
        self._pad: DrawingPad | None = None

    @property
    def video(self) -> PlayedSource | None:
        """The video, or the animated image, that runs."""
        return self._live.source if isinstance(self._live.source, PlayedSource) else None

    @property
    def camera(self) -> CameraSource | None:
        """The camera that runs."""
        if self._live.source is None:
            return None
        from cnnviewer.qt.live.camera import CameraSource

        return self._live.source if isinstance(self._live.source, CameraSource) else None

    @Slot()
    def toggle_playing(self) -> None:
        """Play the video, or pause it; a frame that is studied is left."""
        video = self.video
        if video is None:
            return
        if self._live.is_frozen:
            self._live.toggle_frozen()
        if video.is_playing:
            video.pause()
        else:
            video.play()

    @Slot(int)
    def step_frame(self, frames: int) -> None:
        """Pause, and show a later frame, or with a negative number an earlier one."""
        video = self.video
        if video is not None:
            if self._live.is_frozen:
                self._live.toggle_frozen()
            video.step(frames)

    # ---- the source

    @Slot()
    def _on_source_changed(self) -> None:
        live, bar = self._live, self._bar
        self._input.set_live(live.is_running, live.is_drawing)
        if live.is_drawing:
            bar.show_source(bar.pad)
            self._show_pad()
        elif live.source is not self._shown:
            self._show_source()
        self._shown = live.source

    def _show_pad(self) -> None:
        if self._pad is None:
            self._pad = self._input.pad
            self._pad.drawn.connect(self._live.draw)
            self._bar.pad.show_width(self._pad.line_width)
        self._pad.setFocus()
        self._live.draw(self._pad.drawing)  # as it is, an empty one too: else what was there before stays beside it

    def _show_source(self) -> None:
        bar, camera, video = self._bar, self.camera, self.video
        if camera is not None:
            bar.camera.show_camera(camera.sizes, camera.size, camera.grab.mirrored)
            bar.show_source(bar.camera)
        elif video is not None:
            video.moved.connect(bar.video.show_position)
            video.played.connect(bar.video.show_playing)
            video.changed.connect(self._on_duration)
            bar.show_source(bar.video)
        else:
            bar.show_source(None)  # a region of the screen has none

    @Slot()
    def _on_duration(self) -> None:
        if self.video is not None:
            self._bar.video.show_duration(self.video.duration)

    # ---- wishes

    @Slot(int)
    def _on_sought(self, milliseconds: int) -> None:
        if self.video is not None:
            if self._live.is_frozen:
                self._live.toggle_frozen()
            self.video.seek(milliseconds)

    @Slot(bool)
    def _on_mirrored(self, is_mirrored: bool) -> None:
        if self.camera is not None:
            self.camera.set_mirrored(is_mirrored)

    @Slot(object)
    def _on_size(self, size: tuple[int, int]) -> None:
        if self.camera is not None:
            self.camera.set_size(size)

    @Slot()
    def _on_undone(self) -> None:
        self._input.pad.undo()

    @Slot()
    def _on_cleared(self) -> None:
        self._input.pad.clear()

    @Slot(float)
    def _on_width(self, width: float) -> None:
        self._input.pad.line_width = width

    @Slot(bool)
    def _on_centred(self, is_centred: bool) -> None:
        if self._live.is_drawing:
            self._live.set_grab(replace(self._live.grabber.settings, centred=is_centred))
            self._live.draw(self._input.pad.drawing)
