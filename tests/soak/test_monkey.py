"""A short run of the random user."""

from __future__ import annotations

import pytest
from monkey import trials
from trials import Plan

from cnnviewer.qt.live.media import missing_library

pytestmark = pytest.mark.skipif(
    bool(missing_library()), reason=f"QtMultimedia needs a system library: {missing_library()}"
)


def test_a_random_user_finds_nothing_in_some_seconds(tmp_path):
    told = list(trials(Plan(seed=1, minutes=0.1, folder=tmp_path)))
    # Stalls are for the command to judge: a test that is timed fails on a busy machine.
    assert [trial.failure for trial in told if trial.failure and "stood still" not in trial.failure] == []
    assert told[0].tried
    trail = (tmp_path / "seed-1" / "trail.txt").read_text()
    assert "click" in trail
    assert "the window is closed" in trail
