"""What a network that learns says to one image."""

from __future__ import annotations

import contextlib

import pytest
import torch

from cnnviewer.errors import WeightsError
from cnnviewer.lessons.answering import LessonContext, answer
from cnnviewer.lessons.network_messages import BeginningRequest, ExampleRequest
from cnnviewer.messages import WeightsRequest
from cnnviewer.training.plan import first_plan
from cnnviewer.training.progress import Account, Weight
from cnnviewer.training.samples import samples_of, summary_of
from cnnviewer.training.start import begin


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    training = begin(first_plan(0.95), tmp_path_factory.mktemp("runs") / "run")
    yield training
    training.close()


def test_the_answer_is_that_of_the_weights_of_the_moment(training):
    trainer, data = training.trainer, training.trainer.dataset.train
    sample = samples_of(data, [5])
    training.watched = Weight("c1.weight", (0, 0, 2, 2))
    news = iter(training)
    steps: dict[int, float] = {}
    for step in (0, 3):
        while trainer.step < step:
            item = next(news)
            if isinstance(item, Account):
                # Plain gradient descent: the page's formula is all that happens to the weight.
                assert item.after == pytest.approx(item.before - 0.1 * item.gradient, abs=1e-7)
        request = WeightsRequest(step, weights=trainer.weights(), run=training.run.folder)
        found = answer(
            ExampleRequest(training.run.folder, request, sample.images[0], sample.labels[0]), LessonContext()
        )
        with torch.no_grad():
            logits = trainer.module.eval()(trainer.network.preprocessing.normalise(data.images[5:6]))
        assert found.probabilities == pytest.approx(logits.softmax(1)[0].tolist(), abs=1e-5)
        expected = torch.nn.functional.cross_entropy(logits, data.labels[5:6])
        assert found.loss == pytest.approx(float(expected), abs=1e-5)
        assert found.step == step
        steps[step] = found.loss
    assert steps[0] != steps[3]


def test_the_beginning_is_that_of_the_training(tmp_path):
    """Same images, same random weights, same answer as what the training tells before its first step."""
    weight = Weight("c1.weight", (0, 0, 2, 2))
    told = answer(BeginningRequest(weight, 3), LessonContext())
    with contextlib.closing(begin(first_plan(0.95), tmp_path / "run")) as training:
        trainer = training.trainer
        expected = summary_of(trainer.dataset).samples
        assert told.dataset.samples.indices == expected.indices
        assert (told.steps, told.weight) == (trainer.steps, weight)
        assert told.start == float(trainer.weights()["c1.weight"][0, 0, 2, 2])
        request = WeightsRequest(0, weights=trainer.weights(), run=training.run.folder)
        first = ExampleRequest(training.run.folder, request, expected.images[3], expected.labels[3])
        found = answer(first, LessonContext())
    told_example = told.example
    assert (told_example.step, told_example.probabilities, told_example.loss) == (0, found.probabilities, found.loss)


def test_weights_of_another_network_are_refused(training):
    sample = samples_of(training.trainer.dataset.train, [0])
    request = WeightsRequest(1, weights={"c1.weight": torch.zeros(1)}, run=training.run.folder)
    with pytest.raises(WeightsError):
        answer(ExampleRequest(training.run.folder, request, sample.images[0], 0), LessonContext())
