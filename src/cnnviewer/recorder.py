"""Recording: one forward pass of a network, every operation kept."""

from __future__ import annotations

import time
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from cnnviewer import obstacles
from cnnviewer.axes.table import Layouts
from cnnviewer.calls import call_of, unique_names
from cnnviewer.fast_paths import STEPWISE, has_fast_path
from cnnviewer.frame_plan import FramePlan
from cnnviewer.images import Photo, as_photo
from cnnviewer.operations import function_name, kind_of
from cnnviewer.outputs import NOTHING, Output
from cnnviewer.passes import run_pass, told_errors
from cnnviewer.proving import run_again, stands_noise
from cnnviewer.quantised import levels_of
from cnnviewer.readings import Reading
from cnnviewer.recording import INPUT, Layer, Recording
from cnnviewer.replay import Plan, plan_of
from cnnviewer.returned import choose, named_tensors
from cnnviewer.tape import IMAGE, Operation, Tape
from cnnviewer.unseen import fed_unseen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cnnviewer.images import ImageLike
    from cnnviewer.network import Network
    from cnnviewer.passes import Pass
    from cnnviewer.recording import Call

__all__ = ["Recorder", "record"]

_TRIALS = 2
"""So often may a network fail to be run from its operations alone before that is given up."""


def record(
    network: Network,
    image: ImageLike | Photo | torch.Tensor,
    *,
    value_range: tuple[float, float] | None = None,
    page: int = 1,
) -> Recording:
    """Run a network once over an image and keep what every operation returned.

    Parameters
    ----------
    network
        The network; its module and the modes of its submodules are afterwards as they were before, after an
        exception too.
    image
        A path, a PIL image, uint8 pixels ``(H, W)``, ``(H, W, 3)`` or ``(H, W, 4)``, or ``(H, W, C)`` where the network
        takes C channels, or a tensor ``(1, C, H, W)`` that is preprocessed already.
    value_range, page
        How a file is read, where that is in question; see `Network.preprocess`.

    Raises
    ------
    ImageError
        If the image can't be read or does not fit.
    RecordingError
        If the network fails on it, or runs out of memory.
    """
    given = image if isinstance(image, torch.Tensor) else as_photo(image, Reading(value_range, page))
    return Recorder(network).record(given)


