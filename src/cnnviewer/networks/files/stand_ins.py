"""Reading what `torch.save` wrote, whatever is in it, without running any of it.

A pickle may call any function by its name. Here it gets tensors and plain containers, and for all else a `StandIn`: an
object without behaviour that keeps what the pickle gave it. So nothing that a file names is imported or called, and
yet its tensors, its settings and the names of its classes can be read.

`torch.load(weights_only=True)` would refuse a Lightning checkpoint for a class among its hyper-parameters, can't read
modules in files of before PyTorch 1.6, and calls the constructors of classes that it was told to trust.
"""

from __future__ import annotations

import pickle
import sys
import tarfile
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.guards import check_archive, check_claim, refusing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["StandIn", "Stored", "dangerous", "read_stored", "tensors_of"]


class StandIn:
    """Stands for an object of a class, or the result of a function, that a pickle asked for; it does nothing.

    `path` names the class: "torch.nn.modules.linear.Linear". `args` are what it was called with, None where it was not
    called; `state` is what it was to be filled with; `items` and `rest` are those of a dictionary or list.
    """

    path = ""
    dump_patches = False

    def __new__(cls, *args: Any, **_: Any) -> StandIn:
        """Keep the arguments."""
        made = super().__new__(cls)
        made.args, made.state, made.items, made.rest = args or None, None, {}, []
        return made

    args: tuple[Any, ...] | None
    state: Any
    items: dict[Any, Any]
    rest: list[Any]

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items[key] = value

    def append(self, value: Any) -> None:
        """Keep an element of what would be a list."""
        self.rest.append(value)


@dataclass(frozen=True, eq=False)
class Stored:
    """What a file of `torch.save` holds.

    Parameters
    ----------
    content
        The object, with a `StandIn` for each of a class that is not plain.
    asked
        The classes and functions that it asked for, and did not get, in order.
    """

    content: Any
    asked: tuple[str, ...]


def read_stored(path: Path) -> Stored:
    """Read a file of `torch.save`, zipped or of before PyTorch 1.6. Nothing in it is run.

    Raises
    ------
    NetworkError
        If it can't be read; of what it wanted to run, what could do harm is named.
    """
    with path.open("rb") as file:
        is_zip = file.read(4) == b"PK\x03\x04"
    loader = _Loader(path)
    try:
        with refusing(path, "a PyTorch file"):
            _check(path, is_zip)
            content = torch.load(
                path,
                map_location="cpu",
                weights_only=False,
                pickle_module=loader.pickle_module(),
            )
    except NetworkError as error:
        raise _named(error, path, list(loader.asked)) from error.__cause__
    return Stored(content, tuple(loader.asked))


def dangerous(asked: tuple[str, ...] | list[str]) -> list[str]:
    """Return those of the names that are of Python's own library: no network needs them, and an attack does."""
    modules = [(name, name.partition(".")[0]) for name in asked]
    return [
        name
        for name, module in modules
        if (module in sys.stdlib_module_names or module in ("__builtin__", "builtins")) and module not in _HARMLESS
    ]


def tensors_of(module: StandIn) -> dict[str, torch.Tensor]:
    """Return the state dict of the module that a stand-in stands for: parameters and buffers by their paths."""
    found: dict[str, torch.Tensor] = {}
    _collect(module, "", found, 0)
    return found


_HARMLESS = frozenset(
    [
        "argparse", "collections", "copyreg", "dataclasses", "datetime", "decimal", "enum", "fractions", "pathlib",
        "typing", "uuid", "functools", "re", "_codecs",
    ]
)  # fmt: skip
_DEEPEST = 100


def _collect(module: StandIn, prefix: str, found: dict[str, torch.Tensor], depth: int) -> None:
    state = module.state
    if not isinstance(state, dict) or depth > _DEEPEST:
        return
    unsaved = state.get("_non_persistent_buffers_set") or ()
    for registry in ("_parameters", "_buffers"):
        named = state.get(registry)
        for name, tensor in named.items() if isinstance(named, dict) else ():
            if isinstance(tensor, torch.Tensor) and name not in unsaved:
                found[f"{prefix}{name}"] = tensor
    children = state.get("_modules")
    for name, child in children.items() if isinstance(children, dict) else ():
        if isinstance(child, StandIn):
            _collect(child, f"{prefix}{name}.", found, depth + 1)


def _named(error: NetworkError, path: Path, asked: list[str]) -> NetworkError:
    harm = dangerous(asked)
    if not harm:
        return error
    return NetworkError(f"{path.name} is no network: it wants to run {', '.join(harm[:3])}. Nothing of it was run.")


def _check(path: Path, is_zip: bool) -> None:
    """Refuse what `torch.load` would hand on to other readers: TorchScript, and tar archives."""
    if not is_zip:
        if tarfile.is_tarfile(path):
            raise NetworkError(f"{path.name} is a tar archive; unpack it, and choose the network's file.")
        return
    check_archive(path)
    # By the reader that torch.load uses: another might find other entries.
    if "constants.pkl" in torch._C.PyTorchFileReader(str(path)).get_all_records():
        raise NetworkError(f"{path.name} is TorchScript; save network.state_dict() instead.")


