"""The inspector: the chosen map, large, with its numbers."""

from __future__ import annotations

from collections import Counter
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from cnnviewer.categories import category_name
from cnnviewer.layouts import skipped_name
from cnnviewer.names import isolated, steady
from cnnviewer.qt.panels.explanation.sentences import field_text
from cnnviewer.qt.theme import current_place_color
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.histogram import Histogram
from cnnviewer.qt.widgets.images import lit_pixels, to_image
from cnnviewer.qt.widgets.map_view import MapView
from cnnviewer.qt.widgets.numbers import shape_text, unit_text, value_text
from cnnviewer.qt.widgets.styling import LINKS, label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QResizeEvent

    from cnnviewer.messages import LayerSummary, MapAnswer
    from cnnviewer.questions import FieldAnswer, ReachAnswer

__all__ = ["InspectorPanel"]


_ROOM_FOR_NUMBERS, _ROOM_FOR_FLOW = 250, 300


class InspectorPanel(QWidget):
    """Shows one map: zoom, pan, the value under the mouse, a histogram over the colour bar, statistics.

    `unitChosen` tells row and column of a unit that was clicked or reached by the arrow keys, `unitHovered` those of
    the one under the mouse, or None.
    """

    unitChosen = Signal(int, int)
    unitHovered = Signal(object)
    explanationRequested = Signal()
    layerRequested = Signal(str)
    largeRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answer: MapAnswer | None = None
        self._unit: tuple[int, int] | None = None
        self._categories: tuple[str, ...] | None = None
        self._field: FieldAnswer | None = None
        self._title = ElidedLabel(self, role="name", in_middle=True)  # the number of the map is at its end
        self._unit_text = label("", self)
        self._unit_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._map = MapView(self)
        self._map.setAccessibleName("Chosen map")
        self._map.hovered.connect(self._on_hovered)
        self._map.clicked.connect(self._on_clicked)
        self._map.moved.connect(self._on_moved)
        self._map.activated.connect(self.largeRequested)
        self._histogram = Histogram(self)
        self._numbers = _wrapped(self)
        self._numbers.setTextFormat(Qt.TextFormat.RichText)
        self._numbers.setTextInteractionFlags(LINKS)
        self._numbers.linkActivated.connect(self._on_token_clicked)
        self._flow = _wrapped(self)
        self._flow.setTextFormat(Qt.TextFormat.RichText)
        self._flow.setTextInteractionFlags(LINKS)
        self._flow.linkActivated.connect(self._on_layer_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 8, 9, 8)
        layout.setSpacing(5)
        layout.addLayout(self._build_top())
        layout.addWidget(self._unit_text)
        layout.addWidget(self._map, stretch=1)
        self.setMinimumHeight(layout.minimumSize().height())  # what follows is left out where there is no room
        layout.addWidget(self._histogram)
        self._room_for_histogram = layout.minimumSize().height()
        for widget in (self._numbers, self._flow):
            layout.addWidget(widget)

    def _build_top(self) -> QHBoxLayout:
        self.explain = QToolButton(self)
        self.explain.setText("Explain")
        self.explain.setProperty("segment", True)
        self.explain.setToolTip("Where the chosen unit's value comes from (X)")
        self.explain.clicked.connect(self.explanationRequested)
        row = QHBoxLayout()
        row.addWidget(self._title)
        row.addStretch(1)
        row.addWidget(self.explain)
        return row

    @property
    def view(self) -> MapView:
        """The map."""
        return self._map

    @property
    def title(self) -> str:
        """The name of the map that is shown."""
        return self._title.text()

    @property
    def numbers(self) -> QLabel:
        """What is said on the map as a whole, and on the tokens that lie on none."""
        return self._numbers

    @property
    def flow(self) -> QLabel:
        """What is said on the layers before and behind the chosen one, and on where its weights come from."""
        return self._flow

    @property
    def unit_text(self) -> str:
        """What is said on the unit under the mouse, or the chosen one."""
        return self._unit_text.text()

    def show_answer(self, answer: MapAnswer) -> None:
        """Show a map."""
        self._answer = answer
        self._title.set_text(answer.title)
        image = to_image(answer.pixels, has_alpha=answer.length is not None)
        self._map.show_image(image, self._text_of)
        self._histogram.show_answer(answer)
        self._show_numbers()
        self._show_unit(self._unit)
        self._show_marks()

    def show_layer(self, layer: LayerSummary, followers: tuple[str, ...], categories: tuple[str, ...] = ()) -> None:
        """Show which layers feed the chosen one, which it feeds, and of what the pass worked out its weights.

        `categories` are those of the network.
        """
        self._categories = categories if layer.has_classes else None
        fed = _links(layer.inputs) or "no layer"
        feeds = _links(followers) or "no layer: it is an output"
        self._flow.setText("<br>".join((f"Fed by {fed}", f"Feeds {feeds}", *map(escape, layer.worked_out))))

    def set_unit(self, unit: tuple[int, int] | None) -> None:
        """Mark the chosen unit."""
        self._unit = unit
        self._show_unit(unit)
        self._show_marks()

    def toggle_zoom(self) -> None:
        """Zoom to the chosen unit, or the map's middle, until its values can be read; or show all again."""
        if self._answer is None:
            return
        if not self._map.is_fitted:
            self._map.fit()
            return
        rows, columns = self._answer.shape
        unit = self._unit if self._unit is not None and self._unit[0] >= 0 else (rows // 2, columns // 2)
        self._map.zoom_to(*self._answer.cell_of(unit))

    def show_field(self, field: FieldAnswer | None) -> None:
        """Tell the size of the chosen unit's receptive field."""
        self._field = field
        self._show_numbers()

    def show_reach(self, answer: ReachAnswer | None) -> None:
        """Light the units that the pixel under the mouse can change; None lights none."""
        shown = self._answer
        if answer is None or shown is None:
            self._map.set_overlay(None)
            self._show_unit(self._unit)
            return
        self._unit_text.setText(f"the pixel can change {answer.count:,} of {answer.mask.size:,} units")
        height, width = shown.values.shape
        image = to_image(lit_pixels(answer.mask, shown.values.shape if shown.length else None), has_alpha=True)
        self._map.set_overlay(image, QRectF(0, 0, width, height))

    def minimumSizeHint(self) -> QSize:
        """Return room for the map, whether or not what follows is seen now: panels below ask for the rest."""
        return QSize(super().minimumSizeHint().width(), self.minimumHeight())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out what matters least where there is no room: else it would be cut off."""
        super().resizeEvent(event)
        self._histogram.setVisible(self.height() >= self._room_for_histogram)
        self._numbers.setVisible(self.height() >= _ROOM_FOR_NUMBERS)
        self._flow.setVisible(self.height() >= _ROOM_FOR_FLOW)

    def _show_numbers(self) -> None:
        if self._answer is not None:
            parts = [escape(_numbers_text(self._answer)), *_skipped_texts(self._answer)]
            if self._field is not None:
                parts += [escape(text) for text in (field_text(self._field), *self._field.notes)]
            self._numbers.setText("<br>".join(parts))

    def _text_of(self, row: int, column: int) -> str:
        assert self._answer is not None
        if self._index(row, column) is None:
            return ""
        return value_text(float(self._answer.values[row, column]))

    def _index(self, row: int, column: int) -> int | None:
        """Return the number of a cell of a wrapped vector; None behind its end."""
        assert self._answer is not None
        index = row * self._answer.values.shape[1] + column
        return index if self._answer.length is None or index < self._answer.length else None

    def _show_unit(self, unit: tuple[int, int] | None) -> None:
        answer = self._answer
        if answer is not None and unit is not None and unit[0] < 0 and unit[1] < len(answer.skipped):
            self._show_token(unit[1], answer)
            return
        if answer is None or unit is None or not _inside(unit, answer):
            self._unit_text.setText("" if answer is None else shape_text(answer.shape))
            self._histogram.mark(None)
            return
        value = float(answer.values[answer.cell_of(unit)])
        place = self._unit_name(self._index(*unit)) if answer.length else f"unit ({unit[0]}, {unit[1]})"
        self._unit_text.setText(steady(f"{place} = {value_text(value)}"))
        self._histogram.mark(value)

    def _unit_name(self, index: int | None) -> str:
        """Return what a unit of a vector is called: by its class, where it is one."""
        assert index is not None
        return unit_text((index,), "" if self._categories is None else category_name(self._categories, index))

    def _show_token(self, token: int, answer: MapAnswer) -> None:
        value = answer.skipped[token]
        self._unit_text.setText(f"{skipped_name(token, len(answer.skipped))} = {value_text(value)}")
        self._histogram.mark(value)

    @Slot(str)
    def _on_token_clicked(self, token: str) -> None:
        self.unitChosen.emit(-1, int(token))

    @Slot(str)
    def _on_layer_clicked(self, link: str) -> None:
        self.layerRequested.emit(unquote(link))

    def _show_marks(self) -> None:
        marks: tuple[tuple[QRectF, str], ...] = ()
        if self._unit is not None and self._answer is not None and _inside(self._unit, self._answer):
            row, column = self._answer.cell_of(self._unit)
            marks = ((QRectF(column, row, 1, 1), current_place_color()),)
        self._map.set_marks(marks)

    @Slot(object)
    def _on_hovered(self, cell: tuple[int, int] | None) -> None:
        unit = self._unit if cell is None or self._answer is None else self._answer.unit_of(cell)
        self._show_unit(unit)
        self.unitHovered.emit(None if cell is None else unit)

    @Slot(int, int)
    def _on_clicked(self, row: int, column: int) -> None:
        if self._answer is not None:
            self.unitChosen.emit(*self._answer.unit_of((row, column)))

    @Slot(int, int)
    def _on_moved(self, down: int, right: int) -> None:
        """Choose the neighbour of the chosen unit; of the one in the middle, where none is."""
        answer = self._answer
        if answer is None:
            return
        rows, columns = answer.shape
        chosen = self._unit if self._unit is not None and _inside(self._unit, answer) else None
        row, column = chosen or ((rows - 1) // 2, (columns - 1) // 2)
        unit = min(max(row + down, 0), rows - 1), min(max(column + right, 0), columns - 1)
        if unit != chosen and _inside(unit, answer):
            self.unitChosen.emit(*unit)
            self._map.show_cell(*answer.cell_of(unit))


def _wrapped(parent: QWidget) -> QLabel:
    made = label("", parent)
    made.setWordWrap(True)
    return made


def _inside(unit: tuple[int, int], answer: MapAnswer) -> bool:
    rows, columns = answer.shape
    inside = 0 <= unit[0] < rows and unit[1] < columns
    return inside and (answer.length is None or unit[0] * columns + unit[1] < answer.length)


def _numbers_text(answer: MapAnswer) -> str:
    if answer.length == 0:
        return "the output has no numbers"
    if answer.minimum != answer.minimum:
        return f"no finite number · {answer.badge}"
    text = (
        f"min {value_text(answer.minimum)} · max {value_text(answer.maximum)} · mean {value_text(answer.mean)} · "
        f"{answer.zero_share:.0%}".replace("%", "\u00a0%\u00a0zero")
    )
    return f"{text} · {answer.badge}" if answer.badge else text


def _skipped_texts(answer: MapAnswer) -> list[str]:
    """Return a line on the tokens that lie on no map; each can be chosen by a click."""
    count = len(answer.skipped)
    tokens = (
        f'{skipped_name(token, count)} <a href="{token}">{value_text(value)}</a>'
        for token, value in enumerate(answer.skipped)
    )
    return [" · ".join(tokens)] if count else []


def _links(names: Sequence[str]) -> str:
    counts = Counter(names)
    return ", ".join(_link(name) + (f" (×{count})" if count > 1 else "") for name, count in counts.items())


def _link(name: str) -> str:
    """Return a link to a layer. Names are anyone's: one may look like a tag, or like a link of its own."""
    # A long one may go on in the next line: else it would make the panel wider.
    shown = escape(isolated(name)).replace(".", ".\u200b").replace("_", "_\u200b")
    return "the image" if name == "input" else f'<a href="{quote(name, safe="")}">{shown}</a>'