class Recorder:
    """Records one image after another with the same network.

    From the third image on the operations of the first are replayed, without the network's Python code: faster,
    with the same bits. That needs a network whose operations do not depend on the values of the image, which keeps
    nothing from one image for the next, and whose modules, parameters and hooks are those of the first time. All of
    it is checked: random numbers in the second image's place, and that image, are run by the network's own code and
    replayed beside it, and each operation must have given the same; where the code itself made the very call of the
    replay, with that image, it is not made again. Otherwise the network runs as it is written. Other attributes of its
    modules (a stride, a flag) must not be changed from outside between two images.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self._plan: Plan | None = None
        self._constants: Mapping[int, torch.Tensor] = {}
        self._is_proved = False
        self._failed: list[str] = []
        self._obstacle, self._is_stepwise = "", False
        self._statics: tuple[_Static, ...] = ()
        self._unseen: frozenset[int] | None = None
        self._outputs: tuple[Output, ...] = ()
        self._returned = NOTHING
        self._frames: FramePlan | None = None
        self._dropped: tuple[Layer, ...] = ()

    def record(self, image: ImageLike | Photo | torch.Tensor) -> Recording:
        """Record an image; see `record`."""
        tensor = self.network.preprocess(image)
        names = self.network.preprocessing.names_of(image) if isinstance(image, Photo) else ()
        with torch.inference_mode(), told_errors(self.network):
            recording = self._record(tensor)
        return replace(recording, own_names=names) if names else recording

    def record_frame(
        self,
        image: ImageLike | torch.Tensor,
        kept: frozenset[int],
        begin: Callable[[Recording, int], None] | None = None,
    ) -> Recording:
        """Record a frame of a stream: faster, and only the layers that are looked at.

        The values are those of `record` but for rounding: what lies between the layers that are kept is fused. A
        network that can't be replayed is recorded as `record` does.

        Parameters
        ----------
        image
            See `record`.
        kept
            The numbers of the layers whose outputs are wanted. The output of another has its shape, but lies on the
            device "meta": it has no values. The scores of the classes are always kept.
        begin
            Is told, in this thread, each layer that is kept as soon as it is there: the recording so far, in which
            later ones have no values yet, and the layer's number. Not told where the network can't be replayed.

        Raises
        ------
        ImageError, RecordingError
            As `record`.
        """
        tensor, plan = self.network.preprocess(image), self._plan
        if plan is None or not self._is_proved or not plan.fits(tensor):
            return self.record(tensor)
        with torch.inference_mode(), told_errors(self.network):
            if self._frames is None:
                self._frames = self._begin_frames(plan, tensor)
            return self._frame(plan, self._frames, tensor, kept, begin)

    def _begin_frames(self, plan: Plan, tensor: torch.Tensor) -> FramePlan:
        frames = FramePlan(plan, tensor)
        self._follow(plan)
        self._dropped = tuple(self._layers(frames.blank, [0.0] * plan.count))
        return frames

    def _frame(
        self,
        plan: Plan,
        frames: FramePlan,
        tensor: torch.Tensor,
        kept: frozenset[int],
        begin: Callable[[Recording, int], None] | None,
    ) -> Recording:
        if plan.scores is not None:
            kept |= {plan.scores}
        start = time.perf_counter()
        self._follow(plan)
        layers, scores = list(self._dropped), None
        spans: dict[int, tuple[Any, Any]] = {}
        for index, output, span in frames.run(tensor, kept):
            spans[index] = span
            layers[index] = self._statics[index].layer(index, output, 0.0)
            if index == plan.scores:
                scores = output.reshape(-1)
            if begin is not None:
                seconds = time.perf_counter() - start
                begin(self._of(tensor, layers, scores, plan.scores, seconds), index)
        plan.clock.finish()
        seconds = time.perf_counter() - start
        for index, span in spans.items():
            layers[index] = replace(layers[index], seconds=plan.clock.seconds(*span))
        return self._of(tensor, layers, scores, plan.scores, seconds)

    def _record(self, tensor: torch.Tensor) -> Recording:
        plan = self._plan
        if plan is None or not plan.fits(tensor):
            return self._keep(run_pass(self.network, tensor), tensor)
        return self._replay(plan, tensor) if self._is_proved else self._prove(plan, tensor)

    def _prove(self, plan: Plan, tensor: torch.Tensor) -> Recording:
        """Run the network's own code; trust a plan if it gives the same of this image and of random numbers."""
        stands = stands_noise(plan, self.network, tensor)
        found, is_equal = run_again(plan, self.network, tensor)
        if not (stands and is_equal and self._has_layers_of(found.tape)):
            self._failed.append(found.obstacle or obstacles.DIFFERENT)
            return self._keep(found, tensor)
        self._is_proved = True
        self._follow(plan)
        outputs = [operation.output for operation in found.tape.operations]
        durations = [operation.seconds for operation in found.tape.operations]
        scores = None if plan.scores is None else outputs[plan.scores].reshape(-1)
        return self._recording(found.tape.image, outputs, durations, scores, plan.scores, found.seconds)

    def _has_layers_of(self, tape: Tape) -> bool:
        names = unique_names(tape.operations)
        found = [(name, _inputs(operation, names)) for name, operation in zip(names, tape.operations, strict=True)]
        return found == [(static.name, static.inputs) for static in self._statics]

    def _keep(self, found: Pass, tensor: torch.Tensor) -> Recording:
        """Return the recording of a pass, and plan to run its operations again, unless that failed before."""
        tape = found.tape
        if self._unseen is None:
            self._unseen = fed_unseen(tape, self.network, tensor)
        self._statics = _statics(tape, self.network, self._unseen)
        outputs = [operation.output for operation in tape.operations]
        durations = [operation.seconds for operation in tape.operations]
        named = named_tensors(found.result)
        self._outputs = _outputs(named, tape, [static.name for static in self._statics])
        chosen = choose(named, self._outputs, self._layers(outputs, durations), len(self.network.categories))
        scores, self._returned = chosen.tensor, chosen.returned
        index = None if scores is None else tape.maker_of(scores)
        self._frames, self._plan, self._is_proved = None, None, False
        self._is_stepwise = has_fast_path(tape, self.network)
        self._obstacle = found.obstacle or (self._failed[-1] if self._failed else "")
        if scores is not None and index is None:
            self._obstacle = self._obstacle or obstacles.NO_LAYER
        elif not found.obstacle and len(self._failed) < _TRIALS:
            self._plan, why = plan_of(tape, self.network, tensor, index)
            self._obstacle = self._obstacle or why
        self._constants = {} if self._plan is None else self._plan.constants
        flat = None if scores is None else _plain(scores).reshape(-1)
        return self._recording(tape.image, outputs, durations, flat, index, found.seconds)

    def _replay(self, plan: Plan, tensor: torch.Tensor) -> Recording:
        start = time.perf_counter()
        outputs, durations = plan.run(tensor)
        seconds = time.perf_counter() - start
        self._follow(plan)
        scores = None if plan.scores is None else outputs[plan.scores].reshape(-1)
        return self._recording(tensor, outputs, durations, scores, plan.scores, seconds)

    def _follow(self, plan: Plan) -> None:
        """Give the layers what the plan has worked out of the weights as they are now."""
        constants = plan.constants
        if constants is self._constants:
            return
        changed = {id(before): constants[number] for number, before in self._constants.items()}
        self._statics = tuple(static.with_constants(changed) for static in self._statics)
        if self._dropped:
            self._dropped = tuple(
                replace(layer, call=static.call) for layer, static in zip(self._dropped, self._statics, strict=True)
            )
        self._constants = constants

    def _recording(
        self,
        image: torch.Tensor,
        outputs: Sequence[torch.Tensor],
        durations: Sequence[float],
        scores: torch.Tensor | None,
        scores_index: int | None,
        seconds: float,
    ) -> Recording:
        return self._of(image, self._layers(outputs, durations), scores, scores_index, seconds)

    def _layers(self, outputs: Sequence[torch.Tensor], durations: Sequence[float]) -> list[Layer]:
        return [
            static.layer(index, output, duration)
            for index, (static, output, duration) in enumerate(zip(self._statics, outputs, durations, strict=True))
        ]

    def _of(
        self,
        image: torch.Tensor,
        layers: Sequence[Layer],
        scores: torch.Tensor | None,
        scores_index: int | None,
        seconds: float,
    ) -> Recording:
        notes = (f"run as written: {self._obstacle}" if self._obstacle else "", STEPWISE if self._is_stepwise else "")
        return Recording(
            self.network,
            image[0],
            tuple(layers),
            scores,
            scores_index,
            seconds,
            self._outputs,
            self._returned,
            run_notes=tuple(filter(None, notes)),
        )


