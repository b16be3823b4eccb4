"""The network as a picture: boxes that fold and unfold, a search, a legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from cnnviewer.graphs import Direction, GraphRequest
from cnnviewer.qt.theme import KIND_COLORS
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.graph_view import GraphView
from cnnviewer.qt.widgets.search_field import SearchField
from cnnviewer.qt.widgets.segmented import Segmented

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.graphs import GraphAnswer
    from cnnviewer.messages import LayerSummary

__all__ = ["GraphPanel"]


_SIZES = {
    Direction.DOWN: "Boxes are wide where maps are large, high where channels are many; a doubling adds a step.",
    Direction.ACROSS: "Boxes are high where maps are large, wide where channels are many; a doubling adds a step.",
}
"""How large boxes are; some are wider for what is written on them."""
_SOON = 150
"""So many milliseconds a picture may take before one is told that it is awaited."""


class GraphPanel(QWidget):
    """Asks for the picture of the layers that it is shown, and shows it.

    `requested` asks for a picture, `layerChosen` tells the layer whose box was clicked.
    """

    requested = Signal(object)
    layerChosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: tuple[LayerSummary, ...] = ()
        self._folded: frozenset[str] | None = None
        self._shown: tuple[object, ...] = ()
        self._shown_direction: Direction | None = None
        self._finds: tuple[str, ...] = ()
        self._find = -1
        self._selection = ""
        self.view = GraphView(self)
        self.view.layerChosen.connect(self._on_layer_chosen)
        self.view.foldRequested.connect(self.toggle)
        self.search = SearchField("Find, then Enter", self)
        self.search.setToolTip("Find layers by name, kind or settings: Enter goes to the next, Shift+Enter back")
        self.search.setMinimumWidth(120)
        self.search.setMaximumWidth(220)
        self.search.textChanged.connect(self._on_search_changed)
        self.search.stepped.connect(self.step_find)
        self.search.left.connect(self.view.setFocus)
        self.search.setAccessibleName("Find in the graph")
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(_SOON)
        self._late.timeout.connect(self._on_late)
        self.count = ElidedLabel(self, role="muted")
        self.direction = Segmented([each.value for each in Direction], self)
        self.direction.set_current(Direction.ACROSS.value)
        self.direction.chosen.connect(self._on_direction_chosen)
        self.legend = QLabel(self)
        self.legend.setWordWrap(True)
        self.legend.setProperty("role", "muted")
        self._lay_out()

    # ---- what is shown

    def show_layers(self, layers: tuple[LayerSummary, ...]) -> None:
        """Ask for the picture of a network, where it is not shown already."""
        if layers is self._layers:
            return
        is_other = [layer.name for layer in layers] != [layer.name for layer in self._layers]
        self._layers, self._folded = layers, None
        if is_other:
            self.search.clear()
        self._on_search_changed(self.search.text())
        self.ask()

    def ask(self) -> None:
        """Ask for the picture."""
        self._late.start()
        self.requested.emit(GraphRequest(self._folded, Direction(self.direction.current)))

    def show_answer(self, answer: GraphAnswer) -> None:
        """Show a picture."""
        picture = answer.picture
        self.stop_waiting()
        is_other = answer.layers is not self._shown or picture.direction is not self._shown_direction
        self._shown, self._shown_direction = answer.layers, picture.direction
        self._folded = picture.folded
        self.view.show_picture(picture, is_other=is_other)
        if is_other:
            self.view.set_selection(self._selection)
        self.legend.setText(_legend({layer.kind for layer in self._layers}, picture.direction))
        self._show_count()

    def stop_waiting(self) -> None:
        """Await a picture no longer."""
        self._late.stop()
        self.view.set_waiting("")

    @Slot()
    def _on_late(self) -> None:
        self.view.set_waiting("Laying out…")

    def set_selection(self, layer: str) -> None:
        """Mark a layer."""
        self._selection = layer
        self.view.set_selection(layer)

    def refresh(self) -> None:
        """Paint in the colours of another theme."""
        self.view.repaint_all()

    # ---- folding

    @Slot(str)
    def toggle(self, module: str) -> None:
        """Fold a module, or unfold it; it stays where it is on the screen."""
        picture = self.view.picture
        if picture is None or module not in picture.foldable:
            return
        self._fold(picture.folded ^ {module}, module)

    def _fold(self, folded: frozenset[str] | None, module: str = "") -> None:
        self._folded = folded
        self.view.keep(module)
        self.ask()

    @Slot()
    def fold_all(self) -> None:
        """Show one box for each of the outermost modules."""
        picture = self.view.picture
        if picture is not None:
            self._fold(frozenset(picture.foldable))

    @Slot()
    def unfold_all(self) -> None:
        """Show each layer."""
        self._fold(frozenset())

    @Slot()
    def fold_some(self) -> None:
        """Show as much as can well be looked at."""
        self._fold(None)

    # ---- finding

    @Slot(int)
    def step_find(self, step: int) -> None:
        """Go to the next layer that is found, or with -1 to the one before; the first follows the last."""
        if not self._finds:
            return
        start = self._find if self._find >= 0 or step > 0 else 0
        self._find = (start + step) % len(self._finds)
        self._show_count()
        name = self._finds[self._find]
        self.view.set_selection(name)
        self.view.bring_layer_into_view(name)
        self.layerChosen.emit(name)

    @Slot(str)
    def _on_search_changed(self, text: str) -> None:
        self._finds, self._find = _found(self._layers, text), -1
        self.view.set_found(frozenset(self._finds))
        if self._finds:
            self.view.bring_layer_into_view(self._finds[0])
        for button in (self.previous, self.next):
            button.setVisible(bool(text.strip()))
            button.setEnabled(bool(self._finds))
        self._show_count()

    def _show_count(self) -> None:
        count = len(self._finds)
        if not self.search.text().strip():
            picture = self.view.picture
            boxes = 0 if picture is None else len(picture.boxes)
            self.count.set_text(f"{len(self._layers):,} layers in {boxes:,} boxes" if boxes else "")
        elif not count:
            self.count.set_text("nothing found")
        else:
            self.count.set_text(f"{self._find + 1} of {count}" if self._find >= 0 else f"{count} found")

    @Slot()
    def _on_previous(self) -> None:
        self.step_find(-1)

    @Slot()
    def _on_next(self) -> None:
        self.step_find(1)

    # ---- building

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(5)
        row.addWidget(self.search, stretch=1)
        self.previous = self._button("‹", "The layer found before (Shift+Enter)", self._on_previous)
        self.next = self._button("›", "The next layer that is found (Enter)", self._on_next)
        for button in (self.previous, self.next):
            button.hide()
            row.addWidget(button)
        row.addWidget(self.count)
        row.addStretch(1)
        self.fewer = self._button("Fold all", "One box for each of the outermost modules", self.fold_all)
        self.usual = self._button("Usual", "Unfold as much as can well be looked at", self.fold_some)
        self.more = self._button("Unfold all", "A box for each layer", self.unfold_all)
        for button in (self.fewer, self.usual, self.more):
            row.addWidget(button)
        row.addSpacing(6)
        row.addWidget(self.direction)
        row.addSpacing(6)
        row.addWidget(self._button("−", "Zoom out (−, or the wheel)", self._on_zoom_out))
        row.addWidget(self._button("+", "Zoom in (+, or the wheel)", self._on_zoom_in))
        row.addWidget(
            self._button(
                "All", "Show the whole picture; a very long one as small as can be read (0)", self.view.show_all
            )
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(9, 8, 9, 8)
        layout.setSpacing(5)
        layout.addLayout(row)
        layout.addWidget(self.view, stretch=1)
        layout.addWidget(self.legend)

    def _button(self, text: str, tip: str, slot: object) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.clicked.connect(slot)
        return button

    @Slot()
    def _on_zoom_in(self) -> None:
        self.view.zoom_by(1.25)

    @Slot()
    def _on_zoom_out(self) -> None:
        self.view.zoom_by(0.8)

    @Slot(str)
    def _on_direction_chosen(self, text: str) -> None:
        del text
        self.ask()

    @Slot(str)
    def _on_layer_chosen(self, name: str) -> None:
        self._selection = name
        self.layerChosen.emit(name)


def _found(layers: Sequence[LayerSummary], text: str) -> tuple[str, ...]:
    """Return the layers that have a text in their name, kind or settings."""
    wanted = text.strip().lower()
    if not wanted:
        return ()
    return tuple(
        layer.name for layer in layers if any(wanted in it.lower() for it in (layer.name, layer.kind, layer.settings))
    )


def _legend(kinds: set[str], direction: Direction) -> str:
    """Return the kinds with their colours, as rich text; kinds of one colour stand together."""
    by_color: dict[str, list[str]] = {}
    for kind, color in KIND_COLORS.items():
        if kind in kinds:
            by_color.setdefault(color, []).append(kind)
    parts = [f"<span style='color: {color}'>■</span>&nbsp;{',&nbsp;'.join(names)}" for color, names in by_color.items()]
    return " &nbsp; ".join([*parts, _SIZES[direction]])
