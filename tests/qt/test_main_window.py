"""What a user does: drop, click, type, on the real window with the real worker."""

from __future__ import annotations

import time

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QClipboard, QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication

from cnnviewer.messages import Order, Scope, View
from cnnviewer.qt.widgets.help_dialog import HelpDialog

from .conftest import WAIT


def drop(window, mime: QMimeData) -> bool:
    """Drop something on a window as the desktop does; return whether it was taken."""
    point, buttons, keys = QPoint(400, 400), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(point, Qt.DropAction.CopyAction, mime, buttons, keys)
    QApplication.sendEvent(window, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(window, QDropEvent(QPointF(point), Qt.DropAction.CopyAction, mime, buttons, keys))
    return True


def files(*paths) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def test_chelsea_dropped_on_efficientnet_is_a_cat(driver, samples):
    driver.open("efficientnet-lite0", sample="coffee")
    assert driver.window.probabilities.bars[0].name == "espresso"
    assert drop(driver.window, files(samples / "chelsea.png"))
    driver.settle()
    bars = driver.window.probabilities.bars
    assert bars[0].name == "tiger cat"
    assert bars[0].text == "39.5 %"
    assert driver.session.recording.image == "chelsea.png"
    assert len(driver.session.recording.layers) == 148
    # Every card on the screen has its pictures.
    height = driver.window.layers.viewport().height()
    cards = [driver.window.layers.card(name) for name in driver.window.layers.visible_layers]
    shown = [card for card in cards if card.y() + card.body_rect().top() < height]
    assert len(shown) >= 4
    assert all(card.grid.channels for card in shown)
    assert driver.window.status.provenance == "pretrained on ImageNet-1k"


def test_many_files_make_a_strip_to_step_through(lenet, samples):
    drop(lenet.window, files(*(samples / f"digit-{digit}.png" for digit in (7, 1, 4))))
    lenet.settle()
    strip = lenet.window.input.thumbnails
    assert strip.count() == 3
    assert strip.isVisible()
    lenet.bot.waitUntil(lambda: not any(strip.picture(row).isNull() for row in range(3)), timeout=WAIT)
    seen = []
    for _ in range(4):
        seen.append(lenet.window.probabilities.bars[0].name)
        lenet.key(Qt.Key.Key_E, lenet.window)
    assert seen == ["7", "1", "4", "7"]
    lenet.key(Qt.Key.Key_W, lenet.window)
    assert lenet.window.probabilities.bars[0].name == "7"
    lenet.bot.mouseClick(
        strip.viewport(), Qt.MouseButton.LeftButton, pos=strip.visualRect(strip.model().index(2, 0)).center()
    )
    lenet.settle()
    assert lenet.window.probabilities.bars[0].name == "4"


def test_a_folder_is_dropped(lenet, samples):
    drop(lenet.window, files(samples))
    lenet.settle()
    assert lenet.window.input.thumbnails.count() == 25


def test_a_browsers_picture_is_dropped_and_pasted(lenet, samples):
    mime = QMimeData()
    mime.setImageData(QImage(str(samples / "digit-8.png")))
    drop(lenet.window, mime)
    lenet.settle()
    assert lenet.window.probabilities.bars[0].name == "8"
    QGuiApplication.clipboard().setImage(QImage(str(samples / "digit-5.png")))
    lenet.bot.keyClick(lenet.window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    lenet.settle()
    assert lenet.window.probabilities.bars[0].name == "5"


def test_a_clipboard_that_cannot_be_read_is_told(lenet, monkeypatch):
    # What Qt answers where another program holds the clipboard, or there is none.
    monkeypatch.setattr(QClipboard, "mimeData", lambda self, mode=None: None)
    lenet.bot.keyClick(lenet.window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert "clipboard holds no image" in lenet.window.statusBar().currentMessage()
    assert lenet.window.probabilities.bars[0].name == "3"


def test_an_address_alone_is_told(lenet):
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.jpg")])
    assert drop(lenet.window, mime)
    assert "address" in lenet.window.error.sentence
    assert lenet.window.probabilities.bars[0].name == "3"


def test_text_is_not_taken(lenet):
    mime = QMimeData()
    mime.setText("no image")
    assert not drop(lenet.window, mime)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"this is a text", "is no image"), (b"", "0 bytes"), (b"\xff\xd8\xff damaged", "bad.jpg")],
)
def test_a_bad_file_is_told_and_nothing_is_lost(lenet, tmp_path, content, sentence):
    before = lenet.session.recording
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(content)
    drop(lenet.window, files(bad))
    lenet.settle()
    assert sentence in lenet.window.error.sentence
    assert lenet.window.error.isVisible()
    assert lenet.session.recording is before
    assert lenet.window.probabilities.bars[0].name == "3"
    if lenet.window.error.unfold.isVisible():  # only of what broke while it was decoded, there is more to tell
        lenet.click(lenet.window.error.unfold)
        assert "ImageError" in lenet.window.error.details
    else:
        assert content[:2] != b"\xff\xd8"
    lenet.key(Qt.Key.Key_Escape, lenet.window)
    assert not lenet.window.error.isVisible()


