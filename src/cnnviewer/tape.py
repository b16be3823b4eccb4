"""The tape: sees every operation of a forward pass and keeps what it returned.

A `torch.overrides.TorchFunctionMode` sees each torch function that a network calls, modules and functional calls
alike. The network runs as it is written; an output that is kept is saved just before something changes its
memory. Nothing is put on the module: the module in force is read from the call stack.

A tensor without the image among its ancestors is a constant of this pass: a weight that the network works out of its
parameters, a grid, a table. What makes one is kept apart from the layers.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from cnnviewer import obstacles
from cnnviewer.aliases import Aliases, storage_of
from cnnviewer.apart import run_apart
from cnnviewer.arguments import frozen, operands_in, tensors_in, with_copies
from cnnviewer.autocasting import autocast_now
from cnnviewer.devices import clock_of
from cnnviewer.network import plain_tensors
from cnnviewer.operations import (
    change_of,
    has_free_result,
    is_query,
    is_random,
    results_of,
    valued,
)
from cnnviewer.quantised import is_packed
from cnnviewer.slots import Slot, filled, slots_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, FrameType

    from cnnviewer.autocasting import Autocast
    from cnnviewer.network import Network

__all__ = ["CONSTANT", "IMAGE", "Operation", "Tape"]

IMAGE = -1
"""Stands for the network's input among the numbers of operations."""
CONSTANT = -2
"""Stands for a tensor that no operation made: a weight, a buffer. Numbers below it are those of operations that make a
constant, the first of them CONSTANT - 1."""


_HOLDERS = ("parametrizations", "_packed_params")
"""Below these names a module has its weights, and nothing that computes with the image."""


@dataclass(slots=True)
class Operation:
    """One call as it was seen.

    Parameters
    ----------
    function, args, kwargs
        The call.
    result
        The tensor that it returned (or changed, where it returned none).
    output
        What `result` was before anything later changed it.
    module
        The path of the module whose method was running; `is_own` tells whether the operation is the module's
        own; `call` numbers that method's call.
    seconds
        How long the call took on the device; known once the tape has ended.
    origins
        For each tensor among the arguments, in order: the number of the operation that made it, or `IMAGE`, or
        `CONSTANT`.
    part
        Which of the tensors that the call returned.
    has_weights
        Whether it took a parameter, or a tensor that was worked out of one.
    is_fixed
        Whether it makes the same for each image and with any weights.
    autocast
        That in force where the call stood.
    """

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: torch.Tensor
    output: torch.Tensor
    module: str
    is_own: bool
    call: int
    seconds: float
    origins: tuple[int, ...]
    part: int
    has_weights: bool
    is_fixed: bool
    autocast: Autocast | None = None

    @property
    def sources(self) -> tuple[int, ...]:
        """The layers whose results it took, and `IMAGE`."""
        return tuple(origin for origin in self.origins if origin > CONSTANT)


