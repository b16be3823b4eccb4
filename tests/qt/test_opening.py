"""Whatever is dropped, pasted or chosen opens in one way; nothing that was there goes before something else is."""

from __future__ import annotations

import base64
import os
import shutil
import threading

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel

from .conftest import WAIT, wait
from .test_main_window import drop, files


def shown(driver) -> str:
    return driver.session.recording.image


def told(driver) -> str:
    return "" if driver.window.error.isHidden() else driver.window.error.sentence


def paste(driver, mime: QMimeData) -> None:
    QGuiApplication.clipboard().setMimeData(mime)
    driver.bot.keyClick(driver.window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    driver.settle()


def text(words: str) -> QMimeData:
    mime = QMimeData()
    mime.setText(words)
    return mime


@pytest.fixture
def strip(lenet, samples):
    """The window with three digits to step through."""
    drop(lenet.window, files(*(samples / f"digit-{digit}.png" for digit in (7, 1, 4))))
    lenet.settle()
    assert lenet.window.input.thumbnails.count() == 3
    return lenet


# ---- what was there stays


@pytest.mark.parametrize("name", ["notes.txt", "notes.png", "empty.mp4", "song.mp3", "gone.png", "damaged.png"])
def test_what_can_not_be_shown_leaves_the_images_as_they_are(strip, tmp_path, name):
    content = {"notes": b"words", "song": b"ID3\x04", "empty": b"", "damaged": b"\x89PNG\r\n\x1a\n" + bytes(range(99))}
    stem = name.partition(".")[0]
    if stem in content:
        (tmp_path / name).write_bytes(content[stem])
    strip.key(Qt.Key.Key_E, strip.window)
    before = strip.session.inputs.images
    drop(strip.window, files(tmp_path / name))
    strip.settle()
    assert name in told(strip)
    assert strip.session.inputs.images == before
    assert strip.window.input.thumbnails.count() == 3
    assert shown(strip) == "digit-1.png"
    strip.key(Qt.Key.Key_E, strip.window)
    assert shown(strip) == "digit-4.png"


def test_of_several_those_are_shown_that_can_be(lenet, samples, tmp_path):
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(99)))
    drop(lenet.window, files(damaged, samples / "digit-8.png", tmp_path / "gone.png"))
    lenet.settle()
    assert shown(lenet) == "digit-8.png"
    assert lenet.window.input.thumbnails.count() == 2
    assert "gone.png" in told(lenet)
    assert "damaged.png" in told(lenet)
    lenet.key(Qt.Key.Key_E, lenet.window)
    assert "damaged.png" in told(lenet)
    assert "gone.png" not in told(lenet)
    assert shown(lenet) == "digit-8.png"


def test_of_many_the_first_are_told_and_how_many_more_there_are(lenet, tmp_path):
    drop(lenet.window, files(*(tmp_path / f"gone-{number}.png" for number in range(14))))
    lenet.settle()
    assert "gone-0.png" in told(lenet)
    assert "And 12 more" in told(lenet)
    assert len(told(lenet)) < 500 + 2 * len(str(tmp_path))
    lenet.click(lenet.window.error.unfold)
    assert lenet.window.error.details.count("\n") == 13


def test_a_network_and_a_text_that_came_with_it(lenet, tmp_path):
    (tmp_path / "notes.txt").write_text("words")
    drop(lenet.window, files(tmp_path / "notes.txt", tmp_path / "gone.onnx"))
    lenet.settle()
    assert "notes.txt is text" in told(lenet)
    assert "gone.onnx" in told(lenet)
    assert lenet.session.network.name == "lenet5"


@pytest.mark.parametrize(
    ("name", "begin"),
    [
        ("a{0} · {b}.png", "a{0} · {b}.png · 28×28 · "),
        ("שלום 12.png", "\u200e\u2068שלום 12.png\u2069 · 28×28 · "),
        (os.fsdecode(b"caf\xe9.png"), "caf\ufffd.png · 28×28 · "),
    ],
)
def test_captions_of_odd_names(lenet, samples, tmp_path, name, begin):
    try:
        shutil.copy(samples / "digit-6.png", tmp_path / name)
    except OSError:
        pytest.skip("this system has no such names")
    drop(lenet.window, files(tmp_path))
    lenet.settle()
    captions = [label.text() for label in lenet.window.input.findChildren(QLabel)]
    assert any(caption.startswith(begin) for caption in captions), captions


# ---- one way for all kinds


def test_a_copied_file_is_pasted(lenet, samples):
    paste(lenet, files(samples / "digit-6.png"))
    assert shown(lenet) == "digit-6.png"


def test_a_copied_network_is_pasted(lenet, tmp_path):
    import torch

    torch.save({"weight": torch.zeros(2, 2)}, tmp_path / "net.pth")
    paste(lenet, files(tmp_path / "net.pth"))
    lenet.bot.waitUntil(lambda: lenet.window.files.dialog is not None or bool(told(lenet)), timeout=WAIT)
    lenet.settle()
    if lenet.window.files.dialog is not None:
        lenet.window.files.dialog.reject()


