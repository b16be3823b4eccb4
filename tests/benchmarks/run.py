"""Measures cnnviewer: ``python tests/benchmarks/run.py [NAME ...] [--json FILE]``.

Each benchmark is a file beside this one with a function ``measure(networks)`` that yields `Result`s; speed is
told as ratios taken in one run, on the same threads, medians of alternated pairs.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
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
    for name in options.names or [name for name in BENCHMARKS if name not in LONG]:
        for result in import_module(BENCHMARKS[name]).measure(options.networks):
            results.append(result)
            print(result.line(), flush=True)
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
