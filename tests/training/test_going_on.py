"""Runs that go on elsewhere, after damage, from another folder, and after their end."""

import json
import os
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from cnnviewer.designs import Activation, Convolution, Design, save_design
from cnnviewer.errors import TrainingError
from cnnviewer.networks.architectures import Architecture
from cnnviewer.networks.run_folder import list_checkpoints
from cnnviewer.training import start
from cnnviewer.training.following import Follower
from cnnviewer.training.plan import Plan
from cnnviewer.training.progress import Finished, Progress, Remark
from cnnviewer.training.resuming import Changes
from cnnviewer.training.settings import Settings
from cnnviewer.training.start import begin, go_on
from training.running import run_all

DESIGN = Design("stripes", (1, 10, 10), (Convolution(4, 3), Activation()))
SETTINGS = Settings(epochs=2, batch_size=24, learning_rate=0.1, schedule="constant")
PLAN = Plan(Architecture(design=DESIGN), settings=SETTINGS)


def change(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def remarks(news):
    return [item.sentence for item in news if isinstance(item, Remark)]


def fill(folder):
    for number, name in enumerate(("cats", "dogs")):
        (folder / name).mkdir(parents=True)
        for index in range(12):
            Image.new("RGB", (16, 16), (number * 200, index, 7)).save(folder / name / f"{index}.png")


def without_seconds(card):
    return {**card, "results": {**card["results"], "seconds": 0}}


def weights(folder):
    return load_file(list(list_checkpoints(folder).values())[-1] / "model.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.usefixtures("stripes")
class TestElsewhere:
    @pytest.mark.parametrize("device", ["cuda", "cuda:3", "mps"])
    @pytest.mark.parametrize("asked", [None, "cpu", "auto"])
    def test_a_run_goes_on_without_its_device(self, folder, device, asked):
        if device == "mps" if torch.backends.mps.is_available() else torch.cuda.is_available():
            pytest.skip("this machine has such a device")
        run_some(begin(PLAN, folder), 3)
        change(folder / "run.json", settings={**SETTINGS.to_json(), "device": device})
        change(list(list_checkpoints(folder).values())[-1] / "state.json", device=device.partition(":")[0])
        news = run_all(go_on(folder, changes=Changes(device=asked)))
        assert news[-1] == Finished(10, "All 2 epochs are done.")
        (told,) = remarks(news)
        assert "this machine does not have; it goes on on CPU" in told
        assert "not the same to the last bit" in told
        assert json.loads((folder / "run.json").read_text())["settings"]["device"] == device

    def test_runs_of_before_tell_no_device_of_their_checkpoints(self, folder):
        run_some(begin(PLAN, folder), 3)
        state = list(list_checkpoints(folder).values())[-1] / "state.json"
        values = json.loads(state.read_text())
        del values["device"], values["processes"]
        state.write_text(json.dumps(values))
        assert remarks(run_all(go_on(folder))) == []

    def test_a_device_that_is_asked_for_must_be_there(self, folder):
        if torch.cuda.is_available():
            pytest.skip("this machine has a GPU")
        run_some(begin(PLAN, folder), 3)
        with pytest.raises(TrainingError, match="There is no CUDA device here"):
            go_on(folder, changes=Changes(device="cuda"))
        go_on(folder).close()

    def test_another_number_of_processes_is_told(self, folder):
        run_some(begin(PLAN, folder), 3)
        change(list(list_checkpoints(folder).values())[-1] / "state.json", processes=4)
        (told,) = remarks(run_all(go_on(folder)))
        assert told.startswith("This training ran in 4 processes before, and goes on in 1.")


@pytest.mark.usefixtures("stripes")
class TestDamage:
    @pytest.mark.parametrize("damage", ["cut", "empty", "missing", "no state", "other state"])
    def test_the_checkpoint_before_is_used_and_told(self, folder, damage):
        training = begin(PLAN, folder)
        for news in training:
            if isinstance(news, Progress) and news.step in (4, 7):
                training.save()
        training.close()
        assert list(list_checkpoints(folder)) == [7, 10]
        last = list_checkpoints(folder)[10]
        if damage == "cut":
            model = last / "model.safetensors"
            model.write_bytes(model.read_bytes()[:100])
        elif damage == "empty":
            (last / "optimiser.safetensors").write_bytes(b"")
        elif damage == "missing":
            (last / "model.safetensors").unlink()
        elif damage == "no state":
            (last / "state.json").unlink()
        else:
            values = json.loads((last / "state.json").read_text())
            del values["examples"]
            (last / "state.json").write_text(json.dumps(values))
        resumed = go_on(folder)
        assert resumed.trainer.step == 7
        assert "finished_step" not in json.loads((folder / "run.json").read_text())
        news = run_all(resumed)
        assert remarks(news) == [
            "The checkpoint of step 10 is damaged: the training goes on from the one before, of step 7."
        ]
        assert [item.step for item in news if isinstance(item, Progress)] == [8, 9, 10]

    @pytest.mark.parametrize(
        "tail", [b'{"step": 9, "lo', b"\0" * 40, b"\xff\xfe\n", b'{"step": NaN}\n', b"[]\n", b"7\n"]
    )
    def test_what_the_log_has_more_is_cut(self, folder, tail):
        run_some(begin(PLAN, folder), 6)
        metrics = folder / "metrics.jsonl"
        metrics.write_bytes(metrics.read_bytes() + tail)
        run_all(go_on(folder))
        steps = [item.step for item in Follower(folder).poll() if isinstance(item, Progress)]
        assert steps == list(range(1, 11))

    def test_a_run_that_was_killed_at_its_very_end_tells_of_that_once(self, folder, tmp_path):
        run_all(begin(PLAN, folder))
        whole = (folder / "metrics.jsonl").read_text()
        card = json.loads((folder / "run.json").read_text())
        (folder / "run.json").write_text(
            json.dumps(
                {name: value for name, value in card.items() if name not in ("ended", "finished_step", "results")}
            )
        )
        run_all(go_on(folder))
        assert (folder / "metrics.jsonl").read_text() == whole
        assert without_seconds(json.loads((folder / "run.json").read_text())) == without_seconds(card)

    def test_a_run_that_was_killed_when_it_had_reached_its_target_has_ended(self, folder):
        settings = Settings(**{**SETTINGS.to_json(), "epochs": 50, "target_accuracy": 0.3})
        ended = run_all(begin(Plan(PLAN.architecture, settings=settings), folder))[-1]
        card = json.loads((folder / "run.json").read_text())
        kept = {name: value for name, value in card.items() if name not in ("ended", "finished_step", "results")}
        (folder / "run.json").write_text(json.dumps(kept))
        assert run_all(go_on(folder))[-1] == ended
        assert without_seconds(json.loads((folder / "run.json").read_text())) == without_seconds(card)

    def test_a_run_that_was_closed_before_it_was_measured_is_measured(self, folder):
        training = begin(PLAN, folder)
        run_some(training, 5)
        run_all(go_on(folder))
        lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        assert [line["step"] for line in lines if line.get("split") == "validation"] == [0, 5, 10]

    def test_what_a_killed_beginning_left_is_no_hindrance(self, folder):
        folder.mkdir()
        (folder / ".partial-77-run.json").write_text('{"prog')
        assert run_all(begin(PLAN, folder))[-1].step == 10

    def test_without_its_log_it_goes_on(self, folder):
        run_some(begin(PLAN, folder), 6)
        (folder / "metrics.jsonl").unlink()
        assert run_all(go_on(folder))[-1].step == 10


class TestPaths:
    def test_a_relative_folder_of_images_is_found_from_anywhere(self, tmp_path, monkeypatch):
        fill(tmp_path / "photos")
        save_design(Design("small", (3, 16, 16), (Convolution(2, 3),)), tmp_path / "small.json")
        monkeypatch.chdir(tmp_path)
        plan = Plan(Architecture.named("small.json"), dataset="photos", settings=SETTINGS)
        run_some(begin(plan, Path("run")), 1)
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        (tmp_path / "small.json").unlink()
        assert run_all(go_on(tmp_path / "run"))[-1].reason == "All 2 epochs are done."

    def test_a_run_of_before_is_looked_for_beside_itself(self, tmp_path, monkeypatch):
        fill(tmp_path / "photos")
        plan = Plan(Architecture(design=DESIGN), dataset=str(tmp_path / "photos"), settings=SETTINGS)
        run_some(begin(plan, tmp_path / "runs" / "one"), 1)
        card = tmp_path / "runs" / "one" / "run.json"
        change(card, dataset={**json.loads(card.read_text())["dataset"], "choice": "photos"})
        monkeypatch.chdir(os.path.sep)
        assert run_all(go_on(tmp_path / "runs" / "one"))[-1].reason == "All 2 epochs are done."

    def test_images_that_moved_may_be_told(self, tmp_path):
        fill(tmp_path / "photos")
        plan = Plan(Architecture(design=DESIGN), dataset=str(tmp_path / "photos"), settings=SETTINGS)
        run_some(begin(plan, tmp_path / "run"), 1)
        (tmp_path / "photos").rename(tmp_path / "moved")
        with pytest.raises(Exception, match="There is no folder"):
            go_on(tmp_path / "run")
        run_all(go_on(tmp_path / "run", changes=Changes(dataset=str(tmp_path / "moved"))))

    def test_a_listed_name_means_the_listed_one(self, tmp_path, monkeypatch):
        (tmp_path / "mnist-5k").mkdir()
        monkeypatch.chdir(tmp_path)
        assert start.dataset_of(Plan(Architecture("lenet5"))).name == "mnist-5k"


@pytest.mark.usefixtures("stripes")
class TestAfterTheEnd:
    def test_it_trains_on_as_if_it_had_been_asked_for_more_at_first(self, folder, tmp_path):
        run_all(begin(PLAN, folder))
        news = run_all(go_on(folder, changes=Changes(more_epochs=3)))
        assert news[-1] == Finished(25, "All 5 epochs are done.")
        assert remarks(news) == ["It trains on until 5 epochs are done."]
        whole = Plan(PLAN.architecture, settings=Settings(**{**SETTINGS.to_json(), "epochs": 5}))
        run_all(begin(whole, tmp_path / "whole"))
        assert same(weights(folder), weights(tmp_path / "whole"))
        assert json.loads((folder / "run.json").read_text())["settings"]["epochs"] == 5

    def test_a_target_that_was_reached_does_not_end_it_again(self, folder):
        plan = Plan(
            PLAN.architecture, settings=Settings(**{**SETTINGS.to_json(), "epochs": 50, "target_accuracy": 0.3})
        )
        ended = run_all(begin(plan, folder))[-1]
        assert "The target is reached" in ended.reason
        news = run_all(go_on(folder, changes=Changes(more_epochs=2)))
        assert news[-1].step == ended.step + 2 * 5

    def test_what_is_interrupted_then_goes_on_to_the_new_end(self, folder):
        run_all(begin(PLAN, folder))
        run_some(go_on(folder, changes=Changes(more_epochs=3)), 14)
        assert run_all(go_on(folder))[-1] == Finished(25, "All 5 epochs are done.")

    def test_fewer_than_none_are_refused(self, folder):
        run_all(begin(PLAN, folder))
        with pytest.raises(TrainingError, match="1 epoch more or for many, not for -2"):
            go_on(folder, changes=Changes(more_epochs=-2))


def run_some(training, steps):
    news = iter(training)
    while training.trainer.step < steps:
        next(news)
    news.close()
    training.close()
