"""The time line of a film: a slider over its moments, play, speed, hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRect, QSignalBlocker, QSize, QTimer, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStyle,
    QStyleOptionSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cnnviewer.qt.icons import icon
from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.wheel import Choice, Slider

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent

__all__ = ["TimeLine"]

_BEAT = 400
"""Milliseconds between two moments at the speed 1×."""
_SPEEDS = {"½×": 0.5, "1×": 1.0, "2×": 2.0, "4×": 4.0, "8×": 8.0}


class TimeLine(QWidget):
    """Chooses one of the moments of a film.

    The moments stand at equal distances, whatever their steps: so the first ones, which are dense, have room. While
    the film plays, the next moment is asked for only when `set_ready` told that the last one is shown.
    """

    moved = Signal(int)
    playToggled = Signal(bool)
    heldChanged = Signal(object)
    liveRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._moments: tuple[int, ...] = ()
        self._steps_per_epoch = 1
        self._current: int | None = None
        self._is_ready = self._is_due = True
        self._held: int | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._on_beat)
        self._build()
        self._refresh()

    # ---- what is shown

    @property
    def moments(self) -> tuple[int, ...]:
        """The steps of the film."""
        return self._moments

    @property
    def current(self) -> int | None:
        """The step that is shown; None for the newest weights."""
        return self._current

    @property
    def held(self) -> int | None:
        """The step that is held."""
        return self._held

    def set_moments(self, moments: tuple[int, ...], steps_per_epoch: int) -> None:
        """Show a film of these steps, ascending; the one that is shown stays."""
        if moments == self._moments:
            return
        self._moments, self._steps_per_epoch = moments, max(steps_per_epoch, 1)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(len(moments) - 1, 0))
        self.set_current(self._current)

    def set_current(self, step: int | None) -> None:
        """Show which moment the panels show; None for the newest weights."""
        self._current = step
        with QSignalBlocker(self.slider):
            last = max(len(self._moments) - 1, 0)
            self.slider.setValue(self._moments.index(step) if step in self._moments else last)
        self._refresh()

    def set_ready(self) -> None:
        """Tell that the moment asked for is shown."""
        self._is_ready = True
        if self._is_due and self._timer.isActive():
            self._is_due = False
            self.advance()

    def set_held(self, step: int | None) -> None:
        """Show which moment is held, without telling; None for none."""
        with QSignalBlocker(self.hold):
            self.hold.setChecked(step is not None)
        self._held = step
        self._refresh()

    def advance(self) -> None:
        """Go to the next moment; the film ends at the last."""
        if self.slider.value() >= self.slider.maximum():
            self.play.setChecked(False)
        else:
            self.slider.setValue(self.slider.value() + 1)

    # ---- building

    def _build(self) -> None:
        self.play = QToolButton(self)
        self.play.setCheckable(True)
        self.play.setIconSize(QSize(16, 16))
        self.play.setToolTip("Play the film")
        self.play.setAccessibleName("Play the film")
        self.play.toggled.connect(self._on_play_toggled)
        self.speed = Choice(self)
        self.speed.addItems(list(_SPEEDS))
        self.speed.setCurrentText("2×")
        self.speed.setToolTip("How fast the film plays")
        self.speed.setAccessibleName("Speed of the film")
        self.speed.currentTextChanged.connect(self._on_speed_changed)
        self.slider = _MomentSlider(self)
        self.slider.valueChanged.connect(self._on_moved)
        self._text = QLabel(self)
        self._text.setMinimumWidth(210)
        self.hold = QPushButton("Hold this moment", self)
        self.hold.setCheckable(True)
        self.hold.setToolTip("Keep this moment, and see it in each card beside the one on the time line")
        self.hold.toggled.connect(self._on_hold_toggled)
        self.now = QPushButton("Now", self)
        self.now.setToolTip("Go back to the newest weights")
        self.now.clicked.connect(self._on_now)
        row = QHBoxLayout()
        row.setSpacing(6)
        for left in (self.play, self.speed, self._text):
            row.addWidget(left)
        row.addStretch(1)
        for right in (self.hold, self.now):
            row.addWidget(right)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self.slider)

    def _refresh(self) -> None:
        is_there = len(self._moments) > 1
        for widget in (self.play, self.slider, self.hold, self.now):
            widget.setEnabled(is_there)
        self.play.setIcon(icon("pause" if self.play.isChecked() else "play"))
        self.hold.setText("Let the held moment go" if self._held is not None else "Hold this moment")
        self.slider.mark(self._moments.index(self._held) if self._held in self._moments else None)
        if not is_there:
            self._text.setText("No film yet: train a network, or open a run.")
            return
        step = self._moments[self.slider.value()] if self._current is None else self._current
        epoch = step / self._steps_per_epoch
        when = "the newest weights · " if self._current is None else ""
        self._text.setText(f"{when}step {step:,} of {self._moments[-1]:,} · epoch {epoch:.3g}")

    # ---- user

    @Slot(int)
    def _on_moved(self, place: int) -> None:
        if place < len(self._moments):
            self._current = self._moments[place]
            self._is_ready = False
            self._refresh()
            self.moved.emit(self._current)

    @Slot(bool)
    def _on_play_toggled(self, is_playing: bool) -> None:
        if is_playing:
            self._is_ready, self._is_due = True, False
            if self.slider.value() >= self.slider.maximum():
                self.slider.setValue(0)
            self._on_speed_changed(self.speed.currentText())
            self._timer.start()
        else:
            self._timer.stop()
        self._refresh()
        self.playToggled.emit(is_playing)

    @Slot(str)
    def _on_speed_changed(self, text: str) -> None:
        self._timer.setInterval(round(_BEAT / _SPEEDS[text]))

    @Slot()
    def _on_beat(self) -> None:
        if self._is_ready:
            self.advance()
        else:
            self._is_due = True  # as soon as the moment before is shown

    @Slot(bool)
    def _on_hold_toggled(self, is_held: bool) -> None:
        shown = self._moments[self.slider.value()] if self._current is None and self._moments else self._current
        self._held = shown if is_held else None
        self._refresh()
        self.heldChanged.emit(self._held)

    @Slot()
    def _on_now(self) -> None:
        self.play.setChecked(False)
        self.set_current(None)
        self.liveRequested.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Paint the icon in the theme's colour."""
        super().changeEvent(event)
        if event.type() == event.Type.PaletteChange and hasattr(self, "now"):
            self._refresh()


class _MomentSlider(Slider):
    """A slider with a tick for each of its values, and a mark at one of them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._mark: int | None = None
        self.setPageStep(5)
        self.setAccessibleName("Moment of the film")
        self.setFixedHeight(30)

    def mark(self, place: int | None) -> None:
        """Mark a value; None marks none."""
        self._mark = place
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ticks below the slider."""
        super().paintEvent(event)
        with QPainter(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        theme = current_theme()
        painter.setPen(QPen(QColor(theme.bar), 1))
        for place in range(self.maximum() + 1):
            x = self._x(place)
            painter.drawLine(x, self.height() - 6, x, self.height() - 2)
        if self._mark is not None:
            painter.fillRect(QRect(self._x(self._mark) - 2, 0, 4, self.height()), QColor(theme.warning))

    def _x(self, place: int) -> int:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        length = self.style().pixelMetric(QStyle.PixelMetric.PM_SliderLength, option, self)
        room = self.width() - length
        return length // 2 + QStyle.sliderPositionFromValue(0, max(self.maximum(), 1), place, room)
