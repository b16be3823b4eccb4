import json
from dataclasses import FrozenInstanceError

import pytest
import torch
from torch import nn

from cnnviewer.datasets.labelled import LabelledImages
from cnnviewer.networks import load_network
from cnnviewer.training import lenet5
from cnnviewer.training.lenet5 import prepare_digits
from cnnviewer.training.trainer import Settings, measure_accuracy, train


@pytest.fixture
def stripes():
    """Bright rows (class 0) and bright columns (class 1) in noise."""
    generator = torch.Generator().manual_seed(5)
    images = torch.randint(60, (96, 28, 28), dtype=torch.uint8, generator=generator)
    labels = torch.randint(2, (96,), dtype=torch.uint8, generator=generator)
    images[labels == 0, 10:16, :] = 250
    images[labels == 1, :, 10:16] = 250
    return LabelledImages(images, labels, ("row", "column"))


def module(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, 4, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 49, 2)).eval()


SETTINGS = Settings(epochs=3, batch_size=40, seed=3)


def test_progress_counts_steps_and_epochs(stripes):
    story = list(train(module(), stripes, prepare_digits, SETTINGS))
    assert [progress.step for progress in story] == list(range(1, 10))
    assert [progress.epoch for progress in story] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert {progress.steps for progress in story} == {9}
    with pytest.raises(FrozenInstanceError):
        story[0].step = 0


def test_it_learns(stripes):
    net = module()
    story = list(train(net, stripes, prepare_digits, SETTINGS))
    assert story[-1].loss < story[0].loss / 2
    assert measure_accuracy(net, stripes, prepare_digits) == 1.0


def test_the_same_seed_gives_the_same_weights(stripes):
    runs = []
    for seed in (3, 3, 4):
        net = module()
        story = list(train(net, stripes, prepare_digits, Settings(epochs=1, batch_size=40, seed=seed)))
        runs.append((story, nn.utils.parameters_to_vector(net.parameters())))
    assert runs[0][0] == runs[1][0] != runs[2][0]
    assert torch.equal(runs[0][1], runs[1][1])
    assert not torch.equal(runs[0][1], runs[2][1])


def test_modes_come_back_also_when_it_is_stopped(stripes):
    net = module()
    net[1].train()
    steps = train(net, stripes, prepare_digits, SETTINGS)
    next(steps)
    assert net.training
    steps.close()
    assert [submodule.training for submodule in net.modules()] == [False, False, True, False, False]


def test_no_epochs_mean_no_steps(stripes):
    assert list(train(module(), stripes, prepare_digits, Settings(epochs=0))) == []


def test_accuracy_does_not_depend_on_the_batch_size(stripes):
    net = module()
    figures = {measure_accuracy(net, stripes, prepare_digits, batch_size=size) for size in (1, 7, 96, 500)}
    right = (net(prepare_digits(stripes.images)).argmax(1) == stripes.labels).sum().item()
    assert figures == {right / 96}


def test_augmented_digits_are_shifted_whole_digits(stripes):
    frames = prepare_digits(stripes.images)
    shifted = prepare_digits(stripes.images, torch.Generator().manual_seed(0))
    assert shifted.shape == frames.shape == (96, 1, 32, 32)
    seen = set()
    for frame, moved in zip(frames, shifted, strict=True):
        found = [
            (down, across)
            for down in range(-2, 3)
            for across in range(-2, 3)
            if torch.equal(frame.roll((down, across), (1, 2)), moved)
        ]
        assert len(found) == 1
        seen.add(found[0])
    assert len(seen) > 15


def test_the_program_writes_weights_and_a_card(tmp_path, monkeypatch, capsys, stripes):
    monkeypatch.setattr(lenet5, "read_mnist", lambda folder, split: stripes)
    out = tmp_path / "new"
    assert lenet5.main(["--data", "anywhere", "--out", str(out), "--epochs", "2", "--seed", "1"]) == 0
    assert "epoch 2 of 2" in capsys.readouterr().out
    card = json.loads((out / "lenet5.json").read_text(encoding="utf-8"))
    assert (card["epochs"], card["seed"], card["split"]) == (2, 1, {"train": 96, "test": 96})
    assert "anywhere" not in json.dumps(card)
    network = load_network("lenet5", weights=out / "lenet5.safetensors")
    assert measure_accuracy(network.module, stripes, prepare_digits) == card["test_accuracy"]


def test_the_program_tells_what_is_missing(tmp_path, capsys):
    assert lenet5.main(["--data", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert "lacks the file train-images-idx3-ubyte" in capsys.readouterr().err


@pytest.mark.parametrize("epochs", ["0", "-1", "many"])
def test_the_program_refuses_no_epochs(epochs, capsys):
    with pytest.raises(SystemExit, match="2"):
        lenet5.main(["--data", ".", "--out", ".", "--epochs", epochs])
    assert "--epochs" in capsys.readouterr().err
