"""Runs on disk: what is written, and that a run that was interrupted ends as one that was not."""

import errno
import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import cnnviewer
from cnnviewer.designs import Activation, Convolution, Design, Dropout, Pooling
from cnnviewer.errors import TrainingError, WeightsError
from cnnviewer.networks.architectures import Architecture
from cnnviewer.networks.run_folder import list_checkpoints, list_snapshots
from cnnviewer.training import run as run_module
from cnnviewer.training.film import MOST_MOMENTS, film_steps
from cnnviewer.training.following import Follower
from cnnviewer.training.metrics import evaluation_from_json, evaluation_to_json
from cnnviewer.training.plan import Plan
from cnnviewer.training.progress import Evaluation, Finished, Progress
from cnnviewer.training.run import Run
from cnnviewer.training.settings import Settings
from cnnviewer.training.start import begin, go_on
from training.running import run_all

DESIGN = Design("stripes", (1, 10, 10), (Convolution(4, 3), Activation(), Pooling(), Dropout(0.2)))
PLAN = Plan(
    Architecture(design=DESIGN), settings=Settings(epochs=3, batch_size=24, learning_rate=0.1, shift=1, flip=True)
)


pytestmark = pytest.mark.usefixtures("stripes")


def run_some(training, steps):
    """Take some steps, and break off as `kill -9` does: nothing that comes after the last step is run."""
    news = iter(training)
    while training.trainer.step < steps:
        next(news)
    training.save = lambda: None  # nor what an iterator does that is closed
    news.close()
    training.close()


def save_all(training, steps):
    for _ in steps:
        training.save()