def test_a_folder_without_images_is_told(lenet, tmp_path):
    drop(lenet.window, files(tmp_path))
    lenet.settle()
    assert "holds no image" in lenet.window.error.sentence


def test_absurd_sizes_are_shown_with_a_caution(lenet, tmp_path):
    for size, words in (((1, 1), "enlarged 28 times"), ((20000, 3), "only the middle")):
        path = tmp_path / f"{size[0]}.png"
        Image.new("RGB", size, (200, 30, 30)).save(path)
        drop(lenet.window, files(path))
        lenet.settle()
        assert lenet.session.recording.image == path.name
        assert words in lenet.session.recording.caution


def test_a_missing_connection_offers_random_weights(lenet, torch_home, monkeypatch):
    import urllib.request

    def no_connection(*args, **kwargs):
        raise urllib.error.URLError(OSError("Name or service not known"))

    monkeypatch.setattr(urllib.request, "urlopen", no_connection)
    lenet.session.open_network("squeezenet1_0")
    lenet.bot.waitUntil(lenet.window.error.isVisible, timeout=60_000)
    lenet.settle()
    assert "no connection" in lenet.window.error.sentence
    assert lenet.session.network.name == "lenet5"
    lenet.click(lenet.window.error.action)
    lenet.bot.waitUntil(lambda: lenet.session.network.name == "squeezenet1_0", timeout=60_000)
    lenet.settle()
    assert lenet.window.status.provenance == "random weights"
    assert not lenet.window.error.isVisible()


def test_a_map_is_chosen_by_click_and_arrows(lenet):
    grid = lenet.card("relu1").grid
    lenet.click(grid, grid.tile_rect(2).center())
    assert (lenet.session.selection.layer, lenet.session.selection.channel) == ("relu1", 2)
    assert lenet.window.inspector.title == "relu1 · map 2"
    row, column = lenet.session.selection.unit
    assert (row, column) == (13, 13) or (row, column) == (14, 14)
    assert f"unit ({row}, {column}) = " in lenet.window.inspector.unit_text
    grid.setFocus()
    lenet.key(Qt.Key.Key_Right, grid)
    assert lenet.session.selection.channel == 3
    lenet.key(Qt.Key.Key_Left, grid)
    lenet.key(Qt.Key.Key_Left, grid)
    assert lenet.session.selection.channel == 1


def test_layers_are_stepped_with_u_and_o(lenet):
    lenet.session.select("c1")
    lenet.key(Qt.Key.Key_O, lenet.window)
    assert lenet.session.selection.layer == "relu1"
    lenet.key(Qt.Key.Key_U, lenet.window)
    lenet.key(Qt.Key.Key_U, lenet.window)
    assert lenet.session.selection.layer == "c1"


