"""The arithmetic of a unit: its window, the filter, their products; or what else it was made of."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from cnnviewer.names import isolated, steady
from cnnviewer.qt.panels.explanation.sentences import formula_of, rows_of, sentence_of
from cnnviewer.qt.theme import PLACE_COLOR
from cnnviewer.qt.widgets.bar_list import Bar, BarList
from cnnviewer.qt.widgets.function_curve import FunctionCurve
from cnnviewer.qt.widgets.number_grid import CellMark, NumberGrid
from cnnviewer.qt.widgets.numbers import hundredths_text, short_text, signed_text, unit_text, value_text
from cnnviewer.qt.widgets.styling import LINKS, label, scrolled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnnviewer.questions import UnitAnswer, Window

__all__ = ["ArithmeticPage"]

_SUM_WIDTH, _LIST_WIDTH = 250, 230
_GRIDS_WIDTH = 960
_COARSE = 0.1
"""Where the largest number is no smaller, hundredths tell enough in small cells."""
_READ = 49
"""So many cells of a window can be read at a glance."""
_FEW_COLUMNS = 3
"""So many columns have room for three digits a cell; more have two."""
_MADE_OF = "what it is made of, the strongest first: red adds, blue subtracts"
_REST = -1
"""The index of the row for all terms that are not listed."""


class ArithmeticPage(QWidget):
    """Shows an explanation.

    `channelChosen` tells the input channel whose window is wanted, `unitChosen` the layer and the index of a unit that
    was made use of.
    """

    channelChosen = Signal(int)
    unitChosen = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answer: UnitAnswer | None = None
        self._build()

    # ---- what is shown

    @property
    def answer(self) -> UnitAnswer | None:
        """The explanation that is shown."""
        return self._answer

    def show_answer(self, answer: UnitAnswer) -> None:
        """Show an explanation."""
        self._answer = answer
        self._value.setText(f"{value_text(answer.recorded)}")
        self._sentence.setText(steady(" ".join((sentence_of(answer), *answer.notes))))
        self._show_rows(rows_of(answer))
        self._show_channels(answer)
        window = answer.window
        self._grids.setVisible(window is not None)
        if window is not None:
            self._show_window(window)
        self.curve.setVisible(answer.curve is not None)
        if answer.curve is not None:
            xs, ys = answer.curve
            self.curve.show_curve(xs.tolist(), ys.tolist(), (answer.terms[0].value, answer.value))
        self._show_terms(answer)
        self._show_formula(answer)

    def _show_formula(self, answer: UnitAnswer) -> None:
        text = formula_of(answer)
        self._formula_box.setVisible(bool(text))
        self._formula.setText(escape(steady(text)))
        single = answer.terms[0] if len(answer.terms) == 1 else None
        is_linked = single is not None and single.place is not None
        self._source.setVisible(is_linked)
        if single is not None and single.place is not None:
            name = "the image" if single.source == "input" else single.source
            place = unit_text(single.place, single.category)
            self._source.setText(f"<a href='0'>{escape(f'{isolated(name)} {place}')}</a>")

    def _show_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        lines = "".join(
            f"<tr><td style='padding-right:14px'>{escape(name)}</td><td align='right'>{escape(text)}</td></tr>"
            for name, text in rows
        )
        self._rows.setText(f"<table>{lines}</table>")

    def _show_channels(self, answer: UnitAnswer) -> None:
        is_shown = answer.channel_count > 1
        self._channel_box.setVisible(is_shown)
        if not is_shown:
            return
        bars = _bars([(f"{channel.name}", channel.total, channel.channel) for channel in answer.channels])
        left = answer.channel_count - len(answer.channels)
        if left:
            bars.append(Bar(f"{left:,} others", signed_text(answer.channels_rest), 0.0, 0.0, _REST))
        _show_rows(self.channels, bars)
        chosen = None if answer.window is None else answer.window.channel
        place = next((i for i, channel in enumerate(answer.channels) if channel.channel == chosen), -1)
        self.channels.set_current(place)

    def _show_window(self, window: Window) -> None:
        has_kernel = window.kernel.size > 0
        for shown, numbers in (
            (self.window_grid, window.values),
            (self.kernel_grid, window.kernel),
            (self.product_grid, window.products),
        ):
            shown.set_text_of(_text_for(numbers.shape[-1], float(abs(numbers).max(initial=0.0))))
        self._captions[0].setText(steady(f"window of {isolated(window.name)}"))
        self.window_grid.show_numbers(window.values.tolist(), window.cells)
        outside = frozenset(zip(*(axis.tolist() for axis in window.is_padding.nonzero()), strict=True))
        self.window_grid.set_faded(outside)
        winner = window.winner
        marks = () if winner is None else (CellMark(*winner, 1, 1, PLACE_COLOR),)
        self.window_grid.set_marks(marks)
        self._caption_note.setText("hatched cells are padding" if outside else "")
        for widget in (*self._captions[1:], *self._signs, self.kernel_grid, self.product_grid):
            widget.setVisible(has_kernel)
        if has_kernel:
            self.kernel_grid.show_numbers(window.kernel.tolist(), window.factors)
            self.product_grid.show_numbers(window.products.tolist(), window.shares)
            self._captions[2].setText(f"products, together {signed_text(float(window.products.sum()))}")

    def _show_terms(self, answer: UnitAnswer) -> None:
        window = answer.window
        # A small window of one channel shows each term; of several, their sums are listed.
        is_told = window is not None and (answer.channel_count > 1 or window.values.size <= _READ)
        self._term_box.setVisible(len(answer.terms) > 1 and not is_told)
        is_share = answer.rule == "share"
        bars = _bars([(_term_text(answer, i), term.contribution, i) for i, term in enumerate(answer.terms)])
        left = answer.count - len(answer.terms)
        if left > 0:
            bars.append(Bar(f"{left:,} others", signed_text(answer.rest), 0.0, 0.0, _REST))
        _show_rows(self.terms, bars)
        self._term_caption.setText("exponentials of the logits less the largest" if is_share else _MADE_OF)

    # ---- building

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self._build_sum())
        self.channels = BarList(self)
        self.channels.setAccessibleName("Input channels by what they add")
        self.channels.marked.connect(self._on_channel_chosen)
        self.channels.chosen.connect(self._on_channel_chosen)
        self._channel_box, _ = _boxed("input channels: red adds, blue subtracts", self.channels, self)
        row.addWidget(self._channel_box)
        row.addWidget(self._build_grids(), stretch=3)
        self.curve = FunctionCurve(self)
        row.addWidget(self.curve, stretch=2)
        row.addWidget(self._build_formula(), stretch=2)
        self.terms = BarList(self)
        self.terms.setAccessibleName("Terms by what they add")
        self.terms.chosen.connect(self._on_term_chosen)
        self._term_box, self._term_caption = _boxed("", self.terms, self, is_wide=True)
        row.addWidget(self._term_box, stretch=2)

    def _build_sum(self) -> QWidget:
        box = QWidget(self)
        box.setFixedWidth(_SUM_WIDTH)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._value = label("", box, "name")
        font = self._value.font()
        font.setPointSizeF(font.pointSizeF() * 1.7)
        self._value.setFont(font)
        self._sentence = label("", box)
        self._sentence.setWordWrap(True)
        self._rows = QLabel(box)
        self._rows.setTextFormat(Qt.TextFormat.RichText)
        self._rows.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        for widget in (self._value, self._sentence, self._rows):
            column.addWidget(widget)
        column.addStretch(1)
        return _scrolled_down(box, self, _SUM_WIDTH + 14)

    def _build_formula(self) -> QWidget:
        """Build what is shown of a unit that was made of one other."""
        self._formula_box = QWidget(self)
        column = QVBoxLayout(self._formula_box)
        column.setContentsMargins(0, 0, 0, 0)
        self._formula, self._source = label("", self._formula_box, "name"), label("", self._formula_box)
        font = self._formula.font()
        font.setPointSizeF(font.pointSizeF() * 1.25)
        self._formula.setFont(font)
        self._formula.setTextFormat(Qt.TextFormat.RichText)
        self._formula.setWordWrap(True)
        self._source.setTextFormat(Qt.TextFormat.RichText)
        self._source.setTextInteractionFlags(LINKS)
        self._source.linkActivated.connect(self._on_source_wanted)
        column.addStretch(1)
        for widget in (self._formula, self._source):
            widget.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(widget)
        column.addStretch(1)
        return self._formula_box

    def _build_grids(self) -> QWidget:
        self._grids = QWidget(self)
        self._grids.setMaximumWidth(_GRIDS_WIDTH)
        grid = QGridLayout(self._grids)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(6)
        names = ("Window", "Filter", "Products")
        self.window_grid, self.kernel_grid, self.product_grid = (
            NumberGrid(name, self._grids, largest_cell=56.0) for name in names
        )
        self.window_grid.opened.connect(self._on_cell_opened)
        self.product_grid.opened.connect(self._on_cell_opened)
        self._captions = [label(text, self._grids) for text in ("", "filter", "")]
        self._signs = [label(sign, self._grids, "name") for sign in ("×", "=")]
        self._caption_note = label("", self._grids)
        for place, widget in enumerate((self.window_grid, self.kernel_grid, self.product_grid)):
            grid.addWidget(self._captions[place], 0, 2 * place, Qt.AlignmentFlag.AlignHCenter)
            grid.addWidget(widget, 1, 2 * place)
            grid.setColumnStretch(2 * place, 1)
        for place, sign in enumerate(self._signs):
            grid.addWidget(sign, 1, 2 * place + 1)
        grid.addWidget(self._caption_note, 2, 0, Qt.AlignmentFlag.AlignHCenter)
        grid.setRowStretch(1, 1)
        return self._grids

    # ---- user

    @Slot(int)
    def _on_channel_chosen(self, channel: int) -> None:
        if channel != _REST:
            self.channelChosen.emit(channel)

    @Slot()
    def _on_source_wanted(self) -> None:
        self._on_term_chosen(0)

    @Slot(int)
    def _on_term_chosen(self, index: int) -> None:
        if self._answer is None or index == _REST:
            return
        term = self._answer.terms[index]
        if term.place is not None:
            self.unitChosen.emit(term.source, term.place)

    @Slot(int, int)
    def _on_cell_opened(self, row: int, column: int) -> None:
        window = None if self._answer is None else self._answer.window
        place = None if window is None else window.places[row][column]
        if window is not None and place is not None:
            self.unitChosen.emit(window.source, place)


def _text_for(columns: int, largest: float) -> Callable[[float], str]:
    """Return how numbers are written in cells: the more columns, the shorter."""
    if columns <= _FEW_COLUMNS:
        return value_text
    return hundredths_text if largest >= _COARSE else short_text


def _term_text(answer: UnitAnswer, index: int) -> str:
    """Return a term's name, with its value and weight where those make its bar."""
    term = answer.terms[index]
    if answer.rule in ("sum", "attention", "slope") and answer.kind != "addition":
        return f"{term.name}: {value_text(term.value)} × {value_text(term.weight)}"
    return f"{term.name}: {value_text(term.value)}"


