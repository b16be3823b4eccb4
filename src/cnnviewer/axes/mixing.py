"""Rules for what mixes or joins: linear layers, products, attention, concatenation, operations on single units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.axes.atoms import Role, fresh, length_of, preceded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.axes.atoms import Axes, Axis
    from cnnviewer.axes.given import Given

__all__ = ["attention", "concatenated", "einstein", "linear", "multi_head", "product", "reversed_product", "stacked",
           "unit_by_unit", "written"]  # fmt: skip


def unit_by_unit(given: Given) -> Axes | None:
    """Follow an operation that makes each unit of the units at its own place: operands are stretched to one shape.

    Of an axis the operand is believed that knows most of it: an added table of weights knows nothing.
    """
    operands = [operand for operand in given.operands if _stretches(operand, given.shape)]
    found: list[Axis] = []
    for place, size in enumerate(reversed(given.shape), 1):
        axes = [operand[-place] for operand in operands if len(operand) >= place]
        fitting = [axis for axis in axes if length_of(axis) == size]
        if not fitting:
            return None
        found.append(max(fitting, key=_knowledge))
    return tuple(reversed(found))


def written(given: Given) -> Axes:
    """Follow a change of some units, or of all: the axes are those of what is changed, if anything is known of them."""
    is_known = any(atom.role is not Role.OTHER for axis in given.first for atom in axis)
    return given.first if is_known else unit_by_unit(given) or given.first


def _stretches(operand: Axes, shape: tuple[int, ...]) -> bool:
    """Whether a tensor can be stretched to a shape; the weights of a normalisation can't."""
    pairs = zip(reversed(operand), reversed(shape), strict=False)
    return len(operand) <= len(shape) and all(length_of(axis) in (1, size) for axis, size in pairs)


def _knowledge(axis: Axis) -> int:
    if any(atom.has_grid for atom in axis):
        return 3
    if any(atom.role is Role.CHANNEL for atom in axis):
        return 2
    return int(any(atom.role is Role.TOKEN for atom in axis))


def linear(given: Given) -> Axes:
    """Follow a linear layer: the last axis becomes new channels."""
    return (*given.first[:-1], fresh(Role.CHANNEL, given.shape[-1]))


def product(given: Given) -> Axes | None:
    """Follow a matrix product: rows of the first, columns of the last."""
    return _product(given.operands[-2:], given)


def reversed_product(given: Given) -> Axes | None:
    """Follow ``__rmatmul__``, whose first argument is the right one."""
    return _product(given.operands[1::-1], given)


def _product(operands: Sequence[Axes], given: Given) -> Axes | None:
    left, right = operands
    if len(left) < 2 or len(right) < 2 or len(given.shape) != max(len(left), len(right)):
        return None
    deep = left[:-2] if len(left) >= len(right) else right[:-2]
    # A weight that no layer made gives channels.
    last = right[-1] if _knowledge(right[-1]) else fresh(Role.CHANNEL, given.shape[-1])
    return (*deep, left[-2], last)


def attention(given: Given) -> Axes:
    """Follow scaled dot-product attention: the places of the queries, the channels of the values."""
    query, _, value = given.operands[:3]
    return (*query[:-1], value[-1])


def multi_head(given: Given) -> Axes | None:
    """Follow multi-head attention; the second that it returns are the weights between queries and keys."""
    query, key = given.operands[:2]
    if given.call.part == 0:
        return (*query[:-1], fresh(Role.CHANNEL, given.shape[-1]))
    # (L, N, E) and (S, N, E) give (N, L, S), or one a head.
    if len(query) != 3:
        return None
    heads = (fresh(Role.CHANNEL, given.shape[1]),) if len(given.shape) == 4 else ()
    return (query[1], *heads, query[0], key[0])


def einstein(given: Given) -> Axes | None:
    """Follow einsum: each letter of the result names an axis of an operand."""
    equation = given.argument(0, "equation")
    if not isinstance(equation, str) or "->" not in equation or "." in equation:
        return None
    taken, wanted = equation.replace(" ", "").split("->")
    known: dict[str, Axis] = {}
    for letters, axes in zip(taken.split(","), given.operands, strict=True):
        for letter, axis in zip(letters, axes, strict=True):
            known[letter] = max(known.get(letter, ()), axis, key=_knowledge)
    return tuple(known[letter] or fresh(Role.OTHER, size) for letter, size in zip(wanted, given.shape, strict=True))


def concatenated(given: Given) -> Axes | None:
    """Follow cat: what stands before a grid of tokens is skipped, and channels make new ones."""
    number = int(given.argument(1, "dim", "axis", default=0)) % len(given.shape)
    parts = [operand for operand in given.operands if len(operand) == len(given.shape)]
    axes = tuple(
        max((part[place] for part in parts if length_of(part[place]) == size), key=_knowledge, default=())
        for place, size in enumerate(given.shape)
    )
    joint = _joint([part[number] for part in parts], given.shape[number])
    return (*axes[:number], joint, *axes[number + 1 :])


def _joint(parts: list[Axis], size: int) -> Axis:
    last = parts[-1]
    is_grid = [any(atom.has_grid for atom in axis) for axis in parts]
    if is_grid[-1] and not any(is_grid[:-1]) and _is_tokens(last):
        inner = last[0].inner if len(last) == 1 and last[0].inner else last
        return preceded(inner, size - length_of(inner))
    roles = {atom.role for axis in parts for atom in axis if len(axis) == 1}
    if len(roles) == 1 and not any(len(axis) > 1 for axis in parts):
        return fresh(roles.pop(), size)
    return fresh(Role.TOKEN if any(is_grid) else Role.CHANNEL if Role.CHANNEL in roles else Role.OTHER, size)


def _is_tokens(axis: Axis) -> bool:
    """Whether an axis holds rows and columns: something before them is no padding of a map."""
    atoms = axis[0].inner or axis
    return {atom.role for atom in atoms} == {Role.ROW, Role.COLUMN}


def stacked(given: Given) -> Axes:
    """Follow stack: a new axis."""
    number = int(given.argument(1, "dim", "axis", default=0)) % len(given.shape)
    first = given.first
    return (*first[:number], fresh(Role.OTHER, given.shape[number]), *first[number:])