class _Static:
    """What is the same in each recording of a layer."""

    def __init__(self, operation: Operation, name: str, inputs: tuple[str, ...], call: Call, layouts: Layouts) -> None:
        self.name, self.inputs = name, inputs
        self._kind = kind_of(operation.function)
        self._operation_name = function_name(operation.function)
        self._module = operation.module
        self.call, self._layouts = call, layouts

    def with_constants(self, changed: Mapping[int, torch.Tensor]) -> _Static:
        """Return the same with other tensors for those that the forward pass works out, given by their ids."""
        if not self.call.worked_out:
            return self
        found = copy(self)
        found.call = self.call.with_constants(changed)
        return found

    def layer(self, index: int, output: torch.Tensor, seconds: float) -> Layer:
        return Layer(
            index,
            self.name,
            self._kind,
            self._operation_name,
            self._module,
            self.inputs,
            _without_batch(_plain(output)),
            seconds,
            self.call,
            self._layouts,
            is_batched=_has_batch(output),
            levels=levels_of(output),
        )


def _statics(tape: Tape, network: Network, unseen: frozenset[int]) -> tuple[_Static, ...]:
    operations, names = tape.operations, unique_names(tape.operations)
    # Now and not when it is asked for: the operations hold the tensors of the first image.
    calls = [
        replace(call_of(operation, tape, network), is_fed_unseen=number in unseen)
        for number, operation in enumerate(operations)
    ]
    sources = [operation.sources for operation in operations]
    shapes = [tuple(operation.output.shape) for operation in operations]
    layouts = Layouts(calls, sources, shapes, tuple(tape.image.shape))
    return tuple(
        _Static(
            operation,
            names[index],
            _inputs(operation, names),
            calls[index],
            layouts,
        )
        for index, operation in enumerate(operations)
    )


def _inputs(operation: Operation, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(INPUT if source == IMAGE else names[source] for source in operation.sources)


def _plain(output: torch.Tensor) -> torch.Tensor:
    """Return an output as numbers alone: not what it was computed from, and no whole numbers that stand for others."""
    if output.is_quantized:
        return output.dequantize()
    return output.detach() if output.requires_grad else output


def _has_batch(output: torch.Tensor) -> bool:
    return output.ndim > 1 and output.shape[0] == 1


def _without_batch(output: torch.Tensor) -> torch.Tensor:
    return output[0] if _has_batch(output) else output


def _outputs(named: Sequence[tuple[str, torch.Tensor]], tape: Tape, names: Sequence[str]) -> tuple[Output, ...]:
    return tuple(_output(name, tensor, tape, names) for name, tensor in named)


def _output(name: str, tensor: torch.Tensor, tape: Tape, names: Sequence[str]) -> Output:
    maker = tape.maker_of(tensor)
    return Output(name, tuple(_without_batch(tensor).shape), None if maker is None else names[maker])
