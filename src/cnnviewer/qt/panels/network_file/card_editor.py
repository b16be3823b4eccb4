"""Edits the card of a network: its name, its categories, and how a photo becomes what it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from cnnviewer.card import LARGEST_SIDE, to_json
from cnnviewer.names import steady
from cnnviewer.qt.panels.network_file.card_values import (
    RETURNS,
    categories_sentence,
    judged,
    merged,
    pixel_sentence,
    still_guessed,
)
from cnnviewer.qt.panels.network_file.categories_editor import CategoriesEditor
from cnnviewer.qt.panels.network_file.pixel_fields import PixelFields, choose, combo, spin
from cnnviewer.qt.widgets.styling import label, scrolled

if TYPE_CHECKING:
    from cnnviewer.card import Card
    from cnnviewer.network_reports import Reason

__all__ = ["CardEditor"]

_ORIGINS = {
    "beside the file": "These values come from the card beside the file.",
    "remembered": "These values are those that you gave this file last time.",
    "in use": "With these values the network is open.",
    "the factory's own": "These values come with the network.",
    "guessed": "These values are guessed: look through them.",
}
_INTERPOLATIONS = {"bilinear": "bilinear", "bicubic": "bicubic"}
_CROP_MODES = {"the middle is cut out": "centre", "its shape is given up": "squash", "whole, in a border": "border"}
_FIELD_WIDTH = 400


class CardEditor(QWidget):
    """Edits a `Card`; `changed` tells that it, or what is wrong with it, is another one.

    Each row has a note at its right: why its value was guessed, as long as it is that value, or what is wrong with it.
    """

    changed = Signal()
    failed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._guessed: dict[str, Any] = {}
        self._reasons: dict[str, str] = {}
        self._others: dict[str, Any] = {}
        self._classes, self._is_looked_at = 0, False
        self._card: Card | None = None
        self._problem = ""
        self._notes: dict[tuple[str, ...], QLabel] = {}
        self._origin = label("", self)
        self._origin.setWordWrap(True)
        self._origin.setTextFormat(Qt.TextFormat.PlainText)
        self._build_fields()
        self._pixel = label("", self, "name")
        self._pixel.setWordWrap(True)
        self._becomes = label("", self)
        self._becomes.setWordWrap(True)
        inner = QWidget(self)
        self._build_grid(inner)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._origin)
        layout.addWidget(scrolled(inner, self), stretch=1)
        layout.addWidget(self._pixel)
        layout.addWidget(self._becomes)

    # ---- what is edited

    @property
    def card(self) -> Card | None:
        """The card as it is now; None where something of it can't be."""
        return self._card

    @property
    def problem(self) -> str:
        """What can't be, as a sentence; '' where all can."""
        return self._problem

    def look_through(self) -> None:
        """Take the card for one that the user asked for and looks through: as it is left, nothing of it is a guess."""
        self._is_looked_at = True

    def show_card(self, card: Card, origin: str, reasons: tuple[Reason, ...], classes: int) -> None:
        """Edit a card anew; what the user changed in the one before is forgotten."""
        self._guessed = {}
        self.show_next_card(card, origin, reasons, classes)

    def show_next_card(self, card: Card, origin: str, reasons: tuple[Reason, ...], classes: int) -> None:
        """Edit another card of the same file; what the user changed in the one before is kept."""
        new = to_json(card)
        stored = merged(new, self._guessed, self.stored()) if self._guessed else new
        self._guessed, self._classes = new, classes
        self._reasons = {reason.what: reason.text for reason in (*card.guessed, *reasons)}
        known = {key for keys in self._notes for key in keys}
        # Why an architecture was chosen stands beside it; that nothing tells which it is must be seen here, too.
        others = [
            reason.text
            for reason in reasons
            if reason.what not in known and not (reason.what == "architecture" and reason.is_told)
        ]
        self._origin.setText(steady(" ".join((_ORIGINS.get(origin, ""), *others)).strip()))
        self._origin.setVisible(bool(self._origin.text()))
        self.set_stored(stored)

    def stored(self) -> dict[str, Any]:
        """Return what the fields say as a card's JSON, right or wrong."""
        return {
            **self._others,
            "name": self.name.text().strip(),
            "categories": self.categories.value(),
            "size": [self.high.value(), self.wide.value()],
            "resize": self.resize_to.value(),
            "crop_mode": self.crop_mode.currentData(),
            "padding": self.padding.value(),
            "interpolation": self.interpolation.currentData(),
            "returns": self.returns.currentData(),
            **_spread(self.pixels.value()),
        }

    def set_stored(self, stored: dict[str, Any]) -> None:
        """Edit what a card's JSON says."""
        self._others = stored  # what has no field here stays as it is
        boxes = (self.name, self.high, self.wide, self.resize_to, self.padding, self.interpolation, self.crop_mode)
        blockers = [QSignalBlocker(box) for box in (*boxes, self.returns, self.categories, self.pixels)]
        self.name.setText(stored["name"])
        self.high.setValue(stored["size"][0])
        self.wide.setValue(stored["size"][1])
        self.resize_to.setValue(stored["resize"])
        self.padding.setValue(stored["padding"])
        choose(self.interpolation, stored["interpolation"], stored["interpolation"])
        choose(self.crop_mode, stored["crop_mode"], stored["crop_mode"])
        choose(self.returns, stored["returns"], stored["returns"])
        self.categories.set_value(stored["categories"])
        self.pixels.set_value(stored)
        del blockers
        self._shortest = self._usual_resize()
        self._refresh()

    def note(self, key: str) -> str:
        """Return what is said beside a field."""
        return next((note.text() for keys, note in self._notes.items() if key in keys), "")

    @property
    def description(self) -> str:
        """What is said of what happens to a pixel."""
        return f"{self._pixel.text()}\n{self._becomes.text()}"

    @property
    def origin(self) -> str:
        """What is said of where the values come from."""
        return self._origin.text()

    # ---- building

    def _build_fields(self) -> None:
        self.name = QLineEdit(self)
        self.name.setAccessibleName("Name of the network")
        self.name.setPlaceholderText("The file's own name")
        self.categories = CategoriesEditor(self)
        self.high, self.wide = (spin(self, f"{side} of the input", LARGEST_SIDE) for side in ("Height", "Width"))
        self.resize_to = spin(self, "Length to which the photo is resized", LARGEST_SIDE)
        self.resize_to.setToolTip("The photo is resized so that this side has so many pixels, before it is cut")
        self._side = label("shorter side to", self)
        self.interpolation = combo(self, "Interpolation", _INTERPOLATIONS)
        self.crop_mode = combo(self, "How the photo is cut", _CROP_MODES)
        self.crop_mode.setToolTip("What becomes of a photo that has another shape than the input")
        self.padding = spin(self, "Padding", LARGEST_SIDE // 2, least=0)
        self.padding.setToolTip("Black pixels on each side, within the input's size")
        self.pixels = PixelFields(self)
        self.returns = combo(self, "What the network returns", RETURNS)
        self.returns.setToolTip("How the numbers that come out are read")
        self._shortest = 1
        self.name.textChanged.connect(self._refresh)
        for choice in (self.interpolation, self.crop_mode, self.returns):
            choice.currentIndexChanged.connect(self._refresh)
        self.resize_to.valueChanged.connect(self._refresh)
        for box in (self.high, self.wide, self.padding):
            box.valueChanged.connect(self._on_size_changed)
        self._whole = {
            self.high: "size", self.wide: "size", self.resize_to: "resize", self.padding: "padding",
            self.pixels.channels: "channels",
        }  # fmt: skip
        for box in self._whole:
            box.problemChanged.connect(self._refresh)
        self.categories.changed.connect(self._refresh)
        self.categories.failed.connect(self.failed)
        self.pixels.changed.connect(self._refresh)

    def _build_grid(self, inner: QWidget) -> None:
        self._grid = QGridLayout(inner)
        self._grid.setContentsMargins(0, 2, 8, 2)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(2, 1)
        self._grid.setColumnMinimumWidth(1, _FIELD_WIDTH)
        pixels = self.pixels
        self._add(inner, "Name", ("name",), self.name)
        self._add(inner, "Categories", ("categories",), self.categories)
        self._add(inner, "Input", ("size",), self.high, label("×", inner), self.wide, label("height × width", inner))
        self._add(
            inner,
            "Photo",
            ("resize", "interpolation"),
            self._side,
            self.resize_to,
            self.interpolation,
        )
        self._add(inner, "Cut", ("crop_mode",), self.crop_mode)
        self._add(inner, "Padding", ("padding",), self.padding, label("black pixels on each side", inner))
        self._add(inner, "Channels", ("channels", "order"), pixels.channels, label("in the order", inner), pixels.order)
        self._add(inner, "Ready values", (), pixels.presets)
        self._add(inner, "Range", ("range",), pixels.range)
        self._add(inner, "Mean", ("mean",), pixels.mean)
        self._add(inner, "Deviation", ("deviation",), pixels.deviation)
        self._add(inner, "Returns", ("returns",), self.returns)
        self._grid.setRowStretch(self._grid.rowCount(), 1)

    def _add(self, inner: QWidget, title: str, keys: tuple[str, ...], *widgets: QWidget) -> None:
        """Add a row: a title, widgets, a note."""
        line = self._grid.rowCount()
        top = Qt.AlignmentFlag.AlignTop
        name = label(title, inner)
        name.setContentsMargins(0, 5, 0, 0)
        self._grid.addWidget(name, line, 0, top)
        row = QHBoxLayout()
        row.setSpacing(7)
        for widget in widgets:
            row.addWidget(widget)
        if len(widgets) > 1:
            row.addStretch(1)
        self._grid.addLayout(row, line, 1, top)
        if keys:
            note = label("", inner)
            note.setWordWrap(True)
            note.setTextFormat(Qt.TextFormat.PlainText)
            note.setContentsMargins(0, 5, 0, 0)
            self._grid.addWidget(note, line, 2, top)
            self._notes[keys] = note

    # ---- judging

    def _usual_resize(self) -> int:
        """Return the length of the photo's shorter side where nothing is cut off at the shorter side."""
        return max(min(self.high.value(), self.wide.value()) - 2 * self.padding.value(), 1)

    @Slot()
    def _on_size_changed(self) -> None:
        """Let the photo follow the input's size where it was resized to just that."""
        before, self._shortest = self._shortest, self._usual_resize()
        if self.resize_to.value() == before:
            with QSignalBlocker(self.resize_to):
                self.resize_to.setValue(self._shortest)
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        """Show what is right and what is wrong with the fields."""
        stored = self.stored()
        guessed = still_guessed(stored, self._guessed, self._others.get("guessed", {}), is_looked_at=self._is_looked_at)
        self._card, wrong, self._problem = self._unread() or judged({**stored, "guessed": guessed})
        self.pixels.mark(wrong)
        for keys, note in self._notes.items():
            text, is_warning = self._note_of(keys, stored, wrong)
            _tell(note, text, is_warning)
        self._side.setText("longer side to" if stored["crop_mode"] == "border" else "shorter side to")
        how = None if self._card is None else self._card.preprocessing
        self._pixel.setText("" if how is None else how.describe())
        _tell(self._becomes, self._problem if how is None else pixel_sentence(how), how is None)
        self.changed.emit()

    def _unread(self) -> tuple[None, str, str] | None:
        """Return what `judged` would of a field that shows what can't be used; None where there is none."""
        for field, key in self._whole.items():
            if field.problem:
                return None, key, field.problem
        key, sentence = self.pixels.unread()
        return (None, key, sentence) if key else None

    def _note_of(self, keys: tuple[str, ...], stored: dict[str, Any], wrong: str) -> tuple[str, bool]:
        """Return what is said beside a row, and whether it is a warning."""
        if wrong in keys:
            return self._problem, True
        reasons = [
            self._reasons[key] for key in keys if key in self._reasons and stored.get(key) == self._guessed.get(key)
        ]
        if "categories" in keys:
            sentence, is_warning = categories_sentence(self.categories.count(), self._classes, stored["returns"])
            return " ".join((sentence, *reasons)).strip(), is_warning
        return " ".join(reasons), False


def _spread(pixels: dict[str, Any]) -> dict[str, Any]:
    """Return the values with a number a channel where one stands for all, as a card's JSON has them."""
    wide = {key: pixels[key] * pixels["channels"] for key in ("mean", "deviation") if len(pixels[key]) == 1}
    return {**pixels, **wide}


def _tell(note: QLabel, text: str, is_warning: bool) -> None:
    note.setText(steady(text))
    role = "warning" if is_warning else "muted"
    if note.property("role") != role:
        note.setProperty("role", role)
        note.style().unpolish(note)
        note.style().polish(note)
