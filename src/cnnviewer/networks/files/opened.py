"""What a format's file gives when one of its files is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cnnviewer.networks.checkpoints.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from cnnviewer.network import Network

__all__ = ["Hints", "Opened"]


@dataclass(frozen=True)
class Hints:
    """What a file tells of its network's input and output, as far as it does.

    Parameters
    ----------
    shape
        ``(C, H, W)`` of the input; None, or None for an axis, where it is free.
    is_channels_last
        Whether the file's own input is ``(N, H, W, C)``; the module takes ``(N, C, H, W)`` all the same.
    categories
        One name a class, where it has them.
    is_bytes
        Whether the file's own input is of whole numbers from 0 to 255; the module takes them as floating point ones.
    metadata
        What the file says about itself beside the network, by name, as it is written there: ONNX's ``metadata_props``.
    surroundings
        Of a file of weights: the plain values beside the tensors, as they are nested there.
    """

    shape: tuple[int | None, int | None, int | None] | None = None
    is_channels_last: bool = False
    categories: tuple[str, ...] = ()
    is_bytes: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)
    surroundings: Surroundings = field(default_factory=Surroundings)


@dataclass(frozen=True, eq=False)
class Opened:
    """A network from a file, before it has a card.

    Parameters
    ----------
    module
        In eval mode, on the CPU; it takes one tensor ``(1, C, H, W)``.
    hints
        What the file tells.
    note
        Something that the user should know, a sentence; '' where there is nothing.
    network
        The whole network, with its preprocessing and categories, where a factory made that; else None.
    """

    module: nn.Module
    hints: Hints = field(default_factory=Hints)
    note: str = ""
    network: Network | None = None
