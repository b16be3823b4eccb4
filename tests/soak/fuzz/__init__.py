"""Mutated files: an answer is a result or a sentence, never another exception, a signal, 20 s or 3 GB.

A long-lived child process (`child`) makes small valid files of each kind (`seeds`), changes them (`mutations`), and
reads them as the program does (`readers`), one after the other. Where it falls or hangs, another one goes on behind
the input that it fell over. Whatever failed is kept in the folder, with the number that makes it again.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from children import run_child
from trials import Plan, Trial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from children import End

__all__ = ["trials"]

_SECONDS = 120
"""For one input by the clock, which is a hang; the child ends itself after 20 s of the processor's time."""
_GIGABYTES = 3.0
_LEAST = 5.0
_LONGEST = 300.0
"""A child that tried for so long makes room for another one, in seconds: what leaks is not to be taken for a bomb."""


def trials(plan: Plan) -> Iterator[Trial]:
    """Try one input after the other, until the time is over."""
    told: Counter[str] = Counter()
    sorts: Counter[str] = Counter()
    number = 0
    while number == 0 or plan.seconds_left > _LEAST:
        folder = plan.folder / f"from-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        seconds = max(_LEAST, min(_LONGEST, plan.seconds_left))
        end = run_child(
            [Path(__file__).with_name("child.py"), plan.seed, number, seconds, folder],
            folder / "log.txt",
            seconds=seconds + 2 * _SECONDS,
            gigabytes=_GIGABYTES,
            quiet=(folder / "now.json", _SECONDS),
            more={"HOME": str(folder), "XDG_CACHE_HOME": str(folder), "KERAS_BACKEND": "torch"},
        )
        now, failures = _told(folder, end)
        if not now:
            yield Trial(
                plan.seed, failure=f"no input was tried: {end.failure or end.last_line}", trail=folder / "log.txt"
            )
            return
        for failure in failures:
            told[failure["what"]] += 1
            if told[failure["what"]] == 1:  # one of each sort is enough to mend it
                what = f"input {failure['number']}, {failure['seed']}: {failure['what']}"
                yield Trial(plan.seed, 0, what, _kept(plan.folder, folder, failure))
        sorts.update(now["tried"])
        yield Trial(plan.seed, now["number"] + 1 - number)
        number = now["number"] + 1
        shutil.rmtree(folder)
    figures = {kind: str(count) for kind, count in sorted(sorts.items())}
    repeated = {f"“{what}”": f"{count} times" for what, count in told.items() if count > 1}
    yield Trial(plan.seed, 0, figures={**figures, **repeated})


def _told(folder: Path, end: End) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what a child tried last, and its failures; its own fall is one."""
    path, now = folder / "now.json", {}
    if path.exists():
        now = json.loads(path.read_text())
    lines = (folder / "failures.jsonl").read_text().split("\n") if (folder / "failures.jsonl").exists() else []
    failures = [json.loads(line) for line in lines if line]
    if end.failure and now:
        broken = "took more than 20 s" if end.status == -signal.SIGPROF else end.failure
        failures.append({**now, "what": f"{broken} ({now['kind']}) {_stack(end.log)}".strip()})
    return now, failures


def _stack(log: Path) -> str:
    """Return where in the program a child fell, from the stack that it wrote."""
    lines = (line.strip() for line in log.read_text(errors="replace").split("\n") if 'File "' in line)
    return next((line[line.index("/src/") :] if "/src/" in line else "" for line in lines if "/cnnviewer/" in line), "")


def _kept(kept: Path, folder: Path, failure: dict[str, Any]) -> Path:
    """Keep the input of a failure."""
    source = folder / "failed" / failure["input"]
    source = source if source.exists() else folder / failure["input"]
    target = kept / "failed" / f"{failure['number']}-{failure['input']}"
    target.parent.mkdir(exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists():
        shutil.copy(source, target)
    (target.parent / f"{target.name}.txt").write_text(failure.get("stack", failure["what"]) + os.linesep)
    return target
