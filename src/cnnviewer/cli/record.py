"""``cnnviewer record``: every layer of a recording, as files."""

from __future__ import annotations

import argparse
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

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
from cnnviewer.outputs import NO_NUMBERS
from cnnviewer.readings import ALL_PAGES, Reading, checked_range

if TYPE_CHECKING:
    from cnnviewer.network import Network
    from cnnviewer.readings import Read
    from cnnviewer.recording import Recording

__all__ = ["run"]

_SHOWN = 5
"""So many labels or values are told."""
_WEIGHTS = "weights"
"""What is a guess in how a file's tensors fill their architecture: no card tells it."""


def run(words: list[str]) -> int:
    """Run the command and return the exit status."""
    options = _parser().parse_args(words)
    check_paths([options.image])
    check_network(options.network)
    device = device_of(options) or DeviceRequest()
    from cnnviewer.export import write_recording
    from cnnviewer.images import as_photo
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
    chosen = None if options.range is None else checked_range(*options.range)
    photo = as_photo(options.image, Reading(chosen, options.page))
    recording = record(network, photo)
    write_recording(recording, options.out, options.image.name, arrays=options.arrays)
    print(f"{len(recording.layers)} layers in {options.out}: {_best(recording)}")
    caution = caution_of(network.provenance)
    for sentence in filter(None, (caution, _guesses(network), *_told(photo.read))):
        print(sentence)
    return 0


def _best(recording: Recording) -> str:
    """Return the most probable class with its probability, or labels, values, what is returned."""
    from cnnviewer.outputs import Returns, returned_text

    if recording.returns is Returns.VALUES and recording.vector is not None:
        values = recording.vector.tolist()
        named = [f"{recording.category(index)} {value:.4g}" for index, value in enumerate(values[:_SHOWN])]
        return f"{', '.join(named)}{', …' if len(values) > _SHOWN else ''}"
    if recording.scores is None:
        return f"no class probabilities: it returns {returned_text(recording.outputs)}"
    if recording.returns is Returns.MULTI_LABEL:
        told = [(name, share) for name, share in recording.top(_SHOWN) if share == share]
        return ", ".join(f"{name} {share:.1%}" for name, share in told) if told else NO_NUMBERS
    name, probability = recording.top(1)[0]
    return NO_NUMBERS if isnan(probability) else f"{name}, {probability:.1%}"


def _guesses(network: Network) -> str:
    """Return what of a network was guessed, in sentences; '' where nothing was."""
    what = ", ".join(reason.what for reason in network.guessed if reason.what != _WEIGHTS)
    told = f"What is not told of the network was guessed ({what}); a card beside its file tells it." if what else ""
    return " ".join(filter(None, (told, *(reason.text for reason in network.guessed if reason.what == _WEIGHTS))))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cnnviewer record", description="Write every layer of a recording into a folder."
    )
    parser.add_argument("image", type=Path, metavar="IMAGE", help="the image to record")
    add_network(parser)
    add_device(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to write")
    parser.add_argument("--arrays", action="store_true", help="write the layers' outputs too, as .npz")
    parser.add_argument(
        "--range",
        nargs=2,
        type=float,
        metavar=("BLACK", "WHITE"),
        help="which numbers of a deep image are black and white; else what the file tells, or a guess",
    )
    parser.add_argument(
        "--page",
        type=_page,
        default=1,
        metavar="N",
        help="of several pages or frames the one to record; 'all': each a channel",
    )
    return parser


def _told(read: Read) -> tuple[str, ...]:
    """Return what is told of an image that might have been read otherwise."""
    found, told = read.value_range, []
    if found is not None:
        values = f"{found.low:,.6g} to {found.high:,.6g}"
        told.append(f"The image's values {values} are black and white ({found.origin}); --range changes it.")
    if read.pages > 1:
        told.append(f"The image is page {read.page or 'all'} of {read.pages}; --page changes it.")
    return tuple(told)


def _page(text: str) -> int:
    if text == "all":
        return ALL_PAGES
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"a page is a number from 1 on, or 'all', not {text!r}")
    return int(text)
