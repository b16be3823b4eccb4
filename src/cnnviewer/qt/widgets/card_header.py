"""What is said on a layer above its pictures: its kind, name, settings, shapes and cost, and the switch of views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from cnnviewer.messages import View
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.kind_badge import KindBadge
from cnnviewer.qt.widgets.numbers import count_text, shape_text
from cnnviewer.qt.widgets.segmented import Segmented

if TYPE_CHECKING:
    from cnnviewer.messages import LayerSummary

__all__ = ["CardHeader"]

_TIPS = {
    View.MAPS: "The feature maps: what the layer returned, a picture each channel",
    View.FILTERS: "The filters: the weights that the convolution slides over its input",
    View.POOLED: "Each map that went in, beside its pooled map",
    View.CELLS: "The activations, a cell each",
    View.WEIGHTS: "The weight matrix",
    View.BARS: "The largest values, with the names of their classes",
}

_NARROW = 370
"""Below which width, in pixels, a card's words are short."""


class CardHeader(QWidget):
    """Shows two rows of words. On a narrow card they are short."""

    viewChosen = Signal(str)
    unfoldClicked = Signal()
    pageRequested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.badge = KindBadge(self)
        self.badge.pageRequested.connect(self.pageRequested)
        self._name = ElidedLabel(self, role="name", in_middle=True)
        self.settings = ElidedLabel(self, role="muted")
        self.shapes = ElidedLabel(self)
        self.shapes.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)  # the words beside it give way
        self.note = ElidedLabel(self, role="muted")
        self.caution = ElidedLabel(self, role="warning")
        self.cost = ElidedLabel(self, role="muted")
        self.views = Segmented(parent=self)
        self.views.chosen.connect(self.viewChosen)
        self._unfold = QToolButton(self)
        self._unfold.setProperty("segment", True)
        self._unfold.clicked.connect(self.unfoldClicked)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(3)
        rows.addLayout(_row((self.badge, self._name), (self._unfold, self.views)))
        rows.addLayout(_row((self.settings, self.shapes), (self.caution, self.note, self.cost)))

    def show_layer(self, layer: LayerSummary) -> None:
        """Show what a layer is, and which views it has."""
        self.badge.show_kind(layer.kind, layer.operation)
        self._name.set_text(layer.name)
        self.settings.set_text(_settings_text(layer))
        before = shape_text(layer.input_shapes[0]) if layer.input_shapes else ""
        if len(layer.input_shapes) > 1:
            before = f"{len(layer.input_shapes)} inputs"
        self.shapes.set_text(f"{before} → {shape_text(layer.shape)}" if before else shape_text(layer.shape))
        fed = ", ".join(layer.inputs) or "no layer"
        self.shapes.setToolTip(f"Fed by {fed}")
        self._name.setToolTip(f"{layer.name} ({layer.operation}), fed by {fed}")
        views = [view.value for view in layer.views]
        self.views.set_options(views, [_TIPS[view] for view in layer.views])
        self.views.setVisible(len(views) > 1)

    def show_cost(self, layer: LayerSummary, seconds: float) -> None:
        """Show how many weights a layer has, or its weights are worked out from, and how long it took."""
        of = "from " if layer.worked_out else ""
        parts = [f"{of}{count_text(layer.parameters)} weights"] if layer.parameters else []
        parts.append(f"{seconds * 1000:.1f} ms")
        self.cost.set_text(" · ".join(parts))
        if layer.worked_out:
            self.cost.setToolTip("\n".join(layer.worked_out))

    def show_caution(self, caution: str) -> None:
        """Tell what class scores are not to be taken for; '' for nothing."""
        self.caution.set_text(caution.partition(":")[0])
        self.caution.setToolTip(caution)
        self.caution.setVisible(bool(caution))

    def lay_out(self, width: int, total: int, *, is_cut: bool, is_unfolded: bool) -> None:
        """Fit into a card of this width, of which all pictures are shown or only the first rows."""
        is_narrow = width < _NARROW
        self.badge.set_short(is_narrow)
        self._unfold.setVisible(is_cut or is_unfolded)
        if is_cut or is_unfolded:
            self._unfold.setText("Fewer" if is_unfolded else "All" if is_narrow else f"All {total:,}")
            self._unfold.setToolTip("Show the first rows" if is_unfolded else f"Show all {total:,}")


def _settings_text(layer: LayerSummary) -> str:
    """Return a layer's settings, and which layers feed it where that is what matters."""
    tells_source = len(layer.inputs) > 1 or layer.kind in ("addition", "concatenation", "normalisation", "reshape")
    if not tells_source or not layer.inputs:
        return layer.settings
    names = ["the image" if name == "input" else name for name in dict.fromkeys(layer.inputs)]
    return f"{layer.settings} of {', '.join(names)}"


def _row(left: tuple[QWidget, ...], right: tuple[QWidget, ...]) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for widget in left:
        row.addWidget(widget)
    row.addStretch(1)
    for widget in right:
        row.addWidget(widget)
    return row
