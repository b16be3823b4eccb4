"""Networks that a function of Python makes: ``package.module:function``, or ``file.py:function``.

Opening one runs code: with consent only. No torch when this file is imported.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
import traceback
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviewer.errors import CnnviewerError, NetworkError
from cnnviewer.networks.files.guards import first_line
from cnnviewer.networks.files.places import is_factory
from cnnviewer.suggestions import suggestion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.files.opened import Opened

__all__ = ["factories_in", "is_factory", "open_factory"]

_LARGEST_FILE = 10_000_000
_OWN = "_cnnviewer_factory_"


def factories_in(path: Path) -> tuple[str, ...]:
    """Return the functions in a Python file that can be called without arguments; nothing of it is run.

    Raises
    ------
    NetworkError
        If it can't be read, or is no Python.
    """
    return tuple(
        node.name
        for node in _parsed(path).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and _needs_nothing(node.args)
    )


def open_factory(text: str, progress: ProgressCallback | None = None) -> Opened:
    """Run a function and open the network that it returns: a torch module, or a `cnnviewer.Network`.

    Parameters
    ----------
    text
        ``package.module:function`` or ``file.py:function``.
    progress
        Not used: what the function does is its own.

    Raises
    ------
    NetworkError
        If there is no such file, module or function, it fails, or returns something else.
    """
    place, _, name = text.rpartition(":")
    path = Path(place) if place.lower().endswith(".py") else None
    with _told(text, place), nullcontext() if path is None else _importing_from(path.resolve().parent):
        module = importlib.import_module(place) if path is None else _from_file(path)
        function = getattr(module, name, None)
        if not callable(function):
            raise NetworkError(f"{place} has no function {name!r}. {suggestion(name, _functions(module))}")
        return _opened(function(), text)


def _opened(made: Any, text: str) -> Opened:
    from torch import nn

    from cnnviewer.network import Network
    from cnnviewer.networks.files.opened import Hints, Opened

    if isinstance(made, Network):
        return Opened(made.module.eval(), Hints(categories=made.categories), network=made)
    if isinstance(made, nn.Module):
        return Opened(made.eval())
    raise NetworkError(f"{text} returned {type(made).__name__}, not a network (a torch.nn.Module).")


def _from_file(path: Path) -> ModuleType:
    """Import a file under a name of its own, without writing bytecode beside it."""
    _parsed(path)
    name = f"{_OWN}{abs(hash(str(path.resolve())))}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise NetworkError(f"{path} can't be imported as Python.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickles look their module up
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Let imports find the modules in a folder, and forget them afterwards: another folder may have others so called.

    A file's own module stays: its name is of its own.
    """
    before = set(sys.modules)
    kept, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        with suppress(ValueError):
            sys.path.remove(str(folder))
        sys.dont_write_bytecode = kept
        for name in set(sys.modules) - before:
            if not name.startswith(_OWN) and _lies_in(sys.modules[name], folder):
                del sys.modules[name]


def _lies_in(module: ModuleType, folder: Path) -> bool:
    places = [getattr(module, "__file__", None), *list(getattr(module, "__path__", ()))]
    return any(isinstance(place, str) and Path(place).resolve().is_relative_to(folder) for place in places)


@contextmanager
def _told(text: str, place: str) -> Iterator[None]:
    """Turn what goes wrong in someone's code into a sentence with the line."""
    try:
        yield
    except CnnviewerError:
        raise
    except ModuleNotFoundError as error:
        if error.name and (place == error.name or place.startswith(error.name + ".")):
            raise NetworkError(
                f"There is no module {place!r}; is it installed, or its folder in PYTHONPATH?"
            ) from error
        raise NetworkError(f"{text} needs the module {error.name!r}, which is not installed.") from error
    except SyntaxError as error:
        raise NetworkError(f"{error.filename or place} is no Python: line {error.lineno}: {error.msg}.") from error
    except (Exception, SystemExit) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}, line {last.lineno}"
        raise NetworkError(f"{text} failed with {type(error).__name__}: {first_line(error)} ({where}).") from error


def _parsed(path: Path) -> ast.Module:
    """Return a Python file's syntax.

    Raises
    ------
    NetworkError
        If it can't be read, or is no Python.
    """
    try:
        if path.stat().st_size > _LARGEST_FILE or not path.is_file():
            raise NetworkError(f"{path} is no Python file.")
        return ast.parse(path.read_bytes(), filename=path.name)
    except FileNotFoundError:
        raise NetworkError(f"There is no file {path}. Check the path.") from None
    except OSError as error:
        raise NetworkError(f"{path} can't be read: {error.strerror or error}.") from error
    except SyntaxError as error:
        raise NetworkError(f"{path.name} is no Python: line {error.lineno}: {error.msg}.") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise NetworkError(f"{path.name} is no Python: {first_line(error)}.") from error


def _needs_nothing(arguments: ast.arguments) -> bool:
    positional = len(arguments.posonlyargs) + len(arguments.args)
    return positional == len(arguments.defaults) and all(value is not None for value in arguments.kw_defaults)


def _functions(module: ModuleType) -> list[str]:
    return [name for name, value in vars(module).items() if callable(value) and not name.startswith("_")]
