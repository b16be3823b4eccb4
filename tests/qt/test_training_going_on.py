"""Trainings that go on, in the window: after their end, beside a run that is dropped, and when they diverge."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication, QDialog, QPlainTextEdit

from cnnviewer.networks.run_folder import list_checkpoints
from cnnviewer.qt.panels.training.curves_page import CurvesPage
from cnnviewer.qt.training_session import Stage
from cnnviewer.training.progress import Evaluation, Progress

from .trainees import drop

if TYPE_CHECKING:
    from .trainees import Trainee


class TestAfterTheEnd:
    def test_five_steps_offer_to_train_on(self, trainee: Trainee):
        panel = trainee.panel
        assert panel.steps.hint == "The steps of a training are told here: begin one."
        assert panel.steps.train_on.isHidden()
        trainee.train(epochs=1)
        trainee.page("Five steps")
        assert panel.steps.hint == "The training has ended."
        panel.setup.form.epochs.setValue(2)
        trainee.press(panel.steps.train_on)
        trainee.until_stage(Stage.PAUSED)
        assert panel.page == "Five steps"
        assert panel.steps.hint == "Take single steps to read them."
        assert panel.steps.train_on.isHidden()
        trainee.press(panel.step)
        trainee.until(lambda: len(panel.steps.table.texts) == 5)
        assert "step 18" in panel.steps.table.texts[4][0]
        assert "until 3 epochs are done" in panel.note.sentence
        trainee.press(panel.play)
        trainee.until_stage(Stage.ENDED)
        assert panel.ended == "All 3 epochs are done."
        assert panel.curves.error.count == 3 * 17

    def test_a_run_that_has_ended_is_trained_on(self, trainee: Trainee):
        trainee.train(epochs=1)
        assert trainee.panel.train_on.isVisible()
        trainee.panel.setup.form.epochs.setValue(1)
        trainee.press(trainee.panel.train_on)
        trainee.until(lambda: trainee.panel.ended == "All 2 epochs are done.")
        trainee.until_stage(Stage.ENDED)
        assert list(list_checkpoints(trainee.folder))[-1] == 2 * 17

    def test_a_run_that_was_stopped_and_is_opened_can_go_on(self, trainee: Trainee):
        trainee.start(epochs=40)
        trainee.until(lambda: trainee.panel.curves.error.count > 3)
        trainee.press(trainee.panel.stop)
        trainee.until_stage(Stage.ENDED)
        assert trainee.panel.train_on.isHidden()
        folder, step = trainee.folder, list(list_checkpoints(trainee.folder))[-1]
        trainee.drop(folder)
        trainee.until(lambda: trainee.training.begun_with.is_followed)
        trainee.until_stage(Stage.ENDED)
        assert trainee.panel.ended == f"Stopped after {step:,} of 680 steps."
        trainee.press(trainee.panel.play)
        trainee.until(lambda: trainee.panel.curves.error.count > step)
        trainee.press(trainee.panel.stop)
        trainee.until_stage(Stage.ENDED)

    def test_a_damaged_checkpoint_is_told(self, trainee: Trainee):
        trainee.train(epochs=1)
        (list(list_checkpoints(trainee.folder).values())[-1] / "model.safetensors").write_bytes(b"")
        trainee.until(lambda: not trainee.panel.train_on.isHidden())
        trainee.press(trainee.panel.train_on)
        trainee.until(lambda: "It trains on until 1 epoch is done" in trainee.panel.note.sentence)
        # What is told next did not take its place.
        assert trainee.panel.note.sentence.startswith("The checkpoint of step 17 is damaged")
        trainee.press(trainee.panel.stop)
        trainee.until_stage(Stage.ENDED)


class TestDroppedMeanwhile:
    def test_a_run_is_offered_instead_of_the_one_that_is_under_way(self, trainee: Trainee):
        trainee.train(epochs=1)
        first = trainee.folder
        trainee.page("Set-up")
        trainee.start(epochs=300)
        trainee.until_stage(Stage.RUNNING)
        second = trainee.folder
        trainee.drop(first)
        note = trainee.panel.note
        assert not note.isHidden()
        assert first.name in note.sentence
        assert "another training is under way here" in note.sentence
        assert trainee.training.stage is Stage.RUNNING
        trainee.press(note.action)
        trainee.until(lambda: trainee.folder == first)
        trainee.until_stage(Stage.ENDED)
        assert list(list_checkpoints(second))[-1] > 0
        assert note.isHidden()

    def test_the_run_itself_is_told_to_be_shown(self, trainee: Trainee):
        trainee.start(epochs=300)
        drop(trainee.window, trainee.folder)
        trainee.until(lambda: "is shown already" in trainee.panel.note.sentence)
        assert trainee.panel.note.action.isHidden()
        trainee.press(trainee.panel.stop)
        trainee.until_stage(Stage.ENDED)

    def test_a_dataset_is_read_when_the_training_has_ended(self, trainee: Trainee, tmp_path):
        make_photos(tmp_path / "photos")
        trainee.start(epochs=300)
        trainee.drop(tmp_path / "photos")
        assert "photos is read when the training that runs has ended." in trainee.panel.setup.told
        trainee.press(trainee.panel.stop)
        trainee.until(lambda: "2 classes" in trainee.panel.setup.told)


def test_what_a_folder_was_read_as_is_shown_whole(trainee: Trainee, tmp_path):
    make_photos(tmp_path / "photos" / "training_set")
    (tmp_path / "photos" / "__MACOSX").mkdir()
    for number in range(30):
        (tmp_path / "photos" / "training_set" / "red" / f"{number}.txt").write_text("red")
    setup = trainee.panel.setup
    trainee.drop(tmp_path / "photos")
    trainee.until(lambda: "Each folder in training_set is a class: green, red." in setup.told)
    trainee.press(setup.left_out)
    dialog = next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QDialog))
    lines = dialog.findChild(QPlainTextEdit).toPlainText().splitlines()
    assert len(lines) == 31
    assert lines[0] == f"__MACOSX was made by a program: it is no class. ({tmp_path / 'photos'})"
    dialog.close()
    # And what can't be read is told in full, however long.
    (tmp_path / ("long" * 20) / "cats").mkdir(parents=True)
    Image.new("RGB", (9, 9)).save(tmp_path / ("long" * 20) / "cats" / "a.png")
    trainee.drop(tmp_path / ("long" * 20))
    trainee.until(lambda: setup.told.endswith("or choose the folder inside if that holds the classes."))


class TestDiverged:
    @pytest.mark.parametrize("value", [math.nan, math.inf])
    def test_curves_have_a_gap_and_tell(self, qtbot, value):
        page = CurvesPage()
        qtbot.addWidget(page)
        page.resize(700, 200)
        page.clear(10)
        page.show()
        losses = [2.0, 300.0, value, value, 1.0]
        page.add([Progress(step + 1, 10, 1, loss, 0.1, 1e6, 32) for step, loss in enumerate(losses)])
        page.add([Evaluation("validation", 5, 1, value, 0.1, np.zeros((0, 0), dtype=np.int64), ())])
        qtbot.waitUntil(lambda: page.error.drawn[0].tolist() == [1, 2, 5])
        assert page.error.drawn[1].tolist() == [2.0, 300.0, 1.0]
        assert page.error.diverged == "diverged: no number at step 3"
        assert page.accuracy.diverged == ""
        page.error.scale.button("log").click()
        assert page.error.drawn[1] == pytest.approx(np.log10([2.0, 300.0, 1.0]))
        page.clear(10)
        assert page.error.diverged == ""

    def test_a_run_of_a_high_rate_is_shown_as_it_was(self, trainee: Trainee, tmp_path):
        from cnnviewer.networks.architectures import Architecture
        from cnnviewer.training.plan import Plan
        from cnnviewer.training.settings import Settings
        from cnnviewer.training.start import begin

        settings = Settings(epochs=1, batch_size=500, learning_rate=1e6, schedule="constant")
        training = begin(Plan(Architecture("lenet5"), settings=settings), tmp_path / "steep")
        steps = iter(training)
        while training.trainer.step < 1:
            next(steps)
        steps.close()
        training.close()
        lines = (tmp_path / "steep" / "metrics.jsonl").read_text().splitlines()
        assert json.loads(lines[-1])["learning_rate"] == 1e6
        drop(trainee.window, tmp_path / "steep")
        trainee.until(lambda: trainee.training.begun_with is not None)
        trainee.until_stage(Stage.ENDED)
        assert trainee.panel.rate.value() == 1e6


def make_photos(folder):
    generator = np.random.default_rng(0)
    for name, color in (("red", (200, 30, 30)), ("green", (30, 200, 30))):
        (folder / name).mkdir(parents=True)
        for number in range(12):
            pixels = np.clip(generator.normal(color, 30, (20, 20, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
