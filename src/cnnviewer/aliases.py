"""Tensors that share memory: what each of them is made of after another was changed in place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from cnnviewer.slots import Slot
from cnnviewer.strided import Place, moves_between, parts_within

__all__ = ["Aliases"]

Make = Callable[[Callable[..., Any], tuple[Any, ...]], int]


@dataclass(eq=False, slots=True)
class _Known:
    """A tensor in a memory.

    `seen` is how many of the memory's changes are in what is known to have made it; `constant` what it was before the
    first of them, where no operation made it.
    """

    tensor: torch.Tensor
    seen: int
    place: Place | None = None
    constant: torch.Tensor | None = None


@dataclass(eq=False, slots=True)
class _Memory:
    """What shares one memory: its tensors by their ids, the oldest first, and each change with its operation."""

    known: dict[int, _Known] = field(default_factory=dict)
    changes: list[tuple[Place, int]] = field(default_factory=list)


class Aliases:
    """Tells which operation's output a tensor is, whatever was changed through others that share its memory.

    A change through a view changes what it is a view of, and all other views. When such a tensor is used next, the
    calls are made that say so: of the changed view, reshaped back, or a part of it; or of what the tensor was, with
    the changed part written into it.

    Parameters
    ----------
    made_by
        The number of the operation that made each tensor, by its id. It is kept up to date.
    constant
        The number that stands for a tensor that no operation made.
    make
        Makes a call and returns the number of its operation. Slots stand for the outputs of others, by their numbers.
    bind
        Is told that the output of an operation is in a tensor.
    """

    def __init__(
        self, made_by: dict[int, int], constant: int, make: Make, bind: Callable[[int, torch.Tensor], None]
    ) -> None:
        self._made_by, self._constant, self._bind = made_by, constant, bind
        self._run = make
        self._unbound: set[int] = set()
        self._memories: dict[int, _Memory] = {}
        # By the id of a tensor: the memory of those that an operation has changed through another.
        self.stale: dict[int, _Memory] = {}
        # Of these memories tensors may come that were made before the pass.
        self._foreign: set[int] = set()

    def add(self, tensor: torch.Tensor, storage: int, givers: list[torch.Tensor]) -> None:
        """Add a tensor that a call returned which was given others: it may be a view of one of them."""
        memory = self._memories.get(storage)
        if memory is None:
            memory = self._memories[storage] = _Memory()
            for giver in givers:
                if giver is not tensor and storage_of(giver) == storage:
                    memory.known.setdefault(id(giver), _Known(giver, 0))
        if id(tensor) not in memory.known:
            memory.known[id(tensor)] = _Known(tensor, len(memory.changes))

    def adopt(self, tensors: list[torch.Tensor]) -> None:
        """Look for tensors that were made before the pass, in memory that it has changed."""
        if not self._foreign:
            return
        for tensor in tensors:
            storage = storage_of(tensor)
            if storage in self._foreign and id(tensor) not in self._memories[storage].known:
                memory, place = self._memories[storage], Place.of(tensor)
                memory.known[id(tensor)] = _Known(tensor, 0, place)
                if any(changed.overlaps(place) for changed, _ in memory.changes):
                    self.stale[id(tensor)] = memory

    def before_change(self, target: torch.Tensor) -> dict[int, torch.Tensor]:
        """Prepare for a call that changes a tensor.

        Returns
        -------
        dict
            Copies, by the ids of those that they are of, of the tensors that no operation made and that it changes.
        """
        storage = storage_of(target)
        memory = self._memories.setdefault(storage, _Memory())
        memory.known.setdefault(id(target), _Known(target, len(memory.changes)))
        changed = Place.of(target)
        copies: dict[int, torch.Tensor] = {}
        for key, known in memory.known.items():
            known.place = known.place or Place.of(known.tensor)
            is_constant = self._made_by.get(key, self._constant) == self._constant and key not in self.stale
            if is_constant:
                self._foreign.add(storage)
            if is_constant and known.place.overlaps(changed):
                known.constant = copies[key] = known.tensor.clone()
        return copies

    def after_change(self, target: torch.Tensor, number: int, before: int) -> None:
        """Tell that an operation has changed a tensor, whose memory was `before`."""
        storage = storage_of(target)
        if storage != before:  # it was given another memory: what shared the old one keeps it
            self._memories[before].known.pop(id(target), None)
            self.add(target, storage, [])
            self.stale.pop(id(target), None)
            return
        memory, place = self._memories[storage], Place.of(target)
        memory.changes.append((place, number))
        memory.known[id(target)].place = place
        for key, known in memory.known.items():
            assert known.place is not None
            if known.place == place:
                self._made_by[key], known.seen = number, len(memory.changes)
                self.stale.pop(key, None)
            elif known.place.overlaps(place):
                self.stale[key] = memory

    def renew(self, tensor: torch.Tensor) -> bool:
        """Make the calls whose output is what a stale tensor is now; false where none can tell."""
        memory = self.stale.pop(id(tensor))
        known = memory.known[id(tensor)]
        number = self._made_by.get(id(tensor), self._constant)
        found = self._renewed(memory, known, known.constant if number == self._constant else Slot(number))
        if found is None:  # its elements are read as another type of numbers, or come from nowhere known
            found = self._constant
        elif found in self._unbound:
            self._unbound.discard(found)
            self._bind(found, tensor)
        self._made_by[id(tensor)], known.seen = found, len(memory.changes)
        return found != self._constant

    def _renewed(self, memory: _Memory, known: _Known, source: Any) -> int | None:
        place = known.place
        assert place is not None
        pending = [change for change in memory.changes[known.seen :] if change[0].overlaps(place)]
        number: int | None = None
        for count in range(len(pending), 0, -1):
            number = self._moved(*pending[count - 1], place)
            if number is not None:
                source, pending = Slot(number), pending[count:]
                break
        if any(parts_within(place, changed) is None for changed, _ in pending):
            return self._of_root(memory, known)
        for changed, other in pending:
            number = self._written(source, place, changed, other)
            source = Slot(number)
        return number

    def _of_root(self, memory: _Memory, known: _Known) -> int | None:
        """Make a tensor anew of the oldest one in its memory, of which the others are views."""
        root = next(iter(memory.known.values()))
        if root is known or root.place is None or known.place is None:
            return None
        if id(root.tensor) in self.stale:
            self.renew(root.tensor)
        number = self._made_by.get(id(root.tensor), self._constant)
        return None if number == self._constant else self._moved(root.place, number, known.place)

    def _moved(self, place: Place, number: int, wanted: Place) -> int | None:
        """Make what lies at one place of the output of an operation, which lies at another."""
        moves = moves_between(place, wanted)
        if moves is None:
            return None
        for function, given in moves:
            number = self._make(function, (Slot(number), *given))
        return number

    def _make(self, function: Callable[..., Any], given: tuple[Any, ...]) -> int:
        number = self._run(function, given)
        self._unbound.add(number)
        return number

    def _written(self, source: Any, place: Place, changed: Place, number: int) -> int:
        """Make a tensor with the output of an operation written into a part of it."""
        found = parts_within(place, changed)
        assert found is not None
        part, key = found
        if part is None:
            return self._make(torch.put, (source, key, Slot(number)))
        if _long(part.shape) != _long(changed.shape) or part.order != changed.order:
            moved = self._moved(changed, number, part)
            number = number if moved is None else moved
        return self._make(torch.Tensor.__setitem__, (source, key, Slot(number)))


def _long(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape without the axes of one in front: a value is stretched along these."""
    while shape[:1] == (1,):
        shape = shape[1:]
    return shape


def storage_of(tensor: torch.Tensor) -> int:
    """Return what tells the tensor's memory from that of others; 0 where it has none of its own."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):
        return 0
