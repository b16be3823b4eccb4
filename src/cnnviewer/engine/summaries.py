"""What the window shows of a network and a recording, apart from pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnviewer.analysis.cost import multiply_adds
from cnnviewer.analysis.description import describe
from cnnviewer.engine.classes import class_layers
from cnnviewer.engine.filters import filter_bank
from cnnviewer.inputs.suitability import judge
from cnnviewer.messages import AnswerSummary, LayerSummary, NetworkSummary, RecordingSummary, View
from cnnviewer.operations import Kind
from cnnviewer.outputs import Returns
from cnnviewer.provenance import is_random
from cnnviewer.recording import INPUT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnnviewer.engine.scene import Scene
    from cnnviewer.images import Photo
    from cnnviewer.messages import Mismatch
    from cnnviewer.network import Network
    from cnnviewer.preprocessing import Preprocessing
    from cnnviewer.recording import Layer, Recording

__all__ = ["layer_summaries", "network_summary", "recording_summary"]


def network_summary(network: Network) -> NetworkSummary:
    """Return what the window shows of a network."""
    preprocessing = network.preprocessing
    return NetworkSummary(
        name=network.name,
        provenance=network.provenance,
        preprocessing=preprocessing.describe(),
        input_shape=(preprocessing.channels, *preprocessing.size),
        categories=network.categories,
        parameters=network.parameter_count,
        device=str(network.device),
        numbers=str(network.dtype).removeprefix("torch."),
        guessed=network.guessed,
    )


def recording_summary(scene: Scene, layers: tuple[LayerSummary, ...]) -> RecordingSummary:
    """Return what the window shows of a recording; `layers` are the summaries of its layers."""
    recording = scene.recording
    probabilities = np.empty(0, np.float32) if recording.scores is None else recording.probabilities.numpy()
    # NaN weights give NaN probabilities: they are shown as such, and have no order.
    ranking = np.argsort(-np.nan_to_num(probabilities, nan=-1.0), kind="stable")
    return RecordingSummary(
        image=scene.title,
        caution=_caution(scene.photo, recording.network.preprocessing),
        layers=layers,
        layer_seconds=tuple(layer.seconds for layer in recording.layers),
        probabilities=tuple(probabilities.tolist()),
        ranking=tuple(ranking.tolist()),
        entropy=_entropy(probabilities) if recording.returns is Returns.CLASSES else 0.0,
        seconds=recording.seconds,
        nbytes=recording.nbytes,
        outputs=recording.outputs,
        answer=_answer(recording),
        categories=recording.categories,
        read=scene.photo.read,
        mismatch=None if scene.is_frame else _mismatch(scene),
        run_notes=recording.run_notes,
    )


def _answer(recording: Recording) -> AnswerSummary:
    """Return what is told of the network's answer."""
    returns, groups = recording.returns, recording.returned.groups
    has_values = returns is Returns.VALUES and recording.vector is not None
    values = tuple(recording.vector.float().tolist()) if has_values and recording.vector is not None else ()
    return AnswerSummary(returns, recording.returns_reason, values, len(set(groups)) or 1)


def _mismatch(scene: Scene) -> Mismatch | None:
    """Return what is to be told of a photo that can't be what the network knows."""
    network = scene.recording.network
    if is_random(network.provenance):
        return None  # it knows nothing, whatever its classes are called
    shape = tuple(scene.recording.input.shape[1:])
    return judge(scene.title, scene.photo.picture, network.name, network.categories, shape)


def _caution(photo: Photo, preprocessing: Preprocessing) -> str:
    """Return what is to be told of a photo that the network can't see well, or not all of it."""
    return " ".join(filter(None, (preprocessing.channel_caution(photo), preprocessing.caution(*photo.size))))


def _entropy(probabilities: NDArray[np.float32]) -> float:
    """Return the entropy in bits."""
    shares = probabilities[probabilities != 0].astype(np.float64)
    return float(-(shares * np.log2(shares)).sum())


def layer_summaries(recording: Recording) -> tuple[LayerSummary, ...]:
    """Return what the window shows of each layer of a recording."""
    of_classes = class_layers(recording)
    return tuple(_layer_summary(layer, recording, layer.name in of_classes) for layer in recording.layers)


def _layer_summary(layer: Layer, recording: Recording, has_classes: bool) -> LayerSummary:
    layout, is_scores = layer.layout, layer.index == recording.scores_index
    is_answer = is_scores or (recording.returns is Returns.VALUES and layer.index == recording.vector_index)
    bank = filter_bank(layer, recording)
    return LayerSummary(
        index=layer.index,
        name=layer.name,
        module=layer.module,
        kind=layer.kind.value,
        operation=layer.operation,
        settings=describe(layer, recording),
        inputs=layer.inputs,
        input_shapes=tuple(
            tuple(recording.input.shape) if name == INPUT else recording[name].shape for name in layer.inputs
        ),
        shape=layer.shape,
        parameters=layer.parameter_count,
        multiply_adds=multiply_adds(layer, recording),
        views=_views(layer, recording, is_answer),
        maps=layout.maps,
        map_shape=layout.map_shape,
        kernels=0 if bank is None else bank.count,
        kernel_shape=(1, 1) if bank is None else bank.kernel_shape,
        filters=0 if bank is None or bank.is_whole else bank.filters,
        is_scores=is_scores,
        is_answer=is_answer,
        has_classes=has_classes,
        layout=layout,
        worked_out=layer.worked_out,
        learnt=tuple(layer.learnt.items()),
    )


def _views(layer: Layer, recording: Recording, is_answer: bool) -> tuple[View, ...]:
    """Return what a card can show of a layer, the usual view first."""
    is_vector = layer.layout.is_vector
    views: list[View] = []
    if is_answer and not is_vector:  # maps of one unit each
        views.append(View.BARS)
    if layer.kind is Kind.POOLING and _pools_maps(layer, recording):
        views.append(View.POOLED)
    if is_vector:
        if (is_answer or layer.kind is Kind.SOFTMAX) and layer.output.numel() > 1:
            views.append(View.BARS)
        views.append(View.CELLS)
    else:
        views.append(View.MAPS)
    if filter_bank(layer, recording) is not None:
        views.append(View.FILTERS)
    weight = layer.parameters.get("weight")
    if layer.kind is Kind.LINEAR and weight is not None and weight.ndim == 2:
        views.append(View.WEIGHTS)
    return tuple(views)


def _pools_maps(layer: Layer, recording: Recording) -> bool:
    """Whether each map that went in has its pooled map in the output."""
    if len(layer.inputs) != 1:
        return False
    name = layer.inputs[0]
    if name == INPUT:
        return len(recording.input) == layer.layout.maps
    before = recording[name].layout
    return not before.is_vector and before.maps == layer.layout.maps and before.map_shape[0] > 1
