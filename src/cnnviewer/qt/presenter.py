"""The presenter: gives the panels what the session holds, and the session what the panels wish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from cnnviewer.messages import (
    DeviceRequest,
    DevicesAnswer,
    DevicesRequest,
    MapAnswer,
    MapRequest,
    NetworkRequest,
    PhotoAnswer,
    PhotoRequest,
    ThumbnailAnswer,
    ThumbnailRequest,
)
from cnnviewer.names import isolated, steady
from cnnviewer.provenance import caution_of
from cnnviewer.qt.suitability_presenter import SuitabilityPresenter
from cnnviewer.qt.unit_presenter import UnitPresenter
from cnnviewer.questions import QUESTIONS

if TYPE_CHECKING:
    from cnnviewer.messages import (
        DeviceAnswer,
        ImageRequest,
        NetworkSummary,
        PictureRequest,
        RecordingSummary,
        ScaleChoice,
        WeightsAnswer,
    )
    from cnnviewer.qt.failures import Failure
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.selection import Selection
    from cnnviewer.qt.session import Session

__all__ = ["Presenter"]

_PHOTO, _MAP, _THUMBNAIL, _DEVICES = "photo", "map", "thumbnail:", "devices"
_THUMBNAIL_SIDE = 88


class Presenter(QObject):
    """Connects the panels of a window with a session."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._map_request: MapRequest | None = None
        self._map_answer: MapAnswer | None = None
        self._random_name = ""
        self._has_asked_devices = False
        self._thumbnails_asked: set[str] = set()
        self._connect_panels()
        self._connect_session()
        SuitabilityPresenter(window, session)
        self.units = UnitPresenter(window, session)
        """What is asked on the chosen unit."""

    @property
    def map_answer(self) -> MapAnswer | None:
        """The map that the inspector shows."""
        return self._map_answer

    def refresh(self) -> None:
        """Show how maps are to be shown."""
        self._on_appearance_changed()

    def _connect_panels(self) -> None:
        session = self._session
        self._window.probabilities.cardRequested.connect(self._window.edit_card)
        self._window.tool_bar.networkRequested.connect(self._on_network_requested)
        self._window.tool_bar.cameraRequested.connect(self._window.show_camera)
        self._window.tool_bar.sampleRequested.connect(self._window.show_sample)
        self._window.tool_bar.scaleChanged.connect(self._on_scale_changed)
        self._window.tool_bar.orderChanged.connect(self._on_order_changed)
        self._window.tool_bar.tileChanged.connect(self._on_tile_changed)
        self._window.layers.pictureRequested.connect(session.request)
        self._window.layers.pictureWithdrawn.connect(session.withdraw)
        self._window.layers.mapChosen.connect(session.select)
        self._window.layers.layerChosen.connect(self._on_layer_chosen)
        self._window.layers.pageRequested.connect(self._on_page_requested)
        self._window.input.words.pageRequested.connect(self._on_page_requested)
        self._window.outline.layerChosen.connect(self._on_layer_chosen)
        self._window.input.imageChosen.connect(session.inputs.show_image)
        self._window.input.readingChosen.connect(session.inputs.read_image)
        self._window.input.pictureRequested.connect(self._on_photo_requested)
        self._window.input.thumbnailsWanted.connect(self._on_thumbnails_wanted)
        self._window.inspector.unitChosen.connect(self._on_unit_chosen)
        self._window.inspector.layerRequested.connect(self._on_layer_chosen)
        self._window.inspector.largeRequested.connect(self._window.toggle_large_view)
        self._window.error.actionRequested.connect(self._on_random_wanted)
        self._window.status.device.deviceRequested.connect(session.use_device)
        self._window.progress.cancelRequested.connect(session.cancel)

    def _connect_session(self) -> None:
        session = self._session
        session.networkChanged.connect(self._on_network_changed)
        session.weightsChanged.connect(self._on_weights_changed)
        session.deviceChanged.connect(self._on_device_changed)
        session.recordingChanged.connect(self._on_recording_changed)
        session.selectionChanged.connect(self._on_selection_changed)
        session.inputs.imagesChanged.connect(self._on_images_changed)
        session.appearanceChanged.connect(self._on_appearance_changed)
        session.pictured.connect(self.show_picture)
        session.progressed.connect(self._window.progress.show_progress)
        session.failed.connect(self._on_failed)
        session.busyChanged.connect(self._on_busy_changed)

    # ---- the session's news

    @Slot(object)
    def _on_network_changed(self, network: NetworkSummary) -> None:
        self._window.error.hide()
        asked = self._session.network_name_asked
        self._window.tool_bar.set_network(network, asked)
        self._window.setWindowTitle(steady(f"{isolated(network.name)} · cnnviewer"))
        self._show_weights(network)
        self._window.allow_edit_card(network.is_file)
        self._ask_devices()

    @Slot(object)
    def _on_device_changed(self, answer: DeviceAnswer) -> None:
        self._window.error.hide()
        self._window.status.device.show_choice(answer.request)
        if answer.network is not None:
            self._show_weights(answer.network)
        self._ask_devices()

    def _show_weights(self, network: NetworkSummary) -> None:
        """Tell where the weights come from, and wherever probabilities are read that random ones name nothing."""
        caution = caution_of(network.provenance)
        self._window.status.show_network(network)
        self._window.probabilities.show_caution(caution)
        self._window.probabilities.show_guessed(network.guessed)
        self._window.layers.show_caution(caution)
        self._window.panels.show_caution(caution)

    def _ask_devices(self) -> None:
        """Ask once which devices there are, when PyTorch is there to tell."""
        if not self._has_asked_devices:
            self._has_asked_devices = True
            self._session.request(_DEVICES, DevicesRequest())

    @Slot(object)
    def _on_weights_changed(self, answer: WeightsAnswer) -> None:
        self._show_weights(answer.network)

    @Slot(object)
    def _on_recording_changed(self, recording: RecordingSummary) -> None:
        network = self._session.network
        self._window.layers.show_recording(recording, recording.categories)
        self._window.outline.show_recording(recording, network)
        self._window.probabilities.show_recording(recording)
        self._window.status.show_recording(recording)
        self._show_selection()
        self._window.input.show_recording(recording, network)

    @Slot(object)
    def _on_selection_changed(self, selection: Selection) -> None:
        del selection
        self._show_selection()

    def _show_selection(self) -> None:
        session, selection = self._session, self._session.selection
        layer = session.selected_layer()
        if selection is None or layer is None or session.recording is None:
            return
        self._window.layers.set_selection(selection.layer, selection.channel)
        self._window.outline.set_selection(selection.layer)
        followers = tuple(other.name for other in session.recording.layers if layer.name in other.inputs)
        self._window.inspector.show_layer(layer, followers, session.recording.categories)
        is_vector = layer.layout.is_vector and layer.maps == 1
        unit = (0, selection.channel) if is_vector and layer.wrapped_columns else selection.unit
        self._window.inspector.set_unit(layer.wrapped(unit))
        self._map_request = MapRequest(layer.index, 0 if is_vector else selection.channel, session.scale)
        session.request(_MAP, self._map_request)

    @Slot()
    def _on_images_changed(self) -> None:
        session = self._session
        self._window.error.hide()  # not with a recording: a source that failed leaves one, and what it told stays
        self._window.input.show_images(session.inputs.images, session.inputs.position)

    @Slot(object)
    def _on_thumbnails_wanted(self, images: list[ImageRequest]) -> None:
        """Ask for the small pictures that are on the screen, and no more for those that have left it."""
        wanted = {f"{_THUMBNAIL}{id(image)}": image for image in images}
        for key in self._thumbnails_asked - wanted.keys():
            self._session.withdraw(key)
        for key in wanted.keys() - self._thumbnails_asked:
            self._session.request(key, ThumbnailRequest(wanted[key], _THUMBNAIL_SIDE))
        self._thumbnails_asked = set(wanted)

    @Slot()
    def _on_appearance_changed(self) -> None:
        session = self._session
        self._window.tool_bar.set_appearance(session.scale, session.order, session.tile)
        self._window.layers.set_appearance(
            session.scale, session.order, session.tile, session.weights_shown, session.held is not None
        )
        if session.recording is not None:
            self._show_selection()
            self._window.input.ask(session.scale)

    @Slot(str, object, object)
    def show_picture(self, key: str, request: PictureRequest, answer: object) -> None:
        """Give a panel the picture that it asked for."""
        if isinstance(answer, PhotoAnswer) and isinstance(request, PhotoRequest):
            self._window.input.show_answer(request, answer)
        elif isinstance(answer, MapAnswer):
            if request == self._map_request:
                self._show_map(answer)
        elif isinstance(request, QUESTIONS):
            self.units.show_answer(key, request, answer)
        elif isinstance(answer, DevicesAnswer):
            self._window.status.device.show_devices(answer.devices)
        elif isinstance(answer, ThumbnailAnswer):
            if key.startswith(_THUMBNAIL) and isinstance(request, ThumbnailRequest):  # others ask for some, too
                self._thumbnails_asked.discard(key)
                self._window.input.thumbnails.show_answer(request.image, answer)
        else:
            self._window.layers.show_answer(key, request, answer)

    def _show_map(self, answer: MapAnswer) -> None:
        self._map_answer = answer
        self._window.inspector.show_answer(answer)
        if not self._window.large.isHidden():
            self._window.large.show_answer(answer)

    @Slot(object)
    def _on_failed(self, failure: Failure) -> None:
        if failure.was_cancelled:
            self._window.statusBar().showMessage(failure.sentence, 6000)
        request = failure.request
        self._ask_devices()  # another one may be the way out
        if isinstance(request, DeviceRequest) and self._session.network is None:
            # The banner goes when the network opens that waits behind.
            self._window.statusBar().showMessage(failure.sentence, 20000)
        if isinstance(request, QUESTIONS):
            self.units.show_failure(request, failure.sentence)
        # A file has its own weights: of that the dialog tells what to do.
        can_be_random = isinstance(request, NetworkRequest) and request.weights is not None and not request.digest
        self._random_name = request.name if isinstance(request, NetworkRequest) and can_be_random else ""
        if not failure.was_cancelled or can_be_random:
            self._window.error.show_failure(failure, "Go on with random weights" if can_be_random else "")

    @Slot(bool)
    def _on_busy_changed(self, is_busy: bool) -> None:
        if not is_busy and not self._session.finder.is_busy:
            self._window.progress.hide()

    # ---- wishes of the panels

    @Slot(str, object)
    def _on_network_requested(self, name: str, weights: str | None) -> None:
        self._session.open_network(name, weights)

    @Slot()
    def _on_random_wanted(self) -> None:
        self._window.error.hide()
        if self._random_name:
            self._session.open_network(self._random_name, None)

    @Slot(str)
    def _on_layer_chosen(self, name: str) -> None:
        selection = self._session.selection
        if selection is None or selection.layer != name:
            self._session.select(name)

    @Slot(str)
    def _on_page_requested(self, title: str) -> None:
        """Open the tour at a page."""
        self._window.open_learn().panel.show_title(title)

    @Slot(int, int)
    def _on_unit_chosen(self, row: int, column: int) -> None:
        selection, layer, answer = self._session.selection, self._session.selected_layer(), self._map_answer
        if selection is None or layer is None or answer is None:
            return
        unit = layer.unwrapped((row, column))
        if answer.length is not None and unit[1] >= answer.length:
            return
        if layer.layout.is_vector and answer.length is not None:
            self._session.select(selection.layer, unit[1])
        else:
            self._session.select(selection.layer, selection.channel, unit)

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
