"""Networks' files, opened as a user does: dropped on the window, with the dialog that asks what they do not tell."""

import csv
import gzip
import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QInputDialog
from safetensors.torch import save_file
from torch import nn

from cnnviewer.card import read_card
from cnnviewer.images import read_image
from cnnviewer.messages import ImageRequest
from cnnviewer.networks import load_network
from cnnviewer.networks.files import card_store

DATA = Path(__file__).parents[3] / "shared" / "data"
WEIGHTS = DATA / "weights"
needs_data = pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")


@pytest.fixture(autouse=True)
def cards(tmp_path, monkeypatch):
    """Where cards are remembered: not with the user's."""
    monkeypatch.setattr(card_store, "user_config_path", lambda name: tmp_path / "config" / name)
    return tmp_path / "config" / "cnnviewer" / "cards"


def drop(driver, *paths) -> None:
    """Drop files on the window as the desktop does, and wait until nothing is asked for any more."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    point, buttons, keys = QPoint(400, 400), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(point, Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(driver.window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(driver.window, QDropEvent(QPointF(point), Qt.DropAction.CopyAction, mime, buttons, keys))
    driver.settle()


def dialog_of(driver):
    dialog = driver.window.files.dialog
    assert dialog is not None, driver.window.error.sentence
    return dialog


def press_open(driver) -> None:
    dialog = dialog_of(driver)
    assert dialog.open_button.isEnabled(), dialog.obstacle
    driver.bot.mouseClick(dialog.open_button, Qt.MouseButton.LeftButton)
    driver.settle()
    assert driver.window.files.dialog is None


def best(driver) -> int:
    """Return the class that the window names for the image that it shows."""
    return driver.session.recording.ranking[0]


def show(driver, image: ImageRequest) -> None:
    driver.window.show_images([image])
    driver.settle()


def unpacked(name: str) -> bytes:
    return gzip.decompress((DATA / "mnist" / name).read_bytes())


def lenet_file(path, *, nest="", prefix=""):
    state = {prefix + key: tensor for key, tensor in load_network("lenet5").module.state_dict().items()}
    torch.save({nest: state} if nest else state, path)
    return path


@needs_data
def test_squeezenet_is_dropped_and_names_the_photos_of_imagenet(driver):
    driver.window.show_sample("chelsea")
    drop(driver, WEIGHTS / "squeezenet1_0_dc.pth")
    dialog = dialog_of(driver)
    assert dialog.report.architecture == "squeezenet1_0"
    assert dialog.report.card.preprocessing.order == "BGR"  # found by trying: the file does not tell it
    for side in (dialog.card.high, dialog.card.wide):  # what the author of the weights says
        side.setFocus()
        side.selectAll()
        driver.bot.keyClicks(side, "227")
    press_open(driver)
    assert driver.session.network.input_shape == (3, 227, 227)
    assert driver.session.network.name == "squeezenet1_0_dc"
    assert driver.session.network.provenance == "weights from squeezenet1_0_dc.pth"
    with (DATA / "imagenet-50" / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    right = 0
    for row in rows:
        path = DATA / "imagenet-50" / row["file"]
        show(driver, ImageRequest(path.name, path=path))
        right += best(driver) == int(row["class_index"])
    assert len(rows) == 50
    assert right >= 30


@needs_data
def test_the_onnx_network_is_dropped_and_reads_a_thousand_digits(driver):
    driver.window.show_sample("digit-3")
    drop(driver, WEIGHTS / "mnist.onnx")
    assert dialog_of(driver).report.format == "ONNX"
    press_open(driver)
    images = np.frombuffer(unpacked("t10k-images-idx3-ubyte.gz"), np.uint8, offset=16)
    labels = np.frombuffer(unpacked("t10k-labels-idx1-ubyte.gz"), np.uint8, offset=8)
    right = 0
    for digit, label in zip(images.reshape(-1, 28, 28)[:1000], labels[:1000], strict=True):
        driver.session.inputs.show_images([ImageRequest("digit", pixels=np.repeat(digit[:, :, None], 3, 2))])
        driver.bot.waitUntil(lambda: driver.session.is_idle, timeout=60_000)
        right += best(driver) == label
    assert right >= 980


@needs_data
def test_the_depth_of_a_cifar_resnet_is_told_by_its_keys(driver, samples):
    drop(driver, WEIGHTS / "resnet20-12fca82f.th", samples / "chelsea.png")
    dialog = dialog_of(driver)
    assert dialog.report.architecture == "resnet20"
    assert dialog.report.fits[0].is_whole
    press_open(driver)
    assert driver.session.network.categories[best(driver)] == "cat"


@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.module."])
@pytest.mark.parametrize("nest", ["", "state_dict", "model"])
def test_a_state_dict_opens_and_its_card_is_remembered_for_its_content(driver, tmp_path, cards, nest, prefix):
    path = lenet_file(tmp_path / "net.pth", nest=nest, prefix=prefix)
    driver.open("tiny-vgg", weights=None, sample="digit-3")
    drop(driver, path)
    assert dialog_of(driver).report.architecture == "lenet5"
    press_open(driver)
    assert (driver.session.network.name, best(driver)) == ("net", 3)
    (remembered,) = cards.iterdir()
    assert read_card(remembered).architecture == "lenet5"
    moved = path.rename(tmp_path / "moved.pth")
    driver.open("tiny-vgg", weights=None, sample="digit-5")
    drop(driver, moved)  # nothing is asked any more
    assert driver.window.files.dialog is None
    assert (driver.session.network.provenance, best(driver)) == ("weights from moved.pth", 5)


def test_what_is_not_to_be_remembered_is_asked_again(driver, tmp_path, cards):
    path = lenet_file(tmp_path / "net.pth")
    drop(driver, path)
    driver.bot.mouseClick(dialog_of(driver).remember, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    press_open(driver)
    assert not cards.exists()
    drop(driver, path)
    dialog_of(driver).reject()


def test_a_card_beside_the_file_speaks_for_it(driver, tmp_path):
    state = load_network("lenet5").module.state_dict()
    save_file(state, tmp_path / "net.safetensors")
    card = {"size": 32, "resize": 28, "padding": 2, "channels": 1, "mean": 0.1307, "deviation": 0.3081}
    names = [f"digit {digit}" for digit in range(10)]
    (tmp_path / "net.json").write_text(json.dumps({**card, "categories": names, "name": "my lenet"}))
    driver.window.show_sample("digit-4")
    drop(driver, tmp_path / "net.safetensors")
    assert driver.window.files.dialog is None
    assert driver.session.network.name == "my lenet"
    assert driver.window.probabilities.bars[0].name == "digit 4"


def test_a_folder_with_a_network_and_a_card_opens(driver, tmp_path):
    save_file(load_network("lenet5").module.state_dict(), tmp_path / "net.safetensors")
    card = {"size": 32, "resize": 28, "padding": 2, "channels": 1, "mean": 0.1307, "deviation": 0.3081}
    (tmp_path / "card.json").write_text(json.dumps({**card, "categories": "digits"}))
    driver.window.show_sample("digit-8")
    drop(driver, tmp_path)
    assert (driver.session.network.name, best(driver)) == ("net", 8)


def test_the_card_of_the_open_network_can_be_changed(driver, tmp_path):
    driver.window.show_sample("digit-2")
    drop(driver, lenet_file(tmp_path / "net.pth"))
    press_open(driver)
    driver.window.activateWindow()
    driver.bot.waitUntil(driver.window.isActiveWindow)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    driver.bot.keyClick(driver.window, Qt.Key.Key_I, both)
    driver.settle()
    dialog = dialog_of(driver)
    assert dialog.report.origin == "remembered"
    assert dialog.open_button.text() == "Apply"
    dialog.card.name.setFocus()
    dialog.card.name.selectAll()
    driver.bot.keyClicks(dialog.card.name, "Yann's")
    press_open(driver)
    assert driver.session.network.name == "Yann's"


def test_code_runs_only_after_a_consent_that_names_the_file(driver, tmp_path):
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3)
            self.head = nn.Linear(4, 10)

        def forward(self, x):
            return self.head(torch.relu(self.conv(x)).mean((2, 3)))

    module = Own().eval()
    path = tmp_path / "own.pt2"
    torch.export.save(torch.export.export(module, (torch.zeros(1, 1, 28, 28),)), path)
    driver.open("lenet5", sample="digit-1")
    drop(driver, path)
    dialog = dialog_of(driver)
    assert str(path) in dialog.report.consent
    assert dialog.report.card is None
    driver.bot.mouseClick(dialog.consent.cancel, Qt.MouseButton.LeftButton)
    driver.settle()
    assert driver.session.network.name == "lenet5"
    drop(driver, path)
    driver.bot.mouseClick(dialog_of(driver).consent.run, Qt.MouseButton.LeftButton)
    driver.settle()
    assert dialog_of(driver).report.card.preprocessing.size == (28, 28)
    press_open(driver)
    assert driver.session.network.name == "own"
    assert {"conv", "head"} <= {layer.name for layer in driver.session.recording.layers}
    photo = Path(__file__).parents[2] / "resources" / "samples" / "digit-1.png"
    expected = module(driver.session.network_request.card.preprocessing(read_image(photo))).softmax(1)[0]
    assert driver.session.recording.probabilities == pytest.approx(expected.tolist(), abs=1e-6)


def test_a_network_of_keras_is_dropped_and_shown(driver, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 5, activation="relu", name="edges"),
            layers.MaxPooling2D(name="smaller"),
            layers.Flatten(),
            layers.Dense(10, activation="softmax", name="digits"),
        ]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras's own, while it saves
        model.save(tmp_path / "digits.keras")
    driver.window.show_sample("digit-7")
    drop(driver, tmp_path / "digits.keras")
    assert dialog_of(driver).report.format == "Keras"
    assert not dialog_of(driver).report.consent
    press_open(driver)
    recording = driver.session.recording
    photo = Path(__file__).parents[2] / "resources" / "samples" / "digit-7.png"
    image = driver.session.network_request.card.preprocessing(read_image(photo))
    assert {"edges", "edges.relu", "smaller", "digits.softmax"} <= {layer.name for layer in recording.layers}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = model.predict(image.permute(0, 2, 3, 1).numpy(), verbose=0)[0]
    assert recording.probabilities == pytest.approx(expected, abs=1e-5)


def test_a_factory_in_a_file_is_asked_for_and_runs(driver, tmp_path):
    path = tmp_path / "model.py"
    path.write_text(
        "import torch\n"
        "def make():\n"
        "    torch.manual_seed(0)\n"
        "    layers = torch.nn.Conv2d(1, 3, 5), torch.nn.Flatten(), torch.nn.Linear(3 * 24 * 24, 4)\n"
        "    return torch.nn.Sequential(*layers)\n"
    )
    driver.window.show_sample("digit-1")
    drop(driver, path)
    dialog = dialog_of(driver)
    assert "make" in dialog.report.consent
    assert str(path) in dialog.report.consent
    driver.bot.mouseClick(dialog.consent.run, Qt.MouseButton.LeftButton)
    driver.settle()
    press_open(driver)
    assert [layer.name for layer in driver.session.recording.layers] == ["0", "1", "2"]
    assert len(driver.session.recording.probabilities) == 4


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.pth", b"", "empty"),
        ("text.onnx", b"hello", "text.onnx is text"),
        ("cut.safetensors", b"\xff" * 40, "cut.safetensors"),
    ],
)
def test_a_file_that_can_not_be_opened_is_told_and_the_network_stays(lenet, tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)
    drop(lenet, tmp_path / name)
    assert told in lenet.window.error.sentence
    assert lenet.session.network.name == "lenet5"
    assert lenet.window.files.dialog is None


def test_weights_of_no_known_architecture_are_told_in_the_dialog(lenet, tmp_path):
    torch.save({"a.weight": torch.zeros(3, 5), "b.weight": torch.zeros(7)}, tmp_path / "odd.pth")
    drop(lenet, tmp_path / "odd.pth")
    dialog = dialog_of(lenet)
    assert not dialog.open_button.isEnabled()
    assert dialog.obstacle
    dialog.reject()
    assert lenet.session.network.name == "lenet5"


FACTORY = """
import torch

