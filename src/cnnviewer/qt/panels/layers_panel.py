"""The centre: a card for every layer that ran. Only cards on the screen exist and ask for pictures."""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from cnnviewer.messages import Order, ScaleChoice, View, WeightsShown
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.card import Card
from cnnviewer.qt.widgets.card_layout import CARD_CHROME, body_layout

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from cnnviewer.messages import LayerSummary, PictureRequest, RecordingSummary

__all__ = ["LayersPanel"]

_GAP = 8
_KEY = "card:"


class LayersPanel(QAbstractScrollArea):
    """Scrolls through the cards of a recording; a card is used again for the layer that scrolls in."""

    pictureRequested = Signal(str, object)
    pictureWithdrawn = Signal(str)
    mapChosen = Signal(str, int, object)
    mapOpened = Signal(str, int)
    layerChosen = Signal(str)
    pageRequested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setObjectName("layers")
        self.setAccessibleName("Layers")
        self._recording: RecordingSummary | None = None
        self._layers: tuple[LayerSummary, ...] = ()
        self._categories: tuple[str, ...] = ()
        self._caution = ""
        self._views: dict[str, View] = {}
        self._unfolded: set[str] = set()
        self._tops: list[int] = [0]
        self._cards: dict[int, Card] = {}
        self._spare: list[Card] = []
        self._wanted: dict[str, PictureRequest] = {}
        self._scale, self._order, self._tile = ScaleChoice(), Order.CHANNEL, 56
        self._weights, self._is_held = WeightsShown.VALUE, False
        self._selected: tuple[str, int] = ("", 0)
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        # One request for many changes in a row: scrolling, resizing, a slider.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._ask)

    # ---- what is shown

    def show_recording(self, recording: RecordingSummary, categories: tuple[str, ...]) -> None:
        """Show the layers of a recording; views and unfolded cards stay where the layer has the same name.

        Another network begins at the top, or where its chosen layer is seen.
        """
        before = self._layers
        self._recording, self._layers, self._categories = recording, recording.layers, categories
        self._wanted.clear()
        if recording.layers is not before:
            self._release_all()
            is_alike = [layer.name for layer in before] == [layer.name for layer in recording.layers]
            self._measure(keep=is_alike)
            if not is_alike:
                self.verticalScrollBar().setValue(0)
                self.scroll_to(self._selected[0])
        self._place()
        self._ask()  # at once: the cards come before all else that a new recording brings

    def show_caution(self, caution: str) -> None:
        """Tell on the cards of class scores what those are not to be taken for; '' for nothing."""
        self._caution = caution
        for card in self._cards.values():
            card.show_caution(caution)

    def show_costs(self, recording: RecordingSummary) -> None:
        """Show how long the layers on the screen took in another recording of the same network."""
        self._recording = recording
        for index, card in self._cards.items():
            card.show_seconds(recording.layer_seconds[index])

    def set_appearance(
        self,
        scale: ScaleChoice,
        order: Order,
        tile: int,
        weights: WeightsShown = WeightsShown.VALUE,
        is_held: bool = False,
    ) -> None:
        """Change how maps are shown; where a moment is held, each stands beside its own of that moment."""
        resized = (tile, is_held) != (self._tile, self._is_held)
        self._scale, self._order, self._tile = scale, order, tile
        self._weights, self._is_held = weights, is_held
        if resized:
            self._measure(keep=True)
        self._place()

    def set_selection(self, layer: str, channel: int, *, scroll: bool = True) -> None:
        """Mark a layer and one of its maps, and scroll to it."""
        if (layer, channel) == self._selected:
            return  # as after each image: the cards are placed already
        moved = layer != self._selected[0]
        self._selected = (layer, channel)
        if scroll and moved:
            self.scroll_to(layer)
        self._place()

    def show_answer(self, key: str, request: PictureRequest, answer: object) -> None:
        """Give a card the pictures that it asked for; older answers are dropped."""
        if not key.startswith(_KEY) or self._wanted.get(key) != request:
            return
        card = self._cards.get(int(key.removeprefix(_KEY)))
        if card is not None:
            card.show_answer(request, answer)

    def set_view(self, layer: str, view: View) -> None:
        """Show something else in a layer's card."""
        if self._views.get(layer) is not view:
            self._views[layer] = view
            self._measure(keep=True)
            self._place()

    def toggle_unfolded(self, layer: str) -> None:
        """Show all maps of a layer, or two rows again."""
        self._unfolded ^= {layer}
        self._measure(keep=True)
        self._place()

    def scroll_to(self, layer: str) -> None:
        """Bring a layer's card into view, in the upper part of the panel."""
        index = self._index(layer)
        if index is None:
            return
        bar, height = self.verticalScrollBar(), self.viewport().height()
        top, bottom = self._tops[index], self._tops[index + 1]
        if not (bar.value() <= top and bottom <= bar.value() + height):
            bar.setValue(max(0, top - min(80, height // 6)))

    def card(self, layer: str) -> Card | None:
        """Return the card of a layer; None where it is not on the screen."""
        index = self._index(layer)
        return None if index is None else self._cards.get(index)

    @property
    def is_waiting(self) -> bool:
        """Whether cards on the screen are still to ask for pictures."""
        return self._soon.isActive()

    @property
    def visible_layers(self) -> tuple[str, ...]:
        """The names of the layers whose cards are on the screen."""
        return tuple(self._layers[index].name for index in sorted(self._cards))

    # ---- geometry

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tell what to do where there is nothing to show yet."""
        super().paintEvent(event)
        if not self._layers:
            with QPainter(self.viewport()) as painter:
                painter.setPen(QColor(current_theme().muted))
                text = "Drop a photo here, and see every layer of the network at work on it."
                painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the cards out for the new width."""
        super().resizeEvent(event)
        self._measure(keep=True)
        self._place()

    def _measure(self, *, keep: bool = False) -> None:
        """Work out where each card begins; `keep` keeps the card at the top of the panel where it is."""
        bar = self.verticalScrollBar()
        anchor = self._index_at(bar.value()) if keep and len(self._tops) > 1 else None
        offset = 0 if anchor is None else bar.value() - self._tops[anchor]
        width = self._card_width()
        heights = (
            CARD_CHROME
            + _GAP
            + body_layout(
                layer, self._view(layer), width, self._tile, layer.name in self._unfolded, self._is_held
            ).height
            for layer in self._layers
        )
        self._tops = list(accumulate(heights, initial=_GAP // 2))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(40)
        bar.setRange(0, max(0, self._tops[-1] - self.viewport().height()))
        if anchor is not None and anchor < len(self._layers):
            bar.setValue(self._tops[anchor] + offset)

    def _card_width(self) -> int:
        return max(self.viewport().width() - 8, 200)

    def _index_at(self, y: int) -> int:
        return min(max(bisect_right(self._tops, y) - 1, 0), max(len(self._layers) - 1, 0))

    def _index(self, layer: str) -> int | None:
        return next((item.index for item in self._layers if item.name == layer), None)

    def _view(self, layer: LayerSummary) -> View:
        view = self._views.get(layer.name, layer.views[0])
        return view if view in layer.views else layer.views[0]

    # ---- cards

    def _place(self) -> None:
        """Put a card under each layer on the screen, and ask for their pictures."""
        if not self._layers or self._recording is None:
            return
        top, height = self.verticalScrollBar().value(), self.viewport().height()
        wanted = range(self._index_at(top), self._index_at(top + height) + 1)
        for index in [index for index in self._cards if index not in wanted]:
            self._release(index)
        for index in wanted:
            self._place_card(index, top)
        self._soon.start()

    def _place_card(self, index: int, top: int) -> None:
        layer = self._layers[index]
        card = self._cards.get(index)
        if card is None:
            card = self._cards[index] = self._spare.pop() if self._spare else self._new_card()
        assert self._recording is not None
        card.bind(layer, self._view(layer), self._recording.layer_seconds[index], self._categories)
        height = self._tops[index + 1] - self._tops[index] - _GAP
        card.setGeometry(4, self._tops[index] - top, self._card_width(), height)
        card.show_caution(self._caution)
        card.lay_out(self._card_width(), self._tile, layer.name in self._unfolded, self._is_held)
        card.set_selected(layer.name == self._selected[0], self._selected[1])
        card.show()

    def _new_card(self) -> Card:
        card = Card(self.viewport())
        card.viewChosen.connect(self.set_view)
        card.unfoldToggled.connect(self.toggle_unfolded)
        card.mapChosen.connect(self.mapChosen)
        card.mapOpened.connect(self.mapOpened)
        card.layerChosen.connect(self.layerChosen)
        card.pageRequested.connect(self.pageRequested)
        return card

    def _release(self, index: int) -> None:
        card = self._cards.pop(index)
        card.hide()
        self._spare.append(card)
        key = f"{_KEY}{index}"
        if self._wanted.pop(key, None) is not None:
            self.pictureWithdrawn.emit(key)

    def _release_all(self) -> None:
        for index in list(self._cards):
            self._release(index)

    @Slot()
    def _ask(self) -> None:
        """Ask for the pictures of the cards on the screen that have changed."""
        ratio = self.devicePixelRatioF()
        for index, card in sorted(self._cards.items()):
            visible = QRect(0, -card.y(), card.width(), self.viewport().height())
            request = card.request(visible, self._order, self._scale, ratio, self._weights)
            key = f"{_KEY}{index}"
            if request is not None and request != self._wanted.get(key):
                self._wanted[key] = request
                self.pictureRequested.emit(key, request)

    @Slot()
    def _on_scrolled(self) -> None:
        self._place()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """Cards are placed by hand when the scroll bar moves."""
