"""Which of the tensors that a network returned tells what it names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from cnnviewer.outputs import Form, Returns
from cnnviewer.returned.judging import judged, judged_maps
from cnnviewer.returned.nature import UNKNOWN
from cnnviewer.returned.natures import Natures
from cnnviewer.returned.tensors import is_vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.outputs import Output, Returned
    from cnnviewer.recording import Layer

__all__ = ["Chosen", "choose"]

_OF_CLASSES = frozenset(
    {
        "logit", "logits", "prob", "probs", "probability", "probabilities", "score", "scores", "cls", "class",
        "classes", "prediction", "predictions", "pred", "label", "labels",
    }
)  # fmt: skip
_OF_OTHERS = frozenset(
    {
        "box", "boxes", "bbox", "bboxes", "loc", "location", "coord", "coords", "coordinates", "landmark",
        "landmarks", "keypoint", "keypoints", "points", "pose", "embedding", "embeddings", "embed", "feature",
        "features", "feat", "hidden", "state", "states", "aux", "auxiliary", "mask", "masks", "offset", "offsets",
        "angle", "angles", "value", "values", "loss",
    }
)  # fmt: skip
_BOX = 4
"""So many numbers beside others are the corners of a box, more probably than classes."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """The tensor that tells what a network names, and what it is.

    Parameters
    ----------
    tensor
        The vector; None where the network returns none.
    returned
        What it is guessed to be.
    """

    tensor: torch.Tensor | None
    returned: Returned


def choose(
    named: Sequence[tuple[str, torch.Tensor]], outputs: Sequence[Output], layers: Sequence[Layer], names: int
) -> Chosen:
    """Return which of the tensors that a network returned is shown as its answer.

    Probabilities come before logits, and both before other numbers and before features; of several the name of the
    output tells, then their number: four beside others are a box. Of several answers with as many numbers it is the
    first: the auxiliary scores of GoogLeNet and Inception come behind, and so does a softmax of something else.

    Parameters
    ----------
    named
        The tensors with their names.
    outputs
        The same in words, with the layers that made them.
    layers
        All layers of the forward pass.
    names
        How many categories the network has names for.
    """
    natures = Natures(layers)
    found: list[tuple[tuple[int, ...], Chosen]] = []
    for place, ((name, tensor), output) in enumerate(zip(named, outputs, strict=True)):
        if not is_vector(tensor):
            continue
        nature = UNKNOWN if output.layer is None else natures(output.layer)
        if tensor.ndim == 1 and tensor.numel() > 1 and nature.is_anything:
            continue  # a number for each of what was found, as detectors give
        returned = judged(nature, tensor.numel(), names, name if len(named) > 1 else "", _total(tensor))
        found.append(((*_rank(name, tensor.numel(), returned, names), -place), Chosen(tensor, returned)))
    if not found:
        return Chosen(None, _without_a_vector(named, outputs))
    best, answer = max(found, key=lambda entry: entry[0])
    as_many = (
        other
        for rank, other in found
        if other.returned.returns is answer.returned.returns
        and rank[:2] == best[:2]
        and _count(other) == _count(answer)
    )
    return next(as_many)


def _without_a_vector(named: Sequence[tuple[str, torch.Tensor]], outputs: Sequence[Output]) -> Returned:
    if not outputs:
        return judged_maps(())
    dtype = named[0][1].dtype
    whole = (
        "" if dtype.is_floating_point or dtype.is_complex else "truth value" if dtype == torch.bool else "whole number"
    )
    return judged_maps(outputs[0].shape, whole)


def _total(tensor: torch.Tensor) -> float:
    """Return to what numbers sum; 0 of a tensor that has a shape only."""
    return 0.0 if tensor.is_meta else float(tensor.sum())


def _count(chosen: Chosen) -> int:
    return 0 if chosen.tensor is None else chosen.tensor.numel()


def _rank(name: str, count: int, returned: Returned, names: int) -> tuple[int, ...]:
    """Return how well a vector fits as the answer of a network; the larger the better."""
    is_answer = returned.returns in (Returns.CLASSES, Returns.MULTI_LABEL, Returns.BINARY)
    forms = {Form.SHARES: 3, Form.BOUNDED: 2, Form.LOGITS: 1}
    return (
        2 if is_answer else int(returned.returns is Returns.VALUES),
        _of_name(name),
        int(count == names),
        int(returned.form is Form.SHARES),
        int(count > 1) - int(count == _BOX),
        forms.get(returned.form, 0),
    )


def _of_name(name: str) -> int:
    """Return 1 for the name of class scores, -1 for that of something else, 0 for one that tells nothing."""
    words = re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())
    if any(word in _OF_OTHERS for word in words):
        return -1
    return int(any(word in _OF_CLASSES for word in words))
