"""What is known of the training that a network's weights come from: where each began, and its gradient."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from cnnviewer.errors import WeightsError
from cnnviewer.messages import WeightsShown
from cnnviewer.networks.trained import read_snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cnnviewer.engine.scene import Scene
    from cnnviewer.recording import Layer

__all__ = ["Learning", "shown_weight"]


@dataclass(frozen=True, eq=False)
class Learning:
    """The weights before the first step, and the gradients of the last one, by name.

    Parameters
    ----------
    run
        The folder of the training.
    start, gradients
        Tensors on the CPU; empty where they are not known.
    """

    run: Path | None
    start: Mapping[str, torch.Tensor] = field(default_factory=dict)
    gradients: Mapping[str, torch.Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Path | None) -> Learning:
        """Return what a run's folder tells; nothing where its film has no beginning."""
        if run is not None:
            with suppress(WeightsError):
                return cls(run, read_snapshot(run, 0))
        return cls(run)


def shown_weight(layer: Layer, scene: Scene, shown: WeightsShown) -> tuple[torch.Tensor | None, str]:
    """Return which numbers of a layer's weight are to be shown, and what is to be said of them.

    Returns
    -------
    tuple
        A tensor of the weight's shape, or None where the layer has no weight; zeros where the numbers are not known.
    """
    weight = layer.parameters.get("weight")
    if weight is None or shown is WeightsShown.VALUE:
        return weight, ""
    weight = weight.detach()
    name = scene.recording.network.tensor_names.get(id(layer.parameters["weight"]), "")
    learning = scene.learning or Learning(None)
    known = learning.gradients if shown is WeightsShown.GRADIENT else learning.start
    other = known.get(name)
    if other is None or other.shape != weight.shape:
        return torch.zeros_like(weight), f"no {shown.value} is known of this moment"
    if shown is WeightsShown.GRADIENT:
        return other.to(weight.device), "the gradient of the last step"
    # Both rounded alike, where half precision was chosen: what did not change has changed by nothing.
    return weight.float() - other.to(weight).float(), "the change since the start"
