"""The main window: panels around the layers, wired to the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPaintEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QFileDialog,
    QLabel,
    QMainWindow,
    QStatusBar,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.errors import CnnviewerError
from cnnviewer.inputs.files import EXTENSIONS
from cnnviewer.inputs.samples import list_samples
from cnnviewer.messages import (
    ImageRequest,
    MapAnswer,
    MapRequest,
    NetworkRequest,
    PhotoAnswer,
    PhotoRequest,
    ThumbnailAnswer,
    ThumbnailRequest,
)
from cnnviewer.qt import drops
from cnnviewer.qt.actions import ACTIONS
from cnnviewer.qt.icons import app_icon
from cnnviewer.qt.panels.input_panel import InputPanel
from cnnviewer.qt.panels.inspector_panel import InspectorPanel
from cnnviewer.qt.panels.layers_panel import LayersPanel
from cnnviewer.qt.panels.network_panel import NetworkPanel
from cnnviewer.qt.panels.probabilities_panel import ProbabilitiesPanel
from cnnviewer.qt.theme import DARK, LIGHT, apply_theme, current_theme, system_is_dark
from cnnviewer.qt.tool_bar import ToolBar
from cnnviewer.qt.widgets.banner import ErrorBanner, ProgressBanner
from cnnviewer.qt.widgets.help_dialog import HelpDialog
from cnnviewer.qt.widgets.large_view import LargeView
from cnnviewer.qt.widgets.numbers import byte_text
from cnnviewer.qt.worker import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cnnviewer.messages import NetworkSummary, PictureRequest, RecordingSummary, ScaleChoice
    from cnnviewer.qt.preferences import Preferences
    from cnnviewer.qt.session import Selection, Session

__all__ = ["MainWindow"]

_PHOTO, _MAP, _THUMBNAIL = "photo", "map", "thumbnail:"
_THUMBNAIL_SIDE = 88
_NO_KEY = {"large_view"}  # Space presses the focused button first: see keyPressEvent


class MainWindow(QMainWindow):
    """Wires the panels to the session; `painted` tells the first paint, before which nothing heavy may run."""

    painted = Signal()

    def __init__(self, session: Session, preferences: Preferences | None = None) -> None:
        super().__init__()
        self._session = session
        self._preferences = preferences
        self._has_painted = False
        self._theme = "system"
        self._map_request: MapRequest | None = None
        self._map_answer: MapAnswer | None = None
        self._random_name = ""
        self.setWindowTitle("cnnviewer")
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.setMinimumSize(QSize(900, 560))
        self.resize(1280, 800)
        self._build_actions()
        self._build_panels()
        self._build_status()
        self._connect_panels()
        self._connect_session()
        self._restore()

    # ---- building

    def _build_actions(self) -> None:
        self._actions: dict[str, QAction] = {}
        for info in ACTIONS:
            action = QAction(info.text, self)
            if info.name not in _NO_KEY:
                action.setShortcuts([QKeySequence(keys) for keys in info.keys])
            action.triggered.connect(getattr(self, f"_on_{info.name}"))
            self.addAction(action)
            self._actions[info.name] = action

    def _build_panels(self) -> None:
        self.tool_bar = ToolBar(self._actions, self)
        self.addToolBar(self.tool_bar)
        self.layers = LayersPanel(self)
        self.error = ErrorBanner(self)
        self.progress = ProgressBanner(self)
        center = QWidget(self)
        column = QVBoxLayout(center)
        column.setContentsMargins(2, 6, 2, 0)
        column.setSpacing(6)
        for widget in (self.progress, self.error):
            column.addWidget(widget)
        column.addWidget(self.layers, stretch=1)
        self.setCentralWidget(center)
        self.input = InputPanel(self)
        self.outline = NetworkPanel(self)
        self.probabilities = ProbabilitiesPanel(self)
        self.inspector = InspectorPanel(self)
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        docks = [
            self._dock("Input", "input", self.input, left),
            self._dock("Network", "network", self.outline, left),
            self._dock("Class probabilities", "probabilities", self.probabilities, right),
            self._dock("Inspector", "inspector", self.inspector, right),
        ]
        self.setCorner(Qt.Corner.BottomLeftCorner, left)
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self.resizeDocks(docks[:2], [270, 430], Qt.Orientation.Vertical)
        self.resizeDocks(docks[2:], [200, 500], Qt.Orientation.Vertical)
        self.resizeDocks([docks[0], docks[2]], [345, 285], Qt.Orientation.Horizontal)
        self.large = LargeView(self)

    def _dock(self, title: str, name: str, panel: QWidget, area: Qt.DockWidgetArea) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetMovable | QDockWidget.DockWidgetFeature.DockWidgetFloatable
        )
        panel.setObjectName("panel")
        panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        margins = QWidget(dock)
        around = QVBoxLayout(margins)
        around.setContentsMargins(6, 0, 6, 6)
        around.addWidget(panel)
        margins.setSizePolicy(panel.sizePolicy())
        if panel.maximumHeight() < 16777215:
            margins.setMaximumHeight(panel.maximumHeight() + 6)
        dock.setWidget(margins)
        self.addDockWidget(area, dock)
        return dock

    def _build_status(self) -> None:
        bar = QStatusBar(self)
        bar.setSizeGripEnabled(False)
        self._provenance, self._device, self._timing, self._memory = (QLabel(bar) for _ in range(4))
        self._provenance.setObjectName("provenance")
        self._provenance.setToolTip("Where the network's weights come from")
        for label in (self._provenance, self._device, self._timing):
            bar.addWidget(label)
        bar.addPermanentWidget(self._memory)
        self.setStatusBar(bar)

    def _connect_panels(self) -> None:
        session = self._session
        self.tool_bar.networkRequested.connect(self._on_network_requested)
        self.tool_bar.sampleRequested.connect(self.show_sample)
        self.tool_bar.scaleChanged.connect(self._on_scale_changed)
        self.tool_bar.orderChanged.connect(self._on_order_changed)
        self.tool_bar.tileChanged.connect(self._on_tile_changed)
        self.layers.pictureRequested.connect(session.request)
        self.layers.pictureWithdrawn.connect(session.withdraw)
        self.layers.mapChosen.connect(session.select)
        self.layers.mapOpened.connect(self._on_map_opened)
        self.layers.layerChosen.connect(self._on_layer_chosen)
        self.outline.layerChosen.connect(self._on_layer_chosen)
        self.input.imageChosen.connect(session.show_image)
        self.input.pictureRequested.connect(self._on_photo_requested)
        self.inspector.unitChosen.connect(self._on_unit_chosen)
        self.inspector.placeHovered.connect(self.input.mark_place)
        self.inspector.layerRequested.connect(self._on_layer_chosen)
        self.inspector.largeRequested.connect(self._on_large_view)
        self.error.actionRequested.connect(self._on_random_wanted)
        self.progress.cancelRequested.connect(session.cancel)

    def _connect_session(self) -> None:
        session = self._session
        session.networkChanged.connect(self._on_network_changed)
        session.recordingChanged.connect(self._on_recording_changed)
        session.selectionChanged.connect(self._on_selection_changed)
        session.imagesChanged.connect(self._on_images_changed)
        session.appearanceChanged.connect(self._on_appearance_changed)
        session.pictured.connect(self._on_pictured)
        session.progressed.connect(self.progress.show_progress)
        session.failed.connect(self._on_failed)
        session.busyChanged.connect(self._on_busy_changed)

    def _restore(self) -> None:
        if self._preferences is not None:
            self._theme = self._preferences.theme()
            self._preferences.restore_window(self)
            self._preferences.restore_appearance(self._session)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_theme_changed)
        self._apply_theme()
        self._on_appearance_changed()

    # ---- what others may ask for

    def show_images(self, images: Sequence[ImageRequest]) -> None:
        """Show these images."""
        self._session.show_images(images)

    @Slot(str)
    def show_sample(self, name: str) -> None:
        """Show one of the sample images; the others of its sort can be stepped to."""
        chosen = [sample for sample in list_samples() if sample.name == name]
        if chosen:
            self.show_images([ImageRequest(sample.path.name, path=sample.path) for sample in chosen])

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Show the images that files and folders hold."""
        self._try_images(lambda: drops.from_paths(paths))

    def set_theme(self, name: str) -> None:
        """Show the window "light", "dark", or as the "system" asks."""
        self._theme = name
        self._apply_theme()

    # ---- window events

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell the first paint, once it is on the screen."""
        super().paintEvent(event)
        if not self._has_painted:
            self._has_painted = True
            QTimer.singleShot(0, self.painted.emit)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take what may hold an image."""
        if drops.accepts(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Show what was dropped."""
        mime = event.mimeData()
        self._try_images(lambda: drops.from_mime(mime))
        event.acceptProposedAction()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the large view on Space, where nothing else has taken the key."""
        if event.key() == Qt.Key.Key_Space:
            self._on_large_view()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window, and end the worker."""
        if self._preferences is not None:
            self._preferences.save(self, self._session, self._theme)
        self.hide()
        self._session.close()
        super().closeEvent(event)

    # ---- session

    @Slot(object)
    def _on_network_changed(self, network: NetworkSummary) -> None:
        self.error.hide()
        self.tool_bar.set_network(network.name, network.provenance == "random weights")
        self.setWindowTitle(f"{network.name} · cnnviewer")
        self._provenance.setText(network.provenance)
        self._device.setText(network.device.upper())

    @Slot(object)
    def _on_recording_changed(self, recording: RecordingSummary) -> None:
        network = self._session.network
        categories = () if network is None else network.categories
        self.error.hide()
        self.layers.show_recording(recording, categories)
        self.outline.show_recording(recording, network)
        self.probabilities.show_recording(recording, categories)
        self._timing.setText(f"forward {recording.seconds * 1000:.0f} ms")
        self._memory.setText(f"{len(recording.layers)} layers recorded · {byte_text(recording.nbytes)}")
        self._show_selection()
        self.input.show_recording(recording, network)

    @Slot(object)
    def _on_selection_changed(self, selection: Selection) -> None:
        del selection
        self._show_selection()

    def _show_selection(self) -> None:
        session, selection = self._session, self._session.selection
        layer = session.selected_layer()
        if selection is None or layer is None or session.recording is None:
            return
        self.layers.set_selection(selection.layer, selection.channel)
        self.outline.set_selection(selection.layer)
        followers = tuple(other.name for other in session.recording.layers if layer.name in other.inputs)
        self.inspector.show_layer(layer, followers)
        is_vector = len(layer.shape) < 2 and layer.maps == 1
        columns = _wrapped_columns(layer.shape) if is_vector else 0
        self.inspector.set_unit(divmod(selection.channel, columns) if columns else selection.unit)
        self._map_request = MapRequest(layer.index, 0 if is_vector else selection.channel, session.scale)
        session.request(_MAP, self._map_request)
        self.input.mark_place(self.inspector.place_of(None if columns else selection.unit))

    @Slot()
    def _on_images_changed(self) -> None:
        session = self._session
        if not self.input.thumbnails.show_images(session.images, session.position) or len(session.images) < 2:
            return
        for index, image in enumerate(session.images):
            session.request(f"{_THUMBNAIL}{index}", ThumbnailRequest(image, _THUMBNAIL_SIDE))

    @Slot()
    def _on_appearance_changed(self) -> None:
        session = self._session
        self.tool_bar.set_appearance(session.scale, session.order, session.tile)
        self.layers.set_appearance(session.scale, session.order, session.tile)
        if session.recording is not None:
            self._show_selection()
            self.input.ask(session.scale)

    @Slot(str, object, object)
    def _on_pictured(self, key: str, request: PictureRequest, answer: object) -> None:
        if isinstance(answer, PhotoAnswer) and isinstance(request, PhotoRequest):
            self.input.show_answer(request, answer)
        elif isinstance(answer, MapAnswer):
            if request == self._map_request:
                self._show_map(answer)
        elif isinstance(answer, ThumbnailAnswer):
            self.input.thumbnails.show_answer(int(key.removeprefix(_THUMBNAIL)), answer)
        else:
            self.layers.show_answer(key, request, answer)

    def _show_map(self, answer: MapAnswer) -> None:
        self._map_answer = answer
        self.inspector.show_answer(answer)
        selection = self._session.selection
        if selection is not None:
            self.input.mark_place(self.inspector.place_of(selection.unit))
        if not self.large.isHidden():
            self.large.show_answer(answer)

    @Slot(object)
    def _on_failed(self, failure: Failure) -> None:
        if failure.was_cancelled:
            self.statusBar().showMessage(failure.sentence, 6000)
        request = failure.request
        can_be_random = isinstance(request, NetworkRequest) and request.weights is not None
        self._random_name = request.name if isinstance(request, NetworkRequest) and can_be_random else ""
        if not failure.was_cancelled or can_be_random:
            self.error.show_failure(failure, "Go on with random weights" if can_be_random else "")

    @Slot(bool)
    def _on_busy_changed(self, is_busy: bool) -> None:
        if not is_busy:
            self.progress.hide()

    # ---- wishes of the panels

    @Slot(str, object)
    def _on_network_requested(self, name: str, weights: str | None) -> None:
        self._session.open_network(name, weights)

    @Slot()
    def _on_random_wanted(self) -> None:
        self.error.hide()
        if self._random_name:
            self._session.open_network(self._random_name, None)

    @Slot(str)
    def _on_layer_chosen(self, name: str) -> None:
        selection = self._session.selection
        if selection is None or selection.layer != name:
            self._session.select(name)

    @Slot(str, int)
    def _on_map_opened(self, layer: str, channel: int) -> None:
        self._session.select(layer, channel)
        self._on_large_view()

    @Slot(int, int)
    def _on_unit_chosen(self, row: int, column: int) -> None:
        selection, answer = self._session.selection, self._map_answer
        if selection is None or answer is None:
            return
        if answer.length is None:
            self._session.select(selection.layer, selection.channel, (row, column))
        elif row * answer.values.shape[1] + column < answer.length:
            self._session.select(selection.layer, row * answer.values.shape[1] + column)

    @Slot(object)
    def _on_photo_requested(self, request: PhotoRequest) -> None:
        self._session.request(_PHOTO, request)

    @Slot(object)
    def _on_scale_changed(self, scale: ScaleChoice) -> None:
        self._session.set_appearance(scale=scale)

    @Slot(object)
    def _on_order_changed(self, order: object) -> None:
        self._session.set_appearance(order=order)  # type: ignore[arg-type]

    @Slot(int)
    def _on_tile_changed(self, tile: int) -> None:
        self._session.set_appearance(tile=tile)

    # ---- actions

    @Slot()
    def _on_open_files(self) -> None:
        patterns = " ".join(f"*{extension}" for extension in sorted(EXTENSIONS))
        dialog = QFileDialog(self, "Open images", "", f"Images ({patterns});;All files (*)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self._on_files_selected)
        dialog.open()

    @Slot(list)
    def _on_files_selected(self, names: list[str]) -> None:
        from pathlib import Path

        self.open_paths([Path(name) for name in names])

    @Slot()
    def _on_paste(self) -> None:
        mime = QGuiApplication.clipboard().mimeData()
        if not drops.accepts(mime):
            self.statusBar().showMessage("The clipboard holds no image.", 4000)
            return
        self._try_images(lambda: drops.from_mime(mime))

    @Slot()
    def _on_next_image(self) -> None:
        self._session.step_image(1)

    @Slot()
    def _on_previous_image(self) -> None:
        self._session.step_image(-1)

    @Slot()
    def _on_next_layer(self) -> None:
        self._session.step_layer(1)

    @Slot()
    def _on_previous_layer(self) -> None:
        self._session.step_layer(-1)

    @Slot()
    def _on_find(self) -> None:
        self.outline.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.outline.search.selectAll()

    @Slot()
    def _on_zoom(self) -> None:
        self.inspector.toggle_zoom()

    @Slot()
    def _on_large_view(self) -> None:
        if not self.large.isHidden():
            self.large.close_view()
        elif self._map_answer is not None:
            self.large.open_view(self._map_answer)

    @Slot()
    def _on_full_screen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    @Slot()
    def _on_toggle_theme(self) -> None:
        self.set_theme("light" if current_theme().is_dark else "dark")

    @Slot()
    def _on_help(self) -> None:
        HelpDialog(self).open()

    @Slot()
    def _on_step_back(self) -> None:
        """Undo the last thing that covers or narrows the view."""
        selection = self._session.selection
        if not self.large.isHidden():
            self.large.close_view()
        elif not self.error.isHidden():
            self.error.hide()
        elif self.outline.search.text():
            self.outline.search.clear()
        elif not self.inspector.view.is_fitted:
            self.inspector.view.fit()
        elif self.isFullScreen():
            self.showNormal()
        elif selection is not None and selection.unit is not None:
            self._session.select(selection.layer, selection.channel)

    # ---- theme

    @Slot()
    def _on_system_theme_changed(self) -> None:
        if self._theme == "system":
            self._apply_theme()

    def _apply_theme(self) -> None:
        is_dark = self._theme == "dark" or (self._theme == "system" and system_is_dark())
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        apply_theme(app, DARK if is_dark else LIGHT)
        self.tool_bar.refresh_icons()
        self._session.set_dark(is_dark)
        self.update()

    def _try_images(self, find: object) -> None:
        """Show what `find` returns; tell why where it finds nothing."""
        try:
            images = find()  # type: ignore[operator]
        except CnnviewerError as error:
            self.error.show_failure(Failure(str(error), "", None))
            return
        if images:
            self.show_images(images)


def _wrapped_columns(shape: tuple[int, ...]) -> int:
    """Return into how many columns the inspector wraps a vector."""
    from math import ceil, sqrt

    return ceil(sqrt(shape[0])) if shape and shape[0] > 1 else 0
