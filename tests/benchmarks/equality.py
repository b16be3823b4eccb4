"""Compares what is recorded, replayed and fused of every network of the catalogue with plain PyTorch.

    python tests/benchmarks/equality.py [NAME ...] [--hours 8] [--seconds 300] [--megabytes 6000]
    python tests/benchmarks/equality.py --summary

Small networks come first, each in a process of its own with limits of time and memory, and a line for each is appended
to the table as it is done: a run that is stopped goes on where it was. `--again` tries those that failed once more.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from equality_of import ROUNDED, Row, checked

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

TABLE = Path(__file__).resolve().parents[2] / "docs" / "equality.csv"
MIB = 2**20


def main() -> int:
    options = _options()
    rows = read(options.table)
    if options.summary:
        print(summary(rows))
        return 0
    names = [row.name for row in rows if not options.again or not row.sentence]
    waiting = [row for row in catalogue_rows() if row.name not in names]
    if options.names:
        waiting = [row for row in waiting if row.name in options.names]
    end = time.monotonic() + options.hours * 3600
    for place, row in enumerate(waiting, 1):
        if time.monotonic() > end:
            break
        found = in_a_process(row, options.seconds, options.megabytes * MIB)
        append(options.table, found)
        told = found.sentence or f"recorded {found.recorded}, replayed {found.replayed}, frames {found.frames}"
        print(f"{place}/{len(waiting)} {found.name}: {told}", flush=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare recordings of all networks with plain PyTorch.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="networks; by default all, the smallest first")
    parser.add_argument("--hours", type=float, default=12.0, help="begin no other network after so long")
    parser.add_argument("--seconds", type=float, default=300.0, help="the most time that a network may take")
    parser.add_argument("--megabytes", type=int, default=6000, help="the most memory that a network may take")
    parser.add_argument("--again", action="store_true", help="try those that failed once more")
    parser.add_argument("--summary", action="store_true", help="print what the table tells, and measure nothing")
    parser.add_argument("--table", type=Path, default=TABLE, metavar="FILE")
    return parser.parse_args()


def catalogue_rows() -> list[Row]:
    """Return a row for each network of the catalogue, one an architecture of timm, those of the least work first."""
    from cnnviewer.networks.catalogue import catalogue

    found: dict[str, Row] = {}
    work: dict[str, int] = {}
    for entry in catalogue():
        architecture = entry.name.partition(".")[0]
        height, width = entry.size or (224, 224)
        if architecture not in found:
            found[architecture] = Row(entry.name, entry.source, entry.parameters or 0)
            work[entry.name] = (entry.parameters or 0) * (height * width // 1000 + 1)
    return sorted(found.values(), key=lambda row: work[row.name])


# ---- a process


def in_a_process(row: Row, seconds: float, nbytes: int) -> Row:
    """Return the row filled by a process of its own; with a sentence where it failed, or outgrew its limits."""
    context = multiprocessing.get_context("fork")  # torch and timm are imported once
    ours, theirs = context.Pipe()
    process = context.Process(target=_check, args=(theirs, row, nbytes))
    process.start()
    theirs.close()
    found: Row | None = None
    try:
        if ours.poll(seconds):
            found = ours.recv()
        else:
            row.sentence = f"took longer than {seconds:g} s"
    except EOFError:
        row.sentence = "its process ended"
    process.kill()
    process.join()
    return found or row


def _check(pipe: Connection, row: Row, nbytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (nbytes, nbytes))
    try:
        checked(row)
    except MemoryError:
        row.sentence = "needs more memory than it was given"
    except Exception as error:
        text = " ".join(str(error).split())[:300]
        is_full = "can't allocate memory" in text or "needs more memory" in text
        row.sentence = "needs more memory than it was given" if is_full else f"{type(error).__name__}: {text}"
    pipe.send(row)


# ---- the table


def read(path: Path) -> list[Row]:
    """Return the table's rows, the last of each network."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = [Row.of(cells) for cells in csv.DictReader(file)]
    return list({row.name: row for row in rows}.values())


def append(path: Path, row: Row) -> None:
    is_new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(row.cells()), lineterminator="\n")
        if is_new:
            writer.writeheader()
        writer.writerow(row.cells())


def summary(rows: list[Row]) -> str:
    """Return what the table tells, as the README has it."""
    ran = [row for row in rows if not row.sentence]
    lines = [
        f"Of {len(rows)} networks that were tried, {len(ran)} ran to their end.",
        "",
        "| | same bits | rounded | other |",
    ]
    lines += ["|---|---|---|---|"]
    for title, name in [("recorded", "recorded"), ("a second image", "replayed"), ("fused frames", "frames")]:
        kinds = Counter(_kind(float(getattr(row, name))) for row in ran)
        lines.append(f"| {title} | {kinds['bits']} | {kinds['rounded']} | {kinds['other']} |")
    fields = Counter(row.field for row in ran)
    equal = sum(row.multiply_adds == row.counted for row in ran)
    lines += [
        "",
        f"Rounded is up to {ROUNDED:g} of a tensor's largest number. The receptive field of a unit in the middle is",
        f"that of the gradient of a copy with positive weights in {fields['equal']}, larger in {fields['within']}, and",
        f"too small in {fields['outside']}; {fields['none']} have no such unit. {equal} count as many multiply-adds as",
        "PyTorch's formulas for what its dispatcher runs on the image.",
    ]
    failed = [row for row in rows if row.sentence]
    wrong = [row for row in ran if _is_wrong(row)]
    lines += ["", *(f"- {row.name}: {_fault(row)}" for row in (*failed, *wrong))]
    return "\n".join(lines).rstrip()


def _kind(difference: float) -> str:
    return "bits" if difference == 0 else "rounded" if difference <= ROUNDED else "other"


def _is_wrong(row: Row) -> bool:
    worst = max(float(row.recorded), float(row.replayed), float(row.frames))
    return worst > ROUNDED or row.field == "outside" or row.multiply_adds != row.counted


def _fault(row: Row) -> str:
    if row.sentence:
        return row.sentence
    told = [
        f"{title} by {value}"
        for title, value in [("recorded", row.recorded), ("replayed", row.replayed), ("frames", row.frames)]
        if float(value) > ROUNDED
    ]
    told += ["a receptive field that is too small"] if row.field == "outside" else []
    if row.multiply_adds != row.counted:
        told.append(f"{row.multiply_adds:,} multiply-adds, not {row.counted:,}")
    return "; ".join(told)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(main())
