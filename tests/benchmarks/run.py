"""Measures cnnviewer: ``python tests/benchmarks/run.py [NAME ...] [--json FILE]``.

Each benchmark is a file beside this one with a function ``measure(networks)`` that yields `Result`s; speed is
told as ratios taken in one run, on the same threads, medians of alternated pairs. Each runs in a process of its own: it
may make the one application that a process can have, and measures no memory that another took.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

from measuring import NETWORKS, Result

BENCHMARKS = {
    "recording": "bench_recording",
    "torchvision": "bench_torchvision",
    "window": "bench_window",
    "catalogue": "bench_catalogue",
    "live": "bench_live",
    "explain": "bench_explain",
    "graph": "bench_graph",
    "headless": "bench_headless",
    "device": "bench_device",
    "sizes": "bench_sizes",
    "startup": "bench_startup",
    "training": "bench_training",
    "memory": "bench_memory",
    "live-memory": "bench_live_memory",
}
LONG = {"memory", "live-memory", "torchvision"}
"""Those that take minutes, and are run only by name."""


def measured(name: str, networks: list[str]) -> list[Result]:
    """Run a benchmark in this process; each result is printed as soon as it is there."""
    results: list[Result] = []
    for result in import_module(BENCHMARKS[name]).measure(networks):
        results.append(result)
        print(result.line(), flush=True)
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure cnnviewer.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all but the long ones by default"
    )
    parser.add_argument("--networks", nargs="+", default=NETWORKS, metavar="NETWORK")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as a list")
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path.append(str(Path(__file__).parents[1]))  # what the tests share
    results: list[Result] = []
    failed: list[str] = []
    for name in options.names or [name for name in BENCHMARKS if name not in LONG]:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
            try:
                results += process.submit(measured, name, options.networks).result()
            except Exception:
                traceback.print_exc()
                failed.append(name)
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
