"""The effective receptive field: how much each pixel really changes a unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cnnviewer.analysis.units import checked_layer, checked_unit
from cnnviewer.errors import RecordingError
from cnnviewer.recording import INPUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.recording import Layer, Recording

__all__ = ["effective_field", "input_gradient"]


def effective_field(recording: Recording, layer: Layer | str, unit: Sequence[int]) -> torch.Tensor:
    """Return how much each pixel changes a unit: the amount of the unit's gradient, summed over the channels.

    As in Luo, Li, Urtasun and Zemel, "Understanding the Effective Receptive Field in Deep Convolutional Neural
    Networks" (2016), but of one unit and this image, where they take the mean over many random ones.

    Parameters
    ----------
    recording
        A recording.
    layer, unit
        As for `explain`.

    Returns
    -------
    torch.Tensor
        float32 at least, ``(H, W)``, not negative, on the CPU.

    Raises
    ------
    RecordingError
        If there is no such layer or unit, or it has no gradient.
    """
    return input_gradient(recording, layer, unit).abs().sum(0)


def input_gradient(recording: Recording, layer: Layer | str, unit: Sequence[int]) -> torch.Tensor:
    """Return the gradient of a unit along the network's input, float32 at least, ``(C, H, W)``, on the CPU.

    The layers that the unit was made of are run again; the recording is not changed.

    Raises
    ------
    RecordingError
        If there is no such layer or unit, or it has no gradient.
    """
    found = checked_layer(recording, layer)
    index = checked_unit(recording, found, unit)
    with torch.inference_mode(False), torch.enable_grad():
        image = recording.input[None].clone().requires_grad_()
        try:
            result = image if found is None else _run_again(recording, found, image)
            gradient = torch.autograd.grad(result[index], image, allow_unused=True)[0]
        except RuntimeError as error:
            name = INPUT if found is None else found.name
            raise RecordingError(f"{name} has no gradient: {error}") from error
    amounts = torch.zeros_like(recording.input) if gradient is None else gradient[0].detach()
    return amounts.to(torch.promote_types(amounts.dtype, torch.float32)).cpu()


def _run_again(recording: Recording, target: Layer, image: torch.Tensor) -> torch.Tensor:
    made = {INPUT: image}
    needed = recording.ancestors(target)
    for layer in recording.layers[: target.index + 1]:
        if layer.index in needed:
            made[layer.name] = layer.call.with_tensors(_fixed).run([made[name] for name in layer.inputs])
    return made[target.name]


def _fixed(tensor: torch.Tensor) -> torch.Tensor:
    """Return a constant that takes no gradient, and can take part in one."""
    return tensor.clone() if tensor.is_inference() else tensor.detach()