def make():
    with open({mark!r}, "a") as file:
        file.write("{text}")
    return torch.nn.Sequential(torch.nn.Conv2d(1, 3, 5), torch.nn.Flatten(), torch.nn.Linear(3 * 24 * 24, 4))
"""


def factory_file(tmp_path, text: str):
    path, mark = tmp_path / "model.py", tmp_path / "ran.txt"
    path.write_text(FACTORY.format(mark=str(mark), text=text))
    return path, mark


def consent(driver) -> None:
    driver.bot.mouseClick(dialog_of(driver).consent.run, Qt.MouseButton.LeftButton)
    driver.settle()


def test_a_consent_is_to_the_content_that_was_shown(driver, tmp_path):
    path, mark = factory_file(tmp_path, "first")
    driver.window.show_sample("digit-1")
    drop(driver, path)
    factory_file(tmp_path, "second")
    consent(driver)
    assert not mark.exists()
    assert dialog_of(driver).report.consent  # it is asked again, of what the file holds now
    consent(driver)
    assert set(mark.read_text().split("second")) == {""}
    press_open(driver)
    assert driver.session.network.name == "make"
    mark.unlink(missing_ok=True)
    factory_file(tmp_path, "third")
    driver.window.files.edit_card()
    driver.settle()
    assert not mark.exists()
    assert dialog_of(driver).report.consent
    dialog_of(driver).reject()


def test_what_changed_since_it_was_looked_into_is_not_opened(lenet, tmp_path):
    path = lenet_file(tmp_path / "net.pth")
    drop(lenet, path)
    dialog = dialog_of(lenet)
    lenet_file(path, nest="state_dict")
    lenet.bot.mouseClick(dialog.open_button, Qt.MouseButton.LeftButton)
    lenet.settle()
    assert "has changed since it was looked into" in lenet.window.error.sentence
    assert lenet.session.network.provenance == "pretrained on MNIST"
    dialog_of(lenet).reject()


def test_a_card_with_which_it_can_not_run_is_shown_again_and_not_remembered(lenet, tmp_path, cards):
    drop(lenet, lenet_file(tmp_path / "net.pth"))
    side = dialog_of(lenet).card.high
    side.setFocus()
    side.selectAll()
    lenet.bot.keyClicks(side, "9")
    lenet.bot.mouseClick(dialog_of(lenet).open_button, Qt.MouseButton.LeftButton)
    lenet.settle()
    dialog = dialog_of(lenet)
    assert "failed on this image" in dialog.failure
    assert dialog.card.high.value() == 9
    assert lenet.window.error.action.isHidden()  # a file has no random weights to go on with
    assert not cards.exists()
    dialog.card.high.setFocus()
    dialog.card.high.selectAll()
    lenet.bot.keyClicks(dialog.card.high, "32")
    press_open(lenet)
    assert lenet.session.network.name == "net"
    assert len(list(cards.iterdir())) == 1


def test_what_was_not_remembered_is_shown_as_it_is_in_use(driver, tmp_path):
    driver.window.show_sample("digit-2")
    drop(driver, lenet_file(tmp_path / "net.pth"))
    dialog = dialog_of(driver)
    driver.bot.mouseClick(dialog.remember, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    dialog.card.name.selectAll()
    driver.bot.keyClicks(dialog.card.name, "mine")
    press_open(driver)
    driver.window.files.edit_card()
    driver.settle()
    assert (dialog_of(driver).report.origin, dialog_of(driver).card.name.text()) == ("in use", "mine")
    dialog_of(driver).reject()


def test_what_is_cancelled_does_not_come_up_again(driver, tmp_path):
    path, _ = factory_file(tmp_path, "x")
    driver.open("lenet5")
    drop(driver, path)
    dialog = dialog_of(driver)
    driver.bot.mouseClick(dialog.consent.run, Qt.MouseButton.LeftButton)
    driver.bot.keyClick(dialog, Qt.Key.Key_Escape)
    driver.settle()
    assert driver.window.files.dialog is None
    assert driver.session.network.name == "lenet5"


def test_one_of_several_functions_is_chosen(driver, tmp_path):
    path, _ = factory_file(tmp_path, "x")
    path.write_text(path.read_text() + "\n\ndef other():\n    return torch.nn.Conv2d(1, 2, 3)\n")
    driver.window.show_sample("digit-1")
    drop(driver, path)
    (choice,) = driver.window.findChildren(QInputDialog)
    assert choice.comboBoxItems() == ["make", "other"]
    choice.setTextValue("other")
    choice.accept()
    driver.settle()
    assert dialog_of(driver).report.consent.startswith(f"Opening {path}:other runs Python code")
    consent(driver)
    press_open(driver)
    assert driver.session.network.name == "other"


def test_of_several_networks_the_first_is_opened(driver, tmp_path, samples):
    paths = [lenet_file(tmp_path / f"net{number}.pth") for number in range(3)]
    told = []  # a message goes after some seconds, and the network may take longer
    driver.window.statusBar().messageChanged.connect(told.append)
    drop(driver, *paths, samples / "digit-6.png")
    assert "3 networks came: net0.pth is opened." in told
    press_open(driver)
    assert (driver.session.network.name, best(driver)) == ("net0", 6)
