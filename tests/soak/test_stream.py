"""A short stream."""

from __future__ import annotations

import pytest
from stream import trials
from trials import Plan

from cnnviewer.qt.live.media import missing_library

pytestmark = pytest.mark.skipif(
    bool(missing_library()), reason=f"QtMultimedia needs a system library: {missing_library()}"
)


def test_a_stream_goes_on_over_changes_of_the_network(tmp_path):
    told = list(trials(Plan(seed=1, minutes=0.1, folder=tmp_path)))
    # As in the random user's run, stalls are for the command to judge.
    assert [trial.failure for trial in told if trial.failure and "stood still" not in trial.failure] == []
    figures = told[0].figures
    assert int(figures["frames"]) >= 4
    assert figures["threads left"] == "0"
    assert {"dropped", "latency", "memory"} <= set(figures)
