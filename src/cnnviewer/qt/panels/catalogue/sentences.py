"""What is said of a network of the catalogue before it is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.network_reports import WeightsPlace
from cnnviewer.qt.widgets.numbers import count_text, percent_text
from cnnviewer.sizes import byte_text

if TYPE_CHECKING:
    from cnnviewer.network_reports import CatalogueEntry

__all__ = ["button_text", "facts_text", "weights_sentence"]

_SERVERS = {
    "torchvision": "from PyTorch's server",
    "timm": "from the server that timm names, mostly the Hugging Face Hub",
}


def facts_text(entry: CatalogueEntry) -> str:
    """Return one line of what is known: ``ResNet · torchvision · 25.6 M parameters · takes 224 × 224 pixels``."""
    parts = [entry.family, entry.source, entry.task]
    if entry.parameters is not None:
        parts.append(f"{count_text(entry.parameters)} parameters")
    if entry.size is not None:
        parts.append(f"takes {entry.size[0]} × {entry.size[1]} pixels")
    if entry.trained_on:
        parts.append(f"trained on {entry.trained_on}")
    elif entry.tag:
        parts.append(f"weights: {entry.tag}")
    if entry.top1 is not None:
        parts.append(f"names {percent_text(entry.top1)} of ImageNet-1k right")
    return " · ".join(part for part in parts if part)


def weights_sentence(entry: CatalogueEntry, is_random: bool) -> str:
    """Return what opening it brings: what is downloaded, how much and from where; or that nothing is."""
    if entry.weights is WeightsPlace.NONE:
        return "There are no trained weights for it: it opens with random ones, and can be trained."
    if is_random:
        return "It opens with random weights; nothing is downloaded."
    if entry.weights is WeightsPlace.HERE:
        return "Its trained weights are on this machine; nothing is downloaded."
    size = "of a size that is not known" if entry.download is None else byte_text(entry.download)
    server = _SERVERS.get(entry.source, "from the internet")
    return f"Its trained weights, {size}, are downloaded {server}, and then stay on this machine."


def button_text(entry: CatalogueEntry | None, is_random: bool) -> str:
    """Return what the button says: that something is downloaded, and how much, where it is."""
    if entry is None or is_random or entry.weights is not WeightsPlace.DOWNLOAD:
        return "Open"
    return "Download and open" if entry.download is None else f"Download and open ({byte_text(entry.download)})"
