"""The dialog of all networks: from a letter typed to the painted table, and against painting it alone."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from measuring import Result, median_ratio, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = (1060, 660)
TYPED = "resnet50 in1k timm"


def measure(networks: list[str]) -> Iterator[Result]:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    from cnnviewer.networks.catalogue import catalogue
    from cnnviewer.qt.app import create_app
    from cnnviewer.qt.catalogue_dialog import CatalogueDialog

    app = create_app()
    dialog = CatalogueDialog()
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    dialog.resize(*SIZE)
    dialog.show()
    dialog.show_entries(catalogue())
    app.processEvents()

    def press(key: Qt.Key | str) -> None:
        QTest.keyClick(dialog.search, key)
        app.processEvents()

    def paint() -> None:
        dialog.table.viewport().update()
        app.processEvents()

    def letter_and_back() -> None:
        press("e")
        press(Qt.Key.Key_Backspace)

    def paint_twice() -> None:
        paint()
        paint()

    try:
        keys = [*TYPED, *[Qt.Key.Key_Backspace] * len(TYPED)]
        times = [seconds(lambda key=key: press(key)) for key in keys]
        what = f"a letter among {len(catalogue()):,} networks to the painted table"
        yield Result(what, "", statistics.median(times) * 1000, "ms", 16)
        yield Result("the same / painting the table alone", "", median_ratio(letter_and_back, paint_twice), "ratio")
    finally:
        dialog.close()
