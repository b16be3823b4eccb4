"""The card of one layer: what it is, and its pictures."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSize, Signal, Slot
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from cnnviewer.messages import (
    BarsAnswer,
    BarsRequest,
    MatrixAnswer,
    MatrixRequest,
    ScaleChoice,
    Scope,
    TilesAnswer,
    TilesRequest,
    View,
    WeightsShown,
)
from cnnviewer.qt.widgets.bar_list import Bar, BarList
from cnnviewer.qt.widgets.card_header import CardHeader
from cnnviewer.qt.widgets.card_layout import BAR_COUNT, COLOR_BAR_WIDTH, GAP, MARGIN, body_layout
from cnnviewer.qt.widgets.cell_grid import CellGrid
from cnnviewer.qt.widgets.color_bar import ColorBar
from cnnviewer.qt.widgets.color_strip import color_strip
from cnnviewer.qt.widgets.numbers import value_text
from cnnviewer.qt.widgets.styling import set_state
from cnnviewer.qt.widgets.tile_grid import TileGrid

if TYPE_CHECKING:
    from PySide6.QtGui import QMouseEvent, QResizeEvent

    from cnnviewer.messages import LayerSummary, Order, PictureRequest
    from cnnviewer.qt.widgets.card_layout import BodyLayout
    from cnnviewer.qt.widgets.kind_badge import KindBadge
    from cnnviewer.qt.widgets.segmented import Segmented

__all__ = ["Card"]


class Card(QFrame):
    """Shows one layer. It is used again for other layers as they scroll into view."""

    viewChosen = Signal(str, object)
    unfoldToggled = Signal(str)
    mapChosen = Signal(str, int, object)
    mapOpened = Signal(str, int)
    layerChosen = Signal(str)
    pageRequested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.layer: LayerSummary | None = None
        self.view = View.MAPS
        self._layout: BodyLayout | None = None
        self._channel = 0
        self._categories: tuple[str, ...] = ()
        self._build()

    # ---- showing

    def bind(self, layer: LayerSummary, view: View, seconds: float, categories: tuple[str, ...]) -> None:
        """Show another layer, or the same with another view."""
        is_same, has_numbers = self.layer == layer, prod(layer.shape) > 0
        if not is_same or view is not self.view:
            self._grid.clear()
            self._cells.clear()
            self._bars.show_bars(())
            self._bar.show_scale(None, "", "", "")
            self.header.note.set_text("" if has_numbers else "the output has no numbers")
        self.layer, self.view = layer, view
        self._categories = categories if layer.has_classes else ()
        if not is_same:
            self.header.show_layer(layer)
            self.setAccessibleName(f"{layer.kind} {layer.name}")
        self.header.views.set_current(view.value)
        self.header.show_cost(layer, seconds)
        for widget, shown in (
            (self._grid, view is View.FILTERS or (view in (View.MAPS, View.POOLED) and has_numbers)),
            (self._cells, view is View.WEIGHTS or (view is View.CELLS and has_numbers)),
            (self._bars, view is View.BARS),
        ):
            widget.setVisible(shown)

    def show_caution(self, caution: str) -> None:
        """Tell what class scores are not to be taken for; '' for nothing. Cards of other layers tell none."""
        self.header.show_caution(caution if self.layer is not None and self.layer.is_scores else "")

    @property
    def caution(self) -> str:
        """What is told of class scores."""
        return self.header.caution.text()

    def show_seconds(self, seconds: float) -> None:
        """Show how long the layer took."""
        if self.layer is not None:
            self.header.show_cost(self.layer, seconds)

    def lay_out(self, width: int, tile: int, unfolded: bool, is_held: bool = False) -> None:
        """Lay the body out for a card of this width."""
        if self.layer is None:
            return
        self._layout = layout = body_layout(self.layer, self.view, width, tile, unfolded, is_held)
        what = "filter" if self.view is View.FILTERS and not self.layer.filters else "map"
        what = "kernel of input" if self.view is View.FILTERS and self.layer.filters else what
        self._grid.set_layout(layout, what)
        self._cells.set_layout(layout, self._categories)
        self.header.lay_out(width, layout.total, is_cut=layout.is_cut, is_unfolded=unfolded)
        self._place_body()

    def set_selected(self, is_selected: bool, channel: int) -> None:
        """Mark the card, and one of its maps, as chosen."""
        self._channel = channel
        shows_filters_of_one = self.layer is not None and self.view is View.FILTERS and self.layer.filters > 0
        mark = channel if is_selected and not shows_filters_of_one else None
        self._grid.set_channel(mark)
        self._cells.set_cell(mark)
        set_state(self, "selected", is_selected)

    def request(
        self,
        visible: QRect,
        order: Order,
        scale: ScaleChoice,
        ratio: float,
        weights: WeightsShown = WeightsShown.VALUE,
    ) -> PictureRequest | None:
        """Return the request for what is to be seen in `visible`, in the card's coordinates."""
        layer, layout = self.layer, self._layout
        if layer is None or layout is None or not layout.shown:
            return None
        if not prod(layer.shape) and self.view in (View.MAPS, View.POOLED, View.CELLS):
            return None  # there is nothing to paint
        if self.view is View.BARS:
            return BarsRequest(layer.index, BAR_COUNT)
        if self.view is View.CELLS:
            return MatrixRequest(layer.index, self.view, 0, layout.columns, scale)
        if self.view is View.WEIGHTS:
            size = self._cells.size() * ratio
            return MatrixRequest(layer.index, self.view, size.height(), size.width(), scale, weights)
        first, count = self._visible_places(visible)
        if count <= 0:
            return None
        wide, high = layout.tile
        return TilesRequest(
            layer=layer.index,
            view=self.view,
            height=max(1, round(high * ratio)),
            width=max(1, round(wide * ratio)),
            first=first,
            count=count,
            order=order,
            scale=scale,
            channel=self._channel if self.property("selected") else 0,
            weights=weights if self.view is View.FILTERS else WeightsShown.VALUE,
            is_paired=layout.is_paired,
        )

    def show_answer(self, request: PictureRequest, answer: object) -> None:
        """Show the pictures that came."""
        scope = request.scale.scope if isinstance(request, (TilesRequest, MatrixRequest)) else Scope.LAYER
        if isinstance(answer, TilesAnswer) and isinstance(request, TilesRequest):
            self._grid.show_answer(answer, request.first)
            # Where one cell is a whole picture, the engine gives all of them one scale.
            scope = Scope.LAYER if scope is Scope.MAP and answer.low is not None else scope
            self._show_scale(answer.colormap, answer.low, answer.high, _scope_text(self.view, scope), answer.lows)
            self.header.note.set_text(answer.note)
        elif isinstance(answer, MatrixAnswer):
            self._cells.show_answer(answer)
            text = "as shown" if self.view is View.WEIGHTS else _scope_text(self.view, scope)
            self._show_scale(answer.colormap, answer.low, answer.high, text, ())
            self.header.note.set_text(answer.note)
        elif isinstance(answer, BarsAnswer):
            self._bars.show_bars(_bars(answer))
            self.header.note.set_text(answer.note)

    @property
    def grid(self) -> TileGrid:
        """The grid of maps or filters."""
        return self._grid

    @property
    def cells(self) -> CellGrid:
        """The cells of a vector."""
        return self._cells

    @property
    def bars(self) -> BarList:
        """The bars of the largest values."""
        return self._bars

    @property
    def note(self) -> str:
        """What is said on the layer as a whole."""
        return self.header.note.text()

    @property
    def badge(self) -> KindBadge:
        """The kind, which leads to what explains it."""
        return self.header.badge

    @property
    def views(self) -> Segmented:
        """The switch between maps, filters and so on."""
        return self.header.views

    # ---- building

    def _build(self) -> None:
        self.header = CardHeader(self)
        self.header.pageRequested.connect(self.pageRequested)
        self.header.viewChosen.connect(self._on_view_chosen)
        self.header.unfoldClicked.connect(self._on_unfold_clicked)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(MARGIN, 6, MARGIN, MARGIN)
        outer.setSpacing(3)
        outer.addWidget(self.header)
        outer.addStretch(1)
        self._grid = TileGrid(self)
        self._grid.chosen.connect(self._on_map_chosen)
        self._grid.opened.connect(self._on_map_opened)
        self._cells = CellGrid(self)
        self._cells.chosen.connect(self._on_cell_chosen)
        self._cells.opened.connect(self._on_map_opened)
        self._bars = BarList(self)
        self._bars.marked.connect(self._on_cell_chosen)
        self._bars.chosen.connect(self._on_cell_chosen)
        self._bars.opened.connect(self._on_map_opened)
        self._bar = ColorBar(self)

    def _show_scale(
        self, colormap: str, low: float | None, high: float | None, text: str, lows: tuple[float, ...]
    ) -> None:
        if low is not None and high is not None:
            ends = value_text(low), value_text(high)
        elif colormap == "" or any(value < 0 for value in lows):
            ends = "−max", "+max"
        else:
            ends = "0", "max"
        self._bar.show_scale(color_strip(colormap), *ends, text)

    # ---- geometry

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the body out below the header."""
        super().resizeEvent(event)
        self._place_body()

    def _place_body(self) -> None:
        body = self.body_rect()
        pictures = QRect(body.topLeft(), QSize(body.width() - COLOR_BAR_WIDTH, body.height()))
        self._grid.setGeometry(pictures)
        self._cells.setGeometry(pictures)
        self._bars.setGeometry(QRect(body.topLeft(), QSize(min(body.width(), 620), body.height())))
        self._bar.setGeometry(pictures.right() + 6, body.top(), COLOR_BAR_WIDTH - 4, min(body.height(), 150))
        self._bar.setVisible(self.view is not View.BARS)

    def body_rect(self) -> QRect:
        """Return where the pictures lie, colour bar included."""
        height = 0 if self._layout is None else self._layout.height
        top = self.height() - MARGIN - height
        return QRect(MARGIN + 1, top, self.width() - 2 * MARGIN, height)

    def _visible_places(self, visible: QRect) -> tuple[int, int]:
        """Return the first place in the grid that is to be seen, and how many are."""
        assert self._layout is not None
        layout, top = self._layout, self.body_rect().top()
        step = layout.cell[1] + GAP
        first_row = max(0, (visible.top() - top) // step)
        last_row = min(layout.rows - 1, (visible.bottom() - top) // step)
        first = first_row * layout.columns
        return first, min((last_row + 1) * layout.columns, layout.shown) - first

    # ---- user

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the layer."""
        super().mousePressEvent(event)
        if self.layer is not None:
            self.layerChosen.emit(self.layer.name)

    @Slot(str)
    def _on_view_chosen(self, text: str) -> None:
        if self.layer is not None:
            self.viewChosen.emit(self.layer.name, View(text))

    @Slot()
    def _on_unfold_clicked(self) -> None:
        if self.layer is not None:
            self.unfoldToggled.emit(self.layer.name)

    @Slot(int, object)
    def _on_map_chosen(self, channel: int, share: tuple[float, float] | None) -> None:
        if self.layer is None:
            return
        if self.view is View.FILTERS and self.layer.filters:
            self.layerChosen.emit(self.layer.name)
            return
        rows, columns = self.layer.map_shape
        unit = None if share is None else (int(share[0] * rows), int(share[1] * columns))
        self.mapChosen.emit(self.layer.name, channel, unit if self.view is not View.FILTERS else None)

    @Slot(int)
    def _on_map_opened(self, channel: int) -> None:
        if self.layer is not None and not (self.view is View.FILTERS and self.layer.filters):
            self.mapOpened.emit(self.layer.name, channel)

    @Slot(int)
    def _on_cell_chosen(self, cell: int) -> None:
        if self.layer is not None:
            self.mapChosen.emit(self.layer.name, cell, None)


def _scope_text(view: View, scope: Scope) -> str:
    if view is View.FILTERS:
        return "per filter" if scope is Scope.MAP else "per layer"
    if view is View.CELLS and scope is Scope.MAP:
        return "per layer"
    return f"per {scope.value}"


def _bars(answer: BarsAnswer) -> list[Bar]:
    low, high = min(answer.low, 0.0), max(answer.high, 0.0)
    reach = (high - low) or 1.0
    zero = -low / reach
    return [
        Bar(
            name,
            value_text(value),
            zero,
            (min(max(value, low), high) - low) / reach if value == value else zero,
            index,
            answer.low < 0,
            is_drawn=value == value,
        )
        for name, value, index in zip(answer.names, answer.values, answer.indices, strict=True)
    ]
