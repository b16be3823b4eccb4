"""How much memory an ONNX graph may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.allocation import Bounded
from cnnviewer.networks.files.onnx_import.shapes_only import ShapesOnly, nbytes_of

if TYPE_CHECKING:
    import torch

__all__ = ["Budget", "MemoryAsked"]


class MemoryAsked(NetworkError):
    """A node asks for more memory than a network can need; the message tells which, as a part of a sentence."""


class Budget:
    """How much memory constants may take that a graph works out by itself, and each result on an image.

    Parameters
    ----------
    constants, results
        In bytes.
    """

    def __init__(self, constants: int, results: int) -> None:
        self._most, self._results, self._kept = constants, results, 0
        self._bounded = Bounded(constants)

    def folding(self) -> Bounded:
        """Return what bounds the operations that work out constants, while it is entered."""
        return self._bounded

    def shapes(self) -> ShapesOnly:
        """Return what makes operations work on shapes alone, while it is entered."""
        return ShapesOnly(self._results)

    def keep(self, tensor: torch.Tensor) -> None:
        """Count a constant that is kept, though its memory may be less now.

        Raises
        ------
        MemoryError
            If it is too much.
        """
        if nbytes_of(tensor) > tensor.untyped_storage().nbytes():
            self._kept += nbytes_of(tensor)
        if self._kept > self._most:
            raise MemoryError(f"{self._kept:,} bytes")
