"""Recording: one forward pass of a network, every operation kept.

A `torch.overrides.TorchFunctionMode` sees each torch function that the network calls, modules and functional
calls alike. The network runs as it is written; an output that is kept is saved just before something changes
its memory. Nothing is put on the module: the module in force is read from the call stack.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import torch
from torch.overrides import TorchFunctionMode

from cnnviewer.errors import RecordingError
from cnnviewer.operations import Change, argument_names, change_of, function_name, is_query, kind_of
from cnnviewer.recording import INPUT, Call, Layer, Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import CodeType, FrameType

    from cnnviewer.images import ImageLike
    from cnnviewer.network import Network

__all__ = ["record"]

_IMAGE = -1
"""Stands for the network's input among the numbers of operations."""


def record(network: Network, image: ImageLike | torch.Tensor) -> Recording:
    """Run a network once over an image and keep what every operation returned.

    Parameters
    ----------
    network
        The network; its module and the modes of its submodules are afterwards as they were before, after an
        exception too.
    image
        A path, a PIL image, uint8 pixels ``(H, W)``, ``(H, W, 3)`` or ``(H, W, 4)``, or a tensor
        ``(1, C, H, W)`` that is preprocessed already.

    Raises
    ------
    ImageError
        If the image can't be read or does not fit.
    RecordingError
        If the network fails on it, or runs out of memory.
    """
    tensor = network.preprocess(image)
    tape = _Tape(network, tensor)
    with torch.inference_mode(), _eval_mode(network.modules), _told_errors(network):
        start = time.perf_counter()
        with tape:
            result = network.module(tensor)
        seconds = time.perf_counter() - start
    return Recording(network, tape.image[0], tape.layers(), _class_scores(result), seconds)


@dataclass(slots=True)
class _Operation:
    """One call as it was seen."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: torch.Tensor
    output: torch.Tensor
    module: str
    is_own: bool
    call: int
    seconds: float
    sources: tuple[int, ...]

    @property
    def has_weights(self) -> bool:
        return any(isinstance(tensor, torch.nn.Parameter) for tensor in _tensors(self.args, self.kwargs))


class _Tape(TorchFunctionMode):
    """Keeps every operation that runs while it is entered."""

    def __init__(self, network: Network, image: torch.Tensor) -> None:
        super().__init__()
        self._network = network
        self.image = image
        self._operations: list[_Operation] = []
        # Tensors are told apart by identity: `_operations` keeps each alive, so no id is used twice.
        self._made_by: dict[int, int] = {id(image): _IMAGE}
        self._in_storage: dict[int, list[int]] = {}
        self._frame: FrameType | None = None
        self._calls = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],  # noqa: ARG002 - torch's protocol
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if is_query(func):
            return func(*args, **kwargs)
        made_by = self._made_by
        sources = tuple([made_by[id(tensor)] for tensor in _tensors(args, kwargs) if id(tensor) in made_by])
        change = change_of(func)
        target = change.target(args, kwargs)
        start = time.perf_counter()
        if target is None:
            result = func(*args, **kwargs)
        else:
            result = self._run_in_place(func, change, target, args, kwargs)
        seconds = time.perf_counter() - start
        kept = _kept_results(result if result is not None else target)
        if kept:
            module, is_own = self._module_in_force(args, kwargs)
            for tensor in kept:
                self._keep(
                    _Operation(func, args, kwargs, tensor, tensor, module, is_own, self._calls, seconds, sources)
                )
        return result

    def _keep(self, operation: _Operation) -> None:
        index = len(self._operations)
        self._operations.append(operation)
        self._made_by[id(operation.result)] = index
        self._in_storage.setdefault(_storage(operation.result), []).append(index)

    def layers(self) -> tuple[Layer, ...]:
        """Return what was seen as layers, named, in order; call it after the forward pass."""
        self._frame = None
        names = _unique_names(self._operations)
        return tuple(
            Layer(
                index=index,
                name=names[index],
                kind=kind_of(operation.function),
                operation=function_name(operation.function),
                module=operation.module,
                inputs=tuple(INPUT if source == _IMAGE else names[source] for source in operation.sources),
                output=_without_batch(operation.output),
                seconds=operation.seconds,
                _call=partial(_call_of, operation, self._network, self._made_by),
            )
            for index, operation in enumerate(self._operations)
        )

    # ---- in-place operations

    def _run_in_place(
        self,
        function: Callable[..., Any],
        change: Change,
        target: torch.Tensor,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Run a call that changes `target`; save the outputs in the same memory from the change."""
        storage = _storage(target)
        if storage == _storage(self.image):
            self.image = self.image.clone()
        aliases = self._in_storage.get(storage, [])
        if change.functional is not None and aliases and self._is_only(target, aliases):
            moved = self._run_apart(change, target, args, kwargs, aliases)
            if moved:
                return target
        for index in aliases:
            operation = self._operations[index]
            if operation.output is operation.result:
                operation.output = operation.output.clone()
            # Every view of the changed memory now holds what this operation made.
            self._made_by[id(operation.result)] = len(self._operations)
        return function(*args, **kwargs)

    def _is_only(self, target: torch.Tensor, aliases: list[int]) -> bool:
        return all(self._operations[index].result is target for index in aliases)

    def _run_apart(
        self,
        change: Change,
        target: torch.Tensor,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        aliases: list[int],
    ) -> bool:
        """Compute the change beside the old values, then let `target` hold the new memory.

        This saves the copy. It is right only where no other tensor of the network shares the memory, and the
        result has the target's own layout; otherwise nothing is done and False returned.
        """
        assert change.functional is not None
        args, kwargs = change.without(args, kwargs)
        result = change.functional(*args, **kwargs)
        if not _same_layout(result, target) or _storage(result) == _storage(target):
            return False
        before = target.detach()
        for index in aliases:
            operation = self._operations[index]
            if operation.output is target:
                operation.output = before
        del self._in_storage[_storage(target)]
        target.set_(result)
        self._in_storage[_storage(target)] = list(aliases)
        return True

    # ---- the module in force

    def _module_in_force(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, bool]:
        """Return the path of the module whose method is running, and whether the operation is the module's own.

        An operation is the module's own where the module has no submodules, or where it takes a parameter or
        buffer that lies on the module itself: timm's ``bn1`` has an activation below it, and yet is the batch
        normalisation.
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
        return name, not module._modules or any(
            owners.get(id(tensor)) == key for tensor in _tensors(args, kwargs)
        )


@cache
def _takes_self(code: CodeType) -> bool:
    """Whether the code is that of a method: its first argument is ``self``."""
    return code.co_argcount > 0 and code.co_varnames[0] == "self"


def _storage(tensor: torch.Tensor) -> int:
    """Return what tells the tensor's memory from that of others."""
    return int(tensor.untyped_storage()._cdata)


