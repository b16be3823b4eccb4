"""The pretrained weights of timm's networks: where they lie, getting them, and loading them as timm does.

Most lie on the Hugging Face hub; those of some are files at an address of their own, which torch.hub keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import timm
import torch

from cnnviewer.devices import is_out_of_memory
from cnnviewer.errors import WeightsError
from cnnviewer.networks.downloads import download, weights_path
from cnnviewer.networks.facts import facts_of
from cnnviewer.networks.hub_files import cached_file, hub_file
from cnnviewer.networks.names import TIMM

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from cnnviewer.downloads import ProgressCallback

__all__ = ["FILES", "has_weights", "is_here", "pretrained"]

FILES = ("model.safetensors", "pytorch_model.bin")
"""What the file of weights is called on the hub, in the order in which timm looks for it."""


def has_weights(config: dict[str, Any]) -> bool:
    """Return whether there are pretrained weights, told by timm's `config` of a network."""
    return bool(config.get("hf_hub_id") or config.get("url"))


def is_here(config: dict[str, Any]) -> bool:
    """Return whether the pretrained weights lie on this machine."""
    if repository := config.get("hf_hub_id"):
        return cached_file(repository, FILES) is not None
    return weights_path(config["url"]).exists()


def pretrained(name: str, config: dict[str, Any], progress: ProgressCallback | None) -> nn.Module:
    """Return a network with its pretrained weights; they are downloaded first where they are not here.

    Raises
    ------
    WeightsError
        If they can't be had, or are damaged.
    Cancelled
        If `progress` raised it.
    """
    path = _path(name, config, progress)
    try:
        if path.suffix != ".safetensors":
            # timm unpickles no code today; older versions of it did for some files.
            torch.load(path, map_location="meta", weights_only=True)
        # The file is named: else timm asks the hub whether it is the newest, which takes long without a connection.
        overlay = {"file": str(path), "custom_load": False} if config.get("hf_hub_id") else None
        module: nn.Module = timm.create_model(name.removeprefix(TIMM), pretrained=True, pretrained_cfg_overlay=overlay)
    except Exception as error:
        if is_out_of_memory(error):
            raise WeightsError(
                f"{name} needs more memory than is free; close other programs or take a smaller network."
            ) from error
        if isinstance(error, OSError) and error.errno is not None:
            raise WeightsError(f"The weights file {path} can't be read: {error.strerror or error}.") from error
        # Readers of damaged files raise RuntimeError, EOFError, KeyError, SafetensorError and others.
        raise WeightsError(
            f"The weights file {path} is damaged. Delete it and open {name} again: it will be downloaded anew."
        ) from error
    return module


def _path(name: str, config: dict[str, Any], progress: ProgressCallback | None) -> Path:
    if repository := config.get("hf_hub_id"):
        return cached_file(repository, FILES) or hub_file(repository, FILES, name, facts_of(name).size, progress)
    return download(config["url"], name, facts_of(name).size, progress)
