"""See every layer of a convolutional network at work on any image.

The names below are the headless API; they need no display. Each is imported when it is first used, so that the
window can be on the screen before torch is imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cnnviewer.analysis.explaining.table import explain as explain
    from cnnviewer.analysis.explanation import Explanation as Explanation
    from cnnviewer.analysis.receptive_field import Box as Box
    from cnnviewer.analysis.receptive_field import receptive_field as receptive_field
    from cnnviewer.card import Card as Card
    from cnnviewer.datasets import load_dataset as load_dataset
    from cnnviewer.devices import list_devices as list_devices
    from cnnviewer.errors import CnnviewerError as CnnviewerError
    from cnnviewer.network import Network as Network
    from cnnviewer.network import from_module as from_module
    from cnnviewer.networks import list_networks as list_networks
    from cnnviewer.networks import load_network as load_network
    from cnnviewer.preprocessing import Preprocessing as Preprocessing
    from cnnviewer.recorder import record as record
    from cnnviewer.recording import Layer as Layer
    from cnnviewer.recording import Recording as Recording
    from cnnviewer.rendering.mosaic import render as render
    from cnnviewer.training.settings import Settings as Settings
    from cnnviewer.training.start import train as train

__version__ = "0.1.0"

_HOMES = {
    "Card": "cnnviewer.card",
    "Box": "cnnviewer.analysis.receptive_field",
    "CnnviewerError": "cnnviewer.errors",
    "Explanation": "cnnviewer.analysis.explanation",
    "Layer": "cnnviewer.recording",
    "Network": "cnnviewer.network",
    "Preprocessing": "cnnviewer.preprocessing",
    "Recording": "cnnviewer.recording",
    "explain": "cnnviewer.analysis.explaining.table",
    "from_module": "cnnviewer.network",
    "list_devices": "cnnviewer.devices",
    "list_networks": "cnnviewer.networks",
    "load_network": "cnnviewer.networks",
    "receptive_field": "cnnviewer.analysis.receptive_field",
    "record": "cnnviewer.recorder",
    "render": "cnnviewer.rendering.mosaic",
    "Settings": "cnnviewer.training.settings",
    "load_dataset": "cnnviewer.datasets",
    "train": "cnnviewer.training.start",
}

__all__ = [
    "Box",
    "Card",
    "CnnviewerError",
    "Explanation",
    "Layer",
    "Network",
    "Preprocessing",
    "Recording",
    "Settings",
    "explain",
    "from_module",
    "list_devices",
    "list_networks",
    "load_dataset",
    "load_network",
    "receptive_field",
    "record",
    "render",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cnnviewer' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
