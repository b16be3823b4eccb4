"""Ready designs, to begin with in the designer."""

from __future__ import annotations

from cnnviewer.designs import Activation, Convolution, Design, FullyConnected, Pooling

__all__ = ["DESIGNS"]

_RELU, _HALF = Activation("relu"), Pooling("max", 2, 2)

DESIGNS: dict[str, Design] = {
    design.name: design
    for design in (
        Design(
            "two blocks",
            (1, 28, 28),
            (Convolution(8, 3, 1, 1), _RELU, _HALF, Convolution(16, 3, 1, 1), _RELU, _HALF, FullyConnected(32), _RELU),
        ),
        Design(
            "like LeNet-5",
            (1, 32, 32),
            (
                Convolution(6, 5), _RELU, _HALF, Convolution(16, 5), _RELU, _HALF,
                Convolution(120, 5), _RELU, FullyConnected(84), _RELU,
            ),
        ),
        Design(
            "three blocks",
            (1, 28, 28),
            (
                Convolution(24, 3, 1, 1), _RELU, _HALF, Convolution(48, 3, 1, 1), _RELU, _HALF,
                Convolution(96, 3, 1, 1), _RELU, _HALF,
            ),
        ),
        Design(
            "like TinyVGG",
            (3, 64, 64),
            (
                Convolution(10, 3), _RELU, Convolution(10, 3), _RELU, _HALF,
                Convolution(10, 3), _RELU, Convolution(10, 3), _RELU, _HALF,
            ),
        ),
        Design("no convolution", (1, 28, 28), (FullyConnected(64), _RELU)),
    )
}  # fmt: skip
"""Designs to begin with, by name."""
