"""How far a training is, in words."""

from dataclasses import replace

import pytest

from cnnviewer.qt.panels.training.progress_texts import duration_text, figures_text, step_text
from cnnviewer.training.progress import Progress

PROGRESS = Progress(step=100, steps=1000, epoch=2, loss=0.25, accuracy=0.9, learning_rate=0.05, examples=3200)


def test_a_step_is_told_with_its_epoch():
    assert step_text(replace(PROGRESS, steps=1_200)) == "epoch 2 · step 100 of 1,200"


def test_the_time_that_is_left_follows_from_the_speed():
    *_, speed, rate = figures_text(PROGRESS, "", 640.0, has_ended=False).splitlines()
    assert speed == "640 images a second · 45 s left"
    assert rate == "Learning rate of this step 0.05"


def test_an_ended_training_has_no_time_left_and_no_rate():
    lines = figures_text(PROGRESS, "Validation: error 0.3, 88.0 % right", 640.0, has_ended=True).splitlines()
    assert lines[1:] == ["Validation: error 0.3, 88.0 % right", "640 images a second"]


def test_a_speed_that_is_not_known_is_not_told():
    assert "images a second" not in figures_text(PROGRESS, "", 0.0, has_ended=False)


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (89, "89 s"), (720, "12 min"), (12_240, "3.4 h")])
def test_durations(seconds, text):
    assert duration_text(seconds) == text
