"""A row of the table of operators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch
    from torch import nn

    from cnnviewer.networks.files.onnx_import.node import Given

__all__ = ["Row"]


def _first(given: Given) -> tuple[int, ...]:
    return (0,)


@dataclass(frozen=True)
class Row:
    """How an operator is computed.

    Parameters
    ----------
    run
        Takes what the node says, and its inputs; returns its output, or its outputs.
    settings
        The places of the inputs that are read as numbers: they are arrays where they are known.
    short
        Those that are where they are constants, and short.
    make
        Takes what the node says and, for each input, its value where it is a constant; returns a module of torch that
        computes the same, or None where there is none.
    taken
        Tells the places of the inputs that such a module takes.
    keeps_numbers
        Whether a single number is given as such.
    is_random
        Whether it draws: then it is no constant.
    """

    run: Callable[..., Any]
    settings: tuple[int, ...] = ()
    short: tuple[int, ...] = ()
    make: Callable[[Given, Sequence[torch.Tensor | None]], nn.Module | None] | None = None
    taken: Callable[[Given], tuple[int, ...]] = _first
    keeps_numbers: bool = False
    is_random: bool = False
