"""The command line. Qt is imported only when a window opens, torch only when something is recorded."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cnnviewer.errors import CnnviewerError, ImageError
from cnnviewer.inputs.files import find_images

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_WINDOW_HELP = """\
With no command the window opens. Commands:
  cnnviewer record IMAGE --out FOLDER   write every layer of a recording into a folder
  cnnviewer networks                    list the networks
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0, or 2 with a sentence where something is wrong."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    commands = {"record": _record, "networks": _networks}
    try:
        if words and words[0] in commands:
            return commands[words[0]](words[1:])
        return _window(words)
    except CnnviewerError as error:
        print(f"cnnviewer: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("cnnviewer: stopped.", file=sys.stderr)
        return 130


def _window(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="cnnviewer",
        description="See every layer of a convolutional network at work on any image.",
        epilog=_WINDOW_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("images", nargs="*", type=Path, metavar="IMAGE", help="files or folders to show")
    _add_network(parser)
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="paint the window into FILE and end")
    parser.add_argument("--size", type=_size, metavar="WxH", help="size of the window, for example 1280x800")
    parser.add_argument("--theme", choices=("light", "dark", "system"), help="colours of the window")
    parser.add_argument("--version", action="version", version=_version())
    options = parser.parse_args(words)
    _check_paths(options.images)
    find_images(options.images)  # a folder without images is told here, and the window finds them again
    _check_network(options.network)
    if options.screenshot is not None:
        _check_folder(options.screenshot)
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from cnnviewer.qt.app import run

    return run(
        options.images,
        options.network,
        _weights(options.weights),
        theme=options.theme,
        screenshot=options.screenshot,
        size=options.size,
    )


def _record(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="cnnviewer record", description="Write every layer of a recording into a folder."
    )
    parser.add_argument("image", type=Path, metavar="IMAGE", help="the image to record")
    _add_network(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="where to write")
    parser.add_argument("--arrays", action="store_true", help="write the layers' outputs too, as .npz")
    options = parser.parse_args(words)
    _check_paths([options.image])
    _check_network(options.network)
    from cnnviewer.export import write_recording
    from cnnviewer.networks import DEFAULT_NETWORK, load_network
    from cnnviewer.recorder import record

    network = load_network(options.network or DEFAULT_NETWORK, _weights(options.weights), progress=_tell_progress)
    recording = record(network, options.image)
    write_recording(recording, options.out, options.image.name, arrays=options.arrays)
    name, probability = recording.top(1)[0] if recording.scores is not None else ("no class", 0.0)
    print(f"{len(recording.layers)} layers in {options.out}: {name}, {probability:.1%}")
    return 0


def _networks(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="cnnviewer networks", description="List the networks.")
    parser.parse_args(words)
    from cnnviewer.networks import list_networks

    for source, names in list_networks().items():
        print(f"{source}: {', '.join(names)}")
    return 0


def _add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", metavar="NAME", help="one of the names that 'cnnviewer networks' lists")
    parser.add_argument(
        "--weights",
        default="default",
        metavar="WEIGHTS",
        help="'default' for trained weights, 'random', or a file with weights for the network",
    )


def _weights(text: str) -> str | None:
    return {"default": "DEFAULT", "random": None}.get(text, text)


def _check_paths(paths: list[Path]) -> None:
    for path in paths:
        try:
            exists = path.exists()
        except (OSError, ValueError):  # a name that no file can have
            exists = False
        if not exists:
            raise ImageError(f"There is no file or folder {path}. Check the path.")


def _check_network(name: str | None) -> None:
    if name is not None:
        from cnnviewer.networks import check_name

        check_name(name)


def _check_folder(path: Path) -> None:
    if not path.resolve().parent.is_dir():
        raise CnnviewerError(f"The folder {path.resolve().parent} does not exist; make it first.")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()) or not (0 < int(width) < 20000 and 0 < int(height) < 20000):
        raise argparse.ArgumentTypeError(f"a size is WIDTHxHEIGHT, for example 1280x800, not {text!r}")
    return int(width), int(height)


def _tell_progress(done: int, total: int | None, text: str) -> None:
    """Write a progress line on a terminal; nothing elsewhere."""
    if sys.stderr.isatty():
        share = f" {done / total:4.0%}" if total else ""
        print(f"\r{text}{share}", end="\n" if total and done >= total else "", file=sys.stderr, flush=True)


def _version() -> str:
    from cnnviewer import __version__

    return f"cnnviewer {__version__}"