def _same_layout(result: Any, target: torch.Tensor) -> bool:
    return (
        isinstance(result, torch.Tensor)
        and result.shape == target.shape
        and result.dtype == target.dtype
        and result.stride() == target.stride()
        and target.storage_offset() == 0
        and target.untyped_storage().nbytes() == result.untyped_storage().nbytes()
    )


def _tensors(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[torch.Tensor]:
    """Return the tensors among the arguments, those in lists and tuples too, in order."""
    found = []
    for value in (*args, *kwargs.values()) if kwargs else args:
        if isinstance(value, torch.Tensor):
            found.append(value)
        elif type(value) in (list, tuple):
            found += [part for part in value if isinstance(part, torch.Tensor)]
    return found


def _kept_results(result: Any) -> tuple[torch.Tensor, ...]:
    """Return the tensors that a call returned."""
    if isinstance(result, torch.Tensor):
        return (result,)
    if isinstance(result, (tuple, list)):
        return tuple(part for part in result if isinstance(part, torch.Tensor))
    return ()


def _without_batch(output: torch.Tensor) -> torch.Tensor:
    return output[0] if output.ndim > 1 and output.shape[0] == 1 else output


def _unique_names(operations: list[_Operation]) -> list[str]:
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


def _join(operation: _Operation) -> str:
    name = function_name(operation.function)
    return f"{operation.module}.{name}" if operation.module else name


def _call_of(operation: _Operation, network: Network, made_by: Mapping[int, int]) -> Call:
    """Return the call with its arguments by name, tensors that no layer made apart from the rest."""
    names = argument_names(operation.function)
    positional = {
        names[place] if place < len(names) else f"argument{place}": value
        for place, value in enumerate(operation.args)
    }
    settings: dict[str, Any] = {}
    tensors: dict[str, torch.Tensor] = {}
    for name, value in (positional | operation.kwargs).items():
        if isinstance(value, torch.Tensor):
            if id(value) not in made_by:
                tensors[_tensor_name(name, value, network)] = value
        elif not _holds_tensors(value) and not name.startswith("_"):
            settings[name] = value
    return Call(operation.function, MappingProxyType(settings), MappingProxyType(tensors))


def _tensor_name(argument: str, tensor: torch.Tensor, network: Network) -> str:
    """Return the argument's name where it tells something, else the last part of the parameter's path."""
    if argument not in ("input", "other", "self") and not argument.startswith("argument"):
        return argument
    return network.tensor_names.get(id(tensor), "constant").rpartition(".")[2]


def _holds_tensors(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and any(isinstance(part, torch.Tensor) for part in value)


def _class_scores(result: Any) -> torch.Tensor | None:
    """Return the scores of the classes, ``(classes,)``, from what a network returned; None where it gives none."""
    if isinstance(result, (tuple, list)) and result:
        result = result[0]  # GoogLeNet's and Inception's auxiliary scores come behind
    if isinstance(result, torch.Tensor) and result.ndim == 2 and result.shape[0] == 1 and result.shape[1] > 1:
        return result[0]
    return None


@contextmanager
def _eval_mode(modules: Iterable[torch.nn.Module]) -> Iterator[None]:
    """Run in eval mode; give each submodule its own mode back."""
    training = [submodule for submodule in modules if submodule.training]
    for submodule in training:
        submodule.training = False
    try:
        yield
    finally:
        for submodule in training:
            submodule.training = True


@contextmanager
def _told_errors(network: Network) -> Iterator[None]:
    """Turn what goes wrong in a network into a sentence."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if _is_memory(error):
            message = (
                f"{network.name} needs more memory for this image than is free; "
                "close other programs or take a smaller network."
            )
            raise RecordingError(message) from error
        raise RecordingError(f"{network.name} failed on this image: {error}") from error
    except Exception as error:
        message = f"{network.name} failed on this image: {type(error).__name__}: {error}"
        raise RecordingError(message) from error


def _is_memory(error: BaseException) -> bool:
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "allocate memory" in str(error)
