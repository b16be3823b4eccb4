"""A disk that does not answer does not hold the window."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .trainees import drop


@pytest.fixture
def hanging(monkeypatch, tmp_path):
    """A folder on a drive that answers when it is told to; a question in the window's thread is a failure."""
    folder, answers, asked = tmp_path / "drive", threading.Event(), []
    for name in ("cats", "dogs"):
        (folder / name).mkdir(parents=True)
        for number in range(12):
            pixels = np.full((9, 9, 3), 20 * number, np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    for name in ("stat", "iterdir", "resolve"):
        real = getattr(Path, name)

        def slow(path, *args, real=real, **kwargs):
            if str(path).startswith(str(folder)):
                asked.append(threading.current_thread() is threading.main_thread())
                if asked[-1]:
                    raise AssertionError(f"{path} is asked for in the window's thread")
                answers.wait()
            return real(path, *args, **kwargs)

        monkeypatch.setattr(Path, name, slow)
    yield folder, answers, asked
    answers.set()


def test_a_folder_dropped_on_the_training_panel_is_asked_for_in_a_thread(trainee, hanging):
    folder, answers, asked = hanging
    drop(trainee.panel, folder)
    trainee.until(lambda: bool(asked))
    trainee.page("Curves")  # the window goes on meanwhile
    assert trainee.panel.page == "Curves"
    answers.set()
    trainee.until(lambda: trainee.panel.setup.told.startswith("2 classes"))
    assert trainee.panel.page == "Set-up"
    setup = trainee.panel.setup
    setup.network.setCurrentIndex(setup.network.findData("tiny-vgg"))
    setup.network.activated.emit(setup.network.currentIndex())
    trainee.until(lambda: "3×64×64" in setup.told)
    assert not any(asked)


def test_the_newest_folder_is_read(trainee, hanging, tmp_path):
    folder, answers, asked = hanging
    for name in ("ants", "bees", "wasps"):
        (tmp_path / "others" / name).mkdir(parents=True)
        for number in range(8):
            Image.new("RGB", (9, 9), (number, 0, 0)).save(tmp_path / "others" / name / f"{number}.png")
    drop(trainee.panel, folder)
    trainee.until(lambda: bool(asked))
    drop(trainee.panel, tmp_path / "others")
    answers.set()
    trainee.until(lambda: trainee.panel.setup.told.startswith("3 classes"))
    trainee.settle()
    assert trainee.panel.setup.dataset.currentText() == "others"


def test_a_photo_dropped_on_the_training_panel_is_shown(trainee, samples):
    drop(trainee.panel, samples / "digit-7.png")
    trainee.until(lambda: trainee.session.recording.image == "digit-7.png")


def test_what_became_of_a_training_and_whether_it_is_one_is_asked_in_threads(trainee):
    trainee.train(epochs=1)
    questions = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnnviewer.qt.training_runs.is_run", lambda path: questions.append(threading.current_thread()))
        trainee.presenter.recall(str(trainee.folder))
        trainee.until(lambda: bool(questions))
        trainee.settle()
    assert threading.main_thread() not in questions
    assert trainee.panel.play.isEnabled() is False
    assert trainee.panel.train_on.isVisible()
    assert trainee.training.outcome is True
