"""What a frame costs against the size of the network: its depth, its channels, its pixels.

Of each stage's time, the slope in logarithms is told: 1 grows as the size does, 0 does not grow.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from bench_live import stages
from measuring import Result, opened_by_name
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cnnviewer.network import Network

OUR_SHARE = "render, paint and hand over"
_FLAT = 0.1
"""What a slope may be where nothing is to grow."""


def measure(networks: list[str]) -> Iterator[Result]:
    del networks
    from streaming import Stage

    stage = Stage()
    stage.open("lenet5")  # the first import of torch, which no measure is about
    try:
        for what, sizes, make in (
            ("layers", (10, 100, 1000), _deep),
            ("channels", (64, 256, 1024, 4096), _wide),
            ("pixels", (224, 448, 1024), _large),
        ):
            yield from _series(stage, what, sizes, make)
    finally:
        stage.close()


def _series(stage, what: str, sizes: tuple[int, ...], make: Callable[[int], Network]) -> Iterator[Result]:
    found = []
    for size in sizes:
        name = f"{size} {what}"
        with opened_by_name({name: replace(make(size), name=name)}):
            stage.open(name)
        times = stages(stage)
        times[OUR_SHARE] = times["render"] + times["paint"] + times["handing over"]
        found.append(times)
        for part, value in times.items():
            yield Result(f"  {part}", name, value * 1000, "ms")
    for part in found[0]:
        slope = float(np.polyfit(np.log(sizes), np.log([times[part] for times in found]), 1)[0])
        yield Result(f"slope of {part}", what, slope, "", _FLAT if part == OUR_SHARE else None)


def _deep(layers: int) -> Network:
    """Return a network of so many operations on maps of 56x56: convolutions and activations in turn."""
    modules: list[nn.Module] = [nn.Conv2d(3, 16, 3, padding=1), nn.ReLU()]
    for _ in range((layers - 4) // 2 - 1):
        modules += [nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()]
    return _network(nn.Sequential(*modules, *_head(16)), 56)


def _wide(channels: int) -> Network:
    """Return a network of twelve operations with so many channels: depthwise, so that its own share grows with them."""
    modules: list[nn.Module] = [nn.Conv2d(3, channels, 3, stride=4, padding=1), nn.ReLU()]
    for _ in range(4):
        modules += [nn.Conv2d(channels, channels, 3, padding=1, groups=channels), nn.ReLU()]
    return _network(nn.Sequential(*modules, *_head(channels)), 112)


def _large(pixels: int) -> Network:
    """Return a network of twelve operations on images of so many pixels on each side."""
    modules: list[nn.Module] = [nn.Conv2d(3, 16, 3, padding=1), nn.ReLU()]
    for _ in range(4):
        modules += [nn.Conv2d(16, 16, 3, padding=1), nn.ReLU()]
    return _network(nn.Sequential(*modules, *_head(16)), pixels)


def _head(channels: int) -> tuple[nn.Module, ...]:
    return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10), nn.Softmax(1)


def _network(module: nn.Module, side: int) -> Network:
    from cnnviewer import from_module
    from cnnviewer.preprocessing import Preprocessing

    half = (0.5, 0.5, 0.5)
    return from_module(module, preprocessing=Preprocessing((side, side), side, half, half))