def facts(folder):
    """What a run has come to, but for times."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    for line in lines:
        line.pop("seconds", None)
    card = json.loads((folder / "run.json").read_text())
    card["results"].pop("seconds")
    snapshots = {step: path.read_bytes() for step, path in list_snapshots(folder).items()}
    last = list(list_checkpoints(folder).values())[-1]
    tensors = [(last / name).read_bytes() for name in ("model.safetensors", "optimiser.safetensors")]
    return lines, card, snapshots, tensors, json.loads((folder / "evaluation.json").read_text())


def test_news_come_in_their_order(folder):
    news = run_all(begin(PLAN, folder))
    kinds = [type(item).__name__ for item in news]
    assert kinds[:2] == ["Evaluation", "Checkpoint"]
    assert kinds[2:] == (["Progress"] * 5 + ["Evaluation"]) * 3 + ["Evaluation", "Checkpoint", "Finished"]
    assert [item.split for item in news if isinstance(item, Evaluation)] == ["validation"] * 4 + ["test"]
    assert news[-1] == Finished(15, "All 3 epochs are done.")
    assert not list(folder.rglob(".partial-*"))


@pytest.mark.parametrize("killed_after", [1, 4, 5, 7, 10, 14])
@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_a_killed_run_ends_as_an_uninterrupted_one_to_the_bit(folder, tmp_path, monkeypatch, killed_after, optimiser):
    plan = Plan(
        PLAN.architecture,
        settings=Settings(epochs=3, batch_size=24, optimiser=optimiser, learning_rate=0.02, shift=1, seed=3),
    )
    run_all(begin(plan, folder))
    broken = tmp_path / "broken"
    training = begin(plan, broken)
    # A checkpoint at every end of an epoch, however fast it was.
    monkeypatch.setattr(training, "_is_save_due", lambda is_epoch: is_epoch)
    run_some(training, killed_after)
    # What was being written when the power went.
    metrics = broken / "metrics.jsonl"
    metrics.write_text(metrics.read_text() + '{"step": 99, "lo')
    (broken / "checkpoints" / ".partial-77-step-000000009").mkdir()
    (broken / "snapshots" / ".partial-78-step-9.safetensors").write_bytes(b"half")
    resumed = go_on(broken)
    assert resumed.trainer.step == max(0, killed_after - 1) // 5 * 5
    run_all(resumed)
    assert facts(broken) == facts(folder)
    assert not list(broken.rglob(".partial-*"))


def test_a_closed_iterator_keeps_what_was_learnt(folder):
    training = begin(PLAN, folder)
    steps = iter(training)
    for news in steps:
        if isinstance(news, Progress) and news.step == 7:
            break
    steps.close()
    training.close()
    assert list(list_checkpoints(folder))[-1] == 7
    assert not training.trainer.module.training


def test_stop_finishes_the_step_and_saves(folder):
    training, news = begin(PLAN, folder), []
    for item in training:
        news.append(item)
        if isinstance(item, Progress) and item.step == 6:
            training.stop()
    training.close()
    assert [type(item).__name__ for item in news[-2:]] == ["Checkpoint", "Finished"]
    assert news[-1].reason.startswith("Stopped after 6 of 15")
    assert "ended" not in json.loads((folder / "run.json").read_text())
    assert go_on(folder).trainer.step == 6


def test_a_changed_learning_rate_is_kept(folder):
    training = begin(PLAN, folder)
    steps = iter(training)
    while training.trainer.step < 3:
        next(steps)
    training.trainer.learning_rate = 0.5
    training.save()
    training.close()
    again = go_on(folder)
    assert again.trainer.learning_rate == 0.5
    again.close()


@pytest.mark.parametrize(
    ("target", "told"), [({"target_accuracy": 0.5}, "images are right"), ({"target_error": 1.0}, "error")]
)
def test_a_target_ends_the_run(folder, target, told):
    plan = Plan(PLAN.architecture, settings=Settings(epochs=50, batch_size=10, learning_rate=0.1, **target))
    news = run_all(begin(plan, folder))
    assert news[-1].step < 500
    assert told in news[-1].reason
    assert json.loads((folder / "run.json").read_text())["finished_step"] == news[-1].step


def test_the_network_of_a_run_can_be_loaded(folder, samples):
    training = begin(PLAN, folder)
    run_all(training)
    network = cnnviewer.load_network(folder)
    assert network.categories == ("row", "column", "blank")
    assert network.provenance == "trained on stripes, 15 steps"
    for name, tensor in network.module.state_dict().items():
        assert torch.equal(tensor, training.trainer.module.state_dict()[name])
    assert not network.module.training
    assert cnnviewer.record(network, samples / "digit-1.png").probabilities.shape == (3,)
    assert "seed" in cnnviewer.load_network(folder, weights=None).provenance
    given = list_snapshots(folder)[3]
    assert cnnviewer.load_network(str(folder), weights=given).provenance == "weights from step-000000003.safetensors"


def test_the_film_holds_the_weights_of_its_steps(folder):
    training, seen = begin(PLAN, folder), {}
    for news in training:
        if isinstance(news, Progress):
            seen[news.step] = training.trainer.weights()
    training.close()
    moments = list_snapshots(folder)
    assert set(moments) >= {0, 1, 2, 3, 4, 15}
    for step, path in moments.items():
        if step:
            kept = load_file(path)
            assert kept.keys() == seen[step].keys()
            assert all(torch.equal(kept[name], seen[step][name]) for name in kept)


@pytest.mark.parametrize("steps", [1, 2, 10, 1000, 10**6, 10**9])
@pytest.mark.parametrize("size", [1, 250_000, 45_000_000, 550_000_000, 10**12])
def test_a_film_is_dense_first_and_bounded(steps, size):
    moments = sorted(film_steps(steps, size))
    assert moments[0] == 0
    assert moments[-1] == steps
    assert 2 <= len(moments) <= MOST_MOMENTS
    assert len(moments) == 2 or len(moments) * size <= 512_000_000
    if steps in (1000, 10**6) and size < 10**6:
        assert moments[:8] == list(range(8))
        gaps = np.diff(moments)
        assert gaps[-1] > 10 * gaps[0]
        assert len(moments) > 40


@pytest.mark.parametrize("damage", ["cut", "missing", "state", "garbage"])
def test_a_damaged_checkpoint_is_passed_over(folder, monkeypatch, damage):
    training = begin(PLAN, folder)
    monkeypatch.setattr(training, "_is_save_due", lambda is_epoch: is_epoch)
    run_some(training, 12)
    last = list_checkpoints(folder)[10]
    model = last / "model.safetensors"
    if damage == "cut":
        model.write_bytes(model.read_bytes()[: model.stat().st_size // 2])
    elif damage == "missing":
        (last / "optimiser.safetensors").unlink()
    elif damage == "state":
        (last / "state.json").write_text('{"step": 10')
    else:
        model.write_bytes(b"\0" * model.stat().st_size)
    assert cnnviewer.load_network(folder).provenance == "training on stripes, step 5"
    resumed = go_on(folder)
    assert resumed.trainer.step == 5
    resumed.close()
    for path in list_checkpoints(folder).values():
        (path / "state.json").write_text("{}")
    with pytest.raises(TrainingError, match="damaged"):
        go_on(folder)
    with pytest.raises(WeightsError, match="damaged"):
        cnnviewer.load_network(folder)
    Run(folder).close()  # nobody holds it


def test_a_run_that_was_killed_before_its_first_checkpoint_begins_anew(folder, tmp_path):
    run_all(begin(PLAN, folder))
    broken = tmp_path / "broken"
    begin(PLAN, broken).close()
    (broken / "metrics.jsonl").write_text('{"step": 0, "epoch": 0, "split": "validation", "loss": 1, "accuracy": 0}\n')
    with pytest.raises(WeightsError, match="no checkpoint"):
        cnnviewer.load_network(broken)
    run_all(go_on(broken))
    assert facts(broken) == facts(folder)


def test_a_folder_belongs_to_one_process(folder):
    training = begin(PLAN, folder)
    next(iter(training))
    with pytest.raises(TrainingError, match="Another process"):
        go_on(folder)
    training.close()
    go_on_from_start = folder / "other"
    with pytest.raises(TrainingError, match="no training that could go on"):
        go_on(go_on_from_start)
    with pytest.raises(TrainingError, match="holds a training already"):
        begin(PLAN, folder)
    (folder.parent / "full").mkdir()
    (folder.parent / "full" / "thesis.txt").write_text("mine")
    with pytest.raises(TrainingError, match="not empty"):
        begin(PLAN, folder.parent / "full")


@pytest.mark.parametrize("where", ["snapshot", "checkpoint", "metrics"])
def test_a_full_disk_loses_nothing_old(folder, monkeypatch, where):
    training = begin(PLAN, folder)
    steps = iter(training)
    while training.trainer.step < 4:
        next(steps)
    training.save()

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    if where == "metrics":
        monkeypatch.setattr(run_module.json, "dumps", full)
    else:
        monkeypatch.setattr(run_module, "save_file", full)
    with pytest.raises(TrainingError, match="disk is full"):
        save_all(training, steps)
    monkeypatch.undo()
    training.close()
    assert list(list_checkpoints(folder)) == [0, 4]
    assert not list(folder.rglob(".partial-*"))


def test_a_diverged_run_keeps_its_last_good_checkpoint(folder):
    plan = Plan(PLAN.architecture, settings=Settings(epochs=3, batch_size=24, learning_rate=1e30))
    training = begin(plan, folder)
    with pytest.raises(TrainingError, match="no number any more"):
        list(training)
    training.close()
    go_on(folder).close()
    for path in list_checkpoints(folder).values():
        assert all(torch.isfinite(tensor).all() for tensor in load_file(path / "model.safetensors").values())


def test_other_data_are_not_gone_on_with(folder, stripes, monkeypatch):
    training = begin(PLAN, folder)
    run_some(training, 3)
    stripes.train.labels[0] = (stripes.train.labels[0] + 1) % 3
    with pytest.raises(TrainingError, match="not the one that this training began with"):
        go_on(folder)


def test_an_evaluation_comes_back_from_json(folder):
    evaluation = next(item for item in run_all(begin(PLAN, folder)) if isinstance(item, Evaluation))
    again = evaluation_from_json(json.loads(json.dumps(evaluation_to_json(evaluation))))
    assert np.array_equal(again.confusion, evaluation.confusion)
    assert again.mistakes == evaluation.mistakes
    assert (again.loss, again.accuracy, again.step) == (evaluation.loss, evaluation.accuracy, evaluation.step)


def test_a_follower_reads_what_is_told(folder):
    training, told, read = begin(PLAN, folder), [], []
    follower = None
    for news in training:
        told.append(news)
        follower = follower or Follower(folder)
        read += follower.poll()
    training.close()
    read += follower.poll()
    steps = [item for item in told if isinstance(item, Progress)]
    assert [item for item in read if isinstance(item, Progress)] == steps
    curve = [(item.step, item.loss) for item in told if isinstance(item, Evaluation)]
    assert [
        (item.step, item.loss) for item in read if isinstance(item, Evaluation) and not len(item.confusion)
    ] == curve
    assert any(len(item.confusion) for item in read if isinstance(item, Evaluation))
    assert read[-1] == told[-1]
    assert follower.poll() == []
    whole = Follower(folder).poll()
    assert [item for item in whole if isinstance(item, Progress)] == steps
    assert whole[-1] == told[-1]


def test_a_follower_waits_for_whole_lines(folder):
    run_some(begin(PLAN, folder), 3)
    metrics = folder / "metrics.jsonl"
    follower = Follower(folder)
    follower.poll()
    line = metrics.read_text().splitlines()[-1].replace('"step": 3', '"step": 4')
    with metrics.open("a") as file:
        file.write(line[:20])
    assert follower.poll() == []
    with metrics.open("a") as file:
        file.write(line[20:] + "\nnonsense\n")
    assert [item.step for item in follower.poll()] == [4]


def test_tensorboard_events(folder):
    pytest.importorskip("tensorboard")
    run_all(begin(PLAN, folder, tensorboard=True))
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder / "tensorboard"))
    events.Reload()
    assert len(events.Scalars("error/training")) == 15
    assert [event.step for event in events.Scalars("accuracy/validation")] == [0, 5, 10, 15]
