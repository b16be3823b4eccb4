"""The curves of a training: error and accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QWidget

from cnnviewer.qt.widgets.curve_plot import CurvePlot
from cnnviewer.training.progress import Evaluation, Progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cnnviewer.training.training import News

__all__ = ["CurvesPage"]


class CurvesPage(QWidget):
    """Shows the curves of training and validation side by side."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.error = CurvePlot("Error", "cross-entropy, nats", self, can_be_log=True)
        self.accuracy = CurvePlot("Accuracy", "%", self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(6, 4, 6, 4)
        layout.setSpacing(10)
        for plot in (self.error, self.accuracy):
            layout.addWidget(plot)

    def clear(self, steps: int) -> None:
        """Begin new curves over so many steps."""
        for plot in (self.error, self.accuracy):
            plot.clear()
            plot.set_steps(steps)

    def expect(self, steps: int, largest_error: float) -> None:
        """Show the axes of a training that has not begun."""
        self.error.expect(steps, 0, largest_error)
        self.accuracy.expect(steps, 0, 100)

    def add(self, news: Iterable[News]) -> None:
        """Add what happened."""
        steps: list[Progress] = []
        for item in news:
            if isinstance(item, Progress):
                steps.append(item)
            elif isinstance(item, Evaluation) and item.split == "validation":
                self.error.append_validation(item.step, item.loss)
                self.accuracy.append_validation(item.step, 100 * item.accuracy)
        if steps:
            numbers = [item.step for item in steps]
            self.error.extend(numbers, [item.loss for item in steps])
            self.accuracy.extend(numbers, [100 * item.accuracy for item in steps])

    def set_moments(self, shown: int | None, held: int | None) -> None:
        """Mark the moments of the film that are shown and held."""
        for plot in (self.error, self.accuracy):
            plot.set_moment(shown)
            plot.set_held(held)
