"""Reading what `torch.save` wrote, whatever is in it, without running any of it.

Always ``torch.load(weights_only=True)``: its unpickler imports nothing and calls nothing that it was not told to trust.
What a file asks for besides tensors and plain containers is read from it first, and each such name is given a
`StandIn`: an object without behaviour that keeps what the pickle gave it. So the tensors of a checkpoint, the settings
beside them and the names of its classes can be read, and no code is trusted for that.
"""

from __future__ import annotations

import pickle
import sys
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import _weights_only_unpickler
from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.guards import check_archive, check_claim, refusing
from cnnviewer.networks.files.pickles import legacy_globals
from cnnviewer.networks.tensor_files import torch_source
from cnnviewer.suggestions import some_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["MOST_MODULES", "StandIn", "Stored", "asked_of", "read_stored", "tensors_of"]


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
        If it can't be read, or wants to run what could do harm: that is named.
    """
    is_zip = _is_zip(path)
    asked: tuple[str, ...] = ()
    try:
        with refusing(path, "a PyTorch file"):
            _check(path, is_zip)
            asked = _asked(path, is_zip)
            _check_harm(asked, path)
            with safe_globals([(_stand_in(name), name) for name in asked]), torch_source(path) as source:
                content = torch.load(source, map_location="cpu", weights_only=True)
            check_claim(path, _claimed(content), "its tensors")
    except NetworkError as error:
        raise _explained(error, path, asked, is_zip) from error.__cause__
    return Stored(content, tuple(name for name in asked if name not in _PLAIN))


def asked_of(path: Path) -> tuple[str, ...]:
    """Return the classes and functions that a file of `torch.save` asks for besides plain containers, in order.

    Raises
    ------
    NetworkError
        If it can't be read.
    """
    with refusing(path, "a PyTorch file"):
        asked = _asked(path, is_zip=_is_zip(path))
    return tuple(name for name in asked if name not in _PLAIN)


def tensors_of(module: StandIn) -> dict[str, torch.Tensor]:
    """Return the state dict of the module that a stand-in stands for: parameters and buffers by their paths.

    Raises
    ------
    NetworkError
        If it has too many modules, each counted as often as it is used.
    """
    found: dict[str, torch.Tensor] = {}
    for visited, (place, prefix) in enumerate(_modules(module, "", 0)):
        if visited > MOST_MODULES:
            raise NetworkError(f"A module in the file is made of over {MOST_MODULES:,} modules, and is no network.")
        _collect(place, prefix, found)
    return found


_HARMLESS = frozenset(
    [
        "argparse", "collections", "copyreg", "dataclasses", "datetime", "decimal", "enum", "fractions", "pathlib",
        "typing", "uuid", "functools", "re", "_codecs",
    ]
)  # fmt: skip
_PLAIN_TYPES = frozenset(
    ["list", "dict", "tuple", "int", "float", "str", "bool", "bytes", "bytearray", "object", "range"]
)
MOST_MODULES = 20_000
"""Those of a network, each counted as often as it is used: many times as many as the largest have."""
_BUILTINS = ("builtins", "__builtin__")
_DEEPEST = 100


def _is_dangerous(home: str, name: str) -> bool:
    if home in _BUILTINS:
        return name not in _PLAIN_TYPES
    first = home.partition(".")[0]
    return first in sys.stdlib_module_names and first not in _HARMLESS


def _modules(module: StandIn, prefix: str, depth: int) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield the state of a module and of those in it, each with how the names of its tensors begin."""
    if not isinstance(module.state, dict) or depth > _DEEPEST:
        return
    yield module.state, prefix
    children = module.state.get("_modules")
    for name, child in children.items() if isinstance(children, dict) else ():
        if isinstance(child, StandIn):
            yield from _modules(child, f"{prefix}{name}.", depth + 1)


