"""Runs whose files were changed at random: whatever is done with them gives an answer or a sentence."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import closing
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from cnnviewer.designs import Activation, Convolution, Design
from cnnviewer.errors import CnnviewerError
from cnnviewer.networks import load_network
from cnnviewer.networks.architectures import Architecture
from cnnviewer.networks.run_folder import list_checkpoints, list_snapshots
from cnnviewer.networks.trained import read_snapshot
from cnnviewer.training.following import Follower, last_validation
from cnnviewer.training.plan import Plan
from cnnviewer.training.resuming import Changes
from cnnviewer.training.settings import Settings
from cnnviewer.training.start import begin, go_on
from training.running import run_all

sys.path.insert(0, str(Path(__file__).parents[1] / "soak" / "fuzz"))

from mutations import mutated

COUNT = int(os.environ.get("CNNVIEWER_MUTATIONS", "40"))
"""How many changes are tried."""

DESIGN = Design("stripes", (1, 10, 10), (Convolution(4, 3), Activation()))
PLAN = Plan(Architecture(design=DESIGN), settings=Settings(epochs=1, batch_size=50, device="cpu"))


@pytest.fixture
def run(folder, stripes):
    run_all(begin(PLAN, folder))
    return folder


def _follow(folder):
    follower = Follower(folder)
    _ = follower.steps, follower.steps_per_epoch, follower.moments(), follower.poll(), follower.poll()


def _film(folder):
    for step in list_snapshots(folder):
        read_snapshot(folder, step)


def _validation(folder):
    for step in (0, *list_checkpoints(folder)):
        last_validation(folder, step)


def _train_on(folder):
    with closing(go_on(folder)) as training:
        list(islice(training, 3))


def _train_more(folder):
    with closing(go_on(folder, changes=Changes(more_epochs=1))) as training:
        list(islice(training, 3))


DOINGS = (load_network, _follow, _film, _validation, _train_on, _train_more)


def _change(run, folder, random):
    """Copy a run, and change, delete or replace one of its files; return what was done."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(run, folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    path = random.choice([file for file in files if file.suffix in (".json", ".jsonl")] * 3 + files)
    content, sort = path.read_bytes(), random.random()
    path.unlink()
    if sort < 0.05:
        path.mkdir()
    elif sort > 0.1:
        path.write_bytes(mutated(content, path.suffix[1:], random, [content]))
    return f"{path.relative_to(folder)}: {path.read_bytes()[:300] if path.is_file() else 'is no file'}"


@pytest.mark.filterwarnings("ignore")
def test_a_changed_run_gives_answers_or_sentences(run, tmp_path):
    failures = []
    for seed in range(COUNT):
        folder = tmp_path / "changed"
        what = _change(run, folder, Random(f"1-{seed}"))
        for do in DOINGS:
            try:
                do(folder)
            except CnnviewerError as error:
                assert str(error).endswith((".", "?")), f"seed {seed}: {error}"  # noqa: PT017
            except Exception as error:
                failures.append(f"seed {seed}, {what}: {do.__name__} raised {type(error).__name__}: {error}")
    assert not failures, "\n".join(failures)
