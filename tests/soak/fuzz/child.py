"""A child process that reads one mutated input after the other: ``child.py SEED FIRST SECONDS FOLDER``.

It writes what it is about to read into ``now.json``, and what failed into ``failures.jsonl``.
"""

from __future__ import annotations

import faulthandler
import json
import os
import random
import resource
import shutil
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

from mutations import mutated
from readers import READERS
from seeds import make_seeds

from cnnviewer.errors import CnnviewerError

_SECONDS = 20
"""Of the processor's time, for one input: how long it takes by the clock depends on what else runs on the machine."""
_ADDRESS_SPACE = 8 * 10**9
"""More than may be held, in bytes: torch maps much that it never touches. What asks for more at once is refused."""


def main() -> None:
    seed, first, seconds, folder = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), Path(sys.argv[4])
    warnings.simplefilter("ignore")
    faulthandler.register(signal.SIGPROF, chain=True)  # tell where the time went, and end
    kinds = {kind: paths for kind, paths in make_seeds(folder / "seeds").items() if paths}
    files = [path.read_bytes() for paths in kinds.values() for path in paths if path.is_file()]
    files = [data for data in files if len(data) < 100_000]
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    tried: Counter[str] = Counter()
    begun, number = time.monotonic(), first
    while number == first or time.monotonic() - begun < seconds:
        tries = random.Random(f"{seed}-{number}")
        kind = tries.choice(sorted(kinds))
        source = tries.choice(kinds[kind])
        tried[kind] += 1
        path = folder / f"input{source.suffix}"
        now = {"number": number, "kind": kind, "seed": source.name, "input": path.name, "tried": dict(tried)}
        _write(path, source, tries, files)
        _tell(folder / "now.json", now)
        signal.setitimer(signal.ITIMER_PROF, _SECONDS)
        try:
            READERS[kind](path)
        except CnnviewerError as error:
            if not str(error).strip():
                _fail(folder, path, now, "an error without a sentence", traceback.format_exc())
        except Exception as error:
            _fail(folder, path, now, _named(error), traceback.format_exc())
        number += 1


def _write(path: Path, source: Path, tries: random.Random, files: list[bytes]) -> None:
    """Write a mutated copy of a file, or of a folder of which some files are changed."""
    shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    if source.is_file():
        path.write_bytes(mutated(source.read_bytes(), source.suffix[1:], tries, files))
        return
    shutil.copytree(source, path)
    inner = sorted(file for file in path.rglob("*") if file.is_file() and file.name != ".lock")
    for file in tries.sample(inner, min(len(inner), tries.choice((1, 1, 2, 4)))):
        sort = tries.random()
        if sort < 0.05:
            file.unlink()
        elif sort < 0.1:
            file.unlink()
            file.mkdir()
        else:
            file.write_bytes(mutated(file.read_bytes(), file.suffix[1:], tries, files))


def _named(error: Exception) -> str:
    """Return what was raised, and where in the program."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if f"{os.sep}cnnviewer{os.sep}" in frame.filename
    ]
    where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "elsewhere"
    return f"{type(error).__name__} in {where}"


def _fail(folder: Path, path: Path, now: dict[str, object], what: str, stack: str) -> None:
    kept = folder / "failed"
    kept.mkdir(exist_ok=True)
    name = f"{now['number']}-{path.name}"
    shutil.copytree(path, kept / name) if path.is_dir() else shutil.copy(path, kept / name)
    with (folder / "failures.jsonl").open("a") as file:
        file.write(json.dumps({**now, "input": name, "what": what, "stack": stack}) + "\n")


def _tell(path: Path, now: dict[str, object]) -> None:
    written = path.with_suffix(".new")
    written.write_text(json.dumps(now))
    written.replace(path)


if __name__ == "__main__":
    main()
