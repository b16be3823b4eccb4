"""``cnnviewer networks``: the names of the networks."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from cnnviewer.errors import NetworkError
from cnnviewer.network_reports import WeightsPlace
from cnnviewer.sizes import byte_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.network_reports import CatalogueEntry

__all__ = ["run"]

_HEADINGS = ("name", "parameters", "input", "top-1", "weights")
_NOT_KNOWN = "-"


def run(words: list[str]) -> int:
    """Run the command and return the exit status."""
    parser = argparse.ArgumentParser(prog="cnnviewer networks", description="List the networks.")
    parser.add_argument(
        "--all", action="store_true", help="all that can be opened by name, with torchvision's and timm's"
    )
    parser.add_argument(
        "words", nargs="*", metavar="WORD", help="of --all, those whose name, family or task has each word"
    )
    options = parser.parse_args(words)
    if options.words and not options.all:
        parser.error("words choose among all networks: give --all, too")
    if options.all:
        _print_all(options.words)
        return 0
    from cnnviewer.networks import list_networks

    for source, names in list_networks().items():
        print(f"{source}: {', '.join(names)}")
    return 0


def _print_all(words: Sequence[str]) -> None:
    from cnnviewer.networks.catalogue import catalogue

    entries = [entry for entry in catalogue() if _has_all(entry, words)]
    if not entries:
        raise NetworkError(f"No network has the words {' '.join(words)} in its name, family or task. Give fewer words.")
    rows = [_HEADINGS, *map(_row, entries)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *numbers, weights in rows:
        middle = "  ".join(text.rjust(width) for text, width in zip(numbers, widths[1:-1], strict=True))
        print(f"{name.ljust(widths[0])}  {middle}  {weights}".rstrip())


def _has_all(entry: CatalogueEntry, words: Sequence[str]) -> bool:
    text = f"{entry.name} {entry.family} {entry.task} {entry.source} {entry.trained_on}".lower()
    return all(word.lower() in text for word in words)


def _row(entry: CatalogueEntry) -> tuple[str, ...]:
    weights = str(entry.weights)
    if entry.weights is WeightsPlace.DOWNLOAD and entry.download is not None:
        weights = f"{weights}, {byte_text(entry.download)}"
    if entry.trained_on:
        weights = f"{weights} ({entry.trained_on})"
    return (
        entry.name,
        _NOT_KNOWN if entry.parameters is None else f"{entry.parameters:,}",
        _NOT_KNOWN if entry.size is None else f"{entry.size[0]}×{entry.size[1]}",
        _NOT_KNOWN if entry.top1 is None else f"{entry.top1:.1%}",
        weights,
    )
