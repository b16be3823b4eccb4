"""Which architectures may have made a state dict, told from a table without building any.

The table that the program ships holds, for each set of tensors that architectures have, a MinHash signature (Broder,
On the resemblance and containment of documents, 1997): of many hash functions each keeps its least value over the
set. The share of functions that agree for two sets is near their Jaccard similarity, the size of what they share by the
size of what they have together. Sixteen bits of each value are kept (Li and König, b-bit minwise hashing, 2010).

Siblings differ in two or three of their tensors, less than a signature can tell. So the table holds, too, the sum of
the hashes of those tensors that depend neither on the number of classes nor on the image's channels: a file whose own
sum is the same has exactly these tensors.

Under another library's names a network has tensors of the same roles and shapes: of those the table has a signature,
too, each told apart from others alike by their count.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from cnnviewer.networks.names import dense_name
from cnnviewer.networks.outlines import COUNTER, Outline
from cnnviewer.networks.same_order import order_words
from cnnviewer.resources import resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Candidate", "as_many", "candidates", "candidates_by_shape", "write_index"]

_PAIRS, _NAMES = 64, 16
_OWN_SHARE = 0.1
_LEAST = 0.25


@dataclass(frozen=True)
class Candidate:
    """Architectures that have the same tensors.

    Parameters
    ----------
    names
        Their names.
    similarity
        How much of the tensors they share with the file, 0..1, estimated; 1 where all are the same but those of heads
        and stems.
    """

    names: tuple[str, ...]
    similarity: float


@dataclass(frozen=True, eq=False)
class _Index:
    """Groups of names, and of each its numbers.

    The signatures are ``(groups, hash functions)``; `free` names the tensors that depend on classes and channels,
    `sums` are those of the hashes of the others; `counts` tells how many tensors there are; `shapes` are the signatures
    without names.
    """

    names: tuple[tuple[str, ...], ...]
    free: tuple[tuple[str, ...], ...]
    signatures: NDArray[np.uint16]
    sums: NDArray[np.uint64]
    counts: NDArray[np.int64]
    shapes: NDArray[np.uint16]


def candidates(outline: Outline) -> tuple[Candidate, ...]:
    """Return what may have made a state dict, the likeliest first; only that which surely fits, where there is any."""
    index = _index()
    hashes = {name: _hash(_word(name, shape)) for name, shape in _counted(outline).items()}
    total = sum(hashes.values())
    same = [
        group
        for group, (free, own) in enumerate(zip(index.free, index.sums.tolist(), strict=True))
        if _without(total, hashes, free) == own
    ]
    if same:
        return tuple(Candidate(index.names[group], 1.0) for group in same)
    agree = index.signatures == _signature(outline)[None]
    similarity = agree[:, :_PAIRS].mean(1) * (1 - _OWN_SHARE) + agree[:, _PAIRS:].mean(1) * _OWN_SHARE
    return _ranked(similarity)


def candidates_by_shape(outline: Outline) -> tuple[Candidate, ...]:
    """Return what may have made a state dict whose names are another library's, the likeliest first."""
    signature = _least(order_words(outline), _PAIRS)
    return _ranked((_index().shapes == signature[None]).mean(1))


def _ranked(similarity: NDArray[np.float64]) -> tuple[Candidate, ...]:
    """Return the groups that are like a state dict, the likeliest first."""
    names = _index().names
    order = np.argsort(-similarity, kind="stable")
    return tuple(Candidate(names[group], float(similarity[group])) for group in order if similarity[group] >= _LEAST)


def as_many(outline: Outline, name: str) -> bool:
    """Return whether a state dict has as many tensors as an architecture, counters left out."""
    index = _index()
    wanted = len(_counted(outline))
    return any(name in names and count == wanted for names, count in zip(index.names, index.counts, strict=True))


def write_index(outlines: Mapping[str, Outline], variants: Mapping[str, Outline], path: Path) -> None:
    """Write the table of architectures; names with the same tensors share a row.

    Parameters
    ----------
    outlines
        By name, those that shall be told first in front.
    variants
        The outlines with another number of classes, and of channels of the image.
    path
        The file, ``.npz``.
    """
    groups: dict[frozenset[tuple[str, tuple[int, ...]]], list[str]] = {}
    for name, outline in outlines.items():
        groups.setdefault(frozenset(_counted(outline).items()), []).append(name)
    free = [_free(dict(group), _counted(variants[names[0]])) for group, names in groups.items()]
    hashes = [{name: _hash(_word(name, shape)) for name, shape in group} for group in groups]
    np.savez_compressed(
        path,
        names=_as_bytes(groups.values()),
        free=_as_bytes(free),
        signatures=np.stack([_signature(dict(group)) for group in groups]),
        sums=np.array(
            [_without(sum(own.values()), own, names) for own, names in zip(hashes, free, strict=True)], np.uint64
        ),
        counts=np.array([len(group) for group in groups]),
        shapes=np.stack([_least(order_words(dict(group)), _PAIRS) for group in groups]),
    )


def _free(outline: Outline, variant: Outline) -> list[str]:
    """Return the names of the tensors that depend on the number of classes and of channels."""
    return sorted(name for name in outline | variant if outline.get(name) != variant.get(name))


def _without(total: int, hashes: Mapping[str, int], names: Iterable[str]) -> int:
    """Return a sum of hashes without those of some names, modulo 2**64."""
    return (total - sum(hashes.get(name, 0) for name in names)) % 2**64


def _as_bytes(lines: Iterable[Iterable[str]]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(map(" ".join, lines)).encode(), dtype=np.uint8)


def _as_lines(stored: NDArray[np.uint8]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(line.split()) for line in stored.tobytes().decode().split("\n"))


def _word(name: str, shape: tuple[int, ...]) -> str:
    return f"{name} {shape}"


@cache
def _index() -> _Index:
    with np.load(resource("networks", "architectures.npz"), allow_pickle=False) as stored:
        return _Index(
            _as_lines(stored["names"]),
            _as_lines(stored["free"]),
            stored["signatures"],
            stored["sums"],
            stored["counts"],
            stored["shapes"],
        )


def _counted(outline: Outline) -> Outline:
    return {dense_name(name): shape for name, shape in outline.items() if not name.endswith(COUNTER)}


def _signature(outline: Outline) -> NDArray[np.uint16]:
    """Return the least values of the hash functions over the names with their shapes, then over the names."""
    counted = _counted(outline)
    pairs = _least((_word(name, shape) for name, shape in counted.items()), _PAIRS)
    return np.concatenate([pairs, _least(counted, _NAMES)])


def _least(words: Iterable[str], functions: int) -> NDArray[np.uint16]:
    """Return, for each of some hash functions, 16 bits of its least value over some words."""
    hashes = np.array([_hash(word) for word in words] or [0], dtype=np.uint64)
    factors = np.array([_hash(f"factor {number}") | 1 for number in range(functions)], dtype=np.uint64)
    terms = np.array([_hash(f"term {number}") for number in range(functions)], dtype=np.uint64)
    # Multiply and add modulo 2**64; of the sum the upper half is as good as random.
    values = (hashes[None] * factors[:, None] + terms[:, None]) >> np.uint64(32)
    least: NDArray[np.uint16] = (values.min(1) & np.uint64(0xFFFF)).astype(np.uint16)
    return least


def _hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")
