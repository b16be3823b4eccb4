"""Which architectures may have made a state dict, told from a table without building any.

The table that the program ships holds, for each set of tensors that architectures have, a MinHash signature (Broder,
On the resemblance and containment of documents, 1997): of many hash functions each keeps its least value over the
set. The share of functions that agree for two sets is near their Jaccard similarity, the size of what they share by the
size of what they have together. Sixteen bits of each value are kept (Li and König, b-bit minwise hashing, 2010).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from cnnviewer.networks.outlines import COUNTER, Outline
from cnnviewer.resources import resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Candidate", "candidates", "write_index"]

_PAIRS, _NAMES = 64, 16
_OWN_SHARE = 0.1
_LEAST = 0.25
# As torchvision's own files of DenseNet name them; the table has today's names.
_OLD_DENSE_NAME = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")


@dataclass(frozen=True)
class Candidate:
    """Architectures that have the same tensors.

    Parameters
    ----------
    names
        Their names.
    similarity
        How much of the tensors they share with the file, 0..1, estimated.
    """

    names: tuple[str, ...]
    similarity: float


@dataclass(frozen=True, eq=False)
class _Index:
    """Groups of names; uint16 signatures ``(groups, hash functions)``; and the number of tensors of each group."""

    names: tuple[tuple[str, ...], ...]
    signatures: NDArray[np.uint16]
    counts: NDArray[np.int64]


def candidates(outline: Outline) -> tuple[Candidate, ...]:
    """Return what may have made a state dict, the likeliest first; and what has as many tensors under other names."""
    index = _index()
    agree = index.signatures == _signature(outline)[None]
    similarity = agree[:, :_PAIRS].mean(1) * (1 - _OWN_SHARE) + agree[:, _PAIRS:].mean(1) * _OWN_SHARE
    order = np.argsort(-similarity, kind="stable")
    return tuple(
        Candidate(index.names[group], float(similarity[group])) for group in order if similarity[group] >= _LEAST
    )


def as_many(outline: Outline, name: str) -> bool:
    """Return whether a state dict has as many tensors as an architecture, counters left out."""
    index = _index()
    wanted = len(_counted(outline))
    return any(name in names and count == wanted for names, count in zip(index.names, index.counts, strict=True))


def write_index(outlines: Mapping[str, Outline], path: Path) -> None:
    """Write the table of architectures; names with the same tensors share a row.

    Parameters
    ----------
    outlines
        By name, those that shall be told first in front.
    path
        The file, ``.npz``.
    """
    groups: dict[frozenset[tuple[str, tuple[int, ...]]], list[str]] = {}
    for name, outline in outlines.items():
        groups.setdefault(frozenset(_counted(outline).items()), []).append(name)
    text = "\n".join(" ".join(names) for names in groups.values())
    np.savez_compressed(
        path,
        names=np.frombuffer(text.encode(), dtype=np.uint8),
        signatures=np.stack([_signature(dict(group)) for group in groups]),
        counts=np.array([len(group) for group in groups]),
    )


@cache
def _index() -> _Index:
    with np.load(resource("networks", "architectures.npz"), allow_pickle=False) as stored:
        lines = stored["names"].tobytes().decode().splitlines()
        return _Index(tuple(tuple(line.split()) for line in lines), stored["signatures"], stored["counts"])


def _counted(outline: Outline) -> Outline:
    return {_OLD_DENSE_NAME.sub(r"\1\2", name): shape for name, shape in outline.items() if not name.endswith(COUNTER)}


def _signature(outline: Outline) -> NDArray[np.uint16]:
    """Return the least values of the hash functions over the names with their shapes, then over the names."""
    counted = _counted(outline)
    pairs = _least((f"{name} {shape}" for name, shape in counted.items()), _PAIRS)
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
