"""Which format a file has, told from its first bytes; its name decides only where the bytes do not.

No torch here: the window asks what was dropped on it. A format is a file beside this one and a line in the table; the
file has ``open_file(path: Path, progress: ProgressCallback | None) -> Opened``, which raises `NetworkError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.errors import NetworkError
from cnnviewer.kinds import NETWORKS, TEXT, Kind, ending_of, is_text, refusal, type_of_head

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FORMATS", "KNOWN", "Format", "format_of", "is_network_file"]


@dataclass(frozen=True)
class Format:
    """A format of files with networks.

    Parameters
    ----------
    name
        What people call it.
    file
        The module beside this one that opens it; '' for weights alone, and for factories.
    runs_code
        Whether opening a file runs code from it.
    is_weights
        Whether it holds weights alone, whose architecture must be found.
    """

    name: str
    file: str = ""
    runs_code: bool = False
    is_weights: bool = False


SAFETENSORS = Format("safetensors", is_weights=True)
TORCH = Format("PyTorch file", is_weights=True)
MODULE = Format("pickled module", "pickled_module")
FOREIGN_MODULE = Format("pickled module, its weights", is_weights=True)
"""One of classes that are not run: its tensors alone are taken."""
SHARDS = Format("weights in several files", is_weights=True)
ONNX = Format("ONNX", "onnx_file")
EXPORTED = Format("exported program", "exported_program", runs_code=True)
TORCHSCRIPT = Format("TorchScript", "torchscript")
KERAS = Format("Keras", "keras_file")
FACTORY = Format("Python factory", runs_code=True)

KNOWN = "safetensors, PyTorch (.pt, .pth), ONNX, an exported program (.pt2), Keras (.keras, .h5)"
"""What can be opened, for people."""

_HEAD = 4096

FORMATS = (SAFETENSORS, TORCH, SHARDS, MODULE, FOREIGN_MODULE, ONNX, EXPORTED, TORCHSCRIPT, KERAS, FACTORY)


def is_network_file(path: Path) -> bool:
    """Whether a path looks like a network's file, told by its name alone."""
    return ending_of(path) in NETWORKS


def format_of(path: Path) -> Format:
    """Return the format of a file.

    Raises
    ------
    NetworkError
        If there is no such file, or it is none that holds a network; the sentence tells what it is instead.
    """
    # Not above: the window asks for names alone before its first paint.
    from cnnviewer.networks.files import sniffing
    from cnnviewer.networks.files.pickles import is_module

    size = sniffing.check_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
            is_onnx = sniffing.is_onnx(file, size)
    except OSError as error:
        raise NetworkError(f"{path} can't be read: {error.strerror or error}.") from error
    if head.startswith(b"PK\x03\x04"):
        return _archived(path)
    if head.startswith(sniffing.HDF5_MAGIC):
        return KERAS
    if head[2:].startswith(sniffing.LEGACY_MAGIC):
        return MODULE if is_module(path, is_zip=False) else TORCH
    if sniffing.is_safetensors(head, size):
        return SAFETENSORS
    if is_onnx:
        return ONNX
    if ending_of(path) == ".py" and is_text(head):
        return FACTORY
    raise NetworkError(_refusal(path, head))


def _archived(path: Path) -> Format:
    """Return the format of a zip archive, told from the names of its entries."""
    from cnnviewer.networks.files import sniffing
    from cnnviewer.networks.files.pickles import is_module, is_root_pickle

    names = sniffing.entry_names(path)
    last = {name.rpartition("/")[2] for name in names}
    if "model.weights.h5" in last and "config.json" in last:
        return KERAS
    if "constants.pkl" in last:
        return TORCHSCRIPT
    if "serialized_exported_program.json" in last or any("/models/" in f"/{name}" for name in names):
        return EXPORTED
    if any(is_root_pickle(name) for name in names):
        return MODULE if is_module(path, is_zip=True) else TORCH
    if names and all(name.endswith(".npy") for name in names):
        raise NetworkError(
            f"{path.name} holds arrays of NumPy, not a network. Fill the network with them in Python, and save its "
            "state_dict() with torch.save."
        )
    raise NetworkError(
        f"{path.name} is a zip archive without a network in it; unpack it, and choose the network's file."
    )


def _refusal(path: Path, head: bytes) -> str:
    """Return what a file is that holds no network, and what to do."""
    known, named = type_of_head(head, ""), type_of_head(head, path.name)
    if named is not None and named.kind is Kind.NETWORK and not named.is_read:
        return refusal(path.name, named)
    if known is not None and known.kind is Kind.OTHER and known is not TEXT:
        return refusal(path.name, known)
    if known is not None and known.kind is not Kind.NETWORK:
        return f"{path.name} is {known.name}, not a network."
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return f"{path.name} is a pickle that torch.save did not write; save network.state_dict() with torch.save."
    if is_network_file(path):
        return f"{path.name} is no network: its name ends in {path.suffix}, but it is damaged, or of another kind."
    return f"{path.name} is no network of a kind that is known: {KNOWN}."
