"""One seed of a watched window: its process, and what is told of it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from children import run_child
from trials import Trial

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from trials import Plan

__all__ = ["try_seed"]

_GRACE = 300.0
"""How many seconds more it may take to begin, and to end."""
_QUIET = 180.0
"""For how many seconds it may write nothing: a machine may be busy, and torch takes long to begin."""
_GIGABYTES = 6.0


def try_seed(program: Path, plan: Plan, seed: int, seconds: float) -> Iterator[Trial]:
    """Run ``program SEED SECONDS FOLDER``, which opens a window by `windows.open_window`; yield what failed.

    What it did lies in ``trail.txt``, written before each action, so that it is there after a crash.
    """
    folder = plan.folder / f"seed-{seed}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    trail = folder / "trail.txt"
    end = run_child(
        [program, seed, seconds, folder],
        folder / "log.txt",
        seconds=seconds + _GRACE,
        gigabytes=_GIGABYTES,
        quiet=(trail, _QUIET),
        more=_own_home(folder),
    )
    failures = _read(folder / "failures.jsonl")
    done = folder / "done.json"
    lines = trail.read_text(errors="replace").splitlines() if trail.exists() else []
    told = json.loads(done.read_text()) if done.exists() else {"actions": len(lines), "figures": {}}
    if end.failure:
        failures.append(f"{end.failure}, after: {lines[-1].strip() if lines else 'nothing'}")
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
