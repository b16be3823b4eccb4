"""The tape: sees every operation of a forward pass and keeps what it returned.

A `torch.overrides.TorchFunctionMode` sees each torch function that a network calls, modules and functional calls
alike. The network runs as it is written; an output that is kept is saved just before something changes its
memory. Nothing is put on the module: the module in force is read from the call stack.

A tensor without the image among its ancestors is a constant of this pass: a weight that the network works out of its
parameters, a grid, a table. What makes one is kept apart from the layers.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from cnnviewer.devices import clock_of
from cnnviewer.network import plain_tensors
from cnnviewer.operations import (
    change_of,
    function_name,
    has_free_result,
    is_query,
    is_random,
    results_of,
    valued,
)
from cnnviewer.recording import INPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType, FrameType

    from cnnviewer.network import Network
    from cnnviewer.operations import Change

__all__ = ["CONSTANT", "IMAGE", "Operation", "Tape", "tensors_in", "unique_names"]

IMAGE = -1
"""Stands for the network's input among the numbers of operations."""
CONSTANT = -2
"""Stands for a tensor that no operation made: a weight, a buffer. Numbers below it are those of operations that make a
constant, the first of them CONSTANT - 1."""


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
        self._has_escaped = False
        # Whether another image surely takes the same path: see `cnnviewer.replay`.
        self.is_static = True
        # Tensors are told apart by identity: the operations keep each alive, so no id is used twice.
        self._made_by: dict[int, int] = {id(image): IMAGE}
        self._in_storage: dict[int, list[int]] = {}
        self._frame: FrameType | None = None
        self._calls = 0
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
            args = _frozen(args)  # an exported program gives lists of a class of its own
        tensors, made_by = tensors_in(args, kwargs), self._made_by
        origins = tuple([made_by.get(id(tensor), CONSTANT) for tensor in tensors])
        is_layer = self._is_layer(func, tensors, origins)
        is_drawn = not is_layer and is_random(func, args, kwargs)
        is_fixed = not is_layer and not is_drawn and self._is_fixed(func, origins)
        change = change_of(func)
        targets = change.targets(args, kwargs)
        start = self._clock.mark()
        if targets:
            result = self._run_in_place(func, change, targets, args, kwargs, is_layer=is_layer, is_fixed=is_fixed)
        else:
            result = func(*args, **kwargs)
        span = start, self._clock.mark()
        kept = results_of(targets if result is None else result)
        is_escape = not kept and result is not None and origins
        self._has_escaped |= bool(is_layer and is_escape and not isinstance(result, bool))
        is_free = is_drawn or has_free_result(func, args) or any(self._is_unknown(tensor) for tensor in tensors)
        if not is_fixed and (is_escape or is_free):
            self.is_static = False
        if kept:
            # The network may append to a list later, as DenseNet does.
            args, kwargs = _frozen(args), {name: _frozen(value) for name, value in kwargs.items()}
            module, is_own = self._module_in_force(tensors)
            has_weights = self._has_weights(tensors, origins)
            for part, tensor in enumerate(kept):
                operation = Operation(
                    func, args, kwargs, tensor, tensor, module, is_own, self._calls, 0.0, origins, part,
                    has_weights, is_fixed,
                )  # fmt: skip
                self._keep(operation, span, is_layer=is_layer)
        return result

    def operation(self, number: int) -> Operation:
        """Return an operation by its number: a layer's, or that of one which makes a constant."""
        return self.operations[number] if number >= 0 else self.constants[CONSTANT - 1 - number]

    def value(self, tensor: torch.Tensor, origin: int) -> torch.Tensor:
        """Return what an argument held that no layer made, before anything later changed it."""
        made = self.operation(origin) if origin < CONSTANT else None
        return made.output if made is not None and made.result is tensor else tensor

    # ---- layers and constants

    def _is_layer(self, function: Callable[..., Any], tensors: list[torch.Tensor], origins: tuple[int, ...]) -> bool:
        """Whether the values of what a call returns come from the image, or may do."""
        if not tensors:
            return self._has_escaped
        counts = valued(function)
        return any(
            origin > CONSTANT or (origin == CONSTANT and self._is_foreign(tensor))
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

    def _is_foreign(self, tensor: torch.Tensor) -> bool:
        """Whether a tensor comes from where the tape does not see: a scripted part, a function of the network's own."""
        return self._is_unknown(tensor) and id(tensor) not in self._attributes

    @cached_property
    def _attributes(self) -> frozenset[int]:
        """The tensors that lie on the modules, but are not registered."""
        return frozenset(id(tensor) for module in self._network.modules for tensor in plain_tensors(module))

    def end(self) -> None:
        """Wait for the device, and let go of the network's last frame; call it after the forward pass."""
        self._frame = None
        self._free_views()
        self._clock.finish()
        for operation, span in zip(self.operations, self._spans, strict=True):
            operation.seconds = self._clock.seconds(*span)

    def _free_views(self) -> None:
        """Take views of weights anew: those made in inference mode may not be read once the weight has learnt."""
        weights = {
            _storage(tensor): tensor
            for operation in self.constants
            for tensor, origin in zip(tensors_in(operation.args, operation.kwargs), operation.origins, strict=True)
            if origin == CONSTANT and not tensor.is_inference()
        }
        for operation in self.constants:
            view = operation.output
            weight = weights.get(_storage(view))
            if weight is not None and weight.dtype == view.dtype:
                with torch.inference_mode(False), torch.no_grad():
                    operation.output = weight.detach().as_strided(view.shape, view.stride(), view.storage_offset())

    def _keep(self, operation: Operation, span: tuple[Any, Any], *, is_layer: bool) -> None:
        storage, number = _storage(operation.result), self._next(is_layer=is_layer)
        if not storage:
            self.is_static = False  # a tensor inside of vmap: what comes out of it is recorded
            return
        if is_layer:
            self.operations.append(operation)
            self._spans.append(span)
        else:
            self.constants.append(operation)
        self._made_by[id(operation.result)] = number
        self._in_storage.setdefault(storage, []).append(number)

    def _next(self, *, is_layer: bool) -> int:
        """Return the number that the next operation will have."""
        return len(self.operations) if is_layer else CONSTANT - 1 - len(self.constants)

    # ---- in-place operations

    def _run_in_place(
        self,
        function: Callable[..., Any],
        change: Change,
        targets: tuple[torch.Tensor, ...],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        *,
        is_layer: bool,
        is_fixed: bool,
    ) -> Any:
        """Run a call that changes `targets`; save the outputs in the same memory from the change."""
        number = self._next(is_layer=is_layer)
        for target in targets:
            storage = _storage(target)
            if storage == _storage(self.image):
                self.image = self.image.clone()
            aliases = self._in_storage.get(storage, [])
            if not (is_fixed or change.functional is not None) or not self._is_only(target, aliases):
                self.is_static = False
            for index in aliases:
                operation = self.operation(index)
                if operation.output is operation.result:
                    operation.output = operation.output.clone()
                # Every view of the changed memory now holds what the next operation made.
                self._made_by[id(operation.result)] = number
        return function(*args, **kwargs)

    def _is_only(self, target: torch.Tensor, aliases: list[int]) -> bool:
        """Whether an operation made the memory of `target`, and no other tensor of the network shares it."""
        if not aliases or any(self.operation(index).result is not target for index in aliases):
            return False
        first, storage = self.operation(aliases[0]), _storage(target)
        givers = tensors_in(first.args, first.kwargs)
        return all(giver is target or _storage(giver) != storage for giver in givers)

    # ---- the module in force

    def _module_in_force(self, tensors: list[torch.Tensor]) -> tuple[str, bool]:
        """Return the path of the module whose method is running, and whether the operation is the module's own.

        An operation is the module's own where the module has no submodules, or where it takes a parameter or
        buffer that lies on the module itself: timm's ``bn1`` has an activation below it, and yet is the batch
        normalisation. What `torch.nn.utils.parametrize` puts below a module only works out its weights.
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
        has_parts = any(part != "parametrizations" for part in module._modules)
        return name, not has_parts or any(owners.get(id(tensor)) == key for tensor in tensors)


@cache
def _takes_self(code: CodeType) -> bool:
    """Whether the code is that of a method: its first argument is ``self``."""
    return code.co_argcount > 0 and code.co_varnames[0] == "self"


def _storage(tensor: torch.Tensor) -> int:
    """Return what tells the tensor's memory from that of others; 0 where it has none of its own."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):
        return 0


def tensors_in(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[torch.Tensor]:
    """Return the tensors among the arguments, those in lists and tuples too, in order."""
    found: list[torch.Tensor] = []
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif type(value) in (list, tuple):
            found += tensors_in(tuple(value), {})
    return found


def _frozen(value: Any) -> Any:
    """Return an argument whose lists are copies, and plain ones."""
    if isinstance(value, list):
        return [_frozen(part) for part in value]
    if type(value) is tuple:
        return tuple([_frozen(part) for part in value])
    return value


def unique_names(operations: list[Operation]) -> list[str]:
    """Return a name for each operation: its module's path, or that and the function's name; ``#2`` where taken.

    Where a module's own call makes several operations, the one with the module's own weights has its path.
    """
    in_call = Counter(operation.call for operation in operations if operation.is_own)
    taken: Counter[str] = Counter([INPUT])
    names = []
    for operation in operations:
        own = operation.is_own and (in_call[operation.call] == 1 or operation.has_weights)
        base = operation.module if own and operation.module else _join(operation)
        taken[base] += 1
        names.append(base if taken[base] == 1 else f"{base}#{taken[base]}")
    return names


def _join(operation: Operation) -> str:
    name = function_name(operation.function)
    return f"{operation.module}.{name}" if operation.module else name
