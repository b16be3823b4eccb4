"""Folders with a network of another program: told as what they are, not by the files that they lack. No torch here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.kinds import TYPES, Kind, ending_of, refusal

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["foreign_network"]

_HEAD = 4096


def foreign_network(folder: Path) -> str:
    """Return what a folder holds that another program reads, and what to do with it, a sentence; '' where it does not.

    Raises
    ------
    OSError
        If it can't be read.
    """
    names = {path.name for path in folder.iterdir()}
    if {"saved_model.pb", "saved_model.pbtxt"} & names:
        return (
            f"{folder} is a SavedModel of TensorFlow, which is not read here. Make ONNX of it with "
            "python -m tf2onnx.convert --saved-model FOLDER --output net.onnx, or save the network in Keras with "
            "model.save('net.keras'), and open that."
        )
    if "model.json" in names and any(ending_of(name) == ".bin" for name in names) and _is_tensorflow_js(folder):
        return (
            f"{folder} holds a network of TensorFlow.js, which is not read here. Export it for Keras instead (.h5), or "
            "make that of it with tensorflowjs_converter --input_format=tfjs_layers_model --output_format=keras."
        )
    if "Manifest.json" in names and ending_of(folder) == ".mlpackage":
        return f"{folder} is a network of Core ML, which is not read here. Export it to ONNX where it was made."
    if any(name.endswith(".index") and f"{name[:-6]}.data-00000-of-00001" in names for name in names):
        return (
            f"{folder} holds weights of TensorFlow without their network (a checkpoint). Save the network where it was "
            "trained: model.save('net.keras'), or as ONNX with tf2onnx."
        )
    return _told_by_name(folder, names)


def _is_tensorflow_js(folder: Path) -> bool:
    with (folder / "model.json").open("rb") as file:
        head = file.read(_HEAD)
    return any(word in head for word in (b"modelTopology", b"weightsManifest", b"layers-model", b"graph-model"))


def _told_by_name(folder: Path, names: set[str]) -> str:
    """Return the refusal of the first file that is a network of another program by its name."""
    unread = [known for known in TYPES if known.kind is Kind.NETWORK and not known.is_read]
    foreign = {ending: known for known in unread for ending in known.extensions}
    found = next((name for name in sorted(names) if ending_of(name) in foreign), "")
    return f"In the folder {folder}, {refusal(found, foreign[ending_of(found)])}" if found else ""
