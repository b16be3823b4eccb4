"""The unit presenter: asks on the chosen unit, and on what is under the mouse, and gives the answers to the panels."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Slot

from cnnviewer.qt.feature_presenter import FeaturePresenter
from cnnviewer.qt.layout import below
from cnnviewer.qt.panels.explanation.explanation_panel import Side
from cnnviewer.qt.widgets.way_strip import PICTURE
from cnnviewer.questions import (
    EffectiveAnswer,
    EffectiveRequest,
    FieldAnswer,
    FieldRequest,
    ReachAnswer,
    ReachRequest,
    Unanswered,
    UnitAnswer,
    UnitRequest,
    WayAnswer,
    WayRequest,
)

if TYPE_CHECKING:
    from PySide6.QtWidgets import QDockWidget

    from cnnviewer.messages import LayerSummary
    from cnnviewer.qt.main_window import MainWindow
    from cnnviewer.qt.panels.explanation.explanation_panel import ExplanationPanel
    from cnnviewer.qt.session import Session
    from cnnviewer.questions import Question

__all__ = ["UnitPresenter"]

_FIELD, _ARITHMETIC, _WAY, _EFFECT, _REACH = "unit:field", "unit:arithmetic", "unit:way", "unit:effect", "unit:reach"
_HOVERED = "unit:hovered"
_IMAGE = "input"


class UnitPresenter(FeaturePresenter):
    """Follows the selection with what is to be known of the chosen unit.

    Of each sort of question the newest is remembered, and an answer to an older one dropped.
    """

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window, self._session = window, session
        self._panel: ExplanationPanel | None = None
        self._asked: dict[str, Question] = {}
        self._channel: int | None = None
        self._field: FieldAnswer | None = None
        self._effect: EffectiveAnswer | None = None
        self._scale = session.scale
        self._is_shown = self._is_closed_by_user = False
        session.selectionChanged.connect(self._on_selection_changed)
        session.recordingChanged.connect(self._on_recording_changed)
        session.appearanceChanged.connect(self._on_appearance_changed)
        session.framed.connect(self._on_framed)
        window.layers.mapOpened.connect(self._on_map_opened)
        window.large.unitOpened.connect(self._on_unit_opened)
        window.inspector.unitChosen.connect(self._on_unit_clicked)
        window.inspector.unitHovered.connect(self._on_unit_hovered)
        window.inspector.explanationRequested.connect(self.open)
        window.probabilities.classOpened.connect(self.explain_class)
        window.input.pixelHovered.connect(self._on_pixel_hovered)
        window.input.effectiveToggled.connect(self._ask)

    # ---- the panel

    @property
    def panel(self) -> ExplanationPanel | None:
        """The panel that explains; None before it is first wanted."""
        return self._panel

    def show_in(self, panel: ExplanationPanel, dock: QDockWidget) -> UnitPresenter:
        """Explain in this panel from now on, whenever it is seen."""
        self._panel, self.dock = panel, dock
        panel.sideChosen.connect(self._ask)
        panel.channelChosen.connect(self._on_channel_chosen)
        panel.unitChosen.connect(self.choose)
        dock.visibilityChanged.connect(self._on_visibility_changed)
        panel.show_field(self._field, self._effect)
        return self

    @property
    def memory(self) -> str:
        """What is asked: for the arithmetic, or for the way back or on."""
        return "" if self._panel is None else self._panel.side.value

    def recall(self, memory: str) -> None:
        """Ask what was asked."""
        button = None if self._panel is None else self._panel.sides.button(memory)
        if button is not None:
            button.click()

    def show_caution(self, caution: str) -> None:
        """Tell it where the units that are explained are class scores."""
        if self._panel is not None:
            self._panel.show_caution(caution)

    @Slot()
    def open(self) -> ExplanationPanel:
        """Show the panel; it is built when it is first wanted."""
        is_new = self._panel is None
        self._window.panels.open("explanation")
        assert self._panel is not None
        if is_new:
            QTimer.singleShot(0, self._show_layer)  # the panel has taken its room by then
        self._is_shown, self._is_closed_by_user = True, False
        self._ask()
        return self._panel

    @Slot()
    def _show_layer(self) -> None:
        """Bring the card of the chosen layer back into view."""
        selection = self._session.selection
        if selection is not None:
            self._window.layers.scroll_to(selection.layer)

    @Slot(bool)
    def _on_visibility_changed(self, is_visible: bool) -> None:
        self._is_shown = is_visible  # not where it lies below another
        self._is_closed_by_user = self.dock.isHidden()
        if is_visible:
            self._ask()
        else:
            self._withdraw(_ARITHMETIC, _WAY)

    # ---- asking

    @Slot()
    def _ask(self) -> None:
        """Ask what is to be shown of the chosen unit."""
        layer, unit = self._chosen()
        if layer is None or unit is None:
            self._withdraw(_FIELD, _ARITHMETIC, _WAY, _EFFECT)
            self._show_field(None)
            self._show_effect(None)
            if self._panel is not None:
                self._panel.show_nothing()
            return
        if self._panel is not None and self._is_shown:  # first, for it is what is waited for
            self._ask_panel(self._panel, layer, unit)
        self._request(_FIELD, FieldRequest(layer.index, unit))
        self._ask_effect(layer, unit)

    def _ask_effect(self, layer: LayerSummary, unit: tuple[int, ...]) -> None:
        request = EffectiveRequest(layer.index, unit, self._session.scale)
        if self._asked.get(_EFFECT) != request:
            self._show_effect(None)  # it is that of another unit
        # Not of each frame: it takes a pass forward and one back.
        if self._window.input.effective.isChecked() and not self._session.inputs.is_streaming:
            self._request(_EFFECT, request)
        else:
            self._withdraw(_EFFECT)
            self._show_effect(None)

    def _ask_panel(self, panel: ExplanationPanel, layer: LayerSummary, unit: tuple[int, ...]) -> None:
        panel.set_scores(layer.is_scores)
        scale = self._session.scale
        if panel.side is Side.ARITHMETIC:
            self._withdraw(_WAY)
            self._request(_ARITHMETIC, UnitRequest(layer.index, unit, scale, self._channel))
            return
        self._withdraw(_ARITHMETIC)
        side = round(PICTURE * panel.devicePixelRatioF())
        self._request(_WAY, WayRequest(layer.index, unit, scale, side, panel.side is Side.FORWARD))

    def _request(self, key: str, request: Question) -> None:
        self._asked[key] = request
        self._session.request(key, request)

    def _withdraw(self, *keys: str) -> None:
        for key in keys:
            if self._asked.pop(key, None) is not None:
                self._session.withdraw(key)

    def _chosen(self) -> tuple[LayerSummary | None, tuple[int, ...] | None]:
        """Return the chosen layer, and the index of the unit that is chosen in it."""
        layer, selection = self._session.selected_layer(), self._session.selection
        if layer is None or selection is None:
            return None, None
        # A map of one unit leaves no choice.
        cell = selection.unit or ((0, 0) if layer.map_shape == (1, 1) else None)
        return layer, layer.layout.unit_at(selection.channel, cell)

    # ---- answers

    def show_answer(self, key: str, request: Question, answer: object) -> None:
        """Give an answer to the panel that shows it; one to an older question is dropped."""
        if self._asked.get(key) != request:
            return
        if isinstance(answer, Unanswered):
            self.show_failure(request, answer.sentence)
        elif isinstance(answer, FieldAnswer):
            if key == _HOVERED:
                self._window.input.show_field(answer, makes_room=False)
            else:
                self._show_field(answer)
        elif isinstance(answer, EffectiveAnswer):
            self._show_effect(answer)
        elif isinstance(answer, ReachAnswer):
            self._window.inspector.show_reach(answer)
        elif self._panel is not None and isinstance(answer, UnitAnswer):
            self._panel.show_unit(answer)
        elif self._panel is not None and isinstance(answer, WayAnswer) and isinstance(request, WayRequest):
            self._panel.show_way(answer, is_forward=request.is_forward)

    def show_failure(self, request: Question, sentence: str) -> None:
        """Tell why a question has no answer."""
        if self._panel is not None and isinstance(request, (UnitRequest, WayRequest)):
            self._panel.show_nothing(sentence)
        else:
            self._window.statusBar().showMessage(sentence, 6000)

    def _show_field(self, answer: FieldAnswer | None) -> None:
        self._field = answer
        self._window.input.show_field(answer)
        self._window.inspector.show_field(answer)
        if self._panel is not None:
            self._panel.show_field(answer, self._effect)

    def _show_effect(self, answer: EffectiveAnswer | None) -> None:
        self._effect = answer
        self._window.input.show_effective(answer)
        if self._panel is not None:
            self._panel.show_field(self._field, answer)

    # ---- what happens

    @Slot(object)
    def _on_selection_changed(self, selection: object) -> None:
        del selection
        self._channel = None
        self._withdraw(_REACH, _HOVERED)
        self._window.inspector.show_reach(None)
        panel = self._panel
        layer, unit = self._chosen()
        if panel is not None and layer is not None and unit is not None and panel.mark_step(layer.name, unit):
            self._request(_FIELD, FieldRequest(layer.index, unit))
            self._ask_effect(layer, unit)
            return  # it lies on the way that is shown, which stays
        self._ask()

    @Slot(object)
    def _on_recording_changed(self, recording: object) -> None:
        del recording
        self._withdraw(_REACH, _HOVERED)
        self._window.inspector.show_reach(None)
        self._show_effect(None)
        self._window.input.set_effective_possible(not self._session.inputs.is_streaming)
        self._ask()

    @Slot()
    def _on_framed(self) -> None:
        """Stop what is too much for each frame, once a stream has begun."""
        if self._window.input.effective.isEnabled():
            self._withdraw(_EFFECT)
            self._show_effect(None)
            self._window.input.set_effective_possible(False)

    @Slot()
    def _on_appearance_changed(self) -> None:
        """Ask anew where colours have changed; a way that is shown stays that of its own unit."""
        if self._session.scale == self._scale:
            return
        self._scale = self._session.scale
        way = self._asked.get(_WAY)
        self._ask()
        if isinstance(way, WayRequest):
            self._request(_WAY, replace(way, scale=self._scale))

    @Slot(int)
    def _on_channel_chosen(self, channel: int) -> None:
        self._channel = channel
        self._ask()

    @Slot(str, object)
    def choose(self, name: str, unit: tuple[int, ...]) -> None:
        """Choose a unit by its layer and its index there; of the image, mark the pixel."""
        if name == _IMAGE:
            self._mark_pixel(unit)
            return
        layer = self._session.layer(name)
        if layer is not None:
            channel, cell = layer.layout.place_of(unit)
            self._session.select(name, channel, cell)

    @Slot(int)
    def explain_class(self, index: int) -> None:
        """Choose the unit that is the score of a class, its logit where there is one, and explain it.

        Where one number tells of two classes, it is that number.
        """
        layer = self._logits()
        if layer is not None:
            self._session.select(layer.name, min(index, prod(layer.shape) - 1))
            self._window.layers.scroll_to(layer.name)
            self.open()

    def _logits(self) -> LayerSummary | None:
        """Return the layer that makes the answer: that before the softmax or sigmoid, where the network has one."""
        recording = self._session.recording
        layers = () if recording is None else recording.layers
        layer = next((layer for layer in layers if layer.is_answer), None)
        while layer is not None and layer.kind != "linear" and len(layer.inputs) == 1:
            before = self._session.layer(layer.inputs[0])
            if before is None or not before.has_classes or before.shape != layer.shape:
                break
            layer = before
        return layer

    def _mark_pixel(self, unit: tuple[int, ...]) -> None:
        row, column = unit[-2:]
        box = (row, column, row + 1, column + 1)
        self._withdraw(_FIELD)
        self._window.input.show_field(FieldAnswer(box, box, (1, 1), ()))

    @Slot(str, int)
    def _on_map_opened(self, layer: str, channel: int) -> None:
        """Explain the unit that was double-clicked; a filter has none, and is shown large."""
        selection = self._session.selection
        if selection is None or (selection.layer, selection.channel) != (layer, channel):
            self._session.select(layer, channel)
        if self._chosen()[1] is None:
            self._window.toggle_large_view()
        else:
            self.open()

    @Slot(int, int)
    def _on_unit_opened(self, row: int, column: int) -> None:
        """Explain a unit of the large view."""
        self._window.inspector.unitChosen.emit(row, column)
        self.open()

    @Slot(int, int)
    def _on_unit_clicked(self, row: int, column: int) -> None:
        """Explain a unit of the inspector's map, unless the panel was closed, or would cover another."""
        del row, column
        if not self._is_closed_by_user and not self._is_shown and not self._would_cover():
            self.open()

    def _would_cover(self) -> bool:
        """Whether another panel is open where this one would be."""
        own = None if self._panel is None else self.dock
        return any(dock is not own and not dock.isHidden() for dock in below(self._window))

    @Slot(object)
    def _on_unit_hovered(self, cell: tuple[int, int] | None) -> None:
        """Show the field of the unit under the mouse, as long as it is there."""
        layer, _ = self._chosen()
        selection = self._session.selection
        if cell is None or layer is None or selection is None or layer.layout.is_vector:
            self._withdraw(_HOVERED)
            self._window.input.show_field(self._field)
            return
        unit = layer.layout.unit_at(selection.channel, layer.unwrapped(cell))
        if unit is not None:
            self._request(_HOVERED, FieldRequest(layer.index, unit))

    @Slot(object)
    def _on_pixel_hovered(self, pixel: tuple[int, int] | None) -> None:
        """Light the units of the chosen map that the pixel under the mouse can change."""
        layer, _ = self._chosen()
        selection = self._session.selection
        if pixel is None or layer is None or selection is None:
            self._withdraw(_REACH)
            self._window.inspector.show_reach(None)
            return
        self._request(_REACH, ReachRequest(layer.index, selection.channel, pixel))
