"""The session: the window's state, in one place, and its talk with the worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from cnnviewer.frames import Chosen, Watch
from cnnviewer.messages import (
    FREE_REQUESTS,
    DeviceRequest,
    HoldRequest,
    ImageRequest,
    NetworkRequest,
    Order,
    ScaleChoice,
    WeightsRequest,
    WeightsShown,
)
from cnnviewer.network_reports import FileRequest
from cnnviewer.qt.album import Album
from cnnviewer.qt.failures import Failure, failure_of_many
from cnnviewer.qt.finder import Finder
from cnnviewer.qt.live.mailbox import Mailbox
from cnnviewer.qt.threads import end_thread, worker_thread
from cnnviewer.qt.worker import Job, Worker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.frames import Frame, FrameAnswer
    from cnnviewer.messages import (
        DeviceAnswer,
        ImageEdit,
        LayerSummary,
        NetworkSummary,
        PictureRequest,
        RecordingSummary,
        WeightsAnswer,
    )
    from cnnviewer.qt.worker import Opening
    from cnnviewer.readings import Reading

__all__ = ["PATIENCE", "Selection", "Session"]

PATIENCE = 5.0
"""For how many seconds the window's end waits for a job: code of a network may never return."""

_TURNS = (DeviceRequest, NetworkRequest, FileRequest, HoldRequest, ImageRequest, WeightsRequest)
"""What goes to the worker before pictures do, in this order; of each sort only the newest waits."""

_LONG = (DeviceRequest, NetworkRequest, FileRequest, ImageRequest)
"""What may take so long that the window shows that it waits."""

_SEEN_FIRST = 4
"""How many layers of a new network are surely seen without scrolling."""

_FRAMES_KEPT = 12
"""How many frames of streams are kept among the images."""


@dataclass(frozen=True)
class Selection:
    """What is chosen: a layer by name, one of its maps, and a unit (row, column) of that."""

    layer: str
    channel: int = 0
    unit: tuple[int, int] | None = None


