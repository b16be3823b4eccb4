"""Networks that a function of Python makes: ``package.module:function``, or ``file.py:function``.

Opening one runs code: with consent only. No torch when this file is imported.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Iterable, Mapping
from contextlib import contextmanager, nullcontext, redirect_stdout, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnnviewer.errors import CnnviewerError, NetworkError
from cnnviewer.networks.files.guards import first_line
from cnnviewer.networks.files.places import is_factory
from cnnviewer.suggestions import suggestion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.files.opened import Opened

__all__ = ["factories_in", "is_factory", "open_factory"]

_LARGEST_FILE = 10_000_000
_OWN = "_cnnviewer_factory_"
_SHOWN = 4


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
        with redirect_stdout(sys.stderr):  # what it prints is none of this program's answers
            module = importlib.import_module(place) if path is None else _from_file(path)
        function = getattr(module, name, None)
        if not callable(function):
            raise NetworkError(f"{place} has no function {name!r}. {suggestion(name, _functions(module))}")
        _check_arguments(function, text)
        with redirect_stdout(sys.stderr):
            made = function()
        return _opened(made, text)


def _check_arguments(function: Callable[..., Any], text: str) -> None:
    """Refuse a function that can't be called without arguments."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # it does not tell
        return
    open_ones = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    wanted = [part.name for part in parameters if part.default is part.empty and part.kind not in open_ones]
    if wanted:
        raise NetworkError(
            f"{text} wants {' and '.join(wanted)}; a factory is called without arguments. "
            "Write a function that calls it with what it wants."
        )


def _opened(made: Any, text: str) -> Opened:
    from torch import nn

    from cnnviewer.network import Network
    from cnnviewer.networks.files.opened import Hints, Opened

    if isinstance(made, Network):
        made.module.eval()
        return Opened(made.module, Hints(categories=made.categories), network=made)
    if isinstance(made, nn.Module):
        made.eval()  # what that returns is anyone's guess, where a class has a `train` of its own
        return Opened(made)
    raise NetworkError(f"{text} returned {_what(made)}. It must return the network, a torch.nn.Module.")


def _what(made: Any) -> str:
    """Return what a factory returned instead of a network, and what would make one of it, for a sentence."""
    from torch import Tensor, nn

    if made is None:
        return "nothing"
    if isinstance(made, type):
        return f"the class {made.__name__} itself, which was not called: {made.__name__}()"
    if isinstance(made, Mapping) and made and all(isinstance(part, Tensor) for part in made.values()):
        return "weights without their network: load them into one with load_state_dict"
    if isinstance(made, (list, tuple)):
        kinds = ", ".join(type(part).__name__ for part in made[:_SHOWN]) + (", ..." if len(made) > _SHOWN else "")
        more = ", with a network in it" if any(isinstance(part, nn.Module) for part in made) else ""
        return f"a {type(made).__name__} ({kinds}){more}"
    if inspect.isroutine(made) or inspect.iscoroutine(made):
        return "a function that was not called" if inspect.isroutine(made) else "a coroutine, of an async function"
    return f"an object of type {type(made).__name__}"


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
        sys.modules.pop(name, None)
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
            if not name.startswith(_OWN) and _lies_in(sys.modules.get(name), folder):
                sys.modules.pop(name, None)


def _lies_in(module: object, folder: Path) -> bool:
    """Whether a module was imported from a folder; what stands in `sys.modules` may be anything, and is not run."""
    places = [inspect.getattr_static(module, "__file__", None)]
    with suppress(Exception):  # the path of a namespace is worked out from its parent's
        path = inspect.getattr_static(module, "__path__", ())
        places += path if isinstance(path, Iterable) and not isinstance(path, str) else ()
    with suppress(OSError, ValueError):  # a name that no file can have
        return any(isinstance(place, str) and Path(place).resolve().is_relative_to(folder) for place in places)
    return False


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
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # someone's code may exit, or raise what is no Exception
        why = f"{type(error).__name__}: {first_line(error)}{_where(error)}"
        if isinstance(error, SystemExit):
            raise NetworkError(f"{text} would end the program ({why}); it must return a network.") from error
        raise NetworkError(f"{text} failed with {why}.") from error


def _where(error: BaseException) -> str:
    """Return the last line of someone's code that an error passed, for a sentence; '' where it passed none."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
    return f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""


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
