"""The dialog of all networks: searched, sorted, opened; by keyboard, and with the real worker."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton

from cnnviewer.errors import NetworkError
from cnnviewer.network_reports import CatalogueEntry, WeightsPlace
from cnnviewer.networks.catalogue import catalogue
from cnnviewer.qt.catalogue_dialog import CatalogueDialog
from cnnviewer.qt.panels.catalogue.model import COLUMNS
from cnnviewer.qt.panels.catalogue.search import Search, haystack, ordered
from cnnviewer.qt.theme import DARK, LIGHT, apply_theme

HERE, DOWNLOAD, NONE = WeightsPlace
ENTRIES = (
    CatalogueEntry("lenet5", "bundled", "LeNet", parameters=61_706, size=(32, 32), weights=HERE, trained_on="MNIST"),
    CatalogueEntry("fashion-cnn", "bundled", "VGG", parameters=421_642, size=(32, 32), weights=HERE),
    CatalogueEntry("resnet18", "torchvision", "ResNet", "classification", 11_689_512, (224, 224), 0.698, HERE),
    CatalogueEntry(
        "resnet50", "torchvision", "ResNet", "classification", 25_557_032, (224, 224), 0.809, DOWNLOAD, 102_540_417,
        "ImageNet-1k",
    ),
    CatalogueEntry("fcn_resnet50", "torchvision", "FCN", "segmentation", 35_322_218, None, None, DOWNLOAD, 141_567_418),
    CatalogueEntry("timm/resnet50.a1_in1k", "timm", "ResNet", "classification", None, (288, 288), 0.812, DOWNLOAD),
    CatalogueEntry("tiny-vgg", "untrained", "VGG", parameters=9_000, size=(64, 64)),
)  # fmt: skip


@pytest.fixture
def dialog(qtbot, qapp):
    apply_theme(qapp, LIGHT)
    made = CatalogueDialog()
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
    made.show_entries(ENTRIES)
    return made


def typed(qtbot, dialog, text):
    dialog.search.clear()
    qtbot.keyClicks(dialog.search, text)
    return dialog.names


def sort(qtbot, dialog, title):
    """Click a column's title."""
    column = next(place for place, column in enumerate(COLUMNS) if column.title == title)
    header = dialog.table.header()
    middle = header.sectionViewportPosition(column) + header.sectionSize(column) // 2
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(middle, header.height() // 2))
    return dialog.names


def test_each_word_narrows_the_table_as_it_is_typed(dialog, qtbot):
    assert dialog.search.hasFocus()
    assert dialog.count == "7 of 7"
    assert typed(qtbot, dialog, "resn") == ["resnet18", "resnet50", "fcn_resnet50", "timm/resnet50.a1_in1k"]
    assert dialog.count == "4 of 7"
    assert typed(qtbot, dialog, "TIMM resnet") == ["timm/resnet50.a1_in1k"]
    assert typed(qtbot, dialog, "segm") == ["fcn_resnet50"]
    assert typed(qtbot, dialog, "vgg bundled") == ["fashion-cnn"]
    assert typed(qtbot, dialog, "resnet bundled") == []
    assert "No network has all of these words" in dialog.note
    assert not dialog.open_button.isEnabled()
    dialog.search.clear()
    assert len(dialog.names) == 7
    assert dialog.note == ""


def test_filters_by_source_size_and_place_go_together(dialog, qtbot):
    dialog.sources.setCurrentText("torchvision")
    assert dialog.names == ["resnet18", "resnet50", "fcn_resnet50"]
    dialog.sizes.setCurrentText("At most 25 M parameters")
    assert dialog.names == ["resnet18"]
    dialog.sources.setCurrentIndex(0)
    # What is not known is not known to be small.
    assert dialog.names == ["lenet5", "fashion-cnn", "resnet18", "tiny-vgg"]
    qtbot.mouseClick(dialog.here, Qt.MouseButton.LeftButton, pos=QPoint(8, dialog.here.height() // 2))
    assert dialog.names == ["lenet5", "fashion-cnn", "resnet18"]
    dialog.sizes.setCurrentIndex(0)
    assert dialog.count == "3 of 7"


def test_columns_sort_numbers_as_numbers_and_the_unknown_last(dialog, qtbot):
    known = ["tiny-vgg", "lenet5", "fashion-cnn", "resnet18", "resnet50", "fcn_resnet50"]
    assert sort(qtbot, dialog, "Parameters") == [*known, "timm/resnet50.a1_in1k"]
    assert dialog.chosen.name == "tiny-vgg"
    assert sort(qtbot, dialog, "Parameters") == [*known[::-1], "timm/resnet50.a1_in1k"]
    assert sort(qtbot, dialog, "Parameters") == [entry.name for entry in ENTRIES]  # and back to the catalogue's order
    best = ["timm/resnet50.a1_in1k", "resnet50", "resnet18"]
    assert sort(qtbot, dialog, "Top-1")[:3] == best  # the best first
    assert sort(qtbot, dialog, "Top-1")[:3] == best[::-1]
    assert sort(qtbot, dialog, "Top-1") == [entry.name for entry in ENTRIES]
    assert sort(qtbot, dialog, "Trained weights")[-2:] == ["timm/resnet50.a1_in1k", "tiny-vgg"]
    assert sort(qtbot, dialog, "Network")[0] == "fashion-cnn"


@pytest.mark.parametrize("column", COLUMNS, ids=[column.title for column in COLUMNS])
@pytest.mark.parametrize("is_descending", [False, True])
def test_any_order_of_networks_is_sorted_the_same(column, is_descending):
    shuffled = list(ENTRIES)
    random.Random(3).shuffle(shuffled)
    found = [column.key(entry) for entry in ordered(shuffled, column.key, is_descending)]
    known = [key for key in found if key is not None]
    assert known == sorted(known, reverse=is_descending)
    assert found[len(known) :] == [None] * (len(found) - len(known))
    assert sorted(map(str, found)) == sorted(str(column.key(entry)) for entry in ENTRIES)


def test_a_search_says_no_to_what_lacks_one_word():
    entry = ENTRIES[3]
    assert Search(("resnet", "imagenet")).accepts(entry, haystack(entry))
    assert not Search(("resnet", "imagenet-21k")).accepts(entry, haystack(entry))
    assert Search(most_parameters=25_557_032).accepts(entry, "")
    assert not Search(most_parameters=25_557_031).accepts(entry, "")


def test_the_name_that_was_typed_is_chosen_before_others_that_hold_it(dialog, qtbot):
    qtbot.keyClicks(dialog.search, "resnet5")
    assert dialog.chosen.name == "resnet50"
    dialog.show_entries(ENTRIES[::-1])
    qtbot.keyClicks(dialog.search, "0")
    assert dialog.names[0] == "timm/resnet50.a1_in1k"
    assert dialog.chosen.name == "resnet50"
    typed(qtbot, dialog, "timm")
    assert dialog.chosen.name == "timm/resnet50.a1_in1k"


def test_the_keyboard_alone_opens_a_network(dialog, qtbot):
    qtbot.keyClicks(dialog.search, "resnet")
    for _ in range(2):
        qtbot.keyClick(dialog.search, Qt.Key.Key_Down)
    assert dialog.chosen.name == "fcn_resnet50"
    qtbot.keyClick(dialog.search, Qt.Key.Key_Up)
    assert dialog.search.hasFocus()
    dialog.table.setFocus()
    qtbot.keyClicks(dialog.table, "18")  # what is typed in the table is searched
    assert dialog.search.text() == "resnet18"
    assert dialog.search.hasFocus()
    with qtbot.waitSignal(dialog.networkChosen) as told:
        qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert told.args == ["resnet18", "DEFAULT"]
    assert not dialog.isVisible()


def test_enter_in_the_table_and_a_double_click_open_it_once(dialog, qtbot):
    told = []
    dialog.networkChosen.connect(lambda name, weights: told.append((name, weights)))
    dialog.table.setFocus()
    qtbot.keyClick(dialog.table, Qt.Key.Key_Return)
    assert told == [("lenet5", "DEFAULT")]
    dialog.show()
    place = dialog.table.visualRect(dialog.table.model().index(3, 0)).center()
    qtbot.mouseClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert dialog.chosen.name == "resnet50"
    qtbot.mouseDClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert told[1:] == [("resnet50", "DEFAULT")]


def test_escape_closes_and_opens_nothing(dialog, qtbot):
    with qtbot.assertNotEmitted(dialog.networkChosen):
        qtbot.keyClick(dialog.search, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_download_is_told_with_its_size_before_it_begins(dialog, qtbot):
    typed(qtbot, dialog, "resnet50 torchvision classification")
    assert dialog.open_button.text() == "Download and open (103 MB)"
    assert "103 MB, are downloaded from PyTorch's server" in dialog.details
    assert "trained on ImageNet-1k" in dialog.details
    qtbot.mouseClick(dialog.random, Qt.MouseButton.LeftButton, pos=QPoint(8, dialog.random.height() // 2))
    assert dialog.open_button.text() == "Open"
    assert "nothing is downloaded" in dialog.details
    with qtbot.waitSignal(dialog.networkChosen) as told:
        qtbot.mouseClick(dialog.open_button, Qt.MouseButton.LeftButton)
    assert told.args == ["resnet50", None]


def test_what_is_not_known_is_not_told(dialog, qtbot):
    typed(qtbot, dialog, "timm")
    assert dialog.open_button.text() == "Download and open"
    assert "of a size that is not known" in dialog.details
    assert "parameters" not in dialog.details
    assert "None" not in dialog.details


def test_without_trained_weights_it_opens_with_random_ones(dialog, qtbot):
    typed(qtbot, dialog, "tiny")
    assert not dialog.random.isEnabled()
    assert "no trained weights" in dialog.details
    with qtbot.waitSignal(dialog.networkChosen) as told:
        qtbot.keyClick(dialog.search, Qt.Key.Key_Return)
    assert told.args == ["tiny-vgg", None]


def test_the_open_network_is_marked_and_chosen(dialog):
    before = dialog.table.model().index(3, 0).data()
    dialog.set_open("resnet50")
    assert dialog.chosen.name == "resnet50"
    shown = dialog.table.model().index(3, 0)
    assert (before, shown.data()) == ("resnet50", "● resnet50")
    assert shown.data(Qt.ItemDataRole.FontRole).bold()
    dialog.set_open("not in the catalogue")
    assert not any(dialog.table.model().index(row, 0).data().startswith("●") for row in range(7))


def test_what_was_typed_and_chosen_outlasts_a_new_answer(dialog, qtbot):
    qtbot.keyClicks(dialog.search, "resnet")
    qtbot.keyClick(dialog.search, Qt.Key.Key_Down)
    dialog.sources.setCurrentText("torchvision")
    dialog.show_entries((CatalogueEntry("resnet34", "torchvision", "ResNet"), *ENTRIES))
    assert dialog.names == ["resnet34", "resnet18", "resnet50", "fcn_resnet50"]
    assert dialog.chosen.name == "resnet50"
    assert dialog.sources.currentText() == "torchvision"


def test_it_says_that_it_reads_and_that_there_is_nothing(qtbot):
    dialog = CatalogueDialog()
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.note == "Reading the catalogue…"
    assert dialog.count == ""
    assert not dialog.open_button.isEnabled()
    dialog.show_entries(())
    assert dialog.note == "The catalogue holds no network."
    dialog.show_failure("timm can't be read.")
    assert dialog.note == "timm can't be read."


def test_the_real_catalogue_is_shown_whole(dialog):
    entries = catalogue()
    dialog.show_entries(entries)
    assert dialog.names == [entry.name for entry in entries]
    assert dialog.count == f"{len(entries):,} of {len(entries):,}"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(900, 560), (1280, 760)])
def test_no_button_or_number_is_cut_off(dialog, qtbot, qapp, theme, size):
    apply_theme(qapp, theme)
    dialog.resize(*size)
    typed(qtbot, dialog, "resnet50")
    QApplication.processEvents()
    assert dialog.size().toTuple() == size
    buttons = [*dialog.findChildren(QPushButton), dialog.random, dialog.here]
    assert all(button.width() >= button.sizeHint().width() for button in buttons)
    metrics, model = dialog.table.fontMetrics(), dialog.table.model()
    for column in range(1, len(COLUMNS)):
        texts = [model.index(row, column).data() for row in range(model.rowCount())] + [COLUMNS[column].title]
        assert max(map(metrics.horizontalAdvance, texts)) < dialog.table.columnWidth(column) - 6


# ---- in the window


@pytest.fixture
def known(monkeypatch):
    """The worker's catalogue holds the networks above."""
    monkeypatch.setattr("cnnviewer.engine.engine.catalogue", lambda: ENTRIES)


def open_dialog(driver) -> CatalogueDialog:
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    with driver.bot.waitActive(driver.window):
        driver.window.activateWindow()
    driver.bot.keyClick(driver.window, Qt.Key.Key_N, keys)
    found = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, CatalogueDialog)]
    assert len(found) == 1
    driver.settle()
    return found[0]


def test_a_network_is_found_and_opened_from_the_keyboard(lenet, known):
    dialog = open_dialog(lenet)
    assert dialog.count == "7 of 7"
    assert dialog.chosen.name == "lenet5"
    assert dialog.table.currentIndex().data() == "● lenet5"
    lenet.bot.keyClicks(dialog.search, "fash")
    lenet.key(Qt.Key.Key_Return, dialog.search)
    lenet.bot.waitUntil(lambda: lenet.session.network.name == "fashion-cnn", timeout=60_000)
    lenet.settle()
    assert lenet.window.status.provenance != "random weights"
    # Once more: it is marked, and random weights are what they say.
    dialog = open_dialog(lenet)
    assert dialog.chosen.name == "fashion-cnn"
    dialog.random.setChecked(True)
    lenet.key(Qt.Key.Key_Return, dialog.search)
    lenet.bot.waitUntil(lambda: lenet.window.status.provenance == "random weights", timeout=60_000)


def test_a_catalogue_that_cannot_be_read_is_told_in_the_dialog(lenet, monkeypatch):
    def broken():
        raise NetworkError("timm can't be imported.")

    monkeypatch.setattr("cnnviewer.engine.engine.catalogue", broken)
    dialog = open_dialog(lenet)
    assert dialog.note == "timm can't be imported."
    lenet.key(Qt.Key.Key_Escape, dialog)
    lenet.bot.waitUntil(lambda: lenet.window.open_catalogue().dialog is not dialog)


def test_the_menu_of_networks_leads_there_and_to_files(lenet, known):
    texts = [action.text() for action in lenet.window.tool_bar.network_menu.actions()]
    assert texts[-5:-1] == ["All networks…", "Network file…", "Card of this network…", ""]
    card = lenet.window.tool_bar.network_menu.actions()[-3]
    assert not card.isEnabled()  # lenet5 comes from no file
    opener = next(action for action in lenet.window.tool_bar.network_menu.actions() if action.text() == "All networks…")
    opener.trigger()
    lenet.settle()
    assert lenet.window.open_catalogue().dialog.count == "7 of 7"


def test_a_networks_file_is_asked_for(lenet, tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"")
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    lenet.bot.keyClick(lenet.window, Qt.Key.Key_F, keys)
    files = lenet.window.findChild(QFileDialog)
    assert "*.safetensors" in files.nameFilters()[0]
    files.filesSelected.emit([str(path)])
    lenet.bot.waitUntil(lambda: "net.onnx" in lenet.window.error.sentence)
    files.reject()


def test_networks_of_one_task_are_shown(dialog, qtbot):
    width = dialog.search.width()
    dialog.tasks.setFocus()
    qtbot.keyClicks(dialog.tasks, "seg")
    assert dialog.names == ["fcn_resnet50"]
    assert dialog.count == "1 of 7"
    assert dialog.search.width() == width
    qtbot.keyClick(dialog.tasks, Qt.Key.Key_Home)
    assert len(dialog.names) == 7
