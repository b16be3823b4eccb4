"""A curve of a training: each step, smoothed, and on the validation images."""

from __future__ import annotations

from bisect import bisect_left
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Slot
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviewer.qt.theme import current_theme
from cnnviewer.qt.widgets.segmented import Segmented
from cnnviewer.qt.widgets.styling import label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PySide6.QtGui import QShowEvent

__all__ = ["CurvePlot"]

_DRAWN = 800
"""At most so many points of a curve are drawn: more than a plot has columns."""
_BEAT = 250
"""Milliseconds between two drawings while values come: each takes the interpreter from what trains."""
_SMOOTHED = 0.9
"""Of the smoothed value each step keeps this share."""


class CurvePlot(QWidget):
    """Draws values over steps.

    Values are kept as they come; what is drawn of them is thinned out, so that a million steps draw as fast as a
    thousand. Nothing is drawn while the plot is hidden. Where a value is no number, the curve has a gap, which is told.
    """

    def __init__(self, title: str, unit: str, parent: QWidget | None = None, *, can_be_log: bool = False) -> None:
        super().__init__(parent)
        self._unit = unit
        self._steps = _Growing(np.int64)
        self._values, self._smoothed = _Growing(np.float64), _Growing(np.float64)
        self._validation: list[tuple[int, float]] = []
        self._moments: tuple[int | None, int | None] = (None, None)
        self._is_log = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_BEAT)
        self._soon.timeout.connect(self._draw)
        self._build(title, can_be_log)
        self._paint_theme()

    # ---- what is shown

    def clear(self) -> None:
        """Forget all values."""
        for values in (self._steps, self._values, self._smoothed):
            values.clear()
        self._validation.clear()
        self._plot.enableAutoRange(y=True)
        self._readout.setText("")
        self._diverged.setText("")
        self.set_moment(None)
        self.set_held(None)
        self._draw_soon()

    def set_steps(self, total: int) -> None:
        """Show so many steps."""
        self._plot.setXRange(0, max(total, 1), padding=0.02)
        self._plot.setLimits(xMin=-0.05 * total, xMax=1.05 * max(total, 1))

    def expect(self, steps: int, low: float, high: float) -> None:
        """Show the axes for values between two ends that may come; `clear` lets them follow the values."""
        self.set_steps(steps)
        self._plot.setYRange(low, high)

    def append(self, step: int, value: float) -> None:
        """Add a step's value."""
        self.extend([step], [value])

    def extend(self, steps: Sequence[int], values: Sequence[float]) -> None:
        """Add the values of some steps, in their order."""
        for step, value in zip(steps, values, strict=True):
            before = self._smoothed.last if len(self._smoothed) and isfinite(self._smoothed.last) else value
            self._steps.append(step)
            self._values.append(value)
            self._smoothed.append(_SMOOTHED * before + (1 - _SMOOTHED) * value if isfinite(value) else before)
            self._tell_diverged(step, value)
        self._draw_soon()

    def append_validation(self, step: int, value: float) -> None:
        """Add a value on the validation images."""
        self._validation.append((step, value))
        self._tell_diverged(step, value)
        self._draw_soon()

    def set_moment(self, step: int | None) -> None:
        """Mark the moment of the film that is shown; None marks none."""
        self._mark(self._moment, step)

    def set_held(self, step: int | None) -> None:
        """Mark the moment that is held; None marks none."""
        self._mark(self._held, step)

    def set_target(self, value: float | None) -> None:
        """Mark a value that is to be reached; None marks none."""
        self._target.setVisible(value is not None)
        if value is not None:
            self._target.setValue(value)

    def set_compact(self) -> None:
        """Take less room: the legend is the tooltip of the title, and the scale stays as it is."""
        self._legend.hide()
        self.scale.hide()
        self._title.setToolTip("Pale: each step; blue: smoothed; dots: on the validation images")

    @property
    def target(self) -> float | None:
        """The value that is marked as to be reached."""
        return float(self._target.value()) if self._target.isVisible() else None

    @property
    def value_range(self) -> tuple[float, float]:
        """The lowest and the highest value that the axis shows."""
        low, high = self._plot.viewRange()[1]
        return low, high

    @property
    def count(self) -> int:
        """How many steps there are."""
        return len(self._steps)

    @property
    def validation(self) -> tuple[tuple[int, float], ...]:
        """Steps and values on the validation images."""
        return tuple(self._validation)

    @property
    def drawn(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """The points of the faint curve, as they are drawn."""
        steps, values = self._each.getData()
        return (np.empty(0), np.empty(0)) if steps is None else (steps, values)

    @property
    def diverged(self) -> str:
        """What is said where values are no numbers; '' where all are."""
        return self._diverged.text()

    @property
    def readout(self) -> str:
        """What is said on the step under the mouse."""
        return self._readout.text()

    # ---- building

    def _build(self, title: str, can_be_log: bool) -> None:
        self._title = label(f"{title} <span style='font-weight: 400'>· {self._unit}</span>", self, "name")
        self._title.setTextFormat(Qt.TextFormat.RichText)
        self._legend = QLabel(self)
        self._readout = label("", self)
        self._diverged = label("", self, "warning")
        head = QHBoxLayout()
        head.addWidget(self._title)
        head.addSpacing(10)
        head.addWidget(self._legend)
        head.addWidget(self._diverged)
        head.addStretch(1)
        head.addWidget(self._readout)
        self.scale = Segmented(
            ("linear", "log"), self, ("Equal distances are equal differences", "Equal distances are equal ratios")
        )
        self.scale.setVisible(can_be_log)
        self.scale.chosen.connect(self._on_scale_chosen)
        head.addWidget(self.scale)
        self._view = pg.PlotWidget(self, background=None, enableMenu=False)
        self._view.setAccessibleName(title)
        self._view.scene().sigMouseMoved.connect(self._on_mouse_moved)
        self._plot: Any = self._view.getPlotItem()
        self._plot.hideButtons()
        self._plot.setMouseEnabled(x=True, y=False)
        self._plot.enableAutoRange(y=True)
        self._plot.setAutoVisible(y=True)
        self._each, self._smooth, self._checked = (self._plot.plot([], []) for _ in range(3))
        self._moment, self._held = (pg.InfiniteLine(angle=90, movable=False) for _ in range(2))
        self._target = pg.InfiniteLine(angle=0, movable=False)
        for line in (self._moment, self._held, self._target):
            line.hide()
            self._plot.addItem(line, ignoreBounds=True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(head)
        layout.addWidget(self._view, stretch=1)

    def _paint_theme(self) -> None:
        theme = current_theme()
        faint = QColor(theme.bar)
        self._view.setBackground(theme.panel)
        self._each.setPen(pg.mkPen(faint, width=1))
        self._smooth.setPen(pg.mkPen(theme.accent, width=2))
        self._checked.setPen(pg.mkPen(theme.warning, width=2))
        self._checked.setSymbol("o")
        self._checked.setSymbolSize(5)
        self._checked.setSymbolBrush(theme.warning)
        self._checked.setSymbolPen(None)
        self._moment.setPen(pg.mkPen(theme.text, width=1, style=Qt.PenStyle.DashLine))
        self._target.setPen(pg.mkPen(theme.muted, width=1, style=Qt.PenStyle.DotLine))
        self._held.setPen(pg.mkPen(theme.warning, width=1, style=Qt.PenStyle.DashLine))
        for side in ("left", "bottom"):
            axis = self._plot.getAxis(side)
            axis.setPen(pg.mkPen(theme.border))
            axis.setTextPen(pg.mkPen(theme.muted))
            axis.setStyle(tickFont=self.font(), hideOverlappingLabels=True)
        self._plot.getAxis("bottom").enableAutoSIPrefix(False)
        self._legend.setText(
            f"<span style='color:{theme.muted}'>━ step</span>&nbsp;&nbsp;"
            f"<span style='color:{theme.accent}'>━ smoothed</span>&nbsp;&nbsp;"
            f"<span style='color:{theme.warning}'>● validation</span>"
        )

    # ---- drawing

    def _draw_soon(self) -> None:
        if self.isVisible() and not self._soon.isActive():
            self._soon.start()

    @Slot()
    def _draw(self) -> None:
        steps = self._steps.values
        chosen = _thinned(len(steps))
        x = steps[chosen].astype(float)
        self._draw_curve(self._each, x, self._values.values[chosen])
        self._draw_curve(self._smooth, x, self._smoothed.values[chosen])
        checked = np.array(self._validation, dtype=float).reshape(-1, 2)
        self._draw_curve(self._checked, checked[:, 0], checked[:, 1])

    def _draw_curve(self, curve: Any, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Draw the points that are numbers, and lines between those that follow each other."""
        is_number = np.isfinite(y)
        connected = np.append(is_number[1:], False)[is_number] if len(y) else is_number
        curve.setData(x[is_number], self._scaled(y[is_number]), connect=connected)

    def _scaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.log10(np.maximum(values, 1e-8)) if self._is_log else values
        return found

    def _tell_diverged(self, step: int, value: float) -> None:
        if not isfinite(value) and not self._diverged.text():
            self._diverged.setText(f"diverged: no number at step {step:,}")

    def _mark(self, line: Any, step: int | None) -> None:
        line.setVisible(step is not None)
        if step is not None:
            line.setValue(step)

    def showEvent(self, event: QShowEvent) -> None:
        """Draw what came while the plot was hidden."""
        super().showEvent(event)
        self._draw()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_target"):
            self._paint_theme()

    # ---- user

    @Slot(str)
    def _on_scale_chosen(self, scale: str) -> None:
        self._is_log = scale == "log"
        self._plot.getAxis("left").setLogMode(self._is_log)
        self._draw()

    @Slot(object)
    def _on_mouse_moved(self, place: QPointF) -> None:
        if not len(self._steps) or not self._plot.sceneBoundingRect().contains(place):
            self._readout.setText("")
            return
        step = self._plot.vb.mapSceneToView(place).x()
        steps = self._steps.values
        index = min(max(bisect_left(steps, step), 0), len(steps) - 1)
        if index and step - steps[index - 1] < steps[index] - step:
            index -= 1
        text = f"step {steps[index]:,}: {self._values.values[index]:.4g}"
        near = [value for at, value in self._validation if abs(at - step) * 100 < max(steps[-1], 1)]
        self._readout.setText(f"{text} · validation {near[-1]:.4g}" if near else text)


class _Growing:
    """Numbers in an array that doubles when it is full."""

    def __init__(self, kind: type) -> None:
        self._array: NDArray[Any] = np.empty(256, dtype=kind)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def values(self) -> NDArray[Any]:
        return self._array[: self._count]

    @property
    def last(self) -> Any:
        return self._array[self._count - 1]

    def append(self, value: float) -> None:
        if self._count == len(self._array):
            self._array = np.concatenate([self._array, np.empty_like(self._array)])
        self._array[self._count] = value
        self._count += 1

    def clear(self) -> None:
        self._count = 0


def _thinned(count: int) -> NDArray[np.int64]:
    """Return the numbers of at most `_DRAWN` of so many points, the last one among them."""
    if count <= _DRAWN:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, _DRAWN).astype(np.int64))
