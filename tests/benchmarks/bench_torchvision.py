"""Recording every classification network of torchvision, against the bare forward pass."""

from __future__ import annotations

import gc
import statistics
from typing import TYPE_CHECKING

import torch
from measuring import Result, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 5
SIDE = 224
LARGE = {"vit_h_14", "vit_l_16", "vit_l_32", "regnet_y_128gf", "convnext_large"}
"""Networks for whose bare forward pass fewer rounds are enough: each takes seconds."""


def measure(networks: list[str]) -> Iterator[Result]:
    """Yield three figures a network: how many layers, and the ratios of recording it once, and again, to a bare pass.

    The networks asked for play no part: all of torchvision's are measured, with random weights, an image of their own
    size, one thread, and medians of runs in turn.
    """
    import torchvision

    torch.set_num_threads(1)
    for name in torchvision.models.list_models(module=torchvision.models):
        yield from _measured(name, LARGE)
        gc.collect()


def _measured(name: str, large: set[str]) -> Iterator[Result]:
    from cnnviewer.errors import CnnviewerError
    from cnnviewer.network import from_module
    from cnnviewer.recorder import Recorder, record
    from quick_networks import torchvision_model

    more = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    network = from_module(torchvision_model(name, **more))
    side = 299 if name == "inception_v3" else SIDE
    image = torch.randn((1, 3, side, side), generator=torch.Generator().manual_seed(0))
    recorder = Recorder(network)
    try:
        held = [recorder.record(image)]
    except CnnviewerError:
        yield Result("torchvision, layers recorded", name, None, "")
        return

    def bare() -> None:
        with torch.inference_mode():
            network.module(image)

    def once() -> None:
        held[0] = record(network, image)

    def again() -> None:
        held[0] = recorder.record(image)

    yield Result("torchvision, layers recorded", name, float(len(held[0].layers)), "layers")
    firsts, agains = _ratios((bare, once, again), 2 if name in large else ROUNDS)
    yield Result("torchvision, a single image / bare pass", name, firsts, "ratio")
    yield Result("torchvision, image after image / bare pass", name, agains, "ratio")


def _ratios(calls: tuple, rounds: int) -> tuple[float, float]:
    """Return the medians of the ratios of the second and the third call's times to the first's, taken in turn."""
    for call in calls:
        call()
    taken = [[seconds(call) for call in calls] for _ in range(rounds)]
    return statistics.median(row[1] / row[0] for row in taken), statistics.median(row[2] / row[0] for row in taken)
