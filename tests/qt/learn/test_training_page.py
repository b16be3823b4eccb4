"""The page on training, with the real training of the window."""

from __future__ import annotations

import pytest
import torch
from PySide6.QtCore import Qt

from cnnviewer import load_network
from cnnviewer.qt import training_presenter
from cnnviewer.qt.training_session import Stage
from cnnviewer.training.progress import Weight

WAIT = 60_000


class Lesson:
    def __init__(self, tour, page) -> None:
        self.tour, self.page, self.driver = tour, page, tour.driver
        self.training = tour.driver.window.ready_training().training

    def until(self, condition) -> None:
        self.driver.bot.waitUntil(lambda: bool(condition()), timeout=WAIT)

    def press(self, button) -> None:
        self.driver.bot.mouseClick(button, Qt.MouseButton.LeftButton)

    def numbers(self, step: int) -> tuple[str, ...]:
        return self.page.cycle.steps[step].numbers


@pytest.fixture
def lesson(tour, tmp_path, monkeypatch):
    monkeypatch.setattr(training_presenter, "runs_folder", lambda: tmp_path / "runs")
    lesson = Lesson(tour, tour.open("Training"))
    yield lesson
    lesson.training.close()
    assert not lesson.training.is_running


def test_before_the_start_the_page_shows_what_is_to_come(lesson):
    page = lesson.page
    lesson.driver.settle()
    samples = page._news.dataset.samples
    assert page.bars.values[1] == page._examples[-1].probabilities
    assert not page._picture.pixmap().isNull()
    assert lesson.numbers(0)[-1].startswith("w = ")
    assert f"Right class: {samples.labels[0]}" in page._caption.text()
    lesson.press(page.other)
    lesson.driver.settle()
    assert f"Right class: {samples.labels[1]}" in page._caption.text()
    first, start = page._examples[-1], lesson.numbers(0)[-1]
    # The training goes on from there: the same image, the same weights.
    lesson.press(page.step)
    lesson.until(lambda: lesson.training.stage is Stage.PAUSED and page._examples)
    assert (page._examples[-1].step, page._examples[-1].probabilities) == (0, first.probabilities)
    assert page._news.begun is not None
    assert page._news.dataset.samples.labels == samples.labels
    assert lesson.numbers(0)[-1] == start
    lesson.press(page.step)
    lesson.until(lambda: page._news.account is not None)
    assert lesson.numbers(0)[-1] == start


def test_the_target_is_drawn_as_it_is_chosen(lesson):
    page = lesson.page
    lesson.driver.settle()
    page.target.setValue(70.0)
    assert page.curves.accuracy.target == 70.0
    (low, high) = page.curves.accuracy.value_range
    assert low <= 0 < 100 <= high


def test_a_single_step_is_told_in_numbers(lesson):
    page = lesson.page
    assert [step.title for step in page.cycle.steps] == [
        "Random start", "Forward", "Error", "Backpropagation", "Repeat",
    ]  # fmt: skip
    lesson.press(page.step)
    lesson.until(lambda: lesson.training.stage is Stage.PAUSED and page._examples)
    assert page._examples[-1].step == 0
    assert page.cycle.lit == 0
    lesson.press(page.step)
    lesson.until(lambda: len(page._examples) == 2 and page._news.account is not None)
    lesson.driver.settle()
    account, (before, now) = page._news.account, page._examples
    assert (account.step, before.step, now.step) == (1, 0, 1)
    assert account.weight == Weight("c1.weight", (0, 0, 2, 2))
    assert account.start == account.before
    assert account.after == pytest.approx(account.before - 0.1 * account.gradient, abs=1e-7)
    assert lesson.numbers(0)[-1] == f"w = {account.start:+.5f}".replace("-", "−")
    assert lesson.numbers(3)[0] == f"Gradient g = {account.gradient:+.5f}".replace("-", "−")
    assert lesson.numbers(3)[2].strip() == f"= {account.after:+.5f}".replace("-", "−")
    assert page.bars.values == (before.probabilities, now.probabilities)
    assert before.probabilities != now.probabilities
    label = page._news.begun.dataset.samples.labels[0]
    assert now.loss == pytest.approx(-float(torch.tensor(now.probabilities[label]).log()), rel=1e-4)
    # The steps are lit one after the other, up to the last one.
    lesson.until(lambda: page.cycle.lit == 4)
    assert not page._beat.isActive()


