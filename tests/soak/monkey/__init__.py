"""A seeded random user of the real window, with its real worker; each seed in a process of its own.

What it did lies in ``trail.txt``, written before each action, so that it is there after a crash; the same seed makes
the same wishes again, though threads may answer them in another order.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from children import run_child
from trials import Trial

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trials import Plan

__all__ = ["trials"]

_LONGEST = 15.0
"""For how many minutes one seed is tried, at most."""
_LEAST = 20.0
"""For how many seconds another seed is worth its beginning."""
_GRACE = 120.0
"""How many seconds more it may take to begin, and to end."""
_QUIET = 60.0
_GIGABYTES = 6.0


def trials(plan: Plan) -> Iterator[Trial]:
    """Try a seed after the other, until the time is over."""
    seed = plan.seed
    while seed == plan.seed or plan.seconds_left > _LEAST:
        yield from _try(plan, seed)
        seed += 1


def _try(plan: Plan, seed: int) -> Iterator[Trial]:
    folder = plan.folder / f"seed-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    seconds = max(5.0, min(_LONGEST * 60, plan.seconds_left))
    trail = folder / "trail.txt"
    end = run_child(
        [Path(__file__).with_name("child.py"), seed, seconds, folder],
        folder / "log.txt",
        seconds=seconds + _GRACE,
        gigabytes=_GIGABYTES,
        quiet=(trail, _QUIET),
        more=_own_home(folder),
    )
    failures = _read(folder / "failures.jsonl")
    done = folder / "done.json"
    told = json.loads(done.read_text()) if done.exists() else {"actions": _count(trail), "figures": {}}
    if end.failure:
        failures.append(f"{end.failure}, after: {_last(trail)}")
    yield Trial(seed, told["actions"], figures={"actions": str(told["actions"]), **told["figures"]})
    for failure in failures:
        yield Trial(seed, 0, failure, trail)


def _own_home(folder: Path) -> dict[str, str]:
    """Return an environment in which nothing of the user's is read or written."""
    home = folder / "home"
    home.mkdir()
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "TORCH_HOME", "HF_HOME")
    return {name: str(home) for name in names}


def _read(path: Path) -> list[str]:
    if not path.exists():
        return []
    told = [json.loads(line) for line in path.read_text().splitlines()]
    return [f"{one['what']}, after action {one['after']}: {one['action']}" for one in told]


def _lines(trail: Path) -> list[str]:
    return trail.read_text(errors="replace").splitlines() if trail.exists() else []


def _count(trail: Path) -> int:
    return len(_lines(trail))


def _last(trail: Path) -> str:
    lines = _lines(trail)
    return lines[-1].strip() if lines else "nothing"
