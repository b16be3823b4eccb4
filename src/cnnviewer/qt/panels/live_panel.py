"""What only a stream shows: the chosen map over time, the frames that excited it most, probabilities, timing."""

from __future__ import annotations

from dataclasses import astuple
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cnnviewer.analysis.minute import Minute
from cnnviewer.categories import category_name
from cnnviewer.outputs import Returns
from cnnviewer.qt.panels.answer_rows import title_of
from cnnviewer.qt.widgets.best_frames import BestFrames
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.minute_chart import Line, MinuteChart
from cnnviewer.qt.widgets.numbers import probability_text, value_text
from cnnviewer.qt.widgets.stage_bar import StageBar
from cnnviewer.qt.widgets.styling import label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnnviewer.frames import Activation, Best, Chosen, StageTimes
    from cnnviewer.messages import AnswerSummary

__all__ = ["LivePanel"]

_LINES = 5


class LivePanel(QWidget):
    """Remembers the last minute, and shows it when it is asked to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen: Chosen | None = None
        self._activation = Minute()
        self._probabilities: Minute | None = None
        self._categories: tuple[str, ...] = ()
        self._best: tuple[Best, ...] | None = None
        self._colors: dict[int, int] = {}
        self._title = ElidedLabel(self, role="name")
        self.strip = MinuteChart(self)
        self.strip.setAccessibleName("Mean activation of the chosen map")
        self.best = BestFrames(self)
        self.classes = MinuteChart(self, low=0.0, high=1.0)
        self.classes.setAccessibleName("Class probabilities over time")
        self.stages = StageBar(self)
        self._rates = label("", self)
        self._notes = ElidedLabel(self, role="muted")
        self._notes.hide()
        self._lay_out()

    def clear(self) -> None:
        """Forget the minute: another network, or another source."""
        self._chosen, self._activation, self._probabilities = None, Minute(), None
        self._best, self._colors = (), {}
        self.show_now(0.0)

    def add(
        self,
        seconds: float,
        activation: Activation | None,
        probabilities: Sequence[float],
        categories: tuple[str, ...],
    ) -> None:
        """Remember what a frame did, told in seconds of a clock."""
        if activation is not None:
            if activation.chosen != self._chosen:
                self._chosen, self._activation = activation.chosen, Minute()
            self._activation.add(seconds, [activation.mean])
        if not probabilities:
            return
        if self._probabilities is None or self._probabilities.width != len(probabilities):
            self._probabilities, self._colors = Minute(len(probabilities)), {}
        self._categories = categories
        self._probabilities.add(seconds, probabilities)

    def show_answer(self, answer: AnswerSummary) -> None:
        """Show what the network returns; of values and features there is nothing over time, which is said."""
        has_shares = answer.returns not in (Returns.VALUES, Returns.FEATURES)
        told = title_of(answer.returns)
        self._title_of_classes.setText(told if has_shares else f"{told}: no probabilities over time")
        self.classes.setAccessibleName(f"{told} over time")

    def set_best(self, best: tuple[Best, ...]) -> None:
        """Remember the frames that excited the chosen map most."""
        self._best = best

    def show_title(self, title: str) -> None:
        """Show which map is chosen."""
        self._title.set_text(title)

    def show_caution(self, caution: str) -> None:
        """Tell what the probabilities are not to be taken for; '' for nothing."""
        self._caution.set_text(caution)
        self._caution.setVisible(bool(caution))

    def show_now(self, seconds: float) -> None:
        """Show the last minute."""
        self.strip.show_lines(self._activation_lines(seconds))
        self.classes.show_lines(self._class_lines(seconds))
        if self._best is not None:
            self.best.show_best(self._best)
            self._best = None

    def show_timing(
        self, times: StageTimes, latency: float, rate: float, dropped: int, run_notes: tuple[str, ...] = ()
    ) -> None:
        """Show where a frame's time goes: stages and latency in seconds, frames a second, frames dropped.

        `run_notes` tell what is particular in how the network is run.
        """
        self.stages.show_times(times)
        waiting = max(0.0, latency - sum(astuple(times)))
        self._rates.setText(
            f"{latency * 1000:.0f} ms from source to screen, {waiting * 1000:.0f} of them waiting\n"
            f"{rate:.1f} frames a second, {dropped:,} dropped"
        )
        self._notes.set_text(" ".join(f"The network is {note}." for note in run_notes))
        self._notes.setVisible(bool(run_notes))

    @property
    def rates(self) -> str:
        """What is told of the rates."""
        return self._rates.text()

    @property
    def notes(self) -> str:
        """What is told of how the network is run."""
        return self._notes.text()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(9, 8, 9, 8)
        row.setSpacing(16)
        map_column = self._column(self._title, self.strip, self.best)
        map_column.setStretch(1, 2)
        map_column.setStretch(2, 3)
        row.addLayout(map_column, stretch=5)
        self._caution = ElidedLabel(self, role="warning")
        self._caution.hide()
        self._title_of_classes = label(title_of(Returns.CLASSES), self, "name")
        row.addLayout(self._column(self._title_of_classes, self._caution, self.classes), stretch=4)
        timing = self._column(label("Timing", self, "name"), self.stages, self._rates, self._notes)
        timing.addStretch(1)
        row.addLayout(timing, stretch=3)

    def _column(self, *widgets: QWidget) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(4)
        for widget in widgets:
            column.addWidget(widget, stretch=0 if isinstance(widget, QLabel) else 1)
        return column

    def _activation_lines(self, seconds: float) -> list[Line]:
        values = self._activation.values(seconds)[:, 0]
        known = values[np.isfinite(values)]
        return [Line("mean", values, value_text(float(known[-1])))] if len(known) else []

    def _class_lines(self, seconds: float) -> list[Line]:
        """Return the classes that were most probable within the minute; each keeps its colour while it is shown."""
        if self._probabilities is None:
            return []
        values = self._probabilities.values(seconds)
        known = values[np.isfinite(values).all(axis=1)]
        if not len(known):
            return []
        most = np.argsort(-known.mean(axis=0), kind="stable")[:_LINES].tolist()
        self._colors = {index: color for index, color in self._colors.items() if index in most}
        for index in most:
            free = next(color for color in range(_LINES) if color not in self._colors.values() or index in self._colors)
            self._colors.setdefault(index, free)
        newest = known[-1]
        return [
            Line(
                category_name(self._categories, index),
                values[:, index],
                probability_text(float(newest[index])),
                self._colors[index],
            )
            for index in sorted(most, key=lambda index: -newest[index])
        ]
