"""Where a number comes from: its arithmetic, the way back to a pixel, the way on to what it feeds."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from cnnviewer.qt.panels.explanation.arithmetic_page import ArithmeticPage
from cnnviewer.qt.panels.explanation.sentences import effect_text, field_text
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.numbers import unit_text
from cnnviewer.qt.widgets.segmented import Segmented
from cnnviewer.qt.widgets.styling import label, scrolled
from cnnviewer.qt.widgets.way_strip import WayStrip

if TYPE_CHECKING:
    from cnnviewer.questions import EffectiveAnswer, FieldAnswer, UnitAnswer, WayAnswer

__all__ = ["ExplanationPanel", "Side"]

_HINT = "Choose a unit: click into a map in the inspector, or double-click one on a card."


class Side(StrEnum):
    """What the panel shows of a unit."""

    ARITHMETIC = "Arithmetic"
    BACK = "Way back"
    FORWARD = "Way on"


class ExplanationPanel(QWidget):
    """Shows where the chosen unit comes from.

    `sideChosen` tells that something else is to be shown, `channelChosen` an input channel, `unitChosen` the layer and
    the index of another unit.
    """

    sideChosen = Signal()
    channelChosen = Signal(int)
    unitChosen = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ElidedLabel(self, role="name")
        self._note = ElidedLabel(self, role="muted")
        self._field = ElidedLabel(self, role="muted")
        self._caution = label("", self, "warning")
        self._is_of_scores = False
        self._caution.hide()
        self.sides = Segmented([side.value for side in Side], self, _TIPS)
        self.sides.chosen.connect(self._on_side_chosen)
        self.arithmetic = ArithmeticPage(self)
        self.arithmetic.channelChosen.connect(self.channelChosen)
        self.arithmetic.unitChosen.connect(self.unitChosen)
        self.way = WayStrip(self)
        self.way.chosen.connect(self._on_step_chosen)
        self._area = scrolled(self.way, self)
        self._hint = label(_HINT, self)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedWidget(self)
        for page in (self._hint, self.arithmetic, self._area):
            self._stack.addWidget(page)
        top = QHBoxLayout()
        top.setSpacing(10)
        for widget in (self.sides, self._title, self._note):
            top.addWidget(widget)
        top.addStretch(1)
        top.addWidget(self._field)
        column = QVBoxLayout(self)
        column.setContentsMargins(9, 8, 9, 8)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self._caution)
        column.addWidget(self._stack, stretch=1)

    @property
    def side(self) -> Side:
        """What is to be shown."""
        return Side(self.sides.current)

    @property
    def caution(self) -> str:
        """What the score that is explained is not to be taken for."""
        return "" if self._caution.isHidden() else self._caution.text()

    @property
    def title(self) -> str:
        """The unit that is shown."""
        return self._title.text()

    def show_nothing(self, sentence: str = _HINT) -> None:
        """Show that no unit is chosen, or why it can't be explained."""
        self._title.set_text("")
        self._note.set_text("")
        self._hint.setText(sentence)
        self._stack.setCurrentWidget(self._hint)

    def show_caution(self, caution: str) -> None:
        """Tell what class scores are not to be taken for; '' for nothing."""
        self._caution.setText(caution)
        self.set_scores(self._is_of_scores)

    def set_scores(self, is_of_scores: bool) -> None:
        """Have a caution told where the unit that is asked on is the score of a class."""
        self._is_of_scores = is_of_scores
        self._caution.setVisible(is_of_scores and bool(self._caution.text()))

    def show_field(self, field: FieldAnswer | None, effect: EffectiveAnswer | None = None) -> None:
        """Show the unit's receptive field in a line, and in how much of it the effect lies."""
        parts = () if field is None else (field_text(field), effect_text(effect), *field.notes)
        self._field.set_text(" · ".join(part for part in parts if part))

    def show_unit(self, answer: UnitAnswer) -> None:
        """Show a unit's arithmetic."""
        if self.side is not Side.ARITHMETIC:
            return
        self._title.set_text(f"{answer.layer} {unit_text(answer.unit, answer.category)}")
        self._note.set_text(f"{answer.kind} · {answer.settings}")
        self.arithmetic.show_answer(answer)
        self._stack.setCurrentWidget(self.arithmetic)

    def show_way(self, answer: WayAnswer, *, is_forward: bool) -> None:
        """Show the way back, or on, from a unit."""
        if self.side is not (Side.FORWARD if is_forward else Side.BACK):
            return
        first = answer.steps[0]
        self._title.set_text(f"{first.layer} {unit_text(first.unit, first.category)}")
        steps_back = f"its strongest contributor, and that one's, {len(answer.steps) - 1} steps back"
        feeds = " · ".join(answer.notes) or "it feeds no layer: it is an output"
        self._note.set_text(feeds if is_forward else steps_back)
        self.way.show_steps(answer.steps, is_forward=is_forward)
        self._area.horizontalScrollBar().setValue(0)
        self._stack.setCurrentWidget(self._area)

    def mark_step(self, layer: str, unit: tuple[int, ...]) -> bool:
        """Mark a unit on the way back that is shown; return whether it lies on it."""
        if self._stack.currentWidget() is not self._area or self.side is not Side.BACK:
            return False
        places = [place for place, step in enumerate(self.way.steps) if (step.layer, step.unit) == (layer, unit)]
        if places:
            self.way.set_current(places[0])
        return bool(places)

    @Slot(str)
    def _on_side_chosen(self, side: str) -> None:
        del side
        self.sideChosen.emit()

    @Slot(int)
    def _on_step_chosen(self, place: int) -> None:
        step = self.way.steps[place]
        rect = self.way.step_rect(place)
        self._area.ensureVisible(rect.center().x(), rect.center().y(), rect.width(), 10)
        self.unitChosen.emit(step.layer, step.unit)


_TIPS = (
    "The numbers that the value was worked of",
    "From the unit to its strongest contributor in the layer before, again and again, down to a pixel",
    "The units of the next layers that this one feeds, and how much it adds to them",
)