def test_the_outline_and_the_cards_choose_together(lenet):
    outline = lenet.window.outline
    lenet.bot.keyClick(lenet.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert outline.search.hasFocus()
    lenet.bot.keyClicks(outline.search, "out")
    assert outline.shown_layers() == ["output"]
    index = outline.tree.model().index(0, 0, outline.tree.model().index(0, 0))
    lenet.click(outline.tree.viewport(), outline.tree.visualRect(index).center())
    assert lenet.session.selection.layer == "output"
    assert "output" in lenet.window.layers.visible_layers
    outline.search.clear()
    outline.kinds.setCurrentText("pooling")
    assert outline.shown_layers() == ["s2", "s4"]


def test_filters_of_the_chosen_channel_are_shown(lenet):
    card = lenet.card("c3")
    lenet.session.select("c3", 5)
    lenet.click(card.views.button("Filters"))
    assert card.view is View.FILTERS
    assert len(card.grid.channels) == 6


def test_scale_order_and_tiles_follow_the_tool_bar(lenet):
    window = lenet.window
    lenet.click(window.tool_bar.scope.button("layer"))
    assert lenet.session.scale.scope is Scope.LAYER
    window.tool_bar.order.setCurrentText("mean")
    lenet.settle()
    assert lenet.session.order is Order.MEAN
    means = lenet.session.recording  # the order itself is tested with the engine
    assert means is not None
    before = lenet.card("c1").grid.tile_rect(0).width()
    window.tool_bar.tiles.setValue(100)
    lenet.settle()
    assert lenet.card("c1").grid.tile_rect(0).width() == 100 > before


def test_zoom_large_view_and_the_way_back(lenet):
    lenet.session.select("relu1", 0, (10, 10))
    lenet.settle()
    view = lenet.window.inspector.view
    lenet.key(Qt.Key.Key_Z, lenet.window)
    assert view.cell_size >= 40
    lenet.key(Qt.Key.Key_Z, lenet.window)
    assert view.is_fitted
    lenet.key(Qt.Key.Key_Space, lenet.window)
    assert lenet.window.large.isVisible()
    lenet.key(Qt.Key.Key_Escape, lenet.window)
    assert not lenet.window.large.isVisible()


def test_the_help_lists_the_keys(lenet):
    lenet.bot.keyClick(lenet.window, Qt.Key.Key_Question)
    dialogs = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, HelpDialog)]
    assert len(dialogs) == 1
    assert dialogs[0].isVisible()
    dialogs[0].close()


def test_a_class_is_searched(lenet):
    lenet.bot.keyClicks(lenet.window.probabilities.search, "7")
    assert [bar.name.split(". ")[1] for bar in lenet.window.probabilities.bars] == ["7"]


def test_light_and_dark_give_other_pictures(lenet):
    light = lenet.window.grab().toImage().pixelColor(5, 780).lightness()
    lenet.window.set_theme("dark")
    lenet.settle()
    assert lenet.session.scale.dark
    assert lenet.window.grab().toImage().pixelColor(5, 780).lightness() < light - 100


def test_scrolling_renders_without_another_forward_pass(driver):
    driver.open("densenet201", weights=None, sample="chelsea")
    recording = driver.session.recording
    assert len(recording.layers) > 700
    bar = driver.window.layers.verticalScrollBar()
    shown = set()
    for share in (0.2, 0.5, 0.8, 1.0):
        bar.setValue(round(bar.maximum() * share))
        driver.settle()
        visible = driver.window.layers.visible_layers
        assert len(visible) < 12
        shown.update(visible)
    assert driver.session.recording is recording
    assert "classifier" in shown


def test_the_newest_image_wins(lenet, samples):
    """Of many images in a row the last one is shown, and not each of them runs through the network."""
    lenet.window.open_paths([samples / f"digit-{digit}.png" for digit in range(10)])
    lenet.settle()
    recorded = []
    lenet.session.recordingChanged.connect(recorded.append)
    for position in range(10):
        lenet.session.inputs.show_image(position)
    lenet.settle()
    assert lenet.session.recording.image == "digit-9.png"
    assert len(recorded) < 10


def test_closing_while_busy_ends_the_thread(driver):
    driver.session.open_network("vgg11", None)
    driver.window.show_sample("chelsea")
    time.sleep(0.05)
    driver.window.close()
    assert not driver.session.is_running
