"""A convolution's filters, as pictures that can be tiled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.operations import Kind
from cnnviewer.recording import INPUT

if TYPE_CHECKING:
    import torch

    from cnnviewer.recording import Layer, Recording

__all__ = ["FilterBank", "filter_bank"]


@dataclass(frozen=True, eq=False)
class FilterBank:
    """The filters of one convolution.

    Parameters
    ----------
    weight
        ``(filters, C_in / groups, kH, kW)``; colour filters in the order red, green, blue.
    bias
        ``(filters,)`` or None.
    is_color
        Whether each filter looks at red, green and blue and is shown as one colour picture.
    """

    weight: torch.Tensor
    bias: torch.Tensor | None
    is_color: bool

    @property
    def filters(self) -> int:
        """How many filters there are."""
        return int(self.weight.shape[0])

    @property
    def is_whole(self) -> bool:
        """Whether one picture shows a whole filter; else the kernels of one chosen filter are shown."""
        return self.is_color or self.weight.shape[1] == 1

    @property
    def count(self) -> int:
        """How many pictures there are to tile."""
        return int(self.weight.shape[0] if self.is_whole else self.weight.shape[1])

    @property
    def kernel_shape(self) -> tuple[int, int]:
        """Height and width of a kernel."""
        return int(self.weight.shape[2]), int(self.weight.shape[3])

    def kernels(self, channel: int) -> torch.Tensor:
        """Return the kernels to tile, ``(count, kH, kW)``: all filters', or those of filter `channel`."""
        return self.weight[:, 0] if self.is_whole else self.weight[channel]


def filter_bank(layer: Layer, recording: Recording, weight: torch.Tensor | None = None) -> FilterBank | None:
    """Return a layer's filters; None where it is no convolution over two axes.

    `weight` is what is shown instead of the layer's own: its gradient, for example.
    """
    if weight is None:
        weight = layer.parameters.get("weight")
    if layer.kind is not Kind.CONVOLUTION or weight is None or weight.ndim != 4:
        return None
    if "transpose" in layer.operation:  # its weights are (C_in, C_out / groups, kH, kW)
        if layer.settings.get("groups", 1) != 1:
            return None
        weight = weight.transpose(0, 1)
    planes = recording.network.preprocessing.planes
    is_color = weight.shape[1] == 3 and sorted(planes) == [0, 1, 2] and _sees_colors(layer, recording)
    if is_color and planes != (0, 1, 2):
        weight = weight[:, [planes.index(color) for color in range(3)]]
    return FilterBank(weight.detach(), layer.parameters.get("bias"), is_color)


def _sees_colors(layer: Layer, recording: Recording) -> bool:
    """Whether a layer takes the photo's colours, as they are or scaled (as GoogLeNet scales them first)."""
    if not layer.inputs:
        return False
    name, steps = layer.inputs[0], 0
    while name != INPUT and steps < 16:
        before = recording[name]
        if before.kind in (Kind.CONVOLUTION, Kind.LINEAR, Kind.POOLING) or not before.inputs:
            return False
        name, steps = before.inputs[0], steps + 1
    return name == INPUT
