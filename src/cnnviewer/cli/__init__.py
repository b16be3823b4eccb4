"""The command line. Qt is imported only when a window opens, torch only when it is needed.

Each command is a file with ``run(words: list[str]) -> int``, and a line in the table below.
"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from cnnviewer.errors import CnnviewerError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["main"]

_COMMANDS = ("networks", "record", "train")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status: 0, or 2 with a sentence where something is wrong."""
    _let_any_name_be_printed()
    words = list(sys.argv[1:] if arguments is None else arguments)
    command = words.pop(0) if words and words[0] in _COMMANDS else "window"
    try:
        status: int = import_module(f"{__name__}.{command}").run(words)
    except CnnviewerError as error:
        print(f"cnnviewer: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("cnnviewer: stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read the output has gone, as `head` does; and Python must not find that out once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    return status


def _let_any_name_be_printed() -> None:
    """Have letters that the console does not know, and bytes that are no UTF-8, written as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a program without a console has none
            stream.reconfigure(errors="backslashreplace")
