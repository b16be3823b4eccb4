"""Recording all layers against the bare forward pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from measuring import Result, median_ratio, network_for, photo

if TYPE_CHECKING:
    from collections.abc import Iterator


def measure(networks: list[str]) -> Iterator[Result]:
    from cnnviewer.recorder import Recorder, record

    for name in networks:
        network = network_for(name)
        tensor = network.preprocess(photo())
        recorder = Recorder(network)

        def bare(network=network, tensor=tensor):
            with torch.inference_mode():
                network.module(tensor)

        # What is held is one recording, as in the window: the last is let go when the next is there.
        held = [recorder.record(tensor)]
        held[0] = recorder.record(tensor)  # this one is compared with a replay: from the next on it is replayed

        def again(recorder=recorder, tensor=tensor, held=held):
            held[0] = recorder.record(tensor)

        def once(network=network, tensor=tensor, held=held):
            held[0] = record(network, tensor)

        yield Result("recording, image after image / bare pass", name, median_ratio(again, bare), "ratio", 1.15)
        yield Result("recording, a single image / bare pass", name, median_ratio(once, bare), "ratio")
