"""Training in the real window, with the real workers, as a person does it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import Qt
from safetensors.torch import load_file

from cnnviewer.messages import View, WeightsShown
from cnnviewer.networks import load_network
from cnnviewer.networks.architectures import Architecture
from cnnviewer.networks.run_folder import list_checkpoints, list_snapshots
from cnnviewer.qt.training_session import Stage
from cnnviewer.training.progress import Weight

from .trainees import drop


def test_the_panel_shows_samples_of_the_shipped_digits(trainee):
    setup = trainee.panel.setup
    assert setup.samples.captions[:10] == tuple("0123456789")
    assert setup._facts.text() == "10 classes · 1×28×28 · 5,000 images"
    assert "4,125 training, 375 validation, 500 test" in setup._facts.toolTip()
    trainee.press(setup.samples.viewport())
    rect = setup.samples.visualItemRect(setup.samples.item(4))
    trainee.bot.mouseClick(setup.samples.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    trainee.settle()
    assert trainee.session.inputs.images[0].title == "4"
    assert trainee.session.recording.ranking[0] == 4


def test_nothing_is_cut_off_at_the_usual_size(trainee):
    trainee.window.resize(1280, 800)
    trainee.bot.wait(50)
    top = trainee.presenter.dock.geometry().top()
    assert all(dock.geometry().bottom() < top for dock in trainee.window.docks)
    trainee.start(epochs=30)
    trainee.until(lambda: "left" in trainee.panel.numbers and "Validation" in trainee.panel.numbers)
    label = trainee.panel._numbers
    trainee.until(lambda: label.height() >= label.sizeHint().height())  # laid out soon after
    trainee.press(trainee.panel.stop)
    trainee.until_stage(Stage.ENDED)
    trainee.settle()
    assert "Stopped after" in trainee.panel.ended
    assert "left" not in trainee.panel.numbers
    trainee.until(lambda: label.height() >= label.sizeHint().height())  # laid out soon after


def test_a_training_from_start_to_end(trainee):
    trainee.train(epochs=3)
    panel, folder = trainee.panel, trainee.folder
    assert folder == trainee.runs / "lenet5-mnist-5k"
    assert panel.ended == "All 3 epochs are done."
    assert panel.page == "Curves"
    steps = 3 * 17
    assert panel.curves.error.count == panel.curves.accuracy.count == steps
    assert [step for step, _ in panel.curves.error.validation] == [0, 17, 34, 51]
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if "split" not in line]
    assert panel.curves.error._values.values.tolist() == losses
    # The panels show the network that was trained, with its last weights, and a digit of each class.
    trainee.until(lambda: trainee.window.status.provenance == f"training, step {steps}")
    assert [image.title for image in trainee.session.inputs.images] == list("0123456789")
    network = load_network(folder)
    image = trainee.session.inputs.images[0].pixels
    expected = network.module(network.preprocess(image)).softmax(1)[0]
    assert trainee.session.recording.probabilities == pytest.approx(expected.tolist(), abs=1e-6)
    assert "images a second" in panel.numbers
    assert "Test: error" in panel.numbers


def test_pause_step_and_resume(trainee):
    trainee.start(epochs=40)
    trainee.press(trainee.panel.play)
    assert trainee.training.stage is Stage.PAUSED
    trainee.bot.wait(300)
    trainee.settle()
    paused = trainee.panel.curves.error.count
    trainee.bot.wait(200)
    assert trainee.panel.curves.error.count == paused
    for number in (1, 2):
        trainee.press(trainee.panel.step)
        trainee.until(lambda number=number: trainee.panel.curves.error.count == paused + number)
        trainee.until(lambda number=number: trainee.window.status.provenance == f"training, step {paused + number:,}")
    trainee.press(trainee.panel.play)
    trainee.until(lambda: trainee.panel.curves.error.count > paused + 4)
    trainee.press(trainee.panel.stop)
    trainee.until_stage(Stage.ENDED)
    assert trainee.panel.ended.startswith("Stopped after")


def test_a_stopped_training_goes_on(trainee):
    trainee.start(epochs=4)
    trainee.until(lambda: trainee.panel.curves.error.count > 3)
    trainee.press(trainee.panel.stop)
    trainee.until_stage(Stage.ENDED)
    step = list(list_checkpoints(trainee.folder))[-1]
    assert 3 < step < 68
    trainee.press(trainee.panel.play)
    trainee.until_stage(Stage.RUNNING)
    trainee.until_stage(Stage.ENDED)
    assert trainee.panel.ended == "All 4 epochs are done."
    assert trainee.panel.curves.error.count == 68
    assert trainee.panel.curves.error._steps.values.tolist() == list(range(1, 69))


def test_a_target_ends_it(trainee):
    form = trainee.panel.setup.form
    for kind, target, field in (("accuracy", 30, "target_accuracy"), ("error", 2.2, "target_error")):
        form.target_kind.setCurrentIndex(form.target_kind.findData(kind))
        trainee.train(epochs=100, target=target)
        card = json.loads((trainee.folder / "run.json").read_text())
        assert card["settings"][field] == (0.3 if kind == "accuracy" else 2.2)
        assert "The target is reached" in trainee.panel.ended
        assert not trainee.panel.play.isEnabled()


def test_the_learning_rate_may_change_while_it_runs(trainee):
    trainee.start(epochs=40)
    trainee.press(trainee.panel.play)
    trainee.bot.wait(100)
    trainee.panel.rate.setValue(0.2)
    trainee.press(trainee.panel.step)
    trainee.settle()
    trainee.bot.wait(200)
    states = [json.loads((path / "state.json").read_text()) for path in list_checkpoints(trainee.folder).values()]
    assert states[-1]["learning_rate"] == 0.2
    trainee.press(trainee.panel.stop)
    trainee.until_stage(Stage.ENDED)


def test_five_steps_of_a_weight(trainee):
    trainee.start(epochs=40)
    trainee.press(trainee.panel.play)
    trainee.page("Five steps")
    steps = trainee.panel.steps
    steps.tensor.setCurrentText("c3.weight")
    steps._on_tensor_chosen()
    for place, value in zip(steps.places, (7, 3, 1, 4), strict=True):
        place.setValue(value)
    assert steps.weight() == Weight("c3.weight", (7, 3, 1, 4))
    trainee.bot.wait(50)
    trainee.press(trainee.panel.step)
    trainee.until(lambda: len(steps.table.texts) == 5)
    titles, _, formulas, values = zip(*steps.table.texts, strict=True)
    assert [title[0] for title in titles] == list("12345")
    start = load_file(list_snapshots(trainee.folder)[0])["c3.weight"][7, 3, 1, 4].item()
    assert values[0] == f"{start:+.6g}"
    assert "momentum" in formulas[4]
    # Choosing a map chooses the middle of its filter.
    trainee.session.select("c1", 4)
    assert steps.weight() == Weight("c1.weight", (4, 0, 2, 2))
    trainee.press(trainee.panel.stop)
    trainee.until_stage(Stage.ENDED)


def test_mistakes_open_in_all_panels(trainee):
    trainee.train(epochs=3)
    trainee.page("Mistakes")
    page = trainee.panel.mistakes
    assert page.confusion._confusion.sum() == 500
    assert "test images are wrong" in page.title.text()
    caption = page.pictures.captions[0]
    rect = page.pictures.visualItemRect(page.pictures.item(0))
    trainee.bot.mouseClick(page.pictures.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    trainee.settle()
    true, wrong = caption.split("\n")[0].split(" → ")
    assert trainee.session.inputs.images[0].title.startswith(f"{true} (image")
    assert trainee.session.recording.ranking[0] == int(wrong)
    counts = page.confusion._confusion.copy()
    np.fill_diagonal(counts, 0)
    label, predicted = np.unravel_index(counts.argmax(), counts.shape)
    cell = page.confusion.cell_rect(int(label), int(predicted)).center()
    trainee.bot.mouseClick(page.confusion, Qt.MouseButton.LeftButton, pos=cell)
    assert all(text.startswith(f"{label} → {predicted}") for text in page.pictures.captions)
    assert f"{label} taken for {predicted}" in page.confusion.tip(int(label), int(predicted))


def test_the_film_shows_the_weights_of_its_moments(trainee):
    trainee.train(epochs=3)
    trainee.page("Film")
    line, session = trainee.panel.film.line, trainee.session
    assert line.moments == tuple(list_snapshots(trainee.folder))
    image = session.inputs.images[0].pixels
    network = load_network(trainee.folder)
    for place in (0, 7, len(line.moments) - 1):
        line.slider.setValue(place)
        trainee.settle()
        step = line.moments[place]
        assert trainee.window.status.provenance == f"training, step {step:,}"
        network.module.load_state_dict(load_file(list_snapshots(trainee.folder)[step]))
        expected = network.module(network.preprocess(image)).softmax(1)[0]
        assert session.recording.probabilities == pytest.approx(expected.tolist(), abs=1e-6)
        assert trainee.panel.curves.error._moment.value() == step
    line.slider.setValue(0)
    trainee.settle()
    line.speed.setCurrentText("8×")
    trainee.press(line.play)
    trainee.until(lambda: not line.play.isChecked())
    trainee.settle()
    assert line.current == line.moments[-1]


def test_two_moments_side_by_side_on_one_scale(trainee):
    trainee.train(epochs=3)
    trainee.page("Film")
    line, session = trainee.panel.film.line, trainee.session
    line.slider.setValue(3)
    trainee.settle()
    early = session.recording.probabilities
    trainee.press(line.hold)
    trainee.settle()
    line.slider.setValue(len(line.moments) - 1)
    trainee.settle()
    assert session.held == early != session.recording.probabilities
    card = trainee.card("c1")
    assert card.grid._layout.is_paired
    answer = card.grid._answer
    assert answer.before.shape == answer.pixels.shape
    assert not np.array_equal(answer.before, answer.pixels)
    networks = [load_network(trainee.folder) for _ in range(2)]
    moments = list_snapshots(trainee.folder)
    for network, step in zip(networks, (line.moments[3], line.moments[-1]), strict=True):
        network.module.load_state_dict(load_file(moments[step]))
    maps = [network.module.c1(network.preprocess(session.inputs.images[0].pixels)).detach()[0] for network in networks]
    for channel, low, high in zip(answer.channels, answer.lows, answer.highs, strict=True):
        reach = max(both[channel].abs().max().item() for both in maps)
        assert (low, high) == pytest.approx((-reach, reach), rel=1e-5)
    # Filters too, and let go again.
    trainee.window.layers.set_view("c1", View.FILTERS)
    trainee.settle()
    assert trainee.card("c1").grid._answer.before is not None
    trainee.press(line.hold)
    trainee.settle()
    assert session.held is None
    assert not trainee.card("c1").grid._layout.is_paired


def test_filters_show_their_change_and_their_gradient(trainee):
    trainee.start(epochs=40)
    trainee.window.layers.set_view("c1", View.FILTERS)
    trainee.press(trainee.panel.play)
    trainee.press(trainee.panel.step)
    trainee.bot.wait(200)
    trainee.settle()
    notes = {}
    for shown in WeightsShown:
        trainee.press(trainee.panel.shown.button(shown.value))
        trainee.settle()
        answer = trainee.card("c1").grid._answer
        notes[shown] = answer.note
        assert answer.highs[0] > 0
    assert notes[WeightsShown.GRADIENT] == "the gradient of the last step"
    assert notes[WeightsShown.CHANGE] == "the change since the start"
    trainee.press(trainee.panel.stop)
    trainee.until_stage(Stage.ENDED)


def test_live_panels_follow_the_weights(trainee):
    seen = set()
    trainee.session.weightsChanged.connect(lambda answer: seen.add(answer.step))
    trainee.train(epochs=8)
    assert len(seen) > 4
    trainee.panel.live.setChecked(False)
    count = len(seen)
    trainee.train(epochs=1)
    assert len(seen) <= count + 2  # but for the beginning and the end


def test_another_network_may_be_opened_meanwhile(trainee):
    trainee.start(epochs=300)
    trainee.session.open_network("fashion-cnn")
    trainee.until(lambda: trainee.window.status.provenance == "pretrained on Fashion-MNIST")
    count = trainee.panel.curves.error.count
    trainee.until(lambda: trainee.panel.curves.error.count > count + 5)
    assert trainee.window.status.provenance == "pretrained on Fashion-MNIST"
    # The film brings the network of the training back, and "Now" its newest weights.
    trainee.page("Film")
    line = trainee.panel.film.line
    line.slider.setValue(2)
    trainee.until(lambda: trainee.window.status.provenance == "training, step 2")
    assert trainee.session.recording.layers[0].name == "c1"
    trainee.session.open_network("fashion-cnn")
    trainee.until(lambda: trainee.window.status.provenance == "pretrained on Fashion-MNIST")
    trainee.press(line.now)
    trainee.until(lambda: trainee.presenter.shown_step is not None and trainee.presenter.shown_step > count)
    assert trainee.session.recording.layers[0].name == "c1"
    trainee.press(trainee.panel.stop)
    trainee.until_stage(Stage.ENDED)


def test_a_training_elsewhere_can_be_followed(trainee, tmp_path):
    from cnnviewer.networks.architectures import Architecture
    from cnnviewer.training.plan import Plan
    from cnnviewer.training.settings import Settings
    from cnnviewer.training.start import begin

    folder = tmp_path / "elsewhere"
    training = begin(Plan(Architecture("lenet5"), settings=Settings(epochs=2, batch_size=500)), folder)
    steps = iter(training)
    while training.trainer.step < 4:
        next(steps)
    drop(trainee.window, folder)
    trainee.until_stage(Stage.FOLLOWING)
    trainee.until(lambda: trainee.panel.curves.error.count == 4)
    assert not trainee.panel.play.isEnabled()
    list(steps)
    training.close()
    trainee.until_stage(Stage.ENDED)
    assert trainee.panel.curves.error.count == 18
    assert trainee.panel.ended == "All 2 epochs are done."
    trainee.settle()
    assert trainee.window.status.provenance == "training, step 18"


def test_a_folder_of_images_becomes_the_dataset(trainee, tmp_path):
    generator = np.random.default_rng(0)
    for name, color in (("red", (200, 30, 30)), ("green", (30, 200, 30))):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(20):
            pixels = np.clip(generator.normal(color, 30, (40, 50, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    (tmp_path / "photos" / "red" / "broken.jpg").write_bytes(b"no image")
    drop(trainee.panel, tmp_path / "photos")
    setup = trainee.panel.setup
    trainee.until(lambda: setup.samples.captions[:2] == ("green", "red"))
    assert "1 left out" in setup._left_out.text()
    assert "broken.jpg" in setup._left_out.toolTip()
    setup.network.setCurrentIndex(setup.network.findData("tiny-vgg"))
    trainee.train(epochs=4)
    assert load_network(trainee.folder).categories == ("green", "red")
    assert trainee.session.recording.layers[0].shape == (10, 62, 62)


def test_one_class_is_not_enough(trainee, tmp_path):
    (tmp_path / "photos" / "cats").mkdir(parents=True)
    Image.new("RGB", (9, 9)).save(tmp_path / "photos" / "cats" / "a.png")
    trainee.panel.setup.set_dataset_folder(tmp_path / "photos")
    trainee.until(lambda: "class" in trainee.panel.setup._facts.text() and not trainee.panel.setup.samples.captions)
    stages = []
    trainee.training.failed.connect(lambda failure: stages.append(trainee.training.stage))
    trainee.press(trainee.panel.setup.start)
    trainee.until(lambda: not trainee.window.error.isHidden())
    assert stages == [Stage.NONE]  # whoever reads the sentence can start again
    assert trainee.panel.setup.start.isEnabled()
    assert "class" in trainee.window.error.sentence


def test_a_dataset_that_is_not_there_offers_its_download(trainee, torch_home):
    setup = trainee.panel.setup
    setup.dataset.setCurrentIndex(setup.dataset.findData("cifar10"))
    setup.look()
    trainee.until(lambda: not setup._download.isHidden())
    assert "170 MB" in setup._download.text()
    assert "CIFAR-10" in setup._facts.text()


def test_a_learning_rate_that_is_too_high_is_told(trainee):
    trainee.start(epochs=5, rate=100.0)
    trainee.until_stage(Stage.ENDED)
    assert "no number any more" in trainee.window.error.sentence
    assert list_checkpoints(trainee.folder)
    for tensor in load_file(list(list_checkpoints(trainee.folder).values())[-1] / "model.safetensors").values():
        assert torch.isfinite(tensor).all()


def test_closing_the_window_ends_a_training_with_a_checkpoint(trainee):
    trainee.start(epochs=500)
    trainee.until(lambda: trainee.panel.curves.error.count > 5)
    folder = trainee.folder
    trainee.window.close()
    assert not trainee.training.is_running
    step = list(list_checkpoints(folder))[-1]
    assert step >= 5
    metrics = (folder / "metrics.jsonl").read_text().splitlines()
    assert max(json.loads(line)["step"] for line in metrics) == step


def test_keys_of_the_training(trainee):
    trainee.window.activateWindow()
    trainee.bot.keyClick(trainee.window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert trainee.presenter.dock.isHidden()
    trainee.bot.keyClick(trainee.window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert not trainee.presenter.dock.isHidden()
    trainee.start(epochs=40)
    trainee.bot.keyClick(trainee.window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert trainee.training.stage is Stage.PAUSED
    trainee.bot.keyClick(trainee.window, Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    assert trainee.training.stage is Stage.RUNNING
    trainee.press(trainee.panel.stop)
    trainee.until_stage(Stage.ENDED)


def test_what_is_ticked_for_one_network_is_not_used_for_another_without_the_choice(trainee):
    setup = trainee.panel.setup

    def choose(name: str) -> None:
        setup.network.setCurrentIndex(setup.network.findData(name))
        setup.network.activated.emit(setup.network.currentIndex())

    choose("resnet18")
    trainee.press(setup.frozen)
    assert setup.architecture() == Architecture.named("resnet18", frozen=True)
    choose("resnet44")
    assert setup.frozen.isHidden()
    assert setup.architecture() == Architecture.named("resnet44")
    choose("resnet18")
    assert setup.architecture().frozen
