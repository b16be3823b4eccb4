"""The command line without a command: the window."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from cnnviewer.cli.options import (
    add_device,
    add_network,
    allows_code,
    check_folder,
    check_network,
    device_of,
    resolved,
    weights_of,
)
from cnnviewer.errors import ImageError, NetworkError
from cnnviewer.inputs.finding import Found, find
from cnnviewer.networks.files.places import is_network
from cnnviewer.networks.run_folder import is_run

__all__ = ["run"]

_COMMANDS = """\
With no command the window opens. Commands:
  cnnviewer record IMAGE --out FOLDER      write every layer of a recording into a folder
  cnnviewer train NETWORK --out FOLDER     train a network
  cnnviewer networks                       list the networks
"""


def run(words: list[str]) -> int:
    """Open the window and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="cnnviewer",
        description="See every layer of a convolutional network at work on any image.",
        epilog=_COMMANDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "images",
        nargs="*",
        type=Path,
        metavar="IMAGE",
        help="images, videos or folders to show, a training, or a network's file",
    )
    add_network(parser)
    add_device(parser)
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="paint the window into FILE and end")
    parser.add_argument("--size", type=_size, metavar="WxH", help="size of the window, for example 1280x800")
    parser.add_argument("--theme", choices=("light", "dark", "system"), help="colours of the window")
    parser.add_argument("--version", action="version", version=_version())
    options = parser.parse_args(words)
    _take_network(options)
    _check(options.images)
    check_network(options.network)
    device = device_of(options)
    if options.screenshot is not None:
        check_folder(options.screenshot)
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from cnnviewer.qt.app import run as run_window

    return run_window(
        options.images,
        options.network,
        weights_of(options.weights),
        allow_code=allows_code(options),
        device=device,
        theme=options.theme,
        screenshot=options.screenshot,
        size=options.size,
    )


def _take_network(options: argparse.Namespace) -> None:
    """Take a network's file among the images for the network."""
    found = [path for path in options.images if is_network(path) and not is_run(path)]
    if len(found) + (options.network is not None) > 1:
        raise NetworkError(f"One network is shown at a time: leave {found[-1]} out.")
    if found:
        options.network = str(found[0].resolve())  # the last network is remembered, for whatever folder
        options.images.remove(found[0])
    elif options.network is not None:
        options.network = resolved(options.network)


def _check(paths: list[Path]) -> None:
    """Raise where one of the paths is nothing that can be shown: the window would tell it, and show something else."""
    for path in paths:
        found = next(find([path]))  # of a large folder the first image is enough; the window finds them again
        if isinstance(found, Found) and found.is_empty:
            raise ImageError(*found.left_out)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()) or not (0 < int(width) < 20000 and 0 < int(height) < 20000):
        raise argparse.ArgumentTypeError(f"a size is WIDTHxHEIGHT, for example 1280x800, not {text!r}")
    return int(width), int(height)


def _version() -> str:
    from cnnviewer import __version__

    return f"cnnviewer {__version__}"
