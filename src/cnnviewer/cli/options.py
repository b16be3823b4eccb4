"""What the commands share: options, checks, a progress line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cnnviewer.devices import AUTO, Precision, choose_device
from cnnviewer.errors import CnnviewerError, ImageError
from cnnviewer.messages import DeviceRequest

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

__all__ = [
    "add_device",
    "add_network",
    "allows_code",
    "check_folder",
    "check_network",
    "check_paths",
    "device_of",
    "resolved",
    "tell_progress",
    "weights_of",
]


def add_network(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a network and its weights."""
    parser.add_argument(
        "--network",
        metavar="NAME",
        help="one of the names that 'cnnviewer networks' lists, a file with a network or with weights, "
        "or a Python factory: package.module:function, file.py:function",
    )
    parser.add_argument(
        "--allow-code",
        action="store_true",
        help="let code run that comes with a file: an exported program (.pt2), a Python file",
    )
    parser.add_argument(
        "--weights",
        default="default",
        metavar="WEIGHTS",
        help="'default' for trained weights, 'random', or a file with weights for the network",
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose a device and a precision."""
    parser.add_argument("--device", metavar="DEVICE", help="auto, cpu, cuda, cuda:1, or mps")
    parser.add_argument("--half", action="store_true", help="compute in half precision: float16, on the CPU bfloat16")


def device_of(options: argparse.Namespace) -> DeviceRequest | None:
    """Return what the options choose, after a look at whether it is there; None where they choose nothing.

    Raises
    ------
    DeviceError
        If this machine has no such device.
    """
    if options.device is None and not options.half:
        return None
    name = options.device or AUTO
    if name not in (AUTO, "cpu"):  # those need no look, and so no torch
        choose_device(name)
    return DeviceRequest(name, Precision.HALF if options.half else Precision.SINGLE)


def weights_of(text: str) -> str | None:
    """Return what `load_network` takes for the text of the option ``--weights``."""
    return {"default": "DEFAULT", "random": None}.get(text, text)


def allows_code(options: argparse.Namespace) -> bool:
    """Whether code that comes with the network may run: a factory is named to be run, a file's code is not."""
    from cnnviewer.networks.files.places import is_factory

    return bool(options.allow_code) or is_factory(options.network or "")


def resolved(name: str) -> str:
    """Return the name of a network; of a file, or of a factory in one, with its whole path."""
    from pathlib import Path

    from cnnviewer.networks import is_file

    place, colon, function = name.rpartition(":")
    if colon and place.lower().endswith(".py"):
        return f"{Path(place).resolve()}:{function}"
    return str(Path(name).resolve()) if is_file(name) and Path(name).exists() else name


def check_paths(paths: list[Path]) -> None:
    """Raise where one of the paths does not exist."""
    for path in paths:
        try:
            exists = path.exists()
        except (OSError, ValueError):  # a name that no file can have
            exists = False
        if not exists:
            raise ImageError(f"There is no file or folder {path}. Check the path.")


def check_network(name: str | None) -> None:
    """Raise where there is no network of this name."""
    if name is not None:
        from cnnviewer.networks import check_name

        check_name(name)


def check_folder(path: Path) -> None:
    """Raise where the folder of a file to write does not exist."""
    if not path.resolve().parent.is_dir():
        raise CnnviewerError(f"The folder {path.resolve().parent} does not exist; make it first.")


def tell_progress(done: int, total: int | None, text: str) -> None:
    """Write a progress line on a terminal; nothing elsewhere."""
    if sys.stderr.isatty():
        share = f" {done / total:4.0%}" if total else ""
        print(f"\r{text}{share}", end="\n" if total and done >= total else "", file=sys.stderr, flush=True)
