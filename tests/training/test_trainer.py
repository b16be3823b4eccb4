"""The trainer, against loops written out in plain PyTorch."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from cnnviewer.datasets.labelled import Dataset
from cnnviewer.errors import TrainingError
from cnnviewer.training.evaluation import evaluate
from cnnviewer.training.seeds import Purpose, generator_for, seed_for
from cnnviewer.training.settings import Optimiser, Schedule, Settings
from cnnviewer.training.trainer import Trainer


def vector(network):
    return nn.utils.parameters_to_vector(network.module.parameters()).detach().clone()


def run_to_end(trainer):
    while not trainer.is_done:
        trainer.advance()


def plain_loop(network, dataset, steps, optimiser, rate_of, batch=32, seed=0):
    """Training as a textbook writes it; only the order of the images is that of the trainer."""
    network.module.train()
    per_epoch = -(-len(dataset.train) // batch)
    losses = []
    for step in range(steps):
        epoch, place = divmod(step, per_epoch)
        order = torch.randperm(len(dataset.train), generator=generator_for(seed, Purpose.ORDER, epoch))
        chosen = order[place * batch : (place + 1) * batch]
        images = functional.pad(dataset.train.images[chosen].float(), [1, 1, 1, 1])
        inputs = (images / 255 - 0.3) / 0.4
        for group in optimiser.param_groups:
            group["lr"] = rate_of(step)
        optimiser.zero_grad()
        loss = functional.cross_entropy(network.module(inputs), dataset.train.labels[chosen])
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("norm", [False, True])
def test_sgd_equals_a_plain_loop(dataset, make_network, norm):
    chosen = Settings(epochs=3, batch_size=32, learning_rate=0.1, schedule=Schedule.CONSTANT, seed=0)
    ours, theirs = make_network(norm=norm), make_network(norm=norm)
    trainer = Trainer(ours, dataset, chosen)
    story = [trainer.advance().loss for _ in range(10)]
    plain = torch.optim.SGD(theirs.module.parameters(), 0.1, 0.9, weight_decay=5e-4, nesterov=True)
    losses = plain_loop(theirs, dataset, 10, plain, lambda step: 0.1)
    torch.testing.assert_close(torch.tensor(story), torch.tensor(losses), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(vector(ours), vector(theirs), rtol=1e-4, atol=1e-5)


def test_adamw_with_a_cosine_equals_a_plain_loop(dataset, make_network):
    chosen = Settings(epochs=3, batch_size=32, optimiser=Optimiser.ADAMW, learning_rate=0.01, weight_decay=0.1)
    ours, theirs = make_network(), make_network()
    trainer = Trainer(ours, dataset, chosen)
    rates = [trainer.advance().learning_rate for _ in range(12)]
    plain = torch.optim.AdamW(theirs.module.parameters(), 0.01, weight_decay=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(torch.optim.SGD([nn.Parameter(torch.zeros(1))], 0.01), 12)
    expected = []
    for _ in range(12):
        expected.append(schedule.get_last_lr()[0])
        schedule.optimizer.step()
        schedule.step()
    assert rates == pytest.approx(expected)
    plain_loop(theirs, dataset, 12, plain, rates.__getitem__)
    torch.testing.assert_close(vector(ours), vector(theirs), rtol=1e-4, atol=1e-5)


def test_the_same_seed_gives_the_same_run_to_the_bit(dataset, make_network):
    results = []
    for seed in (3, 3, 4):
        network = make_network(dropout=0.3)
        chosen = Settings(epochs=2, batch_size=32, seed=seed, shift=1, flip=True)
        trainer = Trainer(network, dataset, chosen)
        torch.manual_seed(len(results))  # what others draw does not matter
        story = []
        while not trainer.is_done:
            story.append(trainer.advance())
            torch.rand(3)
        results.append((story, vector(network)))
    assert results[0][0] == results[1][0] != results[2][0]
    assert torch.equal(results[0][1], results[1][1])
    assert not torch.equal(results[0][1], results[2][1])


def test_dropout_leaves_the_random_numbers_of_others_alone(dataset, make_network):
    trainer = Trainer(make_network(dropout=0.5), dataset, Settings(batch_size=32))
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    trainer.advance()
    assert torch.equal(before, torch.random.get_rng_state())


def test_progress_counts(dataset, make_network):
    trainer = Trainer(make_network(), dataset, Settings(epochs=2, batch_size=32))
    story = [trainer.advance() for _ in range(8)]
    assert [progress.step for progress in story] == list(range(1, 9))
    assert [progress.epoch for progress in story] == [1] * 4 + [2] * 4
    assert [progress.examples for progress in story] == [32, 64, 96, 100, 132, 164, 196, 200]
    assert {progress.steps for progress in story} == {8}
    assert trainer.is_done


def test_it_learns(dataset, make_network):
    network = make_network()
    trainer = Trainer(network, dataset, Settings(epochs=8, batch_size=20, learning_rate=0.1))
    run_to_end(trainer)
    assert trainer.evaluate("validation").accuracy > 0.9
    assert trainer.evaluate("test").accuracy > 0.9


def test_a_learning_rate_may_change_meanwhile(dataset, make_network):
    trainer = Trainer(make_network(), dataset, Settings(batch_size=50, schedule=Schedule.CONSTANT))
    assert trainer.advance().learning_rate == 0.05
    trainer.learning_rate = 0.2
    assert trainer.advance().learning_rate == 0.2


def test_a_learning_rate_that_is_too_high_is_told(dataset, make_network):
    trainer = Trainer(make_network(), dataset, Settings(batch_size=50, learning_rate=1e30))
    with pytest.raises(TrainingError, match=r"no number any more.*smaller"):
        run_to_end(trainer)


def test_labels_must_fit_the_head(dataset, make_network):
    with pytest.raises(TrainingError, match=r"4 outputs.*3 classes"):
        Trainer(make_network(classes=4), dataset, Settings())


def test_a_target_needs_validation_images(dataset, make_network):
    bare = Dataset("stripes", dataset.train)
    assert Trainer(make_network(), bare, Settings()).evaluate("validation") is None
    with pytest.raises(TrainingError, match="none were held back"):
        Trainer(make_network(), bare, Settings(target_accuracy=0.9))


def test_frozen_parts_stay_as_they_are(dataset, make_network):
    network = make_network(norm=True)
    for part in network.module[:2]:
        part.requires_grad_(False)
    before = {name: tensor.clone() for name, tensor in network.module.state_dict().items()}
    trainer = Trainer(network, dataset, Settings(batch_size=20))
    for _ in range(5):
        trainer.advance()
    changed = {name for name, tensor in network.module.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == {"4.weight", "4.bias"}
    network.module.requires_grad_(False)
    with pytest.raises(TrainingError, match="frozen"):
        Trainer(network, dataset, Settings())


def test_an_evaluation_equals_numbers_worked_out_by_hand(dataset, make_network):
    network = make_network(norm=True, dropout=0.5)
    data = dataset.validation
    network.module.train()
    answers = [evaluate(network, data, "validation", batch_size=size) for size in (1, 7, 250)]
    assert network.module.training
    network.module.eval()
    logits = network.module((functional.pad(data.images.float(), [1] * 4) / 255 - 0.3) / 0.4).detach()
    predicted = logits.argmax(1)
    for answer in answers:
        assert answer.loss == pytest.approx(functional.cross_entropy(logits, data.labels).item(), rel=1e-5)
        assert answer.accuracy == (predicted == data.labels).sum().item() / 41
        for label in range(3):
            for other in range(3):
                both = (data.labels == label) & (predicted == other)
                assert answer.confusion[label, other] == both.sum().item()
        losses = functional.cross_entropy(logits, data.labels, reduction="none")
        wrong = sorted((-losses[i].item(), i) for i in range(41) if predicted[i] != data.labels[i])[:24]
        assert [mistake.index for mistake in answer.mistakes] == [index for _, index in wrong]
        for mistake in answer.mistakes:
            assert (mistake.label, mistake.predicted) == (data.labels[mistake.index], predicted[mistake.index])
            share = logits[mistake.index].softmax(0)[mistake.predicted].item()
            assert mistake.probability == pytest.approx(share, rel=1e-4)


@given(st.integers(0, 2**63 - 1), st.sampled_from(Purpose), st.integers(0, 2**40))
def test_seeds_are_seeds(seed, purpose, counter):
    made = seed_for(seed, purpose, counter)
    assert 0 <= made < 2**63
    assert made == seed_for(seed, purpose, counter) != seed_for(seed, purpose, counter + 1)
    torch.Generator().manual_seed(made)


@settings(max_examples=60)
@given(st.sampled_from(Schedule), st.integers(1, 500), st.integers(0, 20))
def test_schedules_fall_from_their_full_rate(schedule, steps, warm_up):
    chosen = Settings(schedule=schedule, warm_up=warm_up)
    factors = [chosen.factor(step, steps) for step in range(steps)]
    assert all(0 <= factor <= 1 for factor in factors)
    if warm_up == 0:
        assert factors[0] == 1
        assert factors == sorted(factors, reverse=True)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"learning_rate": 0}, "above 0"),
        ({"learning_rate": -0.1}, "above 0"),
        ({"learning_rate": float("nan")}, "above 0"),
        ({"epochs": 0}, "at least 1 epoch"),
        ({"batch_size": 0}, "at least 1 image"),
        ({"momentum": 1.0}, "below 1"),
        ({"weight_decay": -1}, "0 or more"),
        ({"target_accuracy": 98}, "100 %"),
        ({"target_error": 0}, "above 0"),
        ({"seed": -1}, "whole number"),
        ({"device": "tpu"}, "device"),
        ({"optimiser": "lion"}, "sgd or adamw"),
        ({"shift": 100}, "0 to 64"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, told):
    with pytest.raises(TrainingError, match=told):
        Settings(**wrong)


def test_settings_come_back_from_json():
    chosen = Settings(epochs=3, optimiser=Optimiser.ADAMW, schedule=Schedule.STEPS, target_accuracy=0.9, flip=True)
    assert Settings.from_json(chosen.to_json()) == chosen
    with pytest.raises(TrainingError, match="speed"):
        Settings.from_json({"speed": 3})
