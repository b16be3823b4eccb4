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
    from cnnviewer.worked_out import WorkedOut

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

    A training knows parameters: of a weight that the forward pass works out, that of the parameter is shown of which it
    is worked out, where there is one of its shape.

    Returns
    -------
    tuple
        A tensor of the weight's shape, or None where the layer has no weight; zeros where the numbers are not known.
    """
    weight = layer.parameters.get("weight")
    if weight is None or shown is WeightsShown.VALUE:
        return weight, ""
    told = layer.call.worked_out.get("weight")
    parameter = weight if told is None else _parameter_of(told, weight)
    if parameter is None:
        return torch.zeros_like(weight), f"no {shown.value} is known of a weight that the forward pass works out"
    weight, name = parameter.detach(), scene.recording.network.tensor_names.get(id(parameter), "")
    end = "" if told is None else f", of {name}"
    learning = scene.learning or Learning(None)
    known = learning.gradients if shown is WeightsShown.GRADIENT else learning.start
    other = known.get(name)
    if other is None or other.shape != weight.shape:
        return torch.zeros_like(weight), f"no {shown.value} is known of this moment"
    if shown is WeightsShown.GRADIENT:
        return other.to(weight.device), f"the gradient of the last step{end}"
    # Both rounded alike, where half precision was chosen: what did not change has changed by nothing.
    return weight.float() - other.to(weight).float(), f"the change since the start{end}"


def _parameter_of(told: WorkedOut, weight: torch.Tensor) -> torch.Tensor | None:
    """Return the one parameter of a worked-out weight's shape of which it is worked out; None where there is none."""
    fitting = [tensor for tensor in told.behind.values() if tensor.requires_grad and tensor.shape == weight.shape]
    return fitting[0] if len(fitting) == 1 else None
