"""What Keras does around the arithmetic of a network, kept from a recording.

Three things compute nothing of an image: what only makes one constant of another (a kernel brought into torch's order
of axes, what a batch normalisation makes of its variance: they are made once, and are the parameters shown); what gives
back the values that it was given (a move to the device on which they are); and the turn from channels-last to torch's
order before each convolution and back behind it, as long as what lies between does not depend on the order.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from cnnviewer.apart import run_apart
from cnnviewer.operations import (
    Kind,
    argument_names,
    change_of,
    function_name,
    has_free_result,
    is_query,
    kind_of,
    results_of,
)
from cnnviewer.slots import with_slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["TO_LAST", "Constants", "Shared", "Watch"]

_MATRICES = ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "matmul")
_VECTORS = "vectors"
_TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)
_BY_UNIT = (Kind.ACTIVATION, Kind.ADDITION, Kind.MULTIPLICATION)
_NOT_BY_UNIT = frozenset(["glu", "prelu", "sum", "matmul", "bmm", "mm", "baddbmm", "einsum"])
_BY_UNIT_TOO = frozenset(["neg", "exp", "abs", "maximum", "minimum"])
_OVER_AXES = frozenset(["cat", "mean", "amax"])
_SAME = (0, 1, 2, 3)
_PLAIN = (bool, int, float, str, type(None), torch.dtype, torch.device, torch.Size, torch.memory_format, type(Ellipsis))


class Shared:
    """Holds what copies of a module share, and torch is not to see as a submodule."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __deepcopy__(self, memo: dict[int, Any]) -> Shared:
        return self


class Constants(Shared):
    """What a model makes of its weights and of numbers in its configuration, made once.

    Its `value` is the model, kept alive: tensors are told apart by identity.
    """

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.names: dict[int, tuple[str, ...]] = {}
        self.learnt: set[int] = set()
        self.paths: dict[int, str] = {}
        self.kept: list[torch.Tensor] = []
        self._made: dict[tuple[Any, ...], tuple[Any, Any]] = {}
        for variable in model.variables:
            self.names[id(variable.value)] = (variable.name,)
            if variable.trainable:
                self.learnt.add(id(variable.value))

    def make(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], *, is_kept: bool
    ) -> Any:
        """Return what a call on constants returns: the same tensors as before, where that was kept.

        Raises
        ------
        TypeError
            If the arguments can't be told apart from others.
        """
        key = (function, _key(args), _key(tuple(kwargs.items())))
        if key not in self._made:
            made = run_apart(function, args, kwargs)
            if not is_kept:
                return made[0] if len(made) == 1 else made
            tensors = _tensors((args, kwargs))
            for part in made:
                names = tuple(dict.fromkeys(name for tensor in tensors for name in self.names.get(id(tensor), ())))
                self.names.setdefault(id(part), names)
                if any(id(tensor) in self.learnt for tensor in tensors):
                    self.learnt.add(id(part))
            self._made[key] = (args, kwargs), made  # the arguments too: ids must stay theirs
        made = self._made[key][1]
        return made[0] if len(made) == 1 else made


def _key(value: Any) -> Any:
    """Return what tells arguments apart.

    Raises
    ------
    TypeError
        If a value may hold more than it shows.
    """
    if isinstance(value, torch.Tensor):
        return "tensor", id(value)
    if type(value) in (list, tuple):
        return tuple(_key(part) for part in value)
    if not isinstance(value, _PLAIN):
        raise TypeError
    return type(value), str(value)


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        value = tuple(value.values())
    return [found for part in value for found in _tensors(part)] if isinstance(value, (list, tuple)) else []


