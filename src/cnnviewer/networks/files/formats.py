"""Which format a file has, told from its first bytes; its name decides only where the bytes do not.

No torch here: the window asks what was dropped on it. A format is a file beside this one and a line in the table; the
file has ``open_file(path: Path, progress: ProgressCallback | None) -> Opened``, which raises `NetworkError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["EXTENSIONS", "FORMATS", "Format", "format_of", "is_network_file"]

EXTENSIONS = (
    ".safetensors", ".pt", ".pth", ".th", ".bin", ".ckpt", ".tar", ".onnx", ".pt2", ".ts", ".torchscript", ".keras",
    ".h5", ".hdf5", ".py",
)  # fmt: skip
"""How the names of networks' files end."""


@dataclass(frozen=True)
class Format:
    """A format of files with networks.

    Parameters
    ----------
    name
        What people call it.
    file
        The module beside this one that opens it.
    runs_code
        Whether opening a file runs code from it.
    is_weights
        Whether it holds weights alone, whose architecture must be found.
    """

    name: str
    file: str
    runs_code: bool = False
    is_weights: bool = False


SAFETENSORS = Format("safetensors", "weights_file", is_weights=True)
TORCH = Format("PyTorch file", "weights_file", is_weights=True)
MODULE = Format("pickled module", "pickled_module")
ONNX = Format("ONNX", "onnx_file")
EXPORTED = Format("exported program", "exported_program", runs_code=True)
TORCHSCRIPT = Format("TorchScript", "torchscript")
KERAS = Format("Keras", "keras_file")
FACTORY = Format("Python factory", "factory", runs_code=True)

FORMATS = (SAFETENSORS, TORCH, MODULE, ONNX, EXPORTED, TORCHSCRIPT, KERAS, FACTORY)


def is_network_file(path: Path) -> bool:
    """Whether a path looks like a network's file, told by its name alone."""
    return path.suffix.lower() in EXTENSIONS


def format_of(path: Path) -> Format:
    """Return the format of a file.

    Raises
    ------
    NetworkError
        If there is no such file, or it is none that holds a network.
    """
    raise NotImplementedError