def test_a_path_is_pasted_as_text(lenet, samples):
    for digit, words in enumerate(
        [
            str(samples / "digit-0.png"),
            f'"{samples / "digit-1.png"}"',
            QUrl.fromLocalFile(str(samples / "digit-2.png")).toString(),
            f"'{samples / 'digit-3.png'}'\n",
        ]
    ):
        paste(lenet, text(words))
        assert shown(lenet) == f"digit-{digit}.png"
    paste(lenet, text(f"{samples / 'digit-5.png'}\n{samples / 'digit-9.png'}"))
    assert shown(lenet) == "digit-5.png"
    assert lenet.window.input.thumbnails.count() == 2


def test_a_path_of_nothing_is_told(lenet, tmp_path):
    paste(lenet, text(str(tmp_path / "gone.png")))
    assert "There is no file or folder" in told(lenet)


def test_words_are_not_taken_for_a_path(lenet):
    paste(lenet, text("a sentence about cats"))
    assert "clipboard holds no image" in lenet.window.statusBar().currentMessage()
    assert told(lenet) == ""


def test_an_image_that_is_written_out_in_an_address(lenet, samples):
    written = base64.b64encode((samples / "digit-2.png").read_bytes()).decode()
    paste(lenet, text(f"data:image/png;base64,{written}"))
    assert lenet.window.probabilities.bars[0].name == "2"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("file://nas.local/share/cat.png", "on the machine nas.local"),
        ("smb://nas/share/cat.png", "(smb)"),
        ("sftp://far.example/cat.png", "(sftp)"),
        ("trash:///cat.png", "in the trash"),
    ],
)
def test_addresses_elsewhere_are_told_by_name(lenet, address, sentence):
    mime = QMimeData()
    mime.setUrls([QUrl(address)])
    assert drop(lenet.window, mime)
    lenet.settle()
    assert sentence in told(lenet)
    assert "cat.png" in told(lenet)
    assert lenet.window.probabilities.bars[0].name == "3"


def chosen(driver, keys: str):
    driver.bot.keySequence(driver.window, keys)
    dialog = driver.window.findChild(QFileDialog)
    assert dialog is not None
    return dialog


@pytest.mark.parametrize(
    ("keys", "selected"),
    [("Ctrl+O", "All that can be opened"), ("Ctrl+Shift+F", "Networks"), ("Ctrl+Shift+O", "Videos")],
)
def test_the_dialog_lists_all_kinds(lenet, samples, keys, selected):
    dialog = chosen(lenet, keys)
    filters = dialog.nameFilters()
    assert [line.partition(" (")[0] for line in filters] == [
        "All that can be opened", "Images", "Videos", "Networks", "All files"
    ]  # fmt: skip
    assert dialog.selectedNameFilter().startswith(selected)
    for ending in (".avif", ".jfif", ".mts", ".onnx", ".pth", ".png", ".mp4"):
        assert f"*{ending}" in filters[0].replace(")", " ").split()
    dialog.filesSelected.emit([str(samples / "digit-4.png"), str(samples / "digit-5.png")])
    dialog.close()
    lenet.settle()
    assert shown(lenet) == "digit-4.png"
    assert lenet.window.input.thumbnails.count() == 2


# ---- large folders


@pytest.fixture
def slow_disk(monkeypatch):
    """A disk that answers after a while: a folder gives each file only when it is let."""
    let = threading.Semaphore(0)
    real = os.scandir

    class Entries:
        def __init__(self, path):
            self.entries = real(path)

        def __enter__(self):
            return self

        def __exit__(self, *args):
            self.entries.close()

        def __iter__(self):
            for entry in sorted(self.entries, key=lambda entry: int(entry.name.split(".")[0])):
                assert threading.current_thread() is not threading.main_thread()
                let.acquire()
                yield entry

    monkeypatch.setattr("cnnviewer.inputs.finding.os.scandir", Entries)
    monkeypatch.setattr("cnnviewer.inputs.finding.PATIENCE", 0.0)
    monkeypatch.setattr("cnnviewer.inputs.finding.BEAT", 0.0)
    return let


@pytest.fixture
def folder(tmp_path):
    for number in range(30):
        Image.new("L", (28, 28), number).save(tmp_path / f"{number}.png")
    return tmp_path


def test_a_slow_folder_shows_its_first_image_at_once_and_then_the_others(lenet, slow_disk, folder):
    drop(lenet.window, files(folder))
    slow_disk.release(3)
    lenet.bot.waitUntil(lambda: shown(lenet) == "0.png", timeout=WAIT)
    lenet.bot.waitUntil(lambda: "Looking" in lenet.window.progress.text, timeout=WAIT)
    assert lenet.window.progress.isVisible()
    assert lenet.window.progress.cancel.isVisible()
    slow_disk.release(100)
    lenet.settle()
    assert not lenet.window.progress.isVisible()
    assert lenet.window.input.thumbnails.count() == 30
    assert (shown(lenet), lenet.session.inputs.position) == ("0.png", 0)
    lenet.key(Qt.Key.Key_E, lenet.window)
    assert shown(lenet) == "1.png"