class Watch(TorchFunctionMode):
    """Sees the operations of one run before a tape does, and keeps those from it that compute nothing of the image."""

    def __init__(self, root: nn.Module, constants: Constants, image: torch.Tensor, is_learning: bool) -> None:
        super().__init__()
        self._root, self._constants, self._is_learning = root, constants, is_learning
        self._live = {id(image): image}
        # Turned tensors: what each is a view of, and the order of its axes. Recorded only where an operation needs it.
        self._turned: dict[int, tuple[torch.Tensor, tuple[int, ...]]] = {}
        self._settled: dict[int, torch.Tensor] = {}
        self._step: nn.Module = root

    @contextmanager
    def within(self, step: nn.Module) -> Iterator[None]:
        """Tell which layer runs."""
        outer, self._step = self._step, step
        try:
            yield
        finally:
            self._step = outer

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        args = tuple(_plain(value) for value in args)
        kwargs = {name: _plain(value) for name, value in (kwargs or {}).items()}
        if is_query(func):
            return func(*args, **kwargs)
        tensors = _tensors((args, kwargs))
        if not any(id(tensor) in self._live for tensor in tensors):
            return self._constant(func, args, kwargs)
        if _gives_back(func, args, kwargs):
            return args[0]
        if any(id(target) not in self._live for target in change_of(func).targets(args, kwargs)):
            raise NotImplementedError(f"{self._step_name} writes into a constant ({function_name(func)})")
        name = function_name(func)
        if name == "permute" and _axes(args, kwargs) in (_TO_FIRST, TO_LAST):
            return self._turn(args[0], _axes(args, kwargs))
        order = self._order(tensors)
        is_by_unit = (kind_of(func) in _BY_UNIT and name not in _NOT_BY_UNIT) or name in _BY_UNIT_TOO
        if order is not None and is_by_unit:
            return self._turn(self._run(func, args, kwargs, order), order)
        if order is not None and name == "pad":
            return self._run_pad(func, args, kwargs, order)
        if order is not None and name in _OVER_AXES:
            return self._run_over_axes(func, args, kwargs, order)
        return self._run(func, args, kwargs, None)

    def _run(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], order: tuple[int, ...] | None
    ) -> Any:
        """Run a call where a tape sees it; with an order, on what its turned tensors are views of."""
        name = function_name(func)

        def given(tensor: torch.Tensor) -> torch.Tensor:
            if order is None or tensor.ndim == 0:
                return self._given(tensor, name)
            if id(tensor) in self._live:
                return self._turned[id(tensor)][0]
            return self._given(self._turned_constant(tensor, order), name)

        args, kwargs = with_slots(args, given), {key: with_slots(value, given) for key, value in kwargs.items()}
        result = func(*args, **kwargs)
        self._live.update((id(part), part) for part in results_of(result))
        return result

    def _run_over_axes(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], order: tuple[int, ...]
    ) -> Any:
        """Run a concatenation or a mean on what its turned tensors are views of, along the axes that are meant."""
        given = {**dict(zip(argument_names(func), args, strict=False)), **kwargs}
        axes, is_cat = given.get("dim", given.get("axis")), function_name(func) == "cat"
        if is_cat and args:
            return self._turn(self._run(func, (args[0], order[axes or 0]), {}, order), order)
        is_plain = bool(args) and isinstance(axes, (list, tuple)) and not (given.get("keepdim") or given.get("dtype"))
        moved = tuple(order[axis] for axis in axes or ()) if is_plain else ()
        kept = [axis for axis in order if axis not in moved]
        if not is_plain or kept != sorted(kept):
            return self._run(func, args, kwargs, None)
        return self._run(func, (args[0], moved), {}, order)

    def _run_pad(
        self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], order: tuple[int, ...]
    ) -> Any:
        """Run a padding on what a turned tensor is a view of."""
        given = {**dict(zip(argument_names(func), args, strict=False)), **kwargs}
        if given.get("mode", "constant") != "constant" or not isinstance(given.get("pad"), (list, tuple)):
            return self._run(func, args, kwargs, None)
        pad = [*given["pad"]] + [0] * (8 - len(given["pad"]))  # pairs, those of the last axis first
        pairs = [tuple(pad[6 - 2 * axis : 8 - 2 * axis]) for axis in _SAME]
        moved = [pairs[order.index(axis)] for axis in reversed(_SAME)]
        while len(moved) > 1 and moved[-1] == (0, 0):
            moved.pop()
        flat = tuple(length for pair in moved for length in pair)
        return self._turn(self._run(func, (args[0], flat), {"value": given.get("value")}, order), order)

    # ---- turned tensors

    def _turn(self, tensor: torch.Tensor, order: tuple[int, ...]) -> torch.Tensor:
        """Return a view with the axes in another order, unseen; a turn back gives what was turned."""
        base, before = self._turned.get(id(tensor), (tensor, _SAME))
        order = tuple(before[axis] for axis in order)
        if order == _SAME:
            return base
        with torch._C.DisableTorchFunction():
            view = base.permute(order)
        self._turned[id(view)] = base, order
        self._live[id(view)] = view
        return view

    def settled(self, tensor: Any) -> Any:
        """Return a turned tensor as one that a tape has seen; anything else as it is."""
        if id(tensor) not in self._turned:
            return tensor
        if id(tensor) not in self._settled:
            base, order = self._turned[id(tensor)]
            turned = self._settled[id(tensor)] = base.permute(order)
            self._live[id(turned)] = turned
        return self._settled[id(tensor)]

    def _order(self, tensors: list[torch.Tensor]) -> tuple[int, ...] | None:
        """Return the order that all tensors made of the image have been turned to; None where it is not one."""
        live = [tensor for tensor in tensors if id(tensor) in self._live]
        orders = {self._turned[id(tensor)][1] if id(tensor) in self._turned else None for tensor in live}
        return orders.pop() if len(orders) == 1 else None

    def _turned_constant(self, tensor: torch.Tensor, order: tuple[int, ...]) -> torch.Tensor:
        """Return a constant for an operation on what turned tensors are views of."""
        shape = (1,) * (4 - tensor.ndim) + tuple(tensor.shape)
        back = tuple(order.index(axis) for axis in _SAME)
        whole = tensor if tensor.ndim == 4 else self._constant(torch.reshape, (tensor, shape), {})
        turned: torch.Tensor = self._constant(torch.permute, (whole, back), {})
        return turned

    def _constant(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a call that takes nothing of the image, unseen."""
        with torch._C.DisableTorchFunction():
            if has_free_result(func, args):
                return func(*args, **kwargs)
            try:
                return self._constants.make(func, args, kwargs, is_kept=self._is_learning)
            except TypeError:  # it takes what can't be told apart, an array of numpy for one
                return func(*args, **kwargs)

    def _given(self, tensor: torch.Tensor, function: str) -> torch.Tensor:
        """Return what an operation is given: the parameter that stands for a constant."""
        if id(tensor) in self._live:
            settled: torch.Tensor = self.settled(tensor)
            return settled
        if self._is_learning and id(tensor) not in self._constants.paths:
            self._register(tensor, function)
        path = self._constants.paths.get(id(tensor))
        return _at(self._root, path) if path is not None else tensor

    def _register(self, tensor: torch.Tensor, function: str) -> None:
        """Make a constant a parameter of the layer that runs: kernels its own, others those of a submodule.

        The tape calls an operation by its layer's name alone where it takes a parameter of the layer's own.
        """
        home, constants = self._step, self._constants
        with torch._C.DisableTorchFunction():
            # Kernels stay in the order in memory in which Keras has them: PyTorch convolves in another way, with other
            # rounding, in each, and a deep network with random weights makes that as large as its values.
            is_turned = tensor.ndim == 4 and tensor.is_contiguous(memory_format=torch.channels_last)
            copy = tensor.detach().contiguous(
                memory_format=torch.channels_last if is_turned else torch.contiguous_format
            )
        if function not in _MATRICES:
            if _VECTORS not in home._modules:
                home.add_module(_VECTORS, nn.Module())
            home = home._modules[_VECTORS]  # type: ignore[assignment]
        name = "_".join(constants.names.get(id(tensor), ())) or "constant"
        while hasattr(home, name):
            name += "_"
        if id(tensor) in constants.learnt and copy.is_floating_point():
            home.register_parameter(name, nn.Parameter(copy))
        else:
            home.register_buffer(name, copy)
        path = next(path for path, module in self._root.named_modules() if module is home)
        constants.paths[id(tensor)] = f"{path}.{name}" if path else name
        constants.kept.append(tensor)

    @property
    def _step_name(self) -> str:
        return next((path for path, module in self._root.named_modules() if module is self._step), "") or "the network"


def _axes(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int, ...]:
    """Return the axes that a permutation is given, as numbers or as one tuple."""
    given = args[1:] or tuple(kwargs.values())
    return tuple(given[0]) if len(given) == 1 and isinstance(given[0], (list, tuple)) else tuple(given)


def _plain(value: Any) -> Any:
    """Return the tensor of a variable of Keras; anything else as it is."""
    return value.value if isinstance(value, keras.Variable) else value


def _gives_back(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether a call returns the values that it was given, in another order of the memory at most."""
    name = function_name(func)
    if name == "contiguous":
        return True
    if name != "to":
        return False
    with torch._C.DisableTorchFunction():
        return func(*args, **kwargs) is args[0]


def _at(root: nn.Module, path: str) -> torch.Tensor:
    place, _, name = path.rpartition(".")
    found = getattr(root.get_submodule(place), name)
    assert isinstance(found, torch.Tensor)
    return found
