"""What a network that learns says to one image."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import torch

from cnnviewer.errors import RecordingError
from cnnviewer.lessons.network_messages import ExampleAnswer
from cnnviewer.networks.trained import load_run
from cnnviewer.networks.weights import fit_weights
from cnnviewer.recorder import record

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.network_messages import ExampleRequest
    from cnnviewer.network import Network

__all__ = ["look_at_example"]


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
    recording = record(network, request.pixels)
    if recording.scores is None:
        raise RecordingError(f"{network.name} gives no class probabilities.")
    loss = torch.nn.functional.cross_entropy(recording.scores[None].float(), torch.tensor([request.label]))
    return ExampleAnswer(request.weights.step, tuple(recording.probabilities.tolist()), float(loss))


@lru_cache(maxsize=1)
def _network(run: Path) -> Network:
    """Return a network of the training's kind, apart from the one that the window shows."""
    return load_run(run, None)
