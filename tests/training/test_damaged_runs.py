"""Runs whose files were damaged, or written by who knows what: a result or a sentence, nothing else."""

from __future__ import annotations

import json

import pytest

from cnnviewer.designs import Activation, Convolution, Design
from cnnviewer.errors import CnnviewerError, TrainingError, WeightsError
from cnnviewer.networks import load_network
from cnnviewer.networks.architectures import Architecture
from cnnviewer.networks.run_folder import list_checkpoints, read_card
from cnnviewer.networks.trained import latest_state
from cnnviewer.training.following import Follower
from cnnviewer.training.plan import Plan
from cnnviewer.training.progress import Evaluation, Progress
from cnnviewer.training.settings import Settings
from cnnviewer.training.start import begin, go_on
from training.running import run_all

DEEP = "[" * 100_000 + "]" * 100_000
DESIGN = Design("stripes", (1, 10, 10), (Convolution(4, 3), Activation()))
PLAN = Plan(Architecture(design=DESIGN), settings=Settings(epochs=1, batch_size=50, device="cpu"))
HUGE = 10**400


@pytest.fixture
def run(folder, stripes):
    run_all(begin(PLAN, folder))
    return folder


def changed(path, name, value):
    """Give a field of a JSON file, `a.b`, another value; ... takes it away."""
    tree = json.loads(path.read_text())
    *way, last = name.split(".")
    inner = tree
    for key in way:
        inner = inner[key]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    path.write_text(json.dumps(tree))


def do_all(folder):
    """Do with a run what the window and the command line do; return the sentences of what can't be."""
    sentences = []

    def follow(_):
        follower = Follower(folder)
        _ = follower.steps, follower.poll()

    for do in (load_network, follow, lambda _: run_all(go_on(folder))):
        try:
            do(folder)
        except CnnviewerError as error:
            sentences.append(str(error))
    return sentences


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("categories", []),
        ("categories", 3),
        ("categories", [1, None]),
        ("image_shape", [1, -5, 2]),
        ("dataset", "mnist"),
        ("dataset.images", []),
        ("dataset.images.train", float("nan")),
        ("dataset.name", ...),
        ("settings", []),
        ("settings.epochs", "many"),
        ("settings.epochs", HUGE),
        ("settings.batch_size", 0),
        ("settings.learning_rate", None),
        ("finished_step", ...),
        ("finished_step", "last"),
        ("ended", {}),
        ("steps_per_epoch", 1.5),
        ("steps_per_epoch", 0),
        ("dataset.images.train", 0),
        ("dataset.validation_share", "0.1"),
        ("dataset.folder", 3),
        ("dataset.name", "\ud800"),
        ("architecture", ...),
    ],
)
def test_a_card_that_tells_something_else_is_refused_by_all(run, name, value):
    changed(run / "run.json", name, value)
    sentences = do_all(run)
    assert len(sentences) == 3
    assert all("can't be read as the card of a training run" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("name", "value"),
    [("device", None), ("seed", 0.5), ("flip", "yes"), ("momentum", "0.9"), ("weight_decay", HUGE), ("schedule", 5)],
)
def test_settings_of_another_sort_are_refused(name, value):
    with pytest.raises(TrainingError, match=name):
        Settings.from_json({**Settings().to_json(), name: value})


@pytest.mark.parametrize("name", ["run.json", "metrics.jsonl", "evaluation.json", "state.json"])
@pytest.mark.parametrize("text", [DEEP, "", "null", "3", '{"step": 1e999}', "\u202e{", "[[]]"])
def test_whatever_stands_in_a_file_is_an_answer_or_a_sentence(run, name, text):
    folders = list_checkpoints(run).values() if name == "state.json" else [run]
    for folder in folders:
        (folder / name).write_text(text + "\n")
    assert all(sentence.endswith(".") for sentence in do_all(run))
    if name == "run.json":
        with pytest.raises(WeightsError, match="can't be read"):
            read_card(run)


def test_a_number_that_is_too_large_in_the_metrics_is_left_out(run):
    with (run / "metrics.jsonl").open("a") as file:
        file.write('{"step": 1e999, "epoch": 1, "loss": 1, "accuracy": 1, "learning_rate": 1, "examples": 1}\n')
    news = Follower(run).poll()
    assert any(isinstance(item, Progress) for item in news)


@pytest.mark.parametrize("classes", [2**31, -1, 5, "3", None])
def test_a_confusion_matrix_of_other_classes_is_left_out(run, classes):
    changed(run / "evaluation.json", "classes", classes)
    evaluations = [item for item in Follower(run).poll() if isinstance(item, Evaluation)]
    assert evaluations
    assert not any(len(item.confusion) for item in evaluations)


@pytest.mark.parametrize(
    ("name", "value"), [("learning_rate", float("inf")), ("step", "x"), ("step", -3), ("processes", 0)]
)
def test_a_state_that_makes_no_sense_is_damaged(run, name, value):
    for folder in list_checkpoints(run).values():
        changed(folder / "state.json", name, value)
    with pytest.raises(WeightsError, match="are damaged"):
        latest_state(run)


@pytest.mark.parametrize(
    ("name", "value"),
    [("step", "1.5"), ("examples", "3.5"), ("examples", 2.5), ("seconds", "nan"), ("processes", True), ("sha256", [])],
)
def test_a_state_of_another_sort_is_damaged(run, name, value):
    for path in list_checkpoints(run).values():
        changed(path / "state.json", name, value)
    sentences = do_all(run)
    assert len(sentences) == 2  # it can still be followed
    assert all("checkpoints" in sentence and "damaged" in sentence for sentence in sentences)


@pytest.mark.parametrize(
    ("name", "value"),
    [("confusion", [[9, 0, 1]]), ("confusion", [[0, 0]]), ("mistakes", [{"index": 1}]), ("accuracy", None)],
)
def test_a_stored_evaluation_of_another_sort_is_left_out(run, name, value):
    changed(run / "evaluation.json", name, value)
    evaluations = [item for item in Follower(run).poll() if isinstance(item, Evaluation)]
    assert evaluations
    assert not any(evaluation.confusion.size for evaluation in evaluations)


def test_a_line_of_another_sort_is_left_out(run):
    (run / "metrics.jsonl").write_text('["split"]\n3\n{"split": "test", "step": -1}\n{"step": "1"}\n')
    assert not any(isinstance(item, (Progress, Evaluation)) for item in Follower(run).poll()[:-2])
