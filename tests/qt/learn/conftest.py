"""The tour in the real window."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cnnviewer.qt.panels.learn.pages import PAGES

from ..live.conftest import camera as camera
from ..live.conftest import media as media


class Tour:
    """Uses the tour as a person does."""

    def __init__(self, driver) -> None:
        self.driver = driver
        self.presenter = driver.window.open_learn()
        self.panel = self.presenter.panel
        driver.settle()

    def open(self, title: str):
        """Choose a page by the keyboard, and return it."""
        wanted = [page.title for page in PAGES].index(title)
        self.panel.chooser.setFocus()
        while self.panel.number != wanted:
            key = Qt.Key.Key_Down if self.panel.number < wanted else Qt.Key.Key_Up
            self.driver.key(key, self.panel.chooser)
        return self.panel.page

    def click_cell(self, grid, row: int, column: int) -> None:
        self.driver.click(grid, grid.cell_rect(row, column).center().toPoint())

    def type(self, grid, row: int, column: int, text: str) -> None:
        """Click a cell and type a number."""
        self.click_cell(grid, row, column)
        QTest.keyClicks(grid, text)
        self.driver.key(Qt.Key.Key_Return, grid)


@pytest.fixture
def tour(lenet):
    """The tour, over lenet5 on a digit."""
    return Tour(lenet)
