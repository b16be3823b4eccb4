"""Opening whatever is dropped, pasted, chosen in a dialog or given at the start: one way for all kinds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QGuiApplication

from cnnviewer.errors import ImageError
from cnnviewer.inputs.addresses import resolve
from cnnviewer.kinds import IMAGES, NETWORKS, VIDEOS, Kind
from cnnviewer.names import isolated
from cnnviewer.qt import drops
from cnnviewer.qt.failures import Failure, failure_of_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtCore import QMimeData

    from cnnviewer.inputs.finding import Counting, Found
    from cnnviewer.messages import ImageRequest
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.session import Session

__all__ = ["Opening"]

_LOOKING = "Looking for images"
_ENDINGS = {
    "Images": IMAGES,
    "Videos": VIDEOS | {".gif", ".png", ".apng", ".webp"},
    "Networks": NETWORKS,
}
_TITLES = {
    None: "Open images, videos or a network",
    Kind.VIDEO: "Open a video",
    Kind.NETWORK: "Open a network's file",
}
_FIRST = {None: "", Kind.VIDEO: "Videos", Kind.NETWORK: "Networks"}


class Opening(QObject):
    """Finds out what was given, and has it shown; what is shown already stays until then.

    `opened` tells what was found of it, once that is on its way to the screen.
    """

    opened = Signal(object)

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session, self._finder = window, session, session.finder
        self._meanwhile: ImageRequest | None = None
        self._video: Path | None = None
        self._left_out: tuple[str, ...] = ()
        self._wish = 0
        """Which of the session's wishes the newest search serves."""
        self._finder.counted.connect(self._on_counted)
        self._finder.found.connect(self._on_found)
        self._finder.ended.connect(self._on_ended)
        session.networkChanged.connect(self._on_network_changed)

    # ---- what may be given

    def open(self, given: Sequence[Path | str]) -> None:
        """Open paths, or texts that are paths or addresses: images, a video, a network, a training."""
        if given:
            self._meanwhile = None
            self._left_out = ()
            self._wish = self._session.inputs.wishes
            self._finder.find(given)

    def open_mime(self, mime: QMimeData) -> None:
        """Open what was dropped or pasted: files and folders, a picture, addresses, paths as text."""
        files, pages = drops.addresses(mime)
        image = None if files else drops.image(mime)
        if image is not None:
            self._session.inputs.show_images([image])
        elif pages and not files and not pages[0].startswith("data:"):
            self._tell_address(pages[0])
        else:
            self.open(files or pages or drops.lines(mime))

    def paste(self) -> None:
        """Open what is on the clipboard."""
        mime = QGuiApplication.clipboard().mimeData()
        if drops.accepts(mime):
            self.open_mime(mime)
        else:
            self._window.statusBar().showMessage("The clipboard holds no image, and no file or path.", 4000)

    def ask(self, kind: Kind | None = None) -> None:
        """Ask for files of all kinds, those of one kind first."""
        # Qt makes a Python class of each of its own when it is first named: those below are rarely needed.
        from PySide6.QtWidgets import QFileDialog

        from cnnviewer.qt.widgets.file_dialog import file_dialog

        dialog = file_dialog(self._window, _TITLES[kind])
        filters = {name: f"{name} ({_patterns(endings)})" for name, endings in _ENDINGS.items()}
        everything = f"All that can be opened ({_patterns(frozenset().union(*_ENDINGS.values()))})"
        dialog.setNameFilters([everything, *filters.values(), "All files (*)"])
        dialog.selectNameFilter(filters.get(_FIRST[kind], everything))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._on_files_selected)
        dialog.open()

    @Slot(list)
    def _on_files_selected(self, names: list[str]) -> None:
        self.open([Path(name) for name in names])

    def _tell_address(self, address: str) -> None:
        """Tell at once why an address alone opens nothing: no disk is asked for that."""
        try:
            resolve(address)
        except ImageError as error:
            self._window.error.show_failure(Failure(str(error), "", None))

    @property
    def _is_wanted(self) -> bool:
        """Whether no other images, and no stream, were asked for since the search began."""
        return self._wish == self._session.inputs.wishes

    # ---- what the finder tells

    @Slot(object)
    def _on_counted(self, counting: Counting) -> None:
        """Show the first image while a large folder, or a slow disk, is still looked through."""
        self._window.progress.show_progress(counting.count, None, _LOOKING)
        if self._meanwhile is None and counting.first is not None and self._is_wanted:
            self._meanwhile = counting.first
            self._session.inputs.show_images([counting.first])
            self._wish = self._session.inputs.wishes

    @Slot(object)
    def _on_found(self, found: Found) -> None:
        self._left_out = found.left_out
        if found.networks:
            self._window.files.open(found.networks[0])
        if found.runs:
            self._window.open_training().open_folder(found.runs[0])
        if found.images and self._is_wanted:
            self._show_images(found)
        elif found.videos and self._is_wanted:
            self._play(found.videos[0])
        self._tell(found)
        self.opened.emit(found)

    def _show_images(self, found: Found) -> None:
        left_out = found.left_out + tuple(
            f"{isolated(path.name)} is a video, and images came with it: open it by itself." for path in found.videos
        )
        self._left_out = ()
        if self._meanwhile is None:
            self._session.inputs.show_images(found.images, left_out=left_out)
        else:
            self._session.inputs.lengthen_images(found.images, left_out)

    def _play(self, video: Path) -> None:
        """Play a video, when there is a network to see it."""
        if self._session.network is None:
            self._video = video
        else:
            self._window.open_live().live.open_video(video)

    def _tell(self, found: Found) -> None:
        """Tell what could not be opened, and which one of several was."""
        if self._left_out:
            self._window.error.show_failure(failure_of_many(self._left_out, None))
        for paths, what, done in ((found.networks, "networks", "is opened"), (found.videos, "videos", "plays")):
            if len(paths) > 1:
                told = f"{len(paths)} {what} came: {isolated(paths[0].name)} {done}."
                self._window.statusBar().showMessage(told, 8000)

    @Slot()
    def _on_ended(self) -> None:
        if self._window.progress.text.startswith(_LOOKING):
            self._window.progress.hide()

    @Slot()
    def _on_network_changed(self) -> None:
        """Play the video that waited for a network; and tell once more what the window hides with an old failure."""
        video, self._video = self._video, None
        if video is not None and not self._session.inputs.images:
            self._play(video)
        if self._left_out:
            left_out, self._left_out = self._left_out, ()
            self._window.error.show_failure(failure_of_many(left_out, None))


def _patterns(endings: frozenset[str]) -> str:
    return " ".join(f"*{ending}" for ending in sorted(endings))
