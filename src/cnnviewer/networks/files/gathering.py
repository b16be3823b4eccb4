"""All that the file of a network, the files beside it and their names say of it. No torch here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.networks.files.described import described, pixels_of
from cnnviewer.networks.files.evidence import Clue, Evidence, Framing
from cnnviewer.networks.files.folder_config import config_beside
from cnnviewer.networks.files.labels import labels_beside
from cnnviewer.networks.files.path_names import evidence_of_path
from cnnviewer.networks.files.presets import PRESETS, presets_for

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.networks.files.opened import Hints

__all__ = ["evidence_beside", "evidence_within"]

_ULTRALYTICS = frozenset(("names", "stride", "task", "imgsz"))
_PLAIN = next(preset for preset in PRESETS if preset.name == "0..1")


def evidence_beside(path: Path | None, digest: str = "") -> Evidence:
    """Return what the files beside a network's file say, and its name; a factory without a file has neither.

    Parameters
    ----------
    path
        The file.
    digest
        The SHA-256 of its content, in hexadecimal.
    """
    if path is None:
        return Evidence()
    return config_beside(path) + Evidence(categories=labels_beside(path)) + evidence_of_path(path, digest)


def evidence_within(hints: Hints) -> Evidence:
    """Return what a file says of its network in itself."""
    found = described(hints.surroundings.values, "The file") + described(hints.metadata, "The file's metadata")
    normaliser = pixels_of(hints.surroundings.mean, hints.surroundings.deviation, "the normaliser among its tensors")
    return (
        Evidence(
            categories=(Clue(hints.categories, "The file"),) if hints.categories else (),
            pixels=() if normaliser is None else (Clue(normaliser, "The normaliser among its tensors"),),
        )
        + found
        + _ultralytics(hints)
        + (_bytes(hints) if hints.is_bytes else Evidence())
    )


def _bytes(hints: Hints) -> Evidence:
    """Return what is known where an input is of bytes: the network scales them itself."""
    channels = 3 if hints.shape is None or hints.shape[0] is None else hints.shape[0]
    preset = next(preset for preset in presets_for(channels) if preset.name in ("0..255", "grey, 0..255"))
    return Evidence(pixels=(Clue(preset, "The type of the file's input, whole numbers of 0..255,"),))


def _ultralytics(hints: Hints) -> Evidence:
    """Return how Ultralytics prepares images for its networks, whose metadata tell the size alone."""
    told = hints.metadata
    if told.get("author") != "Ultralytics" and not told.keys() >= _ULTRALYTICS:
        return Evidence()
    crop_mode = "centre" if told.get("task") == "classify" else "border"
    framing = Framing(share=1.0, interpolation="bilinear", crop_mode=crop_mode)
    source = "The file's metadata, which are those of Ultralytics,"
    return Evidence(framings=(Clue(framing, source),), pixels=(Clue(_PLAIN, source),))