class Tape(TorchFunctionMode):
    """Keeps every operation that runs while it is entered."""

    def __init__(self, network: Network, image: torch.Tensor) -> None:
        super().__init__()
        self._network = network
        self.image = image
        self.operations: list[Operation] = []
        self.constants: list[Operation] = []
        # Whether numbers of the image left torch: what is made of numbers from then on may hold them.
        self.has_escaped = False
        # Why another image might take another path: see `cnnviewer.replay`.
        self.obstacle = ""
        # Tensors are told apart by identity: the operations keep each alive, so no id is used twice.
        self._made_by: dict[int, int] = {id(image): IMAGE}
        self._in_storage: dict[int, list[int]] = {}
        self._aliases = Aliases(self._made_by, CONSTANT, self._make, self._bind)
        self._frame: FrameType | None = None
        self._calls = 0
        self._device = image.device
        self._clock = clock_of(image.device)
        self._spans: list[tuple[Any, Any]] = []

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if is_query(func):
            return func(*args, **kwargs)
        if isinstance(func, torch._ops.OpOverload):
            args = frozen(args)  # an exported program gives lists of a class of its own
        # What is only written to, as `out`, is nothing that the result is made of.
        taken = {name: value for name, value in kwargs.items() if name != "out"} if "out" in kwargs else kwargs
        tensors, made_by = tensors_in(args, taken), self._made_by
        self.renew(tensors)
        origins = tuple([made_by.get(id(tensor), CONSTANT) for tensor in tensors])
        is_layer = self._is_layer(func, tensors, origins)
        is_drawn = not is_layer and is_random(func, args, kwargs)
        is_fixed = not is_layer and not is_drawn and self._is_fixed(func, origins)
        targets = change_of(func).targets(args, kwargs)
        copies: dict[int, torch.Tensor] = {}
        storages = [self._before_change(target, copies) for target in targets]
        start = self._clock.mark()
        result = func(*args, **kwargs)
        span = start, self._clock.mark()
        kept = results_of(targets if result is None else result)
        is_escape = bool(not kept and result is not None and origins)
        self.has_escaped |= is_layer and is_escape and not isinstance(result, bool)
        if not is_fixed:
            is_free = is_drawn or has_free_result(func, args)
            self._look_for_obstacle(tensors, is_escape=is_escape, is_free=is_free)
        if kept:
            # The network may append to a list later, as DenseNet does.
            args, kwargs = frozen(args), {name: frozen(value) for name, value in taken.items()}
            if copies:
                args, kwargs = with_copies(args, kwargs, copies)
            module, is_own = self._module_in_force(tensors)
            has_weights = self._has_weights(tensors, origins) or any(map(is_packed, args))
            autocast, first = autocast_now(self._device), self._next(is_layer=is_layer)
            for part, tensor in enumerate(kept):
                operation = Operation(
                    func, args, kwargs, tensor, tensor, module, is_own, self._calls, 0.0, origins, part,
                    has_weights, is_fixed, autocast,
                )  # fmt: skip
                self._keep(operation, span, tensors, is_layer=is_layer)
            if self._next(is_layer=is_layer) != first:
                self._after_change(targets, storages, first, len(kept))
        return result

    def renew(self, tensors: list[torch.Tensor]) -> None:
        """See that what is known to have made tensors made what they are now, if they were changed through others."""
        self._aliases.adopt(tensors)
        stale = self._aliases.stale
        for tensor in tensors if stale else ():
            if id(tensor) in stale and not self._aliases.renew(tensor):
                self._tell(obstacles.HIDDEN)

    def maker_of(self, tensor: torch.Tensor) -> int | None:
        """Return the number of the layer whose output a tensor is; None where it is none's."""
        number = self._made_by.get(id(tensor), CONSTANT)
        return number if number >= 0 else None

    def _look_for_obstacle(self, tensors: list[torch.Tensor], *, is_escape: bool, is_free: bool) -> None:
        if is_escape:
            self._tell(obstacles.VALUES)
        elif is_free:
            self._tell(obstacles.FREE)
        elif any(self._is_unknown(tensor) for tensor in tensors):
            self._tell(obstacles.UNKNOWN)

    def _tell(self, obstacle: str) -> None:
        """Remember why the operations can't be run again without the network's code, unless that is known."""
        self.obstacle = self.obstacle or obstacle

    def operation(self, number: int) -> Operation:
        """Return an operation by its number: a layer's, or that of one which makes a constant."""
        return self.operations[number] if number >= 0 else self.constants[CONSTANT - 1 - number]

    def value(self, tensor: torch.Tensor, origin: int) -> torch.Tensor:
        """Return what an argument held that no layer made, before anything later changed it."""
        return self.operation(origin).output if origin < CONSTANT else tensor

    # ---- layers and constants

    def _is_layer(self, function: Callable[..., Any], tensors: list[torch.Tensor], origins: tuple[int, ...]) -> bool:
        """Whether the values of what a call returns come from the image, or may do."""
        if not tensors:
            return self.has_escaped
        counts = valued(function)
        return any(
            origin > CONSTANT or (origin == CONSTANT and self.is_foreign(tensor))
            for tensor, origin in zip(tensors[counts], origins[counts], strict=True)
        )

    def _is_fixed(self, function: Callable[..., Any], origins: tuple[int, ...]) -> bool:
        """Whether a call that makes a constant makes the same whatever the weights are."""
        return all(origin < CONSTANT and self.operation(origin).is_fixed for origin in origins[valued(function)])

    def _has_weights(self, tensors: list[torch.Tensor], origins: tuple[int, ...]) -> bool:
        return any(
            self.operation(origin).has_weights if origin < CONSTANT else isinstance(tensor, torch.nn.Parameter)
            for tensor, origin in zip(tensors, origins, strict=True)
        )

    def _is_unknown(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor is no weight, and no operation is known to have made it."""
        return id(tensor) not in self._made_by and id(tensor) not in self._network.tensor_names

    def is_foreign(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor comes from where the tape does not see: a scripted part, a function of the network's own."""
        return self._is_unknown(tensor) and id(tensor) not in self._attributes

    @cached_property
    def _attributes(self) -> frozenset[int]:
        """The tensors that lie on the modules, but are not registered."""
        return frozenset(id(tensor) for module in self._network.modules for tensor in plain_tensors(module))

    def end(self) -> None:
        """Wait for the device, and let go of the network's last frame; call it after the forward pass."""
        self._frame = None
        del self._aliases  # it calls this tape: the tensors of both would be kept until they are looked for
        self._free_views()
        self._clock.finish()
        for operation, span in zip(self.operations, self._spans, strict=True):
            operation.seconds = self._clock.seconds(*span)

    def _free_views(self) -> None:
        """Take views of weights anew: those made in inference mode may not be read once the weight has learnt."""
        weights = {
            storage_of(tensor): tensor
            for operation in self.constants
            for tensor, origin in zip(tensors_in(operation.args, operation.kwargs), operation.origins, strict=True)
            if origin == CONSTANT and not tensor.is_inference()
        }
        for operation in self.constants:
            view = operation.output
            weight = weights.get(storage_of(view))
            if weight is not None and weight.dtype == view.dtype:
                with torch.inference_mode(False), torch.no_grad():
                    operation.output = weight.detach().as_strided(view.shape, view.stride(), view.storage_offset())

    def _keep(self, operation: Operation, span: tuple[Any, Any], givers: list[torch.Tensor], *, is_layer: bool) -> None:
        storage, number = storage_of(operation.result), self._next(is_layer=is_layer)
        if not storage:
            self._tell(obstacles.HIDDEN)  # a tensor inside of vmap: what comes out of it is recorded
            return
        if is_layer:
            self.operations.append(operation)
            self._spans.append(span)
        else:
            self.constants.append(operation)
        self._made_by[id(operation.result)] = number
        self._in_storage.setdefault(storage, []).append(number)
        self._aliases.add(operation.result, storage, givers)

    def _next(self, *, is_layer: bool) -> int:
        """Return the number that the next operation will have."""
        return len(self.operations) if is_layer else CONSTANT - 1 - len(self.constants)

    # ---- in-place operations

    def _before_change(self, target: torch.Tensor, copies: dict[int, torch.Tensor]) -> int:
        """Save what shares the memory of a tensor that is about to be changed; return what tells that memory.

        Tensors that no operation made and that are changed are added to `copies`, by their ids.
        """
        storage = storage_of(target)
        if not storage:
            return 0
        if storage == storage_of(self.image):
            self.image = self.image.clone()
        for number in self._in_storage.get(storage, ()):
            operation = self.operation(number)
            if operation.output is operation.result:
                operation.output = operation.output.clone()
        found = self._aliases.before_change(target)
        if found:
            self._tell(obstacles.STATE)
            copies |= found
            for operation in (*self.operations, *self.constants):
                operation.args, operation.kwargs = with_copies(operation.args, operation.kwargs, found)
        return storage

    def _after_change(self, targets: tuple[torch.Tensor, ...], storages: list[int], first: int, count: int) -> None:
        """Tell what shares the memory of tensors that operations have changed, the first of which has a number."""
        step = 1 if first >= 0 else -1
        for place, (target, storage) in enumerate(zip(targets, storages, strict=True)):
            if storage:
                self._aliases.after_change(target, first + step * min(place, count - 1), storage)

    def _make(self, function: Callable[..., Any], given: tuple[Any, ...]) -> int:
        """Record a call that the network did not make: it says what a changed memory holds."""
        outputs = {
            number: self.image if number == IMAGE else self.operation(number).output for number in slots_in(given)
        }
        args = filled(given, outputs)
        tensors = tensors_in(args, {})
        origins = tuple(part.index if isinstance(part, Slot) else CONSTANT for part in operands_in(given))
        is_layer = any(origin > CONSTANT for origin in origins)
        (made,) = run_apart(function, args, {})
        *_, last = outputs
        module = self.operation(last).module if last != IMAGE else ""  # where it was changed
        has_weights, now = self._has_weights(tensors, origins), self._clock.mark()
        operation = Operation(
            function, args, {}, made, made, module, False, self._calls, 0.0, origins, 0,
            has_weights, not is_layer and self._is_fixed(function, origins),
        )  # fmt: skip
        self._keep(operation, (now, now), tensors, is_layer=is_layer)
        return self._made_by[id(made)]

    def _bind(self, number: int, tensor: torch.Tensor) -> None:
        """Take a tensor, which holds the same, for the output of an operation."""
        operation = self.operation(number)
        operation.result = operation.output = tensor
        self._in_storage.setdefault(storage_of(tensor), []).append(number)

    # ---- the module in force

    def _module_in_force(self, tensors: list[torch.Tensor]) -> tuple[str, bool]:
        """Return the path of the module whose method is running, and whether the operation is the module's own.

        An operation is the module's own where the module has no submodules, or where it takes a parameter or
        buffer that lies on the module itself: timm's ``bn1`` has an activation below it, and yet is the batch
        normalisation. What `torch.nn.utils.parametrize` puts below a module only works out its weights, and what torch
        puts below a quantised one only holds them.
        """
        names = self._network.module_names
        frame: FrameType | None = sys._getframe(2)
        while frame is not None:
            if _takes_self(frame.f_code):
                module = frame.f_locals.get("self")
                name = names.get(id(module)) if module is not self else None
                if name is not None:
                    break
            frame = frame.f_back
        else:
            return "", False
        if frame is not self._frame:
            self._frame = frame
            self._calls += 1
        assert isinstance(module, torch.nn.Module)
        owners = self._network.tensor_owners
        key = id(module)
        has_parts = any(part not in _HOLDERS for part in module._modules)
        return name, not has_parts or any(owners.get(id(tensor)) == key for tensor in tensors)


@cache
def _takes_self(code: CodeType) -> bool:
    """Whether the code is that of a method: its first argument is ``self``."""
    return code.co_argcount > 0 and code.co_varnames[0] == "self"
