"""A training, and other networks that are opened meanwhile: what is shown, and what is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cnnviewer.messages import View
from cnnviewer.qt.panels.learn.page import Place
from cnnviewer.qt.training_session import Stage

if TYPE_CHECKING:
    from .trainees import Trainee


def hold_a_moment(trainee: Trainee) -> None:
    trainee.page("Film")
    trainee.panel.film.line.slider.setValue(3)
    trainee.settle()
    trainee.press(trainee.panel.film.line.hold)
    trainee.settle()
    assert trainee.session.held is not None
    assert trainee.panel.film.line.held is not None


def assert_nothing_is_held(trainee: Trainee) -> None:
    line = trainee.panel.film.line
    assert trainee.session.held is None
    assert (line.held, line.hold.isChecked(), line.hold.text()) == (None, False, "Hold this moment")
    trainee.window.layers.scroll_to(trainee.session.recording.layers[0].name)
    trainee.settle()
    for layer in trainee.session.recording.layers[:3]:
        card = trainee.window.layers.card(layer.name)
        if card is not None and card.view is View.MAPS:  # the pooled view always shows pairs
            assert card.grid._answer.before is None
            assert not card.grid._layout.is_paired


@pytest.mark.parametrize("other", ["fashion-cnn", "tiny-vgg", "lenet5"])
def test_networks_are_changed_during_a_training_without_a_word(trainee, other):
    failures = []
    trainee.session.failed.connect(failures.append)
    trainee.start(epochs=300)
    for _ in range(3):
        trainee.until(lambda: trainee.session.network_name_asked == str(trainee.folder))
        trainee.session.open_network(other, None)
        # What a training gives may be on its way while the other network is opened, and just behind it.
        trainee.presenter._session.show_weights(taken(trainee))
        trainee.until(lambda: trainee.session.network_name_asked == other)
        trainee.session.show_weights(taken(trainee))
        trainee.until(lambda: trainee.session.is_idle)
        assert trainee.session.network.provenance.startswith("random weights")
        trainee.page("Film")
        trainee.press(trainee.panel.film.line.now)
    trainee.press(trainee.panel.stop)
    trainee.until_stage(Stage.ENDED)
    assert failures == []
    assert trainee.window.error.isHidden()


def taken(trainee: Trainee):
    """Return the weights of now, as the training gives them."""
    with trainee.bot.waitSignal(trainee.training.weightsTaken, timeout=60_000) as given:
        trainee.training.ask_weights()
    return given.args[0]


def test_what_is_held_is_let_go_when_another_network_is_opened(trainee):
    trainee.train(epochs=2)
    hold_a_moment(trainee)
    trainee.session.open_network("fashion-cnn")
    trainee.until(lambda: trainee.session.network_name_asked == "fashion-cnn")
    trainee.settle()
    assert_nothing_is_held(trainee)


def test_what_is_held_is_let_go_when_another_training_begins(trainee):
    trainee.train(epochs=2)
    hold_a_moment(trainee)
    trainee.page("Set-up")
    trainee.train(epochs=1)
    trainee.settle()
    assert_nothing_is_held(trainee)
    hold_a_moment(trainee)  # and it can be held anew


def test_holding_while_another_network_is_opened_holds_nothing_of_that(trainee):
    trainee.train(epochs=2)
    trainee.page("Film")
    trainee.session.open_network("fashion-cnn")
    trainee.session.hold(True)
    trainee.until(lambda: trainee.session.network_name_asked == "fashion-cnn")
    trainee.settle()
    assert_nothing_is_held(trainee)


def test_the_tour_gives_a_held_moment_back(trainee):
    trainee.train(epochs=2)
    hold_a_moment(trainee)
    line = trainee.panel.film.line
    held, step, shown = trainee.session.held, line.held, trainee.session.recording.probabilities
    line.slider.setValue(6)
    trainee.settle()
    now = trainee.session.recording.probabilities
    assert now != shown
    tour = trainee.window.open_learn()
    tour.show_place(Place("attention", what="attention", network="efficientnet-lite0", sample="chelsea"))
    trainee.until(lambda: trainee.session.network.name == "efficientnet-lite0")
    trainee.settle()
    assert_nothing_is_held(trainee)
    trainee.press(tour.panel.way_back)
    trainee.until(lambda: trainee.session.held is not None)
    trainee.settle()
    trainee.settle()
    assert trainee.session.held == pytest.approx(held, abs=1e-6)
    assert trainee.session.recording.probabilities == pytest.approx(now, abs=1e-6)
    assert (line.held, line.hold.isChecked(), line.hold.text()) == (step, True, "Let the held moment go")
    trainee.press(line.hold)
    trainee.settle()
    assert_nothing_is_held(trainee)
