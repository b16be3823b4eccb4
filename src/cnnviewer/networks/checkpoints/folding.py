"""Weights that a file holds in several tensors, worked out: pruning, weight normalisation, spectral normalisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cnnviewer.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    State = Mapping[str, torch.Tensor]
    Way = Callable[..., torch.Tensor]

__all__ = ["folded"]

_PARAMETRISED = "parametrizations."


def folded(state: State) -> dict[str, torch.Tensor]:
    """Return a state dict with each weight that is stored in several tensors as the one that the layer works with.

    Sources: `torch.nn.utils.prune`, `torch.nn.utils.weight_norm` and ``spectral_norm``, and their newer kin in
    `torch.nn.utils.parametrizations`; in eval mode each is a function of the stored tensors alone.

    Raises
    ------
    WeightsError
        If a weight is parametrised in a way that the file does not tell whole; the tensor is named.
    """
    found: dict[str, torch.Tensor] = {}
    used: set[str] = set()
    for name, tensor in state.items():
        if name in used:
            continue
        for first, others, whole, work_out in _ways(name):
            if first == name and all(other in state for other in others):
                parts = [state[part] for part in (first, *others)]
                if work_out is _normed and not _is_length(*parts) and _PARAMETRISED not in name:
                    continue  # names that end in _g and _v are not rare
                found[whole] = _worked_out(work_out, parts, name)
                used.update(others)
                break
        else:
            if f".{_PARAMETRISED}" in f".{name}" and name.rpartition(".")[2].startswith("original"):
                raise WeightsError(
                    f"{name} is a weight that a parametrisation of torch.nn.utils.parametrize works out, of which the "
                    "file does not tell all. Call remove_parametrizations on the layers, and save state_dict() again."
                )
            found[name] = tensor
    # What stood before its first part is of no use any more.
    return {name: tensor for name, tensor in found.items() if name not in used}


def _ways(name: str) -> list[tuple[str, tuple[str, ...], str, Way]]:
    """Return the ways in which a tensor may be one of several: its name, the others', the whole's, a formula."""
    parent, _, own = name.rpartition(".")
    dot = f"{parent}." if parent else ""
    ways: list[tuple[str, tuple[str, ...], str, Way]] = []
    if own.endswith("_orig"):
        whole = name.removesuffix("_orig")
        ways += [
            (name, (f"{whole}_mask",), whole, torch.mul),
            (name, (f"{whole}_u", f"{whole}_v"), whole, _spectral),
            (name, (f"{whole}_u",), whole, _spectral),
        ]
    if own.endswith("_g"):
        whole = name.removesuffix("_g")
        ways.append((name, (f"{whole}_v",), whole, _normed))
    if parent.startswith(_PARAMETRISED) or f".{_PARAMETRISED}" in parent:
        whole = _PARAMETRISED.join(parent.split(_PARAMETRISED)[:-1]) + parent.split(_PARAMETRISED)[-1]
        if own == "original0":
            ways.append((name, (f"{dot}original1",), whole, _normed))
        if own == "original":
            ways.append((name, (f"{dot}0._u", f"{dot}0._v"), whole, _spectral))
    return ways


def _worked_out(work_out: Way, parts: list[torch.Tensor], name: str) -> torch.Tensor:
    try:
        with torch.no_grad():
            return work_out(*parts)
    except RuntimeError as error:
        raise WeightsError(
            f"{name} and the tensors with which it makes a weight have shapes that do not go together."
        ) from error


def _is_length(length: torch.Tensor, direction: torch.Tensor) -> bool:
    """Whether a tensor has the shape that torch's `weight_norm` gives the length of another: one axis, or none."""
    if length.ndim == 0:
        return True
    kept = [axis for axis, size in enumerate(length.shape) if size != 1]
    return (
        length.ndim == direction.ndim
        and len(kept) <= 1
        and all(length.shape[axis] == direction.shape[axis] for axis in kept)
    )


def _normed(length: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """Return ``g * v / |v|`` (Salimans and Kingma, Weight normalization, 2016), the norm over all axes but g's."""
    own = [axis for axis, size in enumerate(length.shape) if size != 1] if length.ndim == direction.ndim else []
    others = [axis for axis in range(direction.ndim) if axis not in (own or [0] if length.ndim else [])]
    norm: torch.Tensor = torch.linalg.vector_norm(direction, dim=others, keepdim=True)
    return direction * (length / norm)


def _spectral(weight: torch.Tensor, left: torch.Tensor, right: torch.Tensor | None = None) -> torch.Tensor:
    """Return ``W / (u' W v)`` (Miyato et al., Spectral normalization, 2018); of old files ``v`` is not stored."""
    axis = 0 if left.numel() == weight.shape[0] else 1
    matrix = weight.movedim(axis, 0).flatten(1)
    if right is None:
        right = torch.nn.functional.normalize(matrix.T @ left, dim=0)
    return weight / torch.dot(left, matrix @ right)
