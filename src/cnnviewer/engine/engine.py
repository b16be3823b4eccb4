"""`Engine`: one network, one recording, and the pictures that are asked of it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from cnnviewer.devices import choose_device, let_go, list_devices
from cnnviewer.engine import summaries
from cnnviewer.engine.answers.graph import graph
from cnnviewer.engine.answers.table import answer
from cnnviewer.engine.answers.thumbnail import thumbnail
from cnnviewer.engine.frame_pictures import FramePictures
from cnnviewer.engine.learning import Learning
from cnnviewer.engine.live import Memory, Signs, changes, layers_for, needs
from cnnviewer.engine.photo_reader import PhotoReader
from cnnviewer.engine.placed import Placed
from cnnviewer.engine.scene import Scene
from cnnviewer.errors import CnnviewerError, WeightsError
from cnnviewer.frames import FrameAnswer, StageTimes
from cnnviewer.graphs import GraphRequest
from cnnviewer.images import Photo, from_packed
from cnnviewer.lessons.answering import LessonContext
from cnnviewer.lessons.answering import answer as answer_lesson
from cnnviewer.memory import give_back
from cnnviewer.messages import (
    DeviceAnswer,
    DeviceRequest,
    DevicesAnswer,
    DevicesRequest,
    LessonRequest,
    ThumbnailRequest,
    WeightsAnswer,
)
from cnnviewer.network_reports import CatalogueAnswer, CatalogueRequest
from cnnviewer.networks import is_file, load_network, needs_download
from cnnviewer.networks.catalogue import catalogue
from cnnviewer.networks.files.card_store import remember
from cnnviewer.networks.files.opening import FileOpener
from cnnviewer.networks.trained import read_snapshot
from cnnviewer.threads import begin_to_help, leave_a_core

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviewer.frames import Prepared, Watch
    from cnnviewer.messages import (
        HoldRequest,
        ImageRequest,
        LayerSummary,
        NetworkRequest,
        NetworkSummary,
        PictureAnswer,
        PictureRequest,
        RecordingSummary,
        WeightsRequest,
    )
    from cnnviewer.network import Network
    from cnnviewer.network_reports import FileReport, FileRequest
    from cnnviewer.preprocessing import Preprocessing
    from cnnviewer.recording import Recording

__all__ = ["Engine"]


class Engine:
    """Owns the network. All its methods are called by one thread; what they return is frozen.

    When a request fails it raises, and the engine keeps what it had.
    """

    def __init__(self) -> None:
        leave_a_core()
        self._files = FileOpener()
        self._device = DeviceRequest()
        self._recorder: Placed | None = None
        self._asked_for = ""
        self._photo: tuple[str, Photo] | None = None
        self._photos = PhotoReader()
        self._scene: Scene | None = None
        self._held: Placed | None = None
        self._learning: Learning | None = None
        self._step: int | None = None
        self._layers: tuple[LayerSummary, ...] = ()
        self._layers_of: tuple[object, ...] = ()
        self._signs, self._memory = Signs(), Memory()
        self._watch: Watch | None = None
        self._pool = ThreadPoolExecutor(1, "cnnviewer rendering", initializer=begin_to_help)

    def open_network(
        self, request: NetworkRequest, progress: Callable[[int, int | None, str], None] | None = None
    ) -> NetworkSummary:
        """Load a network and, where there is an image, record it.

        Raises
        ------
        NetworkError
            If it can't be had.
        RecordingError
            If it fails on the image.
        """
        recorder = Placed(self._load(request, progress), self._device)
        scene = None if self._photo is None else Scene(recorder.record(self._photo[1]), self._photo[1], self._photo[0])
        self._recorder, self._scene, self._asked_for = recorder, scene, request.name
        if request.remember and request.card is not None and request.digest:
            remember(request.digest, request.card)  # and not before: a card with which it can't run is none
        self._held = self._learning = self._step = None
        self._signs, self._memory = Signs(), Memory()
        give_back()
        let_go()
        return replace(summaries.network_summary(recorder.network), is_file=is_file(request.name))

    def inspect(
        self, request: FileRequest, progress: Callable[[int, int | None, str], None] | None = None
    ) -> FileReport:
        """Tell what a network's file holds, and how it can be opened; the network that is open stays.

        Raises
        ------
        NetworkError
            If it can't be opened.
        """
        return self._files.inspect(request, progress)

    def _load(self, request: NetworkRequest, progress: Callable[[int, int | None, str], None] | None) -> Network:
        if not is_file(request.name):
            if not request.may_download and needs_download(request.name, request.weights):
                raise WeightsError(f"The weights of {request.name} are not here any more: choose it to download them.")
            self._files.forget()
            return load_network(request.name, request.weights, progress=progress)
        return self._files.open(
            request.name,
            request.card,
            weights=request.weights,
            allow_code=request.allow_code,
            digest=request.digest,
            progress=progress,
        )

    def use_device(self, request: DeviceRequest) -> DeviceAnswer:
        """Bring the network, and the moment that is held, to a device and a precision, and record the image anew.

        Networks that are opened later go there, too.

        Raises
        ------
        DeviceError
            If there is no such device.
        NetworkError, RecordingError
            If the network can't be brought there, or can't run there.
        """
        choose_device(request.device)
        recorder = None if self._recorder is None else self._recorder.to(request)
        held = None if self._held is None else self._held.to(request)
        scene = None
        if recorder is not None and self._photo is None:
            recorder.probe()
        elif recorder is not None and self._photo is not None:
            title, photo = self._photo
            beside = None if held is None else Scene(held.record(photo), photo, title)
            scene = Scene(recorder.record(photo), photo, title, beside, self._learning)
        self._device, self._recorder, self._held, self._scene = request, recorder, held, scene
        give_back()
        let_go()
        network = None if recorder is None else self._network_summary()
        return DeviceAnswer(request, network, self.summary(), self._held_probabilities())

    def show_weights(self, request: WeightsRequest) -> WeightsAnswer | None:
        """Give the network other weights and, where there is an image, record it anew; None where they are another's.

        Raises
        ------
        CnnviewerError
            If no network is open.
        WeightsError
            If the weights can't be read, or do not fit.
        """
        recorder = self._open_recorder()
        if not self._is_for_this(request):
            return None
        weights = request.weights
        if weights is None and request.run is not None:
            weights = read_snapshot(request.run, request.step)
        recorder.fit(weights or {}, f"step {request.step}")
        if self._learning is None or self._learning.run != request.run:
            self._learning = Learning.of(request.run)
        self._learning = replace(self._learning, gradients=request.gradients or {})
        self._step = request.step
        if self._scene is not None:
            # Not the moment that is held: it is what it was.
            recording = recorder.record(self._scene.photo)
            self._scene = replace(self._scene, recording=recording, learning=self._learning)
        return self._answer()

    def hold(self, request: HoldRequest) -> WeightsAnswer | None:
        """Hold the weights that the network has now, or those of a film, for comparison; or let those go.

        None where the request is for another network.

        Raises
        ------
        CnnviewerError
            If no network is open.
        WeightsError
            If the weights of the film can't be read, or do not fit.
        """
        recorder = self._open_recorder()
        if not self._is_for_this(request):
            return None
        # A copy: the network's own tensors will have other values.
        held, moment = recorder.apart() if request.is_held else None, request.moment
        if held is not None and moment is not None and moment.run is not None:
            held.fit(read_snapshot(moment.run, moment.step), f"step {moment.step}")
        self._held = held
        if self._scene is not None:
            self._scene = replace(self._scene, held=self._held_scene(self._scene.photo, self._scene.title))
        return self._answer()

    def open_image(self, request: ImageRequest) -> RecordingSummary | None:
        """Read an image and, where there is a network, record it.

        Raises
        ------
        ImageError
            If it can't be read.
        RecordingError
            If the network fails on it.
        """
        title, photo = request.title, self._photos.read(request)
        if self._recorder is not None:
            held = self._held_scene(photo, title)
            self._scene = Scene(self._recorder.record(photo), photo, title, held, self._learning)
        self._photo = (title, photo)
        return self.summary()

    def show_frame(self, prepared: Prepared, watch: Watch) -> FrameAnswer | None:
        """Record a frame of a stream, as far as the window looks at it, and render what it wants of it.

        None where there is no network yet: the frame is what the next one will see.

        Raises
        ------
        RecordingError
            If the network fails on it.
        """
        clock, begun, frame = time.perf_counter, time.perf_counter(), prepared.frame
        picture = from_packed(frame.pixels)
        photo = Photo(picture)
        self._photo = frame.title, photo
        recorder = self._recorder
        if recorder is None:
            return None
        given = prepared.tensor if prepared.preprocessing == self.preprocessing else None
        tensor = recorder.network.preprocess(picture if given is None else given)
        preprocessed = clock()
        is_known = watch.layers is self._layers and self._scene is not None
        held = self._held_scene(photo, frame.title)

        def scene_of(recording: Recording) -> Scene:
            return Scene(recording, photo, frame.title, held, self._learning, self._signs, frame.pixels)

        rendering = FramePictures(self._wanted(watch), lambda request, of: answer(request, scene_of(of)), self._pool)
        if is_known and self._scene is not None:
            recording = recorder.record_frame(tensor, layers_for(watch, self._scene.recording), rendering.begin)
        else:
            recording = recorder.record(tensor)
        self._scene = scene_of(recording)  # what the network returned for the frame before is let go
        recorded = clock()
        summary = self.summary()
        assert summary is not None
        is_known = is_known and summary.layers is watch.layers
        activation = best = None
        if is_known and watch.chosen is not None:
            activation, best = self._memory.add(frame, watch.chosen, recording)
            if watch is not self._watch:
                best = self._memory.best(watch.chosen)
        shown = rendering.finish(recording) if is_known else ()
        self._watch = watch
        times = StageTimes(
            grab=frame.grab_seconds,
            preprocess=prepared.seconds + preprocessed - begun,
            network=recorded - preprocessed,
            render=clock() - recorded,
        )
        return FrameAnswer(frame, summary, shown, times, activation, best)

    def _wanted(self, watch: Watch) -> tuple[tuple[str, PictureRequest], ...]:
        """Return what is to be rendered of a frame; pictures that are the same for each frame are rendered once."""
        is_new = watch is not self._watch
        return tuple((key, request) for key, request in watch.pictures if is_new or changes(request))

    def summary(self) -> RecordingSummary | None:
        """Return what is shown of the recording held; None where there is none."""
        if self._scene is None:
            return None
        recording = self._scene.recording
        # The network as it was opened: it has the same layers wherever it runs.
        structure = (self._open_recorder().opened, *((layer.name, layer.output.shape) for layer in recording.layers))
        if structure != self._layers_of:
            self._layers, self._layers_of = summaries.layer_summaries(recording), structure
        return summaries.recording_summary(self._scene, self._layers)

    @property
    def preprocessing(self) -> Preprocessing | None:
        """How the network that is open wants its images; None where there is none."""
        return None if self._recorder is None else self._recorder.network.preprocessing

    @property
    def layers(self) -> tuple[LayerSummary, ...]:
        """What `summary` tells of the layers: the same object as long as they are the same."""
        return self._layers

    def picture(self, request: PictureRequest) -> PictureAnswer:
        """Render what a panel asks for, from the recording held.

        Raises
        ------
        CnnviewerError
            If there is no recording, or no such layer in it; `FREE_REQUESTS` need none.
        """
        if isinstance(request, LessonRequest):
            return answer_lesson(request, self._lesson_context())
        if isinstance(request, ThumbnailRequest):
            return thumbnail(request)
        if isinstance(request, CatalogueRequest):
            return CatalogueAnswer(catalogue())
        if isinstance(request, DevicesRequest):
            return DevicesAnswer(list_devices())
        if isinstance(request, GraphRequest):
            scene = self._open_scene()
            self.summary()  # it lists the layers
            return graph(request, scene, self._layers)
        return answer(request, self._open_scene())

    def has(self, request: PictureRequest) -> bool:
        """Whether what a picture shows is there: a frame has only the layers that were looked at when it came."""
        if self._scene is None or not self._scene.is_frame:
            return True
        layers = self._scene.recording.layers
        needed = needs(request, self._scene.recording)
        wanted = layers if needed is None else [layers[index] for index in needed if index < len(layers)]
        return not any(layer.output.is_meta for layer in wanted)

    def close(self) -> None:
        """End the thread that renders frames."""
        self._pool.shutdown()

    def _lesson_context(self) -> LessonContext:
        return LessonContext(
            photo=None if self._photo is None else self._photo[1].picture,
            network=None if self._recorder is None else self._recorder.network,
            recording=None if self._scene is None else self._scene.recording,
        )

    def _open_recorder(self) -> Placed:
        if self._recorder is None:
            raise CnnviewerError("There is no network yet: open one first.")
        return self._recorder

    def _open_scene(self) -> Scene:
        if self._scene is None:
            raise CnnviewerError("There is no recording yet: open a network and an image first.")
        return self._scene

    def _is_for_this(self, request: WeightsRequest | HoldRequest) -> bool:
        """Whether a request is for the network that is open: others may be on their way while it is changed."""
        return request.network in ("", self._asked_for)

    def _held_scene(self, photo: Photo, title: str) -> Scene | None:
        return None if self._held is None else Scene(self._held.record(photo), photo, title)

    def _answer(self) -> WeightsAnswer:
        return WeightsAnswer(
            step=self._step,
            network=self._network_summary(),
            recording=self.summary(),
            held=self._held_probabilities(),
        )

    def _network_summary(self) -> NetworkSummary:
        network = self._open_recorder().network
        provenance = network.provenance if self._step is None else f"training, step {self._step:,}"
        return replace(summaries.network_summary(network), provenance=provenance)

    def _held_probabilities(self) -> tuple[float, ...] | None:
        if self._held is None:
            return None
        held = None if self._scene is None else self._scene.held
        has_classes = held is not None and held.recording.scores is not None
        return tuple(held.recording.probabilities.tolist()) if held is not None and has_classes else ()
