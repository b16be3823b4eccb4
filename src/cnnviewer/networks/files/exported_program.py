"""Programs that `torch.export.save` wrote (.pt2). Reading one runs code of the file: open it with consent only.

The program is a list of operations; `torch.export.unflatten` puts them back into modules at the paths of the network
that was exported. Its operations are those of torch's lower level (``aten.conv2d.default``), with the same numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.export import ExportedProgram, load, unflatten
from torch.export.graph_signature import InputKind

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.guards import check_archive, refusing
from cnnviewer.networks.files.image_axes import image_shape, is_channels_last
from cnnviewer.networks.files.opened import Hints, Opened

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.downloads import ProgressCallback

__all__ = ["open_file"]


def open_file(path: Path, progress: ProgressCallback | None = None) -> Opened:
    """Open an exported program. Code of the file may run: ask before.

    Raises
    ------
    NetworkError
        If it can't be read, was written by a version of PyTorch that this one can't read, or takes no one image.
    """
    check_archive(path)
    with refusing(path, "an exported program of this version of PyTorch"):
        program = load(path)
        if not isinstance(program, ExportedProgram):
            raise NetworkError(f"{path.name} holds no exported program; save it with torch.export.save.")
        image = _image(program, path)
        module, note = _module(program)
    shape = [length if isinstance(length, int) else None for length in image.shape]
    if is_channels_last(shape):
        # A hook, not a module around it: layers keep the names that the program gave them.
        module.register_forward_pre_hook(_with_channels_last)
    return Opened(module, Hints(image_shape(shape), is_channels_last(shape)), note)


def _with_channels_last(module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return an image ``(1, C, H, W)`` as the program takes it, ``(1, H, W, C)``."""
    return (inputs[0].permute(0, 2, 3, 1), *inputs[1:])


def _image(program: ExportedProgram, path: Path) -> torch.Tensor:
    """Return what is known of the one input: a tensor without values.

    Raises
    ------
    NetworkError
        If there are several, or it is no image.
    """
    names = [part.arg.name for part in program.graph_signature.input_specs if part.kind == InputKind.USER_INPUT]
    if len(names) != 1 or len(program.call_spec.in_spec.children()[0].children()) != 1:
        told = ", ".join(names[:3]) or "none"
        raise NetworkError(f"{path.name} takes {len(names)} inputs ({told}); a network over one image takes one.")
    found = next(node for node in program.graph.nodes if node.op == "placeholder" and node.name == names[0])
    image = found.meta.get("val")
    if not isinstance(image, torch.Tensor) or image.ndim != 4 or not image.is_floating_point():
        raise NetworkError(f"{path.name} takes no image (1, channels, height, width) of floating point numbers.")
    if isinstance(image.shape[0], int) and image.shape[0] != 1:
        raise NetworkError(
            f"{path.name} was exported for {image.shape[0]} images at once; export it for one, or with a dynamic batch."
        )
    return image


def _module(program: ExportedProgram) -> tuple[nn.Module, str]:
    """Return the program as a module, and a note where its modules are not known any more."""
    try:
        return unflatten(program).eval(), ""
    except Exception:  # programs with parts that were changed after they were exported
        module = program.module()
    for part in module.modules():
        # They raise: a program is exported in one mode. It is eval mode, or the operations say so themselves.
        part.__dict__.pop("train", None)
        part.__dict__.pop("eval", None)
    return module.eval(), "The modules that it was made of are not told; its operations are shown as one list."
