"""The tour: at the left what a page tells, at the right its playground."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.qt.panels.learn.pages import PAGES
from cnnviewer.qt.widgets.styling import label, scrolled
from cnnviewer.qt.widgets.wheel import Choice
from cnnviewer.qt.widgets.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from cnnviewer.messages import LessonAnswer, LessonRequest
    from cnnviewer.qt.panels.learn.page import Page, Place

__all__ = ["LearnPanel"]

_COLUMN = 304


class LearnPanel(QWidget):
    """Shows one page at a time; pages are built when they are first shown.

    `pageBuilt` tells a page that is new, `pageLeft` that another one is turned to, `requested` a page's number and its
    request, `placeRequested` the `Place` where its idea is seen, `elsewhereRequested` one that another network has,
    `wayBackRequested` that the window is to show what it showed before.
    """

    pageBuilt = Signal(object)
    pageLeft = Signal()
    requested = Signal(int, object)
    placeRequested = Signal(object)
    elsewhereRequested = Signal(object)
    wayBackRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pages: dict[int, Page] = {}
        self._number = -1
        self._has_begun = False
        self._elsewhere: Place | None = None
        self.is_seen = False
        """Whether the tour is on the screen: not closed, and not below another panel."""
        self._build_column()
        self.stack = QStackedWidget(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(9, 8, 9, 8)
        row.setSpacing(14)
        row.addLayout(self._column)
        row.addWidget(self.stack, stretch=1)
        self.show_page(0)

    # ---- what is shown

    @property
    def number(self) -> int:
        """The number of the page that is shown, from 0."""
        return self._number

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return self._pages[self._number]

    def show_page(self, number: int) -> None:
        """Show a page, which begins when it is seen."""
        if number == self._number or not 0 <= number < len(PAGES):
            return
        self._end()
        if self._number >= 0:
            self.pageLeft.emit()
            self.tell("")
        self._number = number
        if number not in self._pages:
            self._pages[number] = self._new_page(number)
        page = self.page
        self.stack.setCurrentWidget(_frame_of(page))
        self.chooser.setCurrentIndex(number)
        self.text.setHtml(page.text)
        self.back.setEnabled(number > 0)
        self.next.setEnabled(number < len(PAGES) - 1)
        self.real.setVisible(page.place is not None)
        self._begin()

    def show_answer(self, number: int, request: LessonRequest, answer: LessonAnswer) -> None:
        """Give a page what it asked for."""
        if number in self._pages:
            self._pages[number].show_answer(request, answer)

    def refresh(self, *, photo_only: bool = False) -> None:
        """Let the page that is seen ask again: the theme is another, or the photo."""
        if self._has_begun and (self.page.follows_photo or not photo_only):
            self.page.refresh()

    def show_caution(self, caution: str) -> None:
        """Tell what the open network's answers are not to be taken for; '' for nothing."""
        self._caution.set_text(caution)

    @property
    def caution(self) -> str:
        """What is told of the open network's answers."""
        return self._caution.text()

    def tell(self, sentence: str, elsewhere: Place | None = None) -> None:
        """Tell what "Now in the real network" has shown, and where it is seen better; '' tells nothing."""
        self._elsewhere = elsewhere
        self.told.setText(sentence)
        self.told.setVisible(bool(sentence))
        self.elsewhere.setVisible(elsewhere is not None)
        if elsewhere is not None:
            self.elsewhere.setText(f"Show {elsewhere.what} in {elsewhere.network}")
            self.elsewhere.setToolTip(f"Open {elsewhere.network}, with an image that suits it; a way back is offered")

    def offer_way_back(self, name: str) -> None:
        """Offer to show what the window showed before, which has this name; '' offers nothing."""
        self.way_back.setVisible(bool(name))
        self.way_back.setText(f"Back to {name}")
        self.way_back.setToolTip(f"Show {name} again, as it was before the tour opened something else")

    @Slot(bool)
    def set_seen(self, is_seen: bool) -> None:
        """Begin the page, or end it: nothing runs that is not seen."""
        self.is_seen = is_seen
        if is_seen:
            self._begin()
        else:
            self._end()

    # ---- building

    def _build_column(self) -> None:
        self.chooser = Choice(self)
        self.chooser.addItems([f"{number} {page.title}" for number, page in enumerate(PAGES, 1)])
        self.chooser.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.chooser.setToolTip("The pages of the tour")
        self.chooser.setAccessibleName("Page of the tour")
        self.chooser.activated.connect(self.show_page)
        self.text = QTextBrowser(self)
        self.text.setFrameShape(QFrame.Shape.NoFrame)
        self.text.setAccessibleName("What the page tells")
        self.text.document().setDocumentMargin(2)
        self.back = self._button("←", "Back: the page before", self._on_back)
        self.next = self._button("→", "Next: the page after this one", self._on_next)
        self.real = self._button("Now in the real network", "Show a layer where this is seen", self._on_real)
        self.real.setObjectName("primary")
        self.told = label("", self)
        self.told.setWordWrap(True)
        self.elsewhere = self._button("", "", self._on_elsewhere)
        self.way_back = self._button("", "", self.wayBackRequested.emit)
        for widget in (self.elsewhere, self.way_back):
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        turns = QHBoxLayout()
        turns.setSpacing(4)
        for button in (self.back, self.next):
            button.setFixedWidth(30)
            button.setAccessibleName(button.toolTip())
        turns.addWidget(self.back)
        turns.addWidget(self.chooser)
        turns.addWidget(self.next)
        self.text.setFixedWidth(_COLUMN)
        self._caution = WrappedLabel("warning", self)
        self._caution.hide()
        self._column = QVBoxLayout()
        self._column.setSpacing(6)
        self._column.addLayout(turns)
        self._column.addWidget(self.text)
        self._column.addWidget(self._caution)
        self._column.addWidget(self.real)
        self._column.addWidget(self.told)
        self._column.addWidget(self.elsewhere)
        self._column.addWidget(self.way_back)
        self.tell("")
        self.offer_way_back("")

    def _button(self, text: str, tip: str, slot: object) -> QPushButton:
        button = QPushButton(text, self)
        button.setToolTip(tip)
        button.clicked.connect(slot)
        return button

    def _new_page(self, number: int) -> Page:
        page = PAGES[number](self)
        page.requested.connect(self._on_requested)
        page.pageRequested.connect(self.show_title)
        # A small window scrolls the playground.
        area = scrolled(page, self)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.stack.addWidget(area)
        self.pageBuilt.emit(page)
        return page

    # ---- turning pages

    def _begin(self) -> None:
        if not self._has_begun and self.is_seen:
            self._has_begun = self.page.is_begun = True
            self.page.begin()

    def _end(self) -> None:
        if self._has_begun:
            self._has_begun = self.page.is_begun = False
            self.page.end()

    @Slot(str)
    def show_title(self, title: str) -> None:
        """Show the page of this title."""
        titles = [page.title for page in PAGES]
        if title in titles:
            self.show_page(titles.index(title))

    @Slot()
    def _on_back(self) -> None:
        self.show_page(self._number - 1)

    @Slot()
    def _on_next(self) -> None:
        self.show_page(self._number + 1)

    @Slot()
    def _on_real(self) -> None:
        self.placeRequested.emit(self.page.place)

    @Slot()
    def _on_elsewhere(self) -> None:
        if self._elsewhere is not None:
            self.elsewhereRequested.emit(self._elsewhere)

    @Slot(object)
    def _on_requested(self, request: LessonRequest) -> None:
        number = next(number for number, page in self._pages.items() if page is self.sender())
        self.requested.emit(number, request)


def _frame_of(page: Page) -> QWidget:
    """Return the scroll area that a page lies in."""
    viewport = page.parentWidget()
    assert viewport is not None
    area = viewport.parentWidget()
    assert area is not None
    return area
