"""A frame in memory to the pixels of eight cards, without a window; on a CUDA GPU too where there is one."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import torch
from measuring import PAIRS, Result, network_for, opened_by_name, packed_photo, photo, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.frames import Watch

NAME = "resnet50"
CARDS = 8
TILES = 28


def measure(networks: list[str]) -> Iterator[Result]:
    del networks
    yield from _measured("cpu", None)
    if torch.cuda.is_available():
        yield from _measured("cuda", 13)
    else:
        yield Result("frame to rendered pixels, cuda", NAME, None, "ms", 13)


def _measured(device: str, mark: float | None) -> Iterator[Result]:
    from cnnviewer.engine import Engine
    from cnnviewer.frames import Frame, Prepared
    from cnnviewer.messages import DeviceRequest, ImageRequest, NetworkRequest

    network = network_for(NAME)
    engine = Engine()
    engine.use_device(DeviceRequest(device))
    with opened_by_name({NAME: network}):
        engine.open_network(NetworkRequest(NAME))
    engine.open_image(ImageRequest("chelsea", pixels=photo()))
    watch, pixels = _watch(engine), packed_photo()

    def show() -> None:
        engine.show_frame(Prepared(Frame(1, "chelsea", pixels, time.perf_counter())), watch)

    for _ in range(5):
        show()
    found = statistics.median(seconds(show) for _ in range(PAIRS))
    yield Result(f"frame to rendered pixels, {device}", NAME, found * 1000, "ms", mark)


def _watch(engine) -> Watch:
    """Return what a window with eight cards, the photo and the inspector wants."""
    from cnnviewer.frames import Chosen, Watch
    from cnnviewer.messages import MapRequest, Order, PhotoRequest, PhotoView, ScaleChoice, TilesRequest, View

    scale = ScaleChoice()
    cards = [layer for layer in engine.layers if View.MAPS in layer.views][:CARDS]
    tiles = [
        (f"card:{card.index}", TilesRequest(card.index, View.MAPS, 56, 56, 0, TILES, Order.CHANNEL, scale))
        for card in cards
    ]
    chosen = Chosen(cards[2].index, 0)
    beside = [
        ("photo", PhotoRequest(PhotoView.PHOTO, 0, scale, 400)),
        ("map", MapRequest(chosen.layer, chosen.channel, scale)),
    ]
    return Watch(engine.layers, (*tiles, *beside), chosen)