def _collect(state: dict[str, Any], prefix: str, found: dict[str, torch.Tensor]) -> None:
    unsaved = state.get("_non_persistent_buffers_set") or ()
    for registry in ("_parameters", "_buffers"):
        named = state.get(registry)
        for name, tensor in named.items() if isinstance(named, dict) else ():
            if isinstance(tensor, torch.Tensor) and name not in unsaved:
                found[f"{prefix}{name}"] = tensor


def _is_zip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def _asked(path: Path, is_zip: bool) -> tuple[str, ...]:
    """Return the names of what a file asks for and PyTorch does not trust; nothing of it is run."""
    if is_zip:
        return tuple(dict.fromkeys(get_unsafe_globals_in_checkpoint(path)))
    trusted = _weights_only_unpickler._get_allowed_globals()
    return tuple(name for name in legacy_globals(path) if name not in trusted)


def _stand_in(name: str) -> Any:
    """Return what a pickle is given for a name: a plain container's own type, else a stand-in."""
    return _PLAIN.get(name) or type(name.rpartition(".")[2], (StandIn,), {"path": name})


def _claimed(content: Any) -> int:
    """Return how many bytes the tensors in an object claim: strides of 0 make a huge tensor of one number."""
    claimed, waiting, seen = 0, [content], set[int]()
    while waiting:
        value = waiting.pop()
        if isinstance(value, torch.Tensor):
            if min(value.stride(), default=0) < 0:
                raise pickle.UnpicklingError("a tensor of impossible shape")
            claimed += value.numel() * value.itemsize
        elif isinstance(value, (dict, list, tuple, set, frozenset, StandIn)) and id(value) not in seen:
            seen.add(id(value))
            waiting += _parts(value)
    return claimed


def _parts(value: Any) -> list[Any]:
    if isinstance(value, StandIn):
        return [value.state, value.args, value.items]
    return [*value.keys(), *value.values()] if isinstance(value, dict) else list(value)


def _check_harm(asked: tuple[str, ...], path: Path) -> None:
    """Refuse names of Python's own library: no network needs them, and an attack does."""
    harm = [name for name in asked if name not in _PLAIN and _is_dangerous(*name.rsplit(".", 1))]
    if harm:
        raise NetworkError(f"{path.name} is no network: it wants to run {some_of(harm)}. Nothing of it was run.")


def _explained(error: NetworkError, path: Path, asked: tuple[str, ...], is_zip: bool) -> NetworkError:
    if not isinstance(error.__cause__, pickle.UnpicklingError):
        return error
    # PyTorch's own words tell how to run the code all the same.
    if not is_zip and "persistent_load" in str(error.__cause__):
        why = "it holds a whole module as PyTorch before 1.6 saved it, with its source code"
    elif asked:
        why = f"it wants {some_of(asked)}"
    else:
        why = "it is damaged, or no file of torch.save"
    return NetworkError(f"{path.name} can't be read without running code: {why}. Save network.state_dict() instead.")


def _check(path: Path, is_zip: bool) -> None:
    """Refuse what `torch.load` would hand on to other readers: TorchScript, and tar archives."""
    if not is_zip:
        if tarfile.is_tarfile(path):
            raise NetworkError(f"{path.name} is a tar archive; unpack it, and choose the network's file.")
        return
    check_archive(path)
    # By the reader that torch.load uses: another might find other entries.
    with torch_source(path) as source:
        names = torch._C.PyTorchFileReader(source).get_all_records()
    if "constants.pkl" in names:
        raise NetworkError(f"{path.name} is TorchScript; save network.state_dict() instead.")


def _empty_dict(*_: Any) -> dict[Any, Any]:
    """Return what a ``defaultdict`` is read as: without the function that would make its values."""
    return {}


_PLAIN: dict[str, Any] = {
    "collections.defaultdict": _empty_dict,
    **{f"{module}{name.__name__}": name for module in ("builtins.", "") for name in (set, frozenset, slice, complex)},
}
"""What stands for itself: containers and numbers, which do nothing."""
