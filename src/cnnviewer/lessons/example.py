"""What a network that learns says to one image, and what it says before it has learnt anything."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

import torch

from cnnviewer.errors import RecordingError
from cnnviewer.lessons.network_messages import BeginningAnswer, ExampleAnswer
from cnnviewer.networks.trained import load_run
from cnnviewer.networks.weights import fit_weights
from cnnviewer.recorder import record
from cnnviewer.training.plan import first_plan
from cnnviewer.training.samples import summary_of
from cnnviewer.training.start import materials_of
from cnnviewer.training.trainer import Trainer

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.network_messages import BeginningRequest, ExampleRequest
    from cnnviewer.network import Network
    from cnnviewer.training.samples import DatasetSummary

__all__ = ["look_at_beginning", "look_at_example"]


def look_at_example(request: ExampleRequest, context: LessonContext) -> ExampleAnswer:
    """Return the class probabilities of an image with the weights of a moment, and its error.

    Raises
    ------
    WeightsError
        If the weights are another network's.
    RecordingError
        If the network gives no class scores.
    """
    del context
    network = _network(request.run)
    fit_weights(network.module, request.weights.weights or {}, f"step {request.weights.step}", network.name)
    return _asked(network, request.pixels, request.label, request.weights.step)


def look_at_beginning(request: BeginningRequest, context: LessonContext) -> BeginningAnswer:
    """Return how the tour's training will begin: from the same images and the same random weights."""
    del context
    trainer, dataset = _beginning()
    samples, number = dataset.samples, request.number
    return BeginningAnswer(
        dataset=dataset,
        steps=trainer.steps,
        weight=request.weight,
        start=float(trainer.module.state_dict()[request.weight.name][request.weight.index]),
        example=_asked(trainer.network, samples.images[number], samples.labels[number], 0),
    )


def _asked(network: Network, pixels: NDArray[np.uint8], label: int, step: int) -> ExampleAnswer:
    recording = record(network, pixels)
    if recording.scores is None:
        raise RecordingError(f"{network.name} gives no class probabilities.")
    loss = torch.nn.functional.cross_entropy(recording.scores[None].float().cpu(), torch.tensor([label]))
    return ExampleAnswer(step, tuple(recording.probabilities.tolist()), float(loss))


@cache
def _beginning() -> tuple[Trainer, DatasetSummary]:
    """Return the tour's training, which is never run here; its target changes nothing of the beginning."""
    plan = first_plan(1.0)
    dataset, network = materials_of(plan)
    return Trainer(network, dataset, plan.settings), summary_of(dataset)


@lru_cache(maxsize=1)
def _network(run: Path) -> Network:
    """Return a network of the training's kind, apart from the one that the window shows."""
    return load_run(run, None)