def _bars(rows: Sequence[tuple[str, float, int]]) -> list[Bar]:
    """Return bars from zero to each number, all on one scale."""
    numbers = [number for _, number, _ in rows if number == number and abs(number) != float("inf")]
    low, high = min(numbers, default=0.0), max(numbers, default=0.0)
    low, high = min(low, 0.0), max(high, 0.0)
    reach = (high - low) or 1.0
    zero = -low / reach
    return [
        Bar(name, signed_text(number), zero, (number - low) / reach if number in numbers else zero, index, True)
        for name, number, index in rows
    ]


def _show_rows(shown: BarList, bars: list[Bar]) -> None:
    """Show rows in a list that can be scrolled: one that is hidden at the moment tells its area no new size."""
    shown.show_bars(bars)
    shown.resize(shown.width(), shown.sizeHint().height())


def _boxed(caption: str, bars: BarList, parent: QWidget, *, is_wide: bool = False) -> tuple[QWidget, QLabel]:
    """Return a caption over bars that can be scrolled, and the caption."""
    box = QWidget(parent)
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(3)
    text = label(caption, box)
    column.addWidget(text)
    area = _scrolled_down(bars, box, None if is_wide else _LIST_WIDTH)
    bars.marked.connect(lambda: _show_current(area, bars))
    column.addWidget(area, stretch=1)
    return box, text


def _show_current(area: QScrollArea, bars: BarList) -> None:
    """Scroll to the row that is marked."""
    rect = bars.row_rect(bars.current)
    area.ensureVisible(0, rect.center().y(), 0, rect.height())


def _scrolled_down(widget: QWidget, parent: QWidget, width: int | None) -> QScrollArea:
    area = scrolled(widget, parent)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    if width is not None:
        area.setFixedWidth(width)
    area.setSizePolicy(area.sizePolicy().horizontalPolicy(), QSizePolicy.Policy.Expanding)
    return area
