"""Reading a file of weights whole: all tensors by their paths, and what stands around them. Nothing of it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from cnnviewer.errors import NetworkError, WeightsError
from cnnviewer.networks.checkpoints.surroundings import Surroundings, surroundings_of
from cnnviewer.networks.files.formats import MODULE, SAFETENSORS, TORCH, format_of
from cnnviewer.networks.files.guards import check_claim, refusing
from cnnviewer.networks.files.shards import shards_of
from cnnviewer.networks.files.stand_ins import StandIn, read_stored, tensors_of
from cnnviewer.networks.tensor_files import count_tensors, load_tensors, read_metadata
from cnnviewer.suggestions import some_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Checkpoint", "read_checkpoint"]

_MOST_TENSORS = 100_000
_DEEPEST = 20


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a file of weights holds.

    Parameters
    ----------
    tensors
        All of its tensors, on the CPU, by their dotted paths: the keys of the containers in which they lie, then the
        name. In the order of the file.
    surroundings
        The plain values beside them.
    """

    tensors: Mapping[str, torch.Tensor]
    surroundings: Surroundings = field(default_factory=Surroundings)


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a file of weights: safetensors, or what `torch.save` wrote, old and new. Nothing in it is run.

    Of a pickled module, of whatever class, the tensors are taken. The list of several files, or one of these, means all
    of them.

    Raises
    ------
    WeightsError
        If there is no such file, it can't be read, or holds no tensors by name, or none of floating point numbers.
    """
    try:
        shards = shards_of(path)
    except NetworkError as error:
        raise WeightsError(str(error)) from error
    if not shards:
        return _read(path)
    found = [_read(shard) for shard in shards]
    tensors = {name: tensor for shard in found for name, tensor in shard.tensors.items()}
    return Checkpoint(tensors, found[0].surroundings)


def _read(path: Path) -> Checkpoint:
    if path.is_dir():
        raise WeightsError(f"{path} is a folder; choose a file of weights in it.")
    if not path.exists():
        raise WeightsError(f"There is no weights file {path}. Check the path.")
    try:
        kind = format_of(path)
        if kind not in (SAFETENSORS, TORCH, MODULE):
            raise WeightsError(f"{path.name} is no weights file: it is a file of {kind.name}.")
        found = _safetensors(path) if kind == SAFETENSORS else _stored(path)
    except WeightsError:
        raise
    except NetworkError as error:
        raise WeightsError(f"{path.name} can't be read as weights: {error}") from error
    if not any(tensor.is_floating_point() for tensor in found.tensors.values()):
        kinds = sorted({str(tensor.dtype).removeprefix("torch.") for tensor in found.tensors.values()})
        raise WeightsError(
            f"{path.name} holds no weights of a network: its tensors have no floating point numbers, but "
            f"{', '.join(kinds)}. Save the network's own state_dict()."
        )
    return found


def _safetensors(path: Path) -> Checkpoint:
    with refusing(path, "safetensors"):
        if count_tensors(path) > _MOST_TENSORS:
            raise WeightsError(_too_many(path))
        tensors = load_tensors(path)
        return Checkpoint(tensors, surroundings_of(read_metadata(path), tensors))


def _stored(path: Path) -> Checkpoint:
    stored = read_stored(path)
    with refusing(path, "weights"):
        tensors: dict[str, torch.Tensor] = {}
        for name, tensor in _named(stored.content, "", 0, set()):
            if len(tensors) >= _MOST_TENSORS:
                raise WeightsError(_too_many(path))
            tensors.setdefault(name, tensor)
        if not tensors:
            raise WeightsError(
                f"{path.name} holds no state dict, that is, tensors by name; save network.state_dict()."
                + (f" It holds {some_of(stored.asked)}." if stored.asked else "")
            )
        check_claim(path, sum(tensor.numel() * tensor.itemsize for tensor in tensors.values()), "its tensors")
        return Checkpoint(tensors, surroundings_of(stored.content, tensors))


def _too_many(path: Path) -> str:
    return f"{path.name} is no file of weights: it holds over {_MOST_TENSORS:,} tensors."


def _named(value: Any, path: str, depth: int, seen: set[int]) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors in a container with their paths; one that is met again, or lies too deep, gives none."""
    if isinstance(value, StandIn):
        yield from ((_joined(path, name), tensor) for name, tensor in tensors_of(value).items())
        value = value.items or value.rest
    if not isinstance(value, (Mapping, list, tuple)) or id(value) in seen or depth > _DEEPEST:
        return
    seen.add(id(value))
    for key, part in value.items() if isinstance(value, Mapping) else enumerate(value):
        if not isinstance(key, (str, int)):
            continue
        if isinstance(part, torch.Tensor):
            # In a list they have no names; sparse ones are no weights of a layer.
            if isinstance(key, str) and part.layout == torch.strided:
                yield _joined(path, str(key)), part
        else:
            yield from _named(part, _joined(path, str(key)), depth + 1, seen)


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
