"""A short run of killed trainings."""

from __future__ import annotations

from kill import trials
from trials import Plan


def test_a_killed_training_ends_as_a_whole_one(tmp_path):
    told = list(trials(Plan(seed=169, minutes=0.01, folder=tmp_path)))
    assert [trial.failure for trial in told if trial.failure] == []
    assert told[0].tried > 0