class Session(QObject):
    """Holds the state and passes requests to the worker: one in flight, the newest of each sort waiting.

    A request for a picture has a key that tells who asks; a newer one with the same key takes its place. An
    answer that belongs to an older recording is dropped.
    """

    networkChanged = Signal(object)
    recordingChanged = Signal(object)
    selectionChanged = Signal(object)
    weightsChanged = Signal(object)
    inspected = Signal(object, object)
    deviceChanged = Signal(object)
    imagesChanged = Signal()
    appearanceChanged = Signal()
    pictured = Signal(str, object, object)
    progressed = Signal(object, object, str)
    failed = Signal(object)
    busyChanged = Signal(bool)
    idle = Signal()
    framed = Signal(object)
    streamLeft = Signal()

    _jobRequested = Signal(object)
    _frameWaits = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.network: NetworkSummary | None = None
        self.network_request: NetworkRequest | None = None
        """How the network that is open was asked for."""
        self.lent: tuple[NetworkRequest, Selection | None] | None = None
        """What is open and chosen again once the tour has ended; None where what is open is nobody else's."""
        self.moment: WeightsRequest | None = None
        """The moment of a film whose weights are shown; None where it is none."""
        self.recording: RecordingSummary | None = None
        self.selection: Selection | None = None
        self.finder = Finder(self)
        """What looks for images, videos and networks on the disk."""
        self._album = Album()
        self.scale = ScaleChoice()
        self.order = Order.CHANNEL
        self.tile = 56
        self.weights_shown = WeightsShown.VALUE
        self.held: tuple[float, ...] | None = None
        """The class probabilities of the moment that is held; None where none is."""
        self.device = DeviceRequest()
        """Where networks run, as it was chosen."""
        self._generation = 0
        self._in_flight: Job | None = None
        self._waiting: dict[type[Opening], Opening] = {}
        self._pictures_waiting: dict[str, PictureRequest] = {}
        # What the panels show, and so want again of the next image; and what of that is on its way.
        self._pictures_shown: dict[str, PictureRequest] = {}
        self._pictures_coming: dict[str, PictureRequest] = {}
        self._is_closed = False
        self.mailbox = Mailbox()
        """Where the frames of a stream are left for the worker."""
        self.is_streaming = False
        """Whether frames come and are shown; else it is a photo, or one frame that is studied."""
        self._is_open_to_frames = False
        self._frame: Frame | None = None
        self._start_worker()

    # ---- wishes

    def open_network(self, name: str, weights: str | None = "DEFAULT") -> None:
        """Open a network; what is shown stays until it is there."""
        self.open_with_card(NetworkRequest(name, weights))

    def open_with_card(self, request: NetworkRequest) -> None:
        """Open a network as `open_network` does; of a file the request tells what the user said about it."""
        for kind in (WeightsRequest, HoldRequest):  # they are of the network that is open now
            self._waiting.pop(kind, None)
        self._open(request)

    def inspect(self, request: FileRequest) -> None:
        """Look into a network's file; `inspected` tells the request and what it holds. What is shown stays."""
        self._open(request)

    def stop_inspecting(self) -> None:
        """Look into no file any more."""
        self._waiting.pop(FileRequest, None)
        if self._in_flight is not None and isinstance(self._in_flight.request, FileRequest):
            self._worker.cancel()

    def show_weights(self, request: WeightsRequest) -> None:
        """Give the open network other weights; `weightsChanged` tells when they are shown."""
        self._open(request)

    def hold(self, is_held: bool) -> None:
        """Hold the weights shown, to compare others with them; or let them go."""
        self._open(HoldRequest(is_held, self.network_name_asked))

    def use_device(self, request: DeviceRequest) -> None:
        """Run networks elsewhere, or in another precision; `deviceChanged` tells when they do."""
        self._open(request)

    def show_images(self, images: Sequence[ImageRequest], position: int = 0, left_out: Sequence[str] = ()) -> None:
        """Take these images to step through, and show one of them; what is shown stays until that one is read.

        One that can't be read gives way to the next. `failed` tells of such then, and of those that were left out.
        """
        if images:
            self._open(self._album.offer(images, position, left_out))

    def lengthen_images(self, images: Sequence[ImageRequest], left_out: Sequence[str] = ()) -> None:
        """Take a longer list of images around the one that is shown, or on its way; others are dropped."""
        if self._album.lengthen(images, left_out):
            self._tell_images(left_out)

    def show_image(self, position: int) -> None:
        """Show one of the images; the first follows the last."""
        photo = self._album.step_to(position)
        if photo is not None:
            if self._is_open_to_frames:
                self.streamLeft.emit()
            self._frame = None
            self.imagesChanged.emit()
            self._open(photo)

    def bring_back(self, images: tuple[ImageRequest, ...], position: int, photo: ImageRequest | None) -> None:
        """Show again what was shown before: these images to step through, and a photo, which may be none of them."""
        self.streamLeft.emit()
        self._album.put_back(images, position, photo)
        self.imagesChanged.emit()
        if photo is not None:
            self._open(photo)

    def edit_image(self, edit: ImageEdit | None) -> None:
        """Show the photo changed, or with None as it is; others, and it when it is shown again, are as they are."""
        photo = self.photo
        if photo is not None:
            self._open(photo if edit is None else replace(photo, title=f"{photo.title}, changed", edit=edit))

    @Slot(object)
    def read_image(self, reading: Reading) -> None:
        """Show the photo read in another way; among the images it stays so."""
        photo = self.photo
        if photo is not None and photo in self.images:
            photo = replace(photo, reading=reading)
            self._album.replace_photo(photo)
            self.imagesChanged.emit()
            self._open(photo)

    def open_stream(self) -> None:
        """Show the frames that are left in the mailbox, from now on."""
        self.mailbox.clear()
        self._is_open_to_frames, self._album.photo = True, None
        self._album.withdraw()

    def close_stream(self) -> None:
        """Show no more frames."""
        self._is_open_to_frames = self.is_streaming = False
        self.mailbox.clear()

    def settle(self, frame: Frame) -> None:
        """Show a frame as a photo, whole and exact, until the next one comes."""
        self.is_streaming, self._album.photo, self._frame = False, None, frame
        self._open(_photo_of(frame))

    def keep_frame(self, frame: Frame) -> None:
        """Show a frame as a photo, and keep it among the images."""
        photo = _photo_of(frame)
        self._album.keep(photo, _FRAMES_KEPT)
        self.imagesChanged.emit()
        self._open(photo)

    def wake(self) -> None:
        """Tell the worker that a frame waits."""
        self._frameWaits.emit()

    def step_image(self, steps: int) -> None:
        """Show a later image, or with a negative number an earlier one."""
        self.show_image(self.position + steps)

    def select(self, layer: str, channel: int = 0, unit: tuple[int, int] | None = None) -> None:
        """Choose a map, and maybe a unit of it."""
        selection = Selection(layer, channel, unit)
        if selection != self.selection:
            self.selection = selection
            self._watch()
            self.selectionChanged.emit(selection)

    def step_layer(self, steps: int) -> None:
        """Choose a later layer, or with a negative number an earlier one."""
        if self.recording is None or not self.recording.layers:
            return
        current = self.selected_layer()
        last = len(self.recording.layers) - 1
        place = 0 if current is None else min(max(current.index + steps, 0), last)
        self.select(self.recording.layers[place].name)

    def set_appearance(
        self,
        *,
        scale: ScaleChoice | None = None,
        order: Order | None = None,
        tile: int | None = None,
        weights: WeightsShown | None = None,
    ) -> None:
        """Change how maps are shown."""
        before = (self.scale, self.order, self.tile, self.weights_shown)
        self.scale = scale or self.scale
        self.order = order or self.order
        self.tile = tile or self.tile
        self.weights_shown = weights or self.weights_shown
        if before != (self.scale, self.order, self.tile, self.weights_shown):
            self.appearanceChanged.emit()

    def set_dark(self, is_dark: bool) -> None:
        """Let the colour maps follow the window."""
        self.set_appearance(scale=replace(self.scale, dark=is_dark))

    def request(self, key: str, request: PictureRequest) -> None:
        """Ask for a picture; it comes by `pictured` with the same key and request."""
        if not isinstance(request, FREE_REQUESTS):
            if self.recording is None:
                return
            self._pictures_shown[key] = request
            if self.is_streaming:
                self._watch()  # the next frame brings it
                return
            if self._pictures_coming.get(key) == request:
                return
        self._pictures_waiting.pop(key, None)
        self._pictures_waiting[key] = request
        self._send_next()

    def withdraw(self, key: str) -> None:
        """Take back a request that is still waiting."""
        self._pictures_waiting.pop(key, None)
        self._pictures_shown.pop(key, None)
        self._watch()

    def cancel(self) -> None:
        """Stop the search that runs, else the running download."""
        if self.finder.is_busy:
            self.finder.stop()
        else:
            self._worker.cancel()

    def close(self) -> None:
        """End the worker's thread: a download is stopped, a running forward pass is waited for, but not for ever."""
        if self._is_closed:
            return
        self._is_closed = True
        self._waiting.clear()
        self._pictures_waiting.clear()
        self._worker.cancel()
        self.finder.close(PATIENCE)
        if end_thread(self._thread, self._worker, PATIENCE):
            self._worker.close()

    # ---- state asked for

    @property
    def images(self) -> tuple[ImageRequest, ...]:
        """What can be stepped through."""
        return self._album.images

    @property
    def position(self) -> int:
        """Which of the images was shown last."""
        return self._album.position

    @property
    def photo(self) -> ImageRequest | None:
        """The one of the images that is shown; None where a stream or its last frame is."""
        return self._album.photo

    @property
    def network_name_asked(self) -> str:
        """The name, the file or the folder by which the network that is open was asked for; '' where none is."""
        return "" if self.network_request is None else self.network_request.name

    @property
    def wanted_network(self) -> NetworkRequest | None:
        """How the network was asked for that is open, or will be when what is on its way has come."""
        flying = None if self._in_flight is None else self._in_flight.request
        coming = flying if isinstance(flying, NetworkRequest) else self.network_request
        waiting = self._waiting.get(NetworkRequest, coming)
        return waiting if isinstance(waiting, NetworkRequest) else None

    @property
    def wanted_images(self) -> tuple[ImageRequest, ...]:
        """The images that are stepped through, or will be when one of them has been read."""
        return self._album.wanted

    @property
    def photo_now(self) -> ImageRequest | None:
        """The photo that is shown; of a stream its last frame."""
        return self.photo if self.photo is not None or self._frame is None else _photo_of(self._frame)

    def layer(self, name: str) -> LayerSummary | None:
        """Return the layer of this name in the recording shown; None where it has none."""
        if self.recording is None:
            return None
        return next((layer for layer in self.recording.layers if layer.name == name), None)

    def selected_layer(self) -> LayerSummary | None:
        """Return the chosen layer."""
        return None if self.selection is None else self.layer(self.selection.layer)

    @property
    def is_running(self) -> bool:
        """Whether the worker's thread lives."""
        return self._thread.isRunning()

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return self._in_flight is None and not (self._waiting or self._pictures_waiting or self.finder.is_busy)

    # ---- the worker

    def _start_worker(self) -> None:
        self._worker = Worker(self.mailbox)
        self._thread = worker_thread("cnnviewer worker", self._worker, self)
        self._thread.finished.connect(self._worker.rest)
        self._jobRequested.connect(self._worker.run)
        self._worker.networkOpened.connect(self._on_network_opened)
        self._worker.imageOpened.connect(self._on_image_opened)
        self._worker.weightsShown.connect(self._on_weights_shown)
        self._worker.inspected.connect(self.inspected)
        self._worker.deviceUsed.connect(self._on_device_used)
        self._worker.pictured.connect(self._on_pictured)
        self._worker.progressed.connect(self.progressed)
        self._worker.failed.connect(self._on_failed)
        self._worker.finished.connect(self._on_finished)
        self._worker.framed.connect(self._on_framed)
        self._frameWaits.connect(self._worker.run_frame)
        self.finder.failed.connect(self.failed)
        self.finder.ended.connect(self._on_search_ended)
        self._thread.start()

    def _open(self, request: Opening) -> None:
        self._waiting[type(request)] = request
        self._send_next()

    def _send_next(self) -> None:
        if self._in_flight is not None or self._is_closed:
            return
        job = self._in_flight = self._take_next()
        if job is None:
            self.idle.emit()
            return
        if isinstance(job.request, _LONG):
            self.busyChanged.emit(True)
        self._jobRequested.emit(job)

    def _take_next(self) -> Job | None:
        kind = next((kind for kind in _TURNS if kind in self._waiting), None)
        if kind is not None:
            # What makes a new recording of the same network brings the pictures that are shown of it with it.
            self._pictures_coming = {} if kind in (NetworkRequest, FileRequest) else dict(self._pictures_shown)
            return Job(self._generation, self._waiting.pop(kind), tuple(self._pictures_coming.items()))
        pictures = tuple(self._pictures_waiting.items())
        self._pictures_waiting.clear()
        return Job(self._generation, None, pictures) if pictures else None

    @Slot(object, object)
    def _on_network_opened(self, network: NetworkSummary, recording: RecordingSummary | None) -> None:
        was_held = self.held is not None
        self.network, self.held, self.moment = network, None, None
        if self._in_flight is not None and isinstance(self._in_flight.request, NetworkRequest):
            self.network_request = self._in_flight.request
        self.networkChanged.emit(network)
        self._on_recorded(recording)
        if was_held:
            self.appearanceChanged.emit()

    @Slot(object)
    def _on_image_opened(self, recording: RecordingSummary | None) -> None:
        request = None if self._in_flight is None else self._in_flight.request
        left_out = self._album.take(request) if isinstance(request, ImageRequest) else None
        if left_out is not None and isinstance(request, ImageRequest):
            was_open, self._frame = self._is_open_to_frames, None
            self.streamLeft.emit()
            self._tell_images(left_out)
            if was_open:  # a frame may have come behind it: it is shown once more, when none comes any more
                self._open(request)
                return
        self._on_recorded(recording)

    def _tell_images(self, left_out: Sequence[str]) -> None:
        self.imagesChanged.emit()
        if left_out:
            self.failed.emit(failure_of_many(left_out, None))

    @Slot(object)
    def _on_weights_shown(self, answer: WeightsAnswer) -> None:
        self.network = answer.network
        request = None if self._in_flight is None else self._in_flight.request
        if isinstance(request, WeightsRequest):
            self.moment = request if request.weights is None else None
        was_held, self.held = self.held, answer.held
        self.weightsChanged.emit(answer)
        self._on_recorded(answer.recording)
        if (was_held is None) != (self.held is None):
            self.appearanceChanged.emit()

    @Slot(object)
    def _on_device_used(self, answer: DeviceAnswer) -> None:
        self.device, self.held = answer.request, answer.held
        self.network = answer.network or self.network
        self.deviceChanged.emit(answer)
        self._on_recorded(answer.recording)

    @Slot(object)
    def _on_recorded(self, recording: RecordingSummary | None) -> None:
        if recording is None:
            return
        self._generation += 1
        if self.recording is None or recording.layers is not self.recording.layers:
            self._pictures_coming, self._pictures_shown = {}, {}
        self._pictures_waiting = {
            key: request for key, request in self._pictures_waiting.items() if isinstance(request, FREE_REQUESTS)
        }
        self.recording = recording
        self._keep_selection()
        self.recordingChanged.emit(recording)
        self._watch()

    def _keep_selection(self) -> None:
        """Keep what is chosen where the recording has it too; else choose the first maps."""
        assert self.recording is not None
        layers = self.recording.layers
        chosen = self.selected_layer()
        if chosen is not None and self.selection is not None:
            # The unit of a vector is told by the channel.
            count = chosen.shape[0] if len(chosen.shape) == 1 else chosen.maps
            if self.selection.channel < count:
                return
        if layers:
            self.select(_first_of(layers).name)

    @Slot(int, object)
    def _on_pictured(self, generation: int, answers: tuple[tuple[str, PictureRequest, object], ...]) -> None:
        for key, request, answer in answers:
            if generation == self._generation or isinstance(request, FREE_REQUESTS):
                self.pictured.emit(key, request, answer)

    # ---- frames

    @Slot(object)
    def _on_framed(self, answer: FrameAnswer) -> None:
        if self.mailbox.seen():
            self._frameWaits.emit()
        if not self._is_open_to_frames or self.network is None:
            return
        self.is_streaming, self._frame = True, answer.frame
        if self.recording is None or answer.recording.layers is not self.recording.layers:
            self._on_recorded(answer.recording)
        self.recording = answer.recording
        self.framed.emit(answer)

    def _watch(self) -> None:
        """Tell the worker what is on the screen."""
        if self.recording is None:
            return
        layer, selection = self.selected_layer(), self.selection
        chosen = None if layer is None or selection is None else Chosen(layer.index, selection.channel)
        pictures = tuple(self._pictures_shown.items())
        self.mailbox.watch = Watch(self.recording.layers, pictures, chosen)

    @Slot(object)
    def _on_failed(self, failure: Failure) -> None:
        answer = self._album.refuse(failure)
        if isinstance(answer, Failure):
            self.failed.emit(answer)
        else:
            self._open(answer)

    @Slot()
    def _on_search_ended(self) -> None:
        if self.is_idle:
            self.idle.emit()

    @Slot()
    def _on_finished(self) -> None:
        request = None if self._in_flight is None else self._in_flight.request
        was_long = isinstance(request, _LONG)
        self._in_flight, self._pictures_coming = None, {}
        if was_long:
            self.busyChanged.emit(False)
        self._send_next()


def _first_of(layers: Sequence[LayerSummary]) -> LayerSummary:
    """Return the layer that is chosen in a new network: one with maps to look at, among those that are seen first."""
    seen = layers[:_SEEN_FIRST]
    chosen = (layer for kind in ("activation", "convolution") for layer in seen if layer.kind == kind)
    return next(chosen, layers[0])


def _photo_of(frame: Frame) -> ImageRequest:
    return ImageRequest(frame.title, packed=frame.pixels)
