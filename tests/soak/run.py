"""Looks for what falls: ``python tests/soak/run.py [KIND ...] [--minutes N] [--seed N] [--folder FOLDER]``.

Each kind is a file beside this one with a function ``trials(plan)`` that yields a `Trial` for each thing that it
tried. What may crash, hang or take all memory is tried in child processes, so that it makes a row and not an end. The
exit status is 1 where something failed; the seed repeats it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from trials import Plan, Report

KINDS = {
    "fuzz": "fuzz",
    "kill": "kill",
    "monkey": "monkey",
    "stream": "stream",
}
"""Each kind, and the module that tries it."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Look for what falls.")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all by default")
    parser.add_argument("--minutes", type=float, default=1.0, metavar="N", help="for each kind (default: 1)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the first seed (default: 1)")
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="for what failed; by default a new one")
    options = parser.parse_args()
    unknown = set(options.kinds) - set(KINDS)
    if unknown:
        parser.error(f"there is no kind {', '.join(sorted(unknown))}")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.path.append(str(Path(__file__).parents[1]))  # what the tests share
    folder = (options.folder or Path(tempfile.mkdtemp(prefix="cnnviewer-soak-"))).resolve()
    report = Report()
    for kind in options.kinds or KINDS:
        plan = Plan(options.seed, options.minutes, folder / kind)
        plan.folder.mkdir(parents=True, exist_ok=True)
        for trial in import_module(KINDS[kind]).trials(plan):
            report.add(kind, trial)
        report.add_time(kind, time.monotonic() - plan.begun)
    print(report.table())
    (folder / "report.txt").write_text(report.text())
    print(f"What failed, and this report: {folder}")
    return int(report.has_failed)


if __name__ == "__main__":
    sys.exit(main())
