"""``cnnviewer train``, as people start it: in a process of its own, killed, stopped, and in two processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from cnnviewer.cli import main
from cnnviewer.designs import Activation, Convolution, Design, Pooling, save_design
from cnnviewer.networks.run_folder import list_checkpoints

DESIGN = Design("small", (1, 28, 28), (Convolution(4, 3), Activation(), Pooling("max", 4, 4)))


@pytest.fixture
def design(tmp_path) -> str:
    path = tmp_path / "small.json"
    save_design(DESIGN, path)
    return str(path)


def start(*words, launcher=(), **options) -> subprocess.Popen:
    command = [sys.executable, "-m", *launcher, "cnnviewer", "train", *map(str, words)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **options
    )


def wait_for_step(run: Path, step: int) -> None:
    """Wait until a run has come to a step."""
    metrics, end = run / "metrics.jsonl", time.monotonic() + 90
    while not metrics.exists() or f'"step": {step},' not in metrics.read_text():
        assert time.monotonic() < end, "the training does not get on"
        time.sleep(0.02)


def last_weights(run: Path) -> dict[str, torch.Tensor]:
    return load_file(list(list_checkpoints(run).values())[-1] / "model.safetensors")


def curve(run: Path) -> list[tuple]:
    lines = (json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines())
    return [(line["step"], line.get("split"), line["loss"]) for line in lines]


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_it_trains_and_tells_json_lines(design, tmp_path, capsys):
    run = tmp_path / "run"
    words = ["train", design, "--epochs", "2", "--batch-size", "256", "--shift", "1", "--out", str(run)]
    assert main(words) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["event"] == "finished"
    # On a slow machine it may have been written before the test, as one is from time to time.
    assert [line["step"] for line in lines if line["event"] == "checkpoint"][-1] == lines[-1]["step"]
    last = [line for line in lines if line["event"] == "evaluation"][-1]
    assert last["split"] == "test"
    card = json.loads((run / "run.json").read_text())
    assert card["settings"]["shift"] == 1
    assert card["results"]["test_accuracy"] == last["accuracy"]
    assert main(words) == 2
    assert "holds a training already" in capsys.readouterr().err


def test_it_trains_on_elsewhere_and_tells_why_that_is_not_the_same(design, tmp_path, capsys):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    run = tmp_path / "run"
    assert main(["train", design, "--epochs", "1", "--batch-size", "512", "--out", str(run)]) == 0
    card = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**card, "settings": {**card["settings"], "device": "cuda"}}))
    capsys.readouterr()
    assert main(["train", "--resume", "--device", "cpu", "--more-epochs", "1", "--out", str(run)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[-1]["reason"] == "All 2 epochs are done."
    assert [line["event"] for line in lines[:2]] == ["remark", "remark"]
    assert "was on CUDA before, which this machine does not have; it goes on on CPU." in lines[0]["sentence"]
    assert main(["train", "--resume", "--device", "cuda", "--out", str(run)]) == 2
    assert "There is no CUDA device here" in capsys.readouterr().err


def test_what_a_folder_was_read_as_is_told(design, tmp_path, capsys):
    for number, name in enumerate(("cats", "dogs")):
        (tmp_path / "pets" / "training_set" / name).mkdir(parents=True)
        for index in range(12):
            path = tmp_path / "pets" / "training_set" / name / f"{index}.png"
            Image.new("L", (28, 28), number * 200 + index).save(path)
    (tmp_path / "pets" / "__MACOSX").mkdir()
    (tmp_path / "pets" / "training_set" / "cats" / "list.txt").write_text("cats")
    words = ["train", design, "--dataset", str(tmp_path / "pets"), "--epochs", "1", "--out", str(tmp_path / "run")]
    assert main(words) == 0
    told = capsys.readouterr().err
    assert "Each folder in training_set is a class: cats, dogs." in told
    assert f"__MACOSX was made by a program: it is no class. ({tmp_path / 'pets'})" in told
    assert f"list.txt is no image: its name ends otherwise. ({tmp_path / 'pets' / 'training_set' / 'cats'})" in told


def test_a_target_ends_it(design, tmp_path, capsys):
    run = tmp_path / "run"
    assert main(["train", design, "--epochs", "50", "--target-accuracy", "0.5", "--out", str(run)]) == 0
    assert "The target is reached" in json.loads(capsys.readouterr().out.splitlines()[-1])["reason"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["lenet5", "--learning-rate", "0"], "above 0"),
        (["lenet5", "--learning-rate", "-1"], "above 0"),
        (["lenet6"], "lenet5"),
        (["lenet5", "--dataset", "minst"], "mnist"),
        (["lenet5", "--frozen"], "nothing of it can be frozen"),
        (["resnet18", "--frozen", "--from-scratch"], "Only pretrained weights"),
        (["lenet5", "--resume", "--epochs", "3"], "leave --epochs out"),
        (["--resume"], "holds no training"),
        (["lenet5", "--more-epochs", "3"], "belongs to --resume"),
        ([], "Name the network"),
        (["lenet5", "--validation", "0", "--target-accuracy", "0.9"], "none were held back"),
        (["lenet5", "--device", "cuda"], "no CUDA device here"),
        (["lenet5", "--device", "abacus"], "abacus"),
        (["missing.json"], "can't be read"),
    ],
)
def test_what_can_not_be_is_told_in_a_sentence(words, told, tmp_path, capsys):
    if "cuda" in words and torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    assert main(["train", *words, "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


def test_kill_9_and_resume_end_as_if_nothing_had_been(design, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    words = (design, "--epochs", 4, "--batch-size", 64, "--shift", 1, "--seed", 5, "--out")
    process = start(*words, whole)
    killed = start(*words, broken)
    wait_for_step(broken, 30)
    killed.kill()
    killed.communicate()
    assert process.wait(120) == 0
    process.communicate()
    assert curve(broken)[-1][0] < 260
    resumed = start("--resume", "--out", broken)
    _, errors = resumed.communicate(timeout=120)
    assert resumed.returncode == 0, errors
    assert same(last_weights(broken), last_weights(whole))
    assert curve(broken) == curve(whole)


def test_ctrl_c_stops_with_a_checkpoint(design, tmp_path):
    run = tmp_path / "run"
    process = start(design, "--epochs", 500, "--out", run)
    wait_for_step(run, 20)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    last = json.loads(output.splitlines()[-1])
    assert last["reason"].startswith("Stopped after")
    assert list(list_checkpoints(run))[-1] == last["step"] == curve(run)[-1][0]


TWO = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m")


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this PyTorch can't distribute")
def test_two_processes_learn_what_one_does(design, tmp_path):
    words = (design, "--epochs", 2, "--batch-size", 75, "--shift", 1, "--flip", "--out")
    one, two = tmp_path / "one", tmp_path / "two"
    alone = start(*words, one)
    team = start(*words, two, launcher=TWO)
    assert alone.wait(120) == 0
    alone.communicate()
    output, errors = team.communicate(timeout=120)
    assert team.returncode == 0, errors
    events = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert [event["event"] for event in events].count("finished") == 1  # one writer
    for mine, theirs in zip(curve(one), curve(two), strict=True):
        assert mine[:2] == theirs[:2]
        assert mine[2] == pytest.approx(theirs[2], abs=1e-4)
    weights = last_weights(one), last_weights(two)
    for name in weights[0]:
        torch.testing.assert_close(weights[0][name], weights[1][name], atol=1e-4, rtol=1e-3)


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this PyTorch can't distribute")
def test_a_lost_process_ends_the_training_with_a_checkpoint(design, tmp_path):
    run = tmp_path / "run"
    team = start(design, "--epochs", 500, "--out", run, launcher=TWO)
    wait_for_step(run, 20)
    children = Path(f"/proc/{team.pid}/task/{team.pid}/children")
    if not children.exists():
        team.terminate()
        pytest.skip("needs /proc to find the processes")
    os.kill(max(map(int, children.read_text().split())), signal.SIGKILL)
    _, errors = team.communicate(timeout=120)
    assert team.returncode != 0
    assert "--resume" in errors or "stopping after this step" in errors
    step = list(list_checkpoints(run))[-1]
    assert step >= 20
    resumed = start("--resume", "--out", run, launcher=TWO)
    wait_for_step(run, step + 5)
    resumed.send_signal(signal.SIGINT)
    _, errors = resumed.communicate(timeout=120)
    assert list(list_checkpoints(run))[-1] > step