class _Loader:
    """Reads one file: what it asks for, and how many bytes its tensors claim."""

    def __init__(self, path: Path) -> None:
        self.asked: dict[str, None] = {}
        self._path = path
        self._claimed = 0
        self._made: dict[str, Any] = {}
        self._rebuilders: dict[str, Callable[..., Any]] = {
            "_rebuild_tensor": self._tensor,
            "_rebuild_tensor_v2": self._tensor,
            "_rebuild_tensor_v3": self._typed_tensor,
            "_rebuild_parameter": _parameter,
            "_rebuild_parameter_with_state": _parameter,
        }

    def pickle_module(self) -> Any:
        """Return what `torch.load` takes in the place of the module `pickle`."""
        loader = self

        class Unpickler(_Unpickler):
            def find_class(self, module: str, name: str) -> Any:
                return loader.find(module, name)

        def load(file: Any, **options: Any) -> Any:
            return Unpickler(file, **options).load()

        return SimpleNamespace(__name__="cnnviewer_pickle", Unpickler=Unpickler, load=load)

    def find(self, module: str, name: str) -> Any:
        """Return what stands for a class or function of this name."""
        path = f"{module}.{name}"
        if module == "torch._utils" and name in self._rebuilders:
            return _Function(self._rebuilders[name])
        if path in _PLAIN:
            return _PLAIN[path]
        if module == "torch" and isinstance(getattr(torch, name, None), torch.dtype):
            return getattr(torch, name)
        if path not in self._made:
            self.asked[path] = None
            self._made[path] = type(name.rpartition(".")[2], (StandIn,), {"path": path})
        return self._made[path]

    def _tensor(self, storage: Any, offset: int, size: Any, stride: Any, *_: Any) -> torch.Tensor:
        return self._view(storage._untyped_storage, storage.dtype, offset, size, stride)

    def _typed_tensor(
        self, storage: Any, offset: int, size: Any, stride: Any, _grad: Any, _hooks: Any, dtype: torch.dtype, *_: Any
    ) -> torch.Tensor:
        return self._view(storage._untyped_storage, dtype, offset, size, stride)

    def _view(self, storage: Any, dtype: torch.dtype, offset: int, size: Any, stride: Any) -> torch.Tensor:
        count, last = 1, offset
        if len(size) != len(stride) or min((offset, *size, *stride), default=0) < 0:
            raise pickle.UnpicklingError("a tensor of impossible shape")
        for length, step in zip(size, stride, strict=True):
            count, last = count * length, last + (length - 1) * step
        if count and (last + 1) * dtype.itemsize > storage.nbytes():
            raise pickle.UnpicklingError("a tensor that reaches beyond its numbers")
        # Strides of 0 make a huge tensor of one number.
        self._claimed += count * dtype.itemsize
        check_claim(self._path, self._claimed, "its tensors")
        return torch.empty(0, dtype=dtype).set_(storage, offset, tuple(size), tuple(stride))


class _Unpickler(pickle.Unpickler):
    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, partial(_persistent, value) if name == "persistent_load" else value)


def _persistent(load: Callable[[Any], Any], key: Any) -> Any:
    """Return the storage that a pickle names; a class that comes with its source code, without looking at that."""
    if isinstance(key, tuple) and len(key) > 1 and key[0] == "module":
        return key[1]
    return load(key)


class _Function:
    """A function of ours that a pickle may call, and can't change."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *args: Any) -> Any:
        return self._function(*args)

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("a function can't be filled")


def _parameter(data: Any, requires_grad: Any, *_: Any) -> torch.nn.Parameter:
    if not isinstance(data, torch.Tensor):
        raise pickle.UnpicklingError("a parameter that is no tensor")
    return torch.nn.Parameter(data, requires_grad=bool(requires_grad) and data.is_floating_point())


def _tensor_of_type(rebuild: Any, _type: Any, args: Any, _state: Any) -> Any:
    """Return the tensor of one with attributes, or of a class of its own."""
    if not isinstance(rebuild, _Function):
        raise pickle.UnpicklingError("a tensor that another function makes")
    return rebuild(*args)


def _encoded(text: str, encoding: str) -> bytes:
    """Return bytes, as protocol 2 writes them."""
    return text.encode("latin-1")


_PLAIN: dict[str, Any] = {
    "collections.OrderedDict": OrderedDict,
    "collections.Counter": _Function(dict),
    "collections.defaultdict": _Function(lambda *_: {}),
    "torch._tensor._rebuild_from_type_v2": _Function(_tensor_of_type),
    "torch.serialization._get_layout": _Function(str),
    "torch.Size": torch.Size,
    "torch.device": _Function(str),
    "_codecs.encode": _Function(_encoded),
    **{f"{module}.set": _Function(set) for module in ("builtins", "__builtin__")},
    **{f"{module}.frozenset": _Function(frozenset) for module in ("builtins", "__builtin__")},
    **{f"{module}.slice": _Function(slice) for module in ("builtins", "__builtin__")},
    **{f"{module}.complex": _Function(complex) for module in ("builtins", "__builtin__")},
}
