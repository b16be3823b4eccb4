"""The page "What layers see"."""

from __future__ import annotations

from itertools import zip_longest
from math import log
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from cnnviewer.categories import category_name
from cnnviewer.lessons.network_messages import SeenAnswer, SeenRequest
from cnnviewer.messages import ImageEdit
from cnnviewer.qt.panels.answer_rows import probability_bar
from cnnviewer.qt.panels.learn.page import Page, Place
from cnnviewer.qt.widgets.bar_list import Bar, BarList
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.number_slider import NumberSlider
from cnnviewer.qt.widgets.numbers import percent_text, probability_text, value_text
from cnnviewer.qt.widgets.patch_row import PatchRow
from cnnviewer.qt.widgets.photo_editor import LEAST_SCALE, MOST_SCALE, PhotoEditor
from cnnviewer.qt.widgets.segmented import Segmented
from cnnviewer.qt.widgets.styling import label

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from cnnviewer.lessons.network_messages import Patch
    from cnnviewer.messages import LessonAnswer, LessonRequest, Pixels, RecordingSummary

__all__ = ["SeenPage"]

_TOP = 5
_DEPTHS = ("Early", "Middle", "Late")
_ROOMY = 520
"""From this height on classes and receptive fields are both shown."""
_STEPS = 40
"""How many steps the slider of the scale has from one end to the other."""


