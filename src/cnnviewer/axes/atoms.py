"""Atoms: what an axis of a tensor is made of. An axis of tokens is a row atom and a column atom."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count
from math import prod

__all__ = ["Atom", "Axes", "Axis", "Role", "carved", "fresh", "joined", "length_of", "preceded", "sliced", "unknown"]


class Role(StrEnum):
    """What the places along an atom are."""

    CHANNEL = "channel"
    ROW = "row"
    COLUMN = "column"
    TOKEN = "token"
    """Tokens whose grid is not known."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Atom:
    """A part of an axis.

    Parameters
    ----------
    role
        What its places are.
    size
        How many there are.
    stride
        How far apart two neighbours lie on what it was split from: 7 rows for windows of 7 rows.
    origin
        The number of that.
    skipped, inner
        Where tokens stand before those of a grid: how many, and the atoms of the grid. Such an atom can't be split.
    """

    role: Role
    size: int
    stride: int = 1
    origin: int = 0
    skipped: int = 0
    inner: tuple[Atom, ...] = ()

    @property
    def has_grid(self) -> bool:
        """Whether rows or columns lie along it."""
        return self.role in (Role.ROW, Role.COLUMN) or bool(self.inner)


Axis = tuple[Atom, ...]
"""The atoms of an axis, the slowest first; none where its length is 1."""
Axes = tuple[Axis, ...]

_NUMBERS = count(1)


def fresh(role: Role, size: int) -> Axis:
    """Return an axis of its own."""
    return () if size == 1 else (Atom(role, size, 1, next(_NUMBERS)),)


def unknown(shape: tuple[int, ...], role: Role = Role.OTHER) -> Axes:
    """Return the axes of a tensor of which only the shape is known."""
    return tuple(fresh(role, size) for size in shape)


def length_of(axis: Axis) -> int:
    """Return an axis' length."""
    return prod(atom.size for atom in axis)


def carved(axes: Axes, shape: tuple[int, ...]) -> Axes | None:
    """Return the axes of a tensor that is given another shape; None where an atom can't be split so."""
    rest = [atom for axis in reversed(axes) for atom in reversed(axis)]
    found = []
    for size in shape:
        axis, need = [], size
        while need > 1:
            if not rest:
                return None
            atom = rest.pop()
            if atom.size > need:
                if atom.inner or atom.size % need:
                    return None
                within = atom.size // need
                rest.append(replace(atom, size=within))
                atom = replace(atom, size=need, stride=atom.stride * within)
            elif need % atom.size:
                return None
            axis.append(atom)
            need //= atom.size
        found.append(joined(axis))
    return None if rest else tuple(found)


def joined(atoms: list[Atom] | Axis) -> Axis:
    """Return an axis with neighbours that were split from one atom joined again."""
    found: list[Atom] = []
    for atom in atoms:
        last = found[-1] if found else None
        is_next = last is not None and (last.role, last.origin, last.stride) == (
            atom.role,
            atom.origin,
            atom.stride * atom.size,
        )
        if last is not None and is_next and not (last.inner or atom.inner):
            found[-1] = replace(atom, size=last.size * atom.size)
        else:
            found.append(atom)
    return tuple(found)


def sliced(axis: Axis, start: int, size: int, step: int = 1) -> Axis:
    """Return what is left of an axis when `size` of its places are taken, from `start` on."""
    length = length_of(axis)
    if (start, size, step) == (0, length, 1):
        return axis
    if size == 1:
        return ()
    if len(axis) != 1:
        return fresh(Role.TOKEN if any(atom.has_grid for atom in axis) else Role.OTHER, size)
    atom = axis[0]
    if not atom.inner:
        return fresh(atom.role, size)
    if step != 1 or start + size != length or start > atom.skipped:
        return fresh(Role.TOKEN, size)
    return preceded(atom.inner, atom.skipped - start)


def preceded(inner: Axis, skipped: int) -> Axis:
    """Return an axis of a grid with tokens before it."""
    if not skipped:
        return inner
    return (Atom(Role.TOKEN, skipped + length_of(inner), 1, next(_NUMBERS), skipped, inner),)
