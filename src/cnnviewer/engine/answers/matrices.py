"""Vectors as cells or bars, and the weights of a linear layer as a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cnnviewer.engine.answers.scaling import note_of, scale_of, wrapped
from cnnviewer.engine.classes import class_layers
from cnnviewer.engine.learning import shown_weight
from cnnviewer.errors import CnnviewerError
from cnnviewer.messages import BarsAnswer, MatrixAnswer
from cnnviewer.rendering.colormaps import diverging
from cnnviewer.rendering.tiles import cut_down, paint_tiles

if TYPE_CHECKING:
    from cnnviewer.engine.scene import Scene
    from cnnviewer.messages import BarsRequest, MatrixRequest
    from cnnviewer.recording import Layer

__all__ = ["bars", "cells", "weights"]


def cells(request: MatrixRequest, layer: Layer, scene: Scene) -> MatrixAnswer:
    """Return a vector's values in cells, as many beside each other as there is room for."""
    values = layer.output.reshape(-1).float().cpu()
    laid_out = wrapped(values, max(1, request.width))
    scale = scale_of(scene.statistics(layer), scene, request.scale)
    name = scale.colormap(request.scale)
    pixels = paint_tiles(
        laid_out[None].nan_to_num(0.0) if bool(torch.isfinite(values).all()) else laid_out[None],
        scale.low[:1],
        scale.high[:1],
        (laid_out.shape[0], laid_out.shape[1]),
        name,
        request.scale.gamma,
    )[0]
    statistics = scene.statistics(layer)
    return MatrixAnswer(
        pixels=pixels,
        values=values.numpy(),
        colormap=name,
        low=float(scale.low[0]),
        high=float(scale.high[0]),
        note=note_of(layer, statistics),
    )


def weights(request: MatrixRequest, layer: Layer, scene: Scene) -> MatrixAnswer:
    """Return the weight matrix of a layer, or its gradient or change, cut down to the room that there is.

    Raises
    ------
    CnnviewerError
        If it has none.
    """
    weight, told = shown_weight(layer, scene, request.weights)
    if weight is None or weight.ndim != 2:
        raise CnnviewerError(f"{layer.name} has no weight matrix to show.")
    size = (min(weight.shape[0], max(1, request.height)), min(weight.shape[1], max(1, request.width)))
    shown = cut_down(weight.detach()[None], size).float()
    # The scale is that of the weights on the screen: the largest of 100 million takes longer than a frame.
    reach = shown.abs().nan_to_num(0.0).amax().reshape(1).clamp(min=1e-30)
    name = diverging(request.scale.dark)
    pixels = paint_tiles(shown, -reach, reach, size, name, request.scale.gamma)[0]
    note = f"{weight.shape[0]} outputs down, {weight.shape[1]} inputs across"
    if size != tuple(weight.shape):
        note += f", {size[0]}×{size[1]} of them shown"
    note = f"{told} · {note}" if told else note
    return MatrixAnswer(pixels, None, name, -float(reach), float(reach), note)


def bars(request: BarsRequest, layer: Layer, scene: Scene) -> BarsAnswer:
    """Return the largest values of a vector, with the names of classes where it is of classes."""
    values = layer.output.reshape(-1).float().cpu()
    indices = (-values).argsort(stable=True)[: request.count]  # NaN counts as the largest there, and comes last
    finite = values[values.isfinite()]
    recording = scene.recording
    named = layer.name in class_layers(recording)
    return BarsAnswer(
        names=tuple(recording.category(i) if named else f"unit {i}" for i in indices.tolist()),
        indices=tuple(indices.tolist()),
        values=tuple(values[indices].tolist()),
        low=float(finite.min()) if len(finite) else 0.0,
        high=float(finite.max()) if len(finite) else 0.0,
        note=f"the {len(indices)} largest of {len(values)}{_not_finite(values)}",
    )


def _not_finite(values: torch.Tensor) -> str:
    count = int((~values.isfinite()).sum())
    return f" · {count} not finite" if count else ""