def test_it_stops_at_the_target_and_all_panels_follow(lesson):
    page = lesson.page
    page.target.setValue(80.0)
    lesson.press(page.start)
    lesson.until(lambda: lesson.training.stage is Stage.ENDED)
    lesson.driver.settle()
    assert page._ended.text().startswith("The target is reached: ")
    assert page.cycle.lit == 4
    assert page._news.validation.accuracy >= 0.8
    assert page.curves.accuracy.count == page._news.progress.step < page._news.progress.steps
    assert f"Right: {100 * page._news.validation.accuracy:.1f} %" in lesson.numbers(4)
    assert "Target: 80.0 %" in lesson.numbers(4)
    # The window shows the network that learnt, and the example is what it says now.
    lesson.until(lambda: page._examples[-1].step == page._news.progress.step)
    assert lesson.driver.session.network.provenance.startswith("training, step")
    network = load_network(lesson.training.begun_with.folder)
    samples = page._news.begun.dataset.samples
    from cnnviewer import record

    expected = record(network, samples.images[0]).probabilities.tolist()
    assert page._examples[-1].probabilities == pytest.approx(expected, abs=1e-4)
    assert page.start.text() == "Start"
    assert page.start.isEnabled()


def test_it_can_be_paused_continued_and_stopped(lesson):
    page = lesson.page
    page.target.setValue(99.5)
    lesson.press(page.start)
    lesson.until(lambda: lesson.training.stage is Stage.RUNNING and page._news.progress is not None)
    assert page.start.text() == "Pause"
    assert not page.target.isEnabled()
    lesson.press(page.start)
    assert lesson.training.stage is Stage.PAUSED
    lesson.press(page.start)
    assert lesson.training.stage is Stage.RUNNING
    lesson.press(page.stop)
    lesson.until(lambda: lesson.training.stage is Stage.ENDED)
    lesson.until(lambda: "Stopped" in page._ended.text())
    lesson.driver.settle()


def test_another_image_is_asked_about(lesson):
    page = lesson.page
    lesson.press(page.step)
    lesson.until(lambda: lesson.training.stage is Stage.PAUSED and page._examples)
    first = page._examples[-1]
    lesson.press(page.other)
    lesson.until(lambda: page._examples)
    assert page._examples[-1].step == first.step
    assert page._examples[-1].probabilities != first.probabilities


def test_the_tour_stays_on_the_screen_and_the_window_may_close_at_any_time(lesson):
    lesson.page.target.setValue(99.5)
    lesson.press(lesson.page.start)
    lesson.until(lambda: lesson.training.stage is Stage.RUNNING and lesson.page._news.progress is not None)
    assert lesson.tour.panel.is_seen
    assert lesson.driver.window.ready_training().dock.isHidden()
    lesson.driver.window.close()
    assert not lesson.training.is_running


def test_leaving_the_page_stops_the_account_and_nothing_else(lesson):
    lesson.page.target.setValue(99.5)
    lesson.press(lesson.page.start)
    lesson.until(lambda: lesson.training.stage is Stage.RUNNING and lesson.page._news.account is not None)
    lesson.tour.open("An image is numbers")
    assert lesson.training.stage is Stage.RUNNING
    assert not lesson.page._beat.isActive()
    assert lesson.training._controls._watched is None
    lesson.tour.open("Training")
    assert lesson.training._controls._watched == lesson.page.weight
    lesson.press(lesson.page.stop)
    lesson.until(lambda: lesson.training.stage is Stage.ENDED)
    lesson.driver.settle()
