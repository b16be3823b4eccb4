"""A network of Keras on its torch backend as a torch module that records well.

Keras computes all of it. Its layers become submodules by its own names, and of what it does around the arithmetic two
things are left out of a recording: what only makes one constant of another (a kernel brought into torch's order of
axes, what a batch normalisation makes of its variance: they are made once, and are the parameters shown), and what
gives back the values that it was given (a move to the device on which they are).
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import keras
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from cnnviewer.operations import change_of, function_name, has_free_result, is_query, results_of, run_apart
from cnnviewer.slots import with_slots

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["KerasNetwork"]

_MATRICES = ("conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d", "matmul")
_VECTORS = "vectors"
_PLAIN = (bool, int, float, str, type(None), torch.dtype, torch.device, torch.Size, torch.memory_format, type(Ellipsis))


class KerasNetwork(nn.Module):
    """A Sequential or Functional model of Keras over one image ``(N, C, H, W)``.

    Parameters
    ----------
    model
        The model. It is shared among copies of this module, which have parameters of their own.
    is_channels_last
        Whether the model itself takes ``(N, H, W, C)``.
    example
        An image ``(1, C, H, W)``, float32: the model runs on it once, to see which constants its operations take.

    Raises
    ------
    NotImplementedError
        If an operation can't be recorded.
    """

    def __init__(self, model: Any, *, is_channels_last: bool, example: torch.Tensor) -> None:
        super().__init__()
        self.is_channels_last = is_channels_last
        self._constants = _Constants(model)
        _add_steps(self, model)
        with torch.no_grad():
            self._run(example, is_learning=True)
        self.eval()

    def forward(self, image: torch.Tensor) -> Any:
        """Run the model."""
        return self._run(image, is_learning=False)

    def _run(self, image: torch.Tensor, *, is_learning: bool) -> Any:
        images = image.permute(0, 2, 3, 1) if self.is_channels_last else image
        with keras.device(str(image.device)), _Watch(self, self._constants, images, is_learning) as watch:
            outputs = _run_graph(self, (images,), watch)
        return outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs

    def __deepcopy__(self, memo: dict[int, Any]) -> KerasNetwork:
        from copy import deepcopy

        if any(memo.get(id(parameter), parameter).dtype != parameter.dtype for parameter in self.parameters()):
            raise TypeError("Keras computes in the precision in which a network was saved; choose single precision.")
        copy = type(self).__new__(type(self))
        memo[id(self)] = copy
        copy.__dict__.update(deepcopy(self.__dict__, memo))
        return copy


# ---- layers as submodules


class _Shared:
    """Holds what copies of a module share, and torch is not to see as a submodule."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __deepcopy__(self, memo: dict[int, Any]) -> _Shared:
        return self


class _Step(nn.Module):
    """A layer of Keras. Its parameters are what its operations take, in the order of axes in which they take it."""

    def __init__(self, operation: Any) -> None:
        super().__init__()
        if _graph_of(operation) is not None:
            _add_steps(self, operation)
        else:
            self._operation = _Shared(operation)

    def forward(self, watch: _Watch, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run it."""
        with watch.within(self):
            if not hasattr(self, "_operation"):
                outputs = _run_graph(self, args, watch)
                return outputs[0] if isinstance(outputs, (list, tuple)) and len(outputs) == 1 else outputs
            return self._operation.value(*args, **kwargs)


def _graph_of(operation: Any) -> Any:
    """Return the graph of a model of Keras; None for a layer."""
    if isinstance(operation, keras.Sequential):
        return operation._functional
    return operation if isinstance(operation, keras.Model) else None


def _add_steps(module: nn.Module, model: Any) -> None:
    """Give a module a submodule for each layer of a model, and the graph that joins them."""
    graph, places = _graph_of(model), {}
    for operation in graph.operations:
        if isinstance(operation, keras.layers.InputLayer):
            continue
        place = re.sub(r"\W+", "_", operation.name) or "layer"
        while hasattr(module, place):
            place += "_"
        module.add_module(place, _Step(operation))
        places[id(operation)] = place
    module._graph = _Shared((graph, places))  # type: ignore[assignment]


def _run_graph(module: Any, args: tuple[Any, ...], watch: _Watch) -> Any:
    graph, places = module._graph.value

    def step_of(operation: Any) -> Callable[..., Any]:
        step = module._modules[places[id(operation)]]
        return lambda *args, **kwargs: step(watch, args, kwargs)

    return graph._run_through_graph(args, operation_fn=step_of)


# ---- constants


class _Constants(_Shared):
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

    def make(self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return what a call on constants returns; the same call returns the same tensors."""
        key = (function, _key(args), _key(tuple(kwargs.items())))
        if key not in self._made:
            made = run_apart(function, args, kwargs)
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


class _Watch(TorchFunctionMode):
    """Sees the operations of one run before a tape does, and keeps those from it that compute nothing of the image."""

    def __init__(self, root: KerasNetwork, constants: _Constants, image: torch.Tensor, is_learning: bool) -> None:
        super().__init__()
        self._root, self._constants, self._is_learning = root, constants, is_learning
        self._live = {id(image): image}
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
        args = with_slots(args, lambda tensor: self._given(tensor, name))
        kwargs = {key: with_slots(value, lambda tensor: self._given(tensor, name)) for key, value in kwargs.items()}
        result = func(*args, **kwargs)
        self._live.update((id(part), part) for part in results_of(result))
        return result

    def _constant(self, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a call that takes nothing of the image, unseen."""
        with torch._C.DisableTorchFunction():
            if has_free_result(func, args):
                return func(*args, **kwargs)
            try:
                return self._constants.make(func, args, kwargs)
            except TypeError:  # it takes what can't be told apart, an array of numpy for one
                return func(*args, **kwargs)

    def _given(self, tensor: torch.Tensor, function: str) -> torch.Tensor:
        """Return what an operation is given: the parameter that stands for a constant."""
        if id(tensor) in self._live:
            return tensor
        if self._is_learning and id(tensor) not in self._constants.paths:
            self._register(tensor, function)
        path = self._constants.paths.get(id(tensor))
        return tensor if path is None else _at(self._root, path)

    def _register(self, tensor: torch.Tensor, function: str) -> None:
        """Make a constant a parameter of the layer that runs: kernels its own, others those of a submodule.

        The tape calls an operation by its layer's name alone where it takes a parameter of the layer's own.
        """
        home, constants = self._step, self._constants
        with torch._C.DisableTorchFunction():
            copy = tensor.detach().contiguous()
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
    module = root.get_submodule(place)
    found = module._parameters.get(name)
    return found if found is not None else module._buffers[name]  # type: ignore[return-value]
