"""The session: the window's state, in one place."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from cnnviewer.frames import Chosen, Watch
from cnnviewer.messages import (
    FREE_REQUESTS,
    DeviceRequest,
    HoldRequest,
    NetworkRequest,
    Order,
    ScaleChoice,
    WeightsRequest,
    WeightsShown,
)
from cnnviewer.network_reports import FileRequest
from cnnviewer.qt.dispatcher import Dispatcher
from cnnviewer.qt.finder import Finder
from cnnviewer.qt.garbage import GarbageCollector
from cnnviewer.qt.inputs import Inputs
from cnnviewer.qt.live.mailbox import Mailbox
from cnnviewer.qt.lookups import Lookups
from cnnviewer.qt.selection import Selection, kept_selection, layer_named

if TYPE_CHECKING:
    from cnnviewer.frames import FrameAnswer
    from cnnviewer.messages import (
        DeviceAnswer,
        LayerSummary,
        NetworkSummary,
        PictureRequest,
        RecordingSummary,
        WeightsAnswer,
    )
    from cnnviewer.qt.job_queue import Opening

__all__ = ["PATIENCE", "Session"]

PATIENCE = 5.0
"""For how many seconds the window's end waits for a job: code of a network may never return."""


class Session(QObject):
    """Holds the state, and asks the worker for what changes it.

    A request for a picture has a key that tells who asks; a newer one with the same key takes its place. An
    answer that belongs to an older recording is dropped.
    """

    networkChanged = Signal(object)
    recordingChanged = Signal(object)
    selectionChanged = Signal(object)
    weightsChanged = Signal(object)
    inspected = Signal(object, object)
    deviceChanged = Signal(object)
    appearanceChanged = Signal()
    pictured = Signal(str, object, object)
    progressed = Signal(object, object, str)
    failed = Signal(object)
    busyChanged = Signal(bool)
    idle = Signal()
    framed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.network: NetworkSummary | None = None
        self.network_request: NetworkRequest | None = None
        """How the network that is open was asked for."""
        self.lent: tuple[NetworkRequest, Selection | None] | None = None
        """What is open and chosen again once the tour has ended; None where what is open is nobody else's."""
        self.moment: WeightsRequest | None = None
        """The moment of a film whose weights are shown; None where it is none."""
        self.held_moment: WeightsRequest | None = None
        """The moment that is held, as it can be asked for in the film again; None where none is."""
        self._shown_moment: WeightsRequest | None = None
        self.recording: RecordingSummary | None = None
        self.selection: Selection | None = None
        self.finder = Finder(self)
        """What looks for images, videos and networks on the disk."""
        self.lookups = Lookups(self)
        """What asks the disk all else."""
        self.scale = ScaleChoice()
        self.order = Order.CHANNEL
        self.tile = 56
        self.weights_shown = WeightsShown.VALUE
        self.held: tuple[float, ...] | None = None
        """The class probabilities of the moment that is held; None where none is."""
        self.device = DeviceRequest()
        """Where networks run, as it was chosen."""
        self.mailbox = Mailbox()
        """Where the frames of a stream are left for the worker."""
        self.inputs = Inputs(self.mailbox, self)
        """The images that are stepped through, and the stream."""
        self._dispatcher = Dispatcher(self.mailbox, self)
        self._garbage = GarbageCollector(self)
        self._is_closed = False
        self._connect()
        self._dispatcher.start()

    # ---- wishes

    def open_network(self, name: str, weights: str | None = "DEFAULT") -> None:
        """Open a network; what is shown stays until it is there."""
        self.open_with_card(NetworkRequest(name, weights))

    def open_with_card(self, request: NetworkRequest) -> None:
        """Open a network as `open_network` does; of a file the request tells what the user said about it."""
        for kind in (WeightsRequest, HoldRequest):  # they are of the network that is open now
            self._dispatcher.queue.drop(kind)
        self._dispatcher.open(request)

    def inspect(self, request: FileRequest) -> None:
        """Look into a network's file; `inspected` tells the request and what it holds. What is shown stays."""
        self._dispatcher.open(request)

    def stop_inspecting(self) -> None:
        """Look into no file any more."""
        self._dispatcher.queue.drop(FileRequest)
        if self._dispatcher.queue.coming(FileRequest) is not None:
            self._dispatcher.cancel()

    def show_weights(self, request: WeightsRequest) -> None:
        """Give the open network other weights; `weightsChanged` tells when they are shown."""
        self._dispatcher.open(request)

    def hold(self, is_held: bool, moment: WeightsRequest | None = None) -> None:
        """Hold the weights shown, or those of a moment of a film, to compare others with them; or let them go."""
        network = self.network_name_asked if moment is None else moment.network
        self._dispatcher.open(HoldRequest(is_held, network, moment))

    def use_device(self, request: DeviceRequest) -> None:
        """Run networks elsewhere, or in another precision; `deviceChanged` tells when they do."""
        self._dispatcher.open(request)

    def wake(self) -> None:
        """Tell the worker that a frame waits."""
        self._dispatcher.wake()

    def select(self, layer: str, channel: int = 0, unit: tuple[int, int] | None = None) -> None:
        """Choose a map, and maybe a unit of it."""
        self._choose(Selection(layer, channel, unit))

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
            self._dispatcher.queue.show(key, request)
            if self.inputs.is_streaming:
                self._watch()  # the next frame brings it
                return
        self._dispatcher.ask(key, request)

    def withdraw(self, key: str) -> None:
        """Take back a request that is still waiting."""
        self._dispatcher.queue.withdraw(key)
        self._watch()

    def cancel(self) -> None:
        """Stop the search that runs, else the running download."""
        if self.finder.is_busy:
            self.finder.stop()
        else:
            self._dispatcher.cancel()

    def close(self) -> None:
        """End the threads: a download is stopped, a running forward pass is waited for, but not for ever."""
        if self._is_closed:
            return
        self._is_closed = True
        self._dispatcher.stop()
        self.finder.close(PATIENCE)
        self.lookups.close(PATIENCE)
        self._dispatcher.close(PATIENCE)
        self._garbage.close()

    # ---- state asked for

    @property
    def network_name_asked(self) -> str:
        """The name, the file or the folder by which the network that is open was asked for; '' where none is."""
        return "" if self.network_request is None else self.network_request.name

    @property
    def wanted_network(self) -> NetworkRequest | None:
        """How the network was asked for that is open, or will be when what is on its way has come."""
        return self._dispatcher.queue.coming(NetworkRequest) or self.network_request

    def layer(self, name: str) -> LayerSummary | None:
        """Return the layer of this name in the recording shown; None where it has none."""
        return None if self.recording is None else layer_named(name, self.recording.layers)

    def selected_layer(self) -> LayerSummary | None:
        """Return the chosen layer."""
        return None if self.selection is None else self.layer(self.selection.layer)

    @property
    def is_running(self) -> bool:
        """Whether the worker's thread lives."""
        return self._dispatcher.is_running

    @property
    def is_idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return self._dispatcher.queue.is_empty and not (self.finder.is_busy or self.lookups.is_busy)

    # ---- what is answered

    def _connect(self) -> None:
        answers = self._dispatcher
        answers.networkOpened.connect(self._on_network_opened)
        answers.imageOpened.connect(self._on_image_opened)
        answers.weightsShown.connect(self._on_weights_shown)
        answers.inspected.connect(self.inspected)
        answers.deviceUsed.connect(self._on_device_used)
        answers.pictured.connect(self.pictured)
        answers.progressed.connect(self.progressed)
        answers.failed.connect(self.inputs.refuse)
        answers.framed.connect(self._on_framed)
        answers.busyChanged.connect(self.busyChanged)
        answers.idle.connect(self.idle)
        self.inputs.imageRequested.connect(answers.open)
        self.inputs.failed.connect(self.failed)
        self.finder.failed.connect(self.failed)
        self.finder.ended.connect(self._on_search_ended)
        self.lookups.failed.connect(self.failed)
        self.lookups.ended.connect(self._on_search_ended)

    @Slot(object, object, object)
    def _on_network_opened(
        self, request: Opening | None, network: NetworkSummary, recording: RecordingSummary | None
    ) -> None:
        was_held = self.held is not None
        self.network, self.held, self.moment = network, None, None
        self.held_moment = self._shown_moment = None
        if isinstance(request, NetworkRequest):
            self.network_request = request
        self.networkChanged.emit(network)
        self._on_recorded(recording)
        if was_held:
            self.appearanceChanged.emit()

    @Slot(object, object)
    def _on_image_opened(self, request: Opening | None, recording: RecordingSummary | None) -> None:
        if self.inputs.take(request):
            self._on_recorded(recording)

    @Slot(object, object)
    def _on_weights_shown(self, request: Opening | None, answer: WeightsAnswer) -> None:
        self.network = answer.network
        if isinstance(request, WeightsRequest):
            self.moment = request if request.weights is None else None
            self._shown_moment = replace(request, weights=None, gradients=None)
        elif isinstance(request, HoldRequest):
            self.held_moment = (request.moment or self._shown_moment) if request.is_held else None
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
    def _on_framed(self, answer: FrameAnswer) -> None:
        if self.network is None or not self.inputs.take_frame(answer.frame):
            return
        if self._has_other_layers(answer.recording):
            self._on_recorded(answer.recording)
        self.recording = answer.recording
        self.framed.emit(answer)

    @Slot()
    def _on_search_ended(self) -> None:
        if self.is_idle:
            self.idle.emit()

    def _on_recorded(self, recording: RecordingSummary | None) -> None:
        if recording is None:
            return
        self._dispatcher.queue.renew(has_other_layers=self._has_other_layers(recording))
        self.recording = recording
        kept = kept_selection(self.selection, recording.layers)
        if kept is not None:
            self._choose(kept)
        self.recordingChanged.emit(recording)
        self._watch()

    def _has_other_layers(self, recording: RecordingSummary) -> bool:
        return self.recording is None or recording.layers is not self.recording.layers

    def _choose(self, selection: Selection) -> None:
        if selection != self.selection:
            self.selection = selection
            self._watch()
            self.selectionChanged.emit(selection)

    def _watch(self) -> None:
        """Tell the worker what is on the screen."""
        if self.recording is None:
            return
        layer, selection = self.selected_layer(), self.selection
        chosen = None if layer is None or selection is None else Chosen(layer.index, selection.channel)
        self.mailbox.watch = Watch(self.recording.layers, self._dispatcher.queue.shown, chosen)
