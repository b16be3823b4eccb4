"""``cnnviewer record``: every layer of a recording, as files."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnviewer.cli.options import (
    add_device,
    add_network,
    allows_code,
    check_network,
    check_paths,
    device_of,
    tell_progress,
    weights_of,
)
from cnnviewer.messages import DeviceRequest

__all__ = ["run"]


def run(words: list[str]) -> int:
    """Run the command and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="cnnviewer record", description="Write every layer of a recording into a folder."
    )
    parser.add_argument("image", type=Path, metavar="IMAGE", help="the image to record")
    add_network(parser)
    add_device(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to write")
    parser.add_argument("--arrays", action="store_true", help="write the layers' outputs too, as .npz")
    options = parser.parse_args(words)
    check_paths([options.image])
    check_network(options.network)
    device = device_of(options) or DeviceRequest()
    from cnnviewer.export import write_recording
    from cnnviewer.networks import DEFAULT_NETWORK, load_network
    from cnnviewer.provenance import caution_of
    from cnnviewer.recorder import record

    network = load_network(
        options.network or DEFAULT_NETWORK,
        weights_of(options.weights),
        allow_code=allows_code(options),
        progress=tell_progress,
    )
    network = network.to(device.device, device.precision)
    recording = record(network, options.image)
    write_recording(recording, options.out, options.image.name, arrays=options.arrays)
    name, probability = recording.top(1)[0] if recording.scores is not None else ("no class", 0.0)
    print(f"{len(recording.layers)} layers in {options.out}: {name}, {probability:.1%}")
    caution = caution_of(network.provenance)
    if caution:
        print(caution)
    return 0