class SeenPage(Page):
    """What excites layers at three depths, on a photo that can be moved, turned, scaled and covered.

    `editRequested` tells how the window's photo is to be changed, or None for not at all; `patchChosen` a layer and
    one of its patches. Who shows the page gives it the photo and what the network says to it.
    """

    editRequested = Signal(object)
    patchChosen = Signal(str, object)

    title = "What layers see"
    text = """
    <p>A unit of the first layer sees a few pixels: it can find an <b>edge</b> or a spot of colour, no more. Further
    in, units see what many others have found, and so a larger part of the photo: first <b>textures</b>, then
    <b>parts</b> such as an eye. That part is the unit's <b>receptive field</b>.</p>
    <p>The rows show three layers of the network that is open, an early, a middle and a late one. For each the
    channels that stand out most on this photo, and what their strongest unit sees: the yellow frame, or of a large
    receptive field the middle. Point at one to see where it lies; a click shows its map.</p>
    <p><b>Try it.</b> Drag the photo, turn it by its handle, scale it with the wheel, or choose <i>Cover</i> and hide
    parts of it. The window's network gets the changed photo, and its cards follow.</p>
    <p>A shift moves the maps and hardly touches the class: the same filters run everywhere. Turning and scaling is
    another thing: no filter turns with it. Which part must be covered for the class to change?</p>
    """
    place = Place(
        "activation",
        view="Maps",
        is_last=True,
        what="activation",
        otherwise=Place("convolution", view="Maps", is_last=True),
    )
    follows_photo = True

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._answer: SeenAnswer | None = None
        self._before: tuple[float, ...] = ()
        self._first = ""
        self._build_editor()
        self._build_rows()
        self._build_results()
        # Each movement of the mouse is one; the newest is told when the window has time.
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._tell_edit)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(14)
        row.addLayout(self._left, stretch=5)
        row.addLayout(self._middle, stretch=6)
        row.addLayout(self._right, stretch=4)

    # ---- what is shown

    def refresh(self) -> None:
        """Ask what layers see."""
        self.requested.emit(SeenRequest())

    def end(self) -> None:
        """Give the window its photo back, in whatever a hand is on it."""
        self._soon.stop()
        self.editor.let_go()
        if self.is_changed:
            self.editor.set_edit(ImageEdit())
            self._show_edit()
            self.editRequested.emit(None)

    @property
    def is_changed(self) -> bool:
        """Whether the photo is another than the window's own."""
        return self.editor.edit != ImageEdit()

    def show_photo(self, pixels: Pixels | None) -> None:
        """Show the photo of the window, as it is; None where it can't be changed."""
        self.tools.setEnabled(pixels is not None)
        self.editor.setEnabled(pixels is not None)
        self._hint.setVisible(pixels is None)
        if pixels is not None:
            self.editor.show_photo(pixels)
        self._show_edit()

    def show_classes(self, recording: RecordingSummary, categories: tuple[str, ...], *, is_changed: bool) -> None:
        """Show what the network says, to the photo as it is or as it was changed."""
        ranking, values = recording.ranking[:_TOP], recording.probabilities
        names = [category_name(categories, index) for index in ranking]
        if not is_changed:
            self._before, self._first = values, names[0] if names else ""
            self.before.show_bars(
                [probability_bar(name, values[index], index) for name, index in zip(names, ranking, strict=True)]
            )
        has_both = is_changed and len(self._before) == len(values)
        self.now.show_bars(
            [
                Bar(name, self._change_of(index, values[index], has_both=has_both), 0.0, values[index], index)
                for name, index in zip(names, ranking, strict=True)
            ]
        )
        self._verdict.setText(self._told(names, is_changed))

    def forget_classes(self) -> None:
        """Forget what the network said to the photo as it is: another one is open."""
        self._before, self._first = (), ""
        self.before.show_bars(())

    def _change_of(self, index: int, value: float, *, has_both: bool) -> str:
        text = probability_text(value)
        return f"{probability_text(self._before[index])} → {text}" if has_both else text

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show what layers see."""
        if not isinstance(answer, SeenAnswer):
            return
        self._answer = answer
        self._patch_text.set_text(answer.note)
        width, height = answer.size
        left, top, right, bottom = answer.crop
        self.editor.set_surroundings((left / width, top / height, right / width, bottom / height), answer.fill)
        self.editor.mark(None)
        known = zip_longest(_DEPTHS, self._titles, self.rows, answer.depths)
        for name, title, row, depth in known:
            title.setVisible(depth is not None)
            row.setVisible(depth is not None)
            if depth is not None:
                rows, columns = depth.field.size
                title.set_text(f"{name} · {depth.layer} · sees {rows}×{columns} pixels")
                row.show_patches(depth.patches, f"What excites {depth.layer}")
        self.fields.show_bars(
            [
                Bar(field.layer, f"{field.size[0]} · {_share_text(field.share)}", 0.0, field.share, index)
                for index, field in enumerate(answer.fields)
            ]
        )

    @property
    def verdict(self) -> str:
        """What is said on the class."""
        return self._verdict.text()

    # ---- building

    def _build_editor(self) -> None:
        self.editor = PhotoEditor(self)
        self.editor.edited.connect(self._on_edited)
        self.tools = QWidget(self)
        self.mode = Segmented(
            ("Move", "Cover"), self.tools, ("Dragging moves the photo", "Dragging covers parts of the photo")
        )
        self.mode.chosen.connect(self._on_mode_chosen)
        self.reset = QPushButton("Reset", self.tools)
        self.reset.setToolTip("Show the photo as it is (Home)")
        self.reset.clicked.connect(self.editor.reset)
        self.scale = NumberSlider(
            "Scale", -_STEPS, _STEPS, 0, self.tools, tip="How large the photo is", text_of=_scale_text, name_width=38
        )
        self.scale.changed.connect(self._on_scaled)
        self.angle = NumberSlider(
            "Turn", -180, 180, 0, self.tools, tip="Degrees, clockwise", text_of=_angle_text, name_width=38
        )
        self.angle.changed.connect(self._on_turned)
        self._hint = ElidedLabel(self, role="muted")
        self._hint.set_text("Open a photo, or freeze the stream, to change it.")
        buttons = QHBoxLayout()
        buttons.addWidget(self.mode)
        buttons.addStretch(1)
        buttons.addWidget(self.reset)
        tools = QVBoxLayout(self.tools)
        tools.setContentsMargins(0, 0, 0, 0)
        tools.setSpacing(3)
        tools.addLayout(buttons)
        tools.addWidget(self.scale)
        tools.addWidget(self.angle)
        self._left = QVBoxLayout()
        self._left.setSpacing(4)
        self._left.addWidget(self.editor, stretch=1)
        self._left.addWidget(self._hint)
        self._left.addWidget(self.tools)

    def _build_rows(self) -> None:
        self._titles = [ElidedLabel(self, role="name") for _ in range(3)]
        self.rows = [PatchRow(self) for _ in range(3)]
        self._middle = QVBoxLayout()
        self._middle.setSpacing(4)
        for title, row in zip(self._titles, self.rows, strict=True):
            row.hovered.connect(self._on_patch_hovered)
            row.chosen.connect(self._on_patch_chosen)
            self._middle.addWidget(title)
            self._middle.addWidget(row, stretch=1)
        self._patch_text = ElidedLabel(self, role="muted")
        self._middle.addWidget(self._patch_text)

    def _build_results(self) -> None:
        self.shown = Segmented(
            ("Classes", "Fields"), self, ("What the network says", "How the receptive field grows with depth")
        )
        self.shown.chosen.connect(self._show_part)
        self.before, self.now, self.fields = BarList(self), BarList(self), BarList(self)
        for bars, name in (
            (self.before, "Classes of the photo as it is"),
            (self.now, "Classes of the photo as it is now"),
            (self.fields, "Receptive fields, pixels of the input and share of it"),
        ):
            bars.setAccessibleName(name)
        self.fields.setToolTip("Click one to see it on the photo")
        self.fields.marked.connect(self._on_field_chosen)
        self.fields.chosen.connect(self._on_field_chosen)
        self._verdict = label("", self, "name")
        self._verdict.setWordWrap(True)
        self._verdict.setFixedHeight(2 * self.fontMetrics().height() + 2)
        self._was = label("As it is", self)
        self._classes, self._growth = QWidget(self), QWidget(self)
        for part, widgets in (
            (self._classes, (label("Now", self), self.now, self._verdict, self._was, self.before)),
            (self._growth, (label("Rows that a unit sees · share of the input", self), self.fields)),
        ):
            column = QVBoxLayout(part)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(3)
            for widget in widgets:
                column.addWidget(widget)
        self._right = QVBoxLayout()
        self._right.addWidget(self.shown, alignment=Qt.AlignmentFlag.AlignLeft)
        self._right.addWidget(self._classes)
        self._right.addWidget(self._growth)
        self._right.addStretch(1)
        self._show_part()

    @Slot()
    def _show_part(self) -> None:
        """Show the classes or the receptive fields; both where there is room."""
        is_roomy = self.height() >= _ROOMY
        self.shown.setVisible(not is_roomy)
        self._classes.setVisible(is_roomy or self.shown.current == "Classes")
        self._growth.setVisible(is_roomy or self.shown.current == "Fields")
        for widget in (self._was, self.before):
            widget.setVisible(is_roomy)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show more where there is more room."""
        super().resizeEvent(event)
        self._show_part()

    # ---- the photo's changes

    def _told(self, names: list[str], is_changed: bool) -> str:
        if not names:
            return "This network tells no classes."
        if not is_changed or not self._first:
            return ""
        if names[0] == self._first:
            return f"The class stays: {names[0]}"
        return f"The class changes: {self._first} → {names[0]}"

    def _show_edit(self) -> None:
        """Let sliders and buttons follow the edit."""
        edit = self.editor.edit
        self.scale.set_value(_slider_of(edit.scale))
        self.angle.set_value(round(edit.angle))
        self.reset.setEnabled(self.is_changed)

    @Slot(object)
    def _on_edited(self, edit: ImageEdit) -> None:
        self._show_edit()
        if self.is_begun:  # else the window has its photo back
            self._soon.start()

    @Slot()
    def _tell_edit(self) -> None:
        self.editRequested.emit(self.editor.edit if self.is_changed else None)

    @Slot(str)
    def _on_mode_chosen(self, mode: str) -> None:
        self.editor.set_covering(mode == "Cover")

    @Slot(int)
    def _on_scaled(self, value: int) -> None:
        self.editor.change(scale=_scale_of(value))

    @Slot(int)
    def _on_turned(self, angle: int) -> None:
        self.editor.change(angle=float(angle))

    # ---- patches and receptive fields

    @Slot(int)
    def _on_field_chosen(self, index: int) -> None:
        if self._answer is not None:
            self.editor.mark(self._answer.fields[index].box)

    @Slot(object)
    def _on_patch_hovered(self, patch: Patch | None) -> None:
        if patch is None or self._answer is None:
            self.editor.mark(None)
            self._patch_text.set_text("")
            return
        self.editor.mark(patch.box)
        row, column = patch.unit
        self._patch_text.set_text(
            f"channel {patch.channel} · unit at row {row}, column {column} = {value_text(patch.value)}"
        )

    @Slot(object)
    def _on_patch_chosen(self, patch: Patch) -> None:
        if self._answer is None:
            return
        layer = next((depth.layer for depth in self._answer.depths if patch in depth.patches), None)
        if layer is not None:
            self.patchChosen.emit(layer, patch)


def _share_text(share: float) -> str:
    return percent_text(share, digits=0) if share >= 0.005 else "< 1 %"


def _angle_text(angle: int) -> str:
    return f"{angle}°".replace("-", "−")


def _scale_of(value: int) -> float:
    """Return the scale that a place of the slider means: equal distances are equal ratios."""
    return 1.0 if value == 0 else (MOST_SCALE if value > 0 else 1 / LEAST_SCALE) ** (value / _STEPS)


def _slider_of(scale: float) -> int:
    return round(_STEPS * log(scale) / log(MOST_SCALE if scale > 1 else 1 / LEAST_SCALE))


def _scale_text(value: int) -> str:
    return f"{_scale_of(value):.2f}"