def test_a_search_is_cancelled_and_keeps_what_it_found(lenet, slow_disk, folder):
    drop(lenet.window, files(folder))
    slow_disk.release(5)
    lenet.bot.waitUntil(lambda: lenet.window.progress.text.endswith("· 5"), timeout=WAIT)
    lenet.bot.mouseClick(lenet.window.progress.cancel, Qt.MouseButton.LeftButton)
    slow_disk.release(100)
    lenet.settle()
    assert 5 <= lenet.window.input.thumbnails.count() < 30


def test_the_newest_of_two_wins(lenet, slow_disk, folder, samples):
    drop(lenet.window, files(folder))
    slow_disk.release(2)
    drop(lenet.window, files(samples / "digit-9.png"))
    slow_disk.release(100)
    lenet.settle()
    lenet.bot.waitUntil(lambda: shown(lenet) == "digit-9.png", timeout=WAIT)
    assert lenet.session.inputs.images[0].title == "digit-9.png"


def test_another_image_that_was_chosen_meanwhile_stays(lenet, slow_disk, folder):
    drop(lenet.window, files(folder))
    slow_disk.release(2)
    lenet.bot.waitUntil(lambda: shown(lenet) == "0.png", timeout=WAIT)
    lenet.window.show_sample("digit-5")
    lenet.bot.waitUntil(lambda: shown(lenet) == "digit-5.png", timeout=WAIT)
    slow_disk.release(100)
    lenet.settle()
    assert shown(lenet) == "digit-5.png"
    assert len(lenet.session.inputs.images) == 1


def test_a_pad_that_is_opened_while_a_disk_is_slow_stays(lenet, slow_disk, folder):
    live = lenet.window.open_live()
    drop(lenet.window, files(folder))
    live.pad()
    slow_disk.release(100)
    lenet.settle()
    wait(200)
    assert live.live.is_drawing
    assert not any(image.title == "0.png" for image in lenet.session.inputs.images)


def test_a_sample_that_is_chosen_while_a_disk_gave_nothing_yet_stays(lenet, slow_disk, folder):
    drop(lenet.window, files(folder))
    lenet.window.show_sample("digit-5")
    slow_disk.release(100)
    lenet.settle()
    assert shown(lenet) == "digit-5.png"
    assert len(lenet.session.inputs.images) == 1


def test_a_window_closes_while_a_disk_does_not_answer(lenet, slow_disk, folder):
    drop(lenet.window, files(folder))
    slow_disk.release(2)
    lenet.bot.waitUntil(lambda: shown(lenet) == "0.png", timeout=WAIT)
    slow_disk.release(100)
    lenet.window.close()


def test_only_the_pictures_on_the_screen_are_asked_for(lenet, tmp_path):
    for number in range(400):
        Image.new("L", (4, 4), number % 256).save(tmp_path / f"{number}.bmp")
    drop(lenet.window, files(tmp_path))
    lenet.settle()
    strip = lenet.window.input.thumbnails
    assert strip.count() == 400
    lenet.bot.waitUntil(lambda: not strip.picture(0).isNull(), timeout=WAIT)
    lenet.settle()
    assert strip.picture(200).isNull()
    strip.scrollTo(strip.model().index(200, 0))
    lenet.bot.waitUntil(lambda: not strip.picture(200).isNull(), timeout=WAIT)
    assert strip.picture(100).isNull()
    lenet.bot.mouseClick(
        strip.viewport(), Qt.MouseButton.LeftButton, pos=strip.visualRect(strip.model().index(200, 0)).center()
    )
    lenet.settle()
    assert shown(lenet) == "200.bmp"


@pytest.mark.parametrize("size", [(2000, 3), (3, 2000), (60, 1)])
def test_a_picture_that_is_hardly_wider_than_nothing_has_a_thumbnail(lenet, qtlog, tmp_path, size):
    Image.new("RGB", size, "red").save(tmp_path / "strip.png")
    Image.new("RGB", (30, 30), "blue").save(tmp_path / "square.png")
    drop(lenet.window, files(tmp_path / "strip.png", tmp_path / "square.png"))
    lenet.bot.waitUntil(lambda: lenet.window.input.thumbnails.count() == 2, timeout=WAIT)
    lenet.bot.waitUntil(lambda: not lenet.window.input.thumbnails.picture(0).isNull(), timeout=WAIT)
    lenet.settle()
    seen = lenet.window.input.thumbnails.grab().toImage()
    reds = [seen.pixelColor(x, y) for x in range(48) for y in range(seen.height())]
    assert any(color.red() > 150 and color.green() < 100 for color in reds)
    assert not [one.message for one in qtlog.records if "QPainter" in one.message]
