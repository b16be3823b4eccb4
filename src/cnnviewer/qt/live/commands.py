"""What the Live menu and its keys do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog

from cnnviewer.errors import StreamError
from cnnviewer.kinds import Kind
from cnnviewer.qt.failures import Failure
from cnnviewer.qt.feature_presenter import FeaturePresenter
from cnnviewer.qt.live.media import check_media
from cnnviewer.qt.live.pictures import save_png
from cnnviewer.qt.live.recordings import Recordings
from cnnviewer.qt.widgets.file_dialog import file_dialog, folder_dialog

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtCore import QRect
    from PySide6.QtGui import QScreen

    from cnnviewer.qt.live.controls import SourceControls
    from cnnviewer.qt.live.live import Live
    from cnnviewer.qt.live.presenter import LivePresenter
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.session import Session
    from cnnviewer.qt.widgets.region_picker import RegionPicker

__all__ = ["LiveCommands"]

_PAD_NETWORK = "lenet5"


class LiveCommands(FeaturePresenter):
    """Does what the user wishes of a stream; what fails is told above the layers."""

    def __init__(
        self, window: MainWindow, session: Session, live: Live, presenter: LivePresenter, controls: SourceControls
    ) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self.live, self.presenter, self.controls = live, presenter, controls
        self.dock = presenter.dock
        self.recordings = Recordings(live, self)
        self.recordings.failed.connect(self._on_failed)
        self.recordings.changed.connect(self._on_recording_changed)
        live.failed.connect(self._on_failed)
        self._picker: RegionPicker | None = None

    def show_caution(self, caution: str) -> None:
        """Tell it beside the probabilities of the last minute."""
        self.presenter.panel.show_caution(caution)

    def end_workers(self) -> None:
        """End the recording, the source and its thread."""
        self.recordings.stop()
        self.live.close()

    # ---- sources

    def camera(self, camera: bytes | None = None) -> None:
        """Show what a camera sees."""
        self.live.open_camera(camera)

    def open_video(self) -> None:
        """Ask for a video file, and play it."""
        self._window.opening.ask(Kind.VIDEO)

    def screen(self) -> None:
        """Ask for a region of the screen, and show it."""
        try:
            check_media()
        except StreamError as error:
            self._on_failed(str(error))
            return
        from cnnviewer.qt.widgets.region_picker import RegionPicker

        self._picker = RegionPicker(self._window.screen(), self._window)
        self._picker.picked.connect(self._on_region)
        self._picker.show()

    def pad(self) -> None:
        """Show the drawing pad; with a network that knows digits."""
        network = self._session.network
        if network is None or network.input_shape[0] != 1:
            self._session.open_network(_PAD_NETWORK)
        self.live.open_pad()

    def freeze(self) -> None:
        """Keep the frame for study, or go on."""
        self.live.toggle_frozen()

    def play(self) -> None:
        """Play or pause the video."""
        self.controls.toggle_playing()

    def frame_back(self) -> None:
        """Show the frame before."""
        self.controls.step_frame(-1)

    def frame_on(self) -> None:
        """Show the next frame."""
        self.controls.step_frame(1)

    def live_panel(self) -> None:
        """Show what only a stream shows, or hide it."""
        self._window.panels.toggle("live")

    # ---- recording

    def save_frame(self) -> None:
        """Ask for a file, and save the frame that is shown."""
        if self.live.shown is None:
            self._window.statusBar().showMessage("There is no frame to save: choose a source under Live.", 4000)
            return
        self._ask(self._save_dialog("Save the frame", f"frame-{self.live.shown.number}", "png"), self._save_frame)

    def record_input(self) -> None:
        """Ask for a file, and record the source as a video; or end the recording."""
        self._record("Record the input as a video", "input", self.recordings.record_input)

    def record_window(self) -> None:
        """Ask for a file, and record the window as a video; or end the recording."""
        self._record("Record the window as a video", "cnnviewer", self._record_window)

    def record_frames(self) -> None:
        """Ask for a folder, and save each frame there; or end the recording."""
        if self.recordings.target is not None:
            self.recordings.stop()
            return
        dialog = folder_dialog(self._window, "A folder for the frames")
        self._ask(dialog, self.recordings.record_frames)

    def stop_recording(self) -> None:
        """End the recording."""
        self.recordings.stop()

    def _record(self, title: str, name: str, begin: Callable[[Path], None]) -> None:
        if self.recordings.target is not None:
            self.recordings.stop()
            return
        try:
            check_media()
            from cnnviewer.qt.live.film import video_suffix

            suffix = video_suffix()
        except StreamError as error:
            self._on_failed(str(error))
            return
        self._ask(self._save_dialog(title, name, suffix), begin)

    def _save_dialog(self, title: str, name: str, suffix: str) -> QFileDialog:
        dialog = file_dialog(self._window, title, filters=f"*.{suffix}")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.selectFile(f"{name}.{suffix}")
        return dialog

    def _ask(self, dialog: QFileDialog, answer: Callable[[Path], None]) -> None:
        dialog.setObjectName("live")

        def on_selected(name: str) -> None:
            answer(Path(name))

        dialog.fileSelected.connect(on_selected)
        dialog.open()

    def _save_frame(self, path: Path) -> None:
        if self.live.shown is None:
            return
        try:
            save_png(self.live.shown, path)
        except StreamError as error:
            self._on_failed(str(error))

    def _record_window(self, path: Path) -> None:
        self.recordings.record_window(path, self._window)

    # ---- what happens

    @Slot(object, object)
    def _on_region(self, screen: QScreen, region: QRect) -> None:
        from cnnviewer.inputs.screens import Region

        whole = screen.geometry()
        self.live.open_screen(
            screen,
            Region(
                region.left() / whole.width(),
                region.top() / whole.height(),
                (region.left() + region.width()) / whole.width(),
                (region.top() + region.height()) / whole.height(),
            ),
        )

    @Slot()
    def _on_recording_changed(self) -> None:
        target = self.recordings.target
        self._window.tool_bar.show_recording("" if target is None else target.name)

    @Slot(str)
    def _on_failed(self, sentence: str) -> None:
        self._window.error.show_failure(Failure(sentence, "", None))
