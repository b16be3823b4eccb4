"""What a network takes for what: the confusion matrix, and the worst mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cnnviewer.categories import category_name
from cnnviewer.qt.widgets.confusion_grid import ConfusionGrid
from cnnviewer.qt.widgets.elided_label import ElidedLabel
from cnnviewer.qt.widgets.numbers import percent_text
from cnnviewer.qt.widgets.picture_strip import PictureStrip

if TYPE_CHECKING:
    from cnnviewer.training.progress import Evaluation, Mistake
    from cnnviewer.training.samples import Samples

__all__ = ["MistakesPage"]

_SIDE = 56


class MistakesPage(QWidget):
    """Shows an evaluation. `imageChosen` tells the pixels of a mistake that was clicked, and a title for them."""

    imageChosen = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._categories: tuple[str, ...] = ()
        self._evaluation: Evaluation | None = None
        self._samples: Samples | None = None
        self._shown: tuple[int, ...] = ()
        self._cell: tuple[int, int] | None = None
        self.confusion = ConfusionGrid(self)
        self.confusion.cellChosen.connect(self._on_cell_chosen)
        self.title = ElidedLabel(self, role="muted")
        self.pictures = PictureStrip(self, side=_SIDE)
        self.pictures.setAccessibleName("Worst mistakes")
        self.pictures.chosen.connect(self._on_chosen)
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addWidget(self.title)
        right.addWidget(self.pictures, stretch=1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(12)
        layout.addWidget(self.confusion, stretch=4)
        layout.addLayout(right, stretch=5)

    def clear(self, categories: tuple[str, ...]) -> None:
        """Begin a new training with these classes."""
        self._categories = categories
        self._evaluation = self._samples = self._cell = None
        self.pictures.clear()
        self.title.set_text("After the first epoch the worst mistakes on the validation images are shown here.")
        self.confusion.clear()

    def show_evaluation(self, evaluation: Evaluation, samples: Samples | None) -> None:
        """Show what was measured; `samples` are the images of its mistakes."""
        self._evaluation, self._samples = evaluation, samples
        self.confusion.show_confusion(evaluation.confusion, self._categories)
        self._show_mistakes()

    def _show_mistakes(self) -> None:
        evaluation, samples = self._evaluation, self._samples
        if evaluation is None:
            return
        mistakes = list(enumerate(evaluation.mistakes))
        if self._cell is not None:
            mistakes = [
                (place, mistake) for place, mistake in mistakes if (mistake.label, mistake.predicted) == self._cell
            ]
        self.title.set_text(self._title(evaluation, len(mistakes)))
        self._shown = tuple(place for place, _ in mistakes)
        if samples is None or not mistakes:
            self.pictures.clear()
            return
        captions = tuple(self._caption(mistake) for _, mistake in mistakes)
        tips = tuple(self._tip(mistake) for _, mistake in mistakes)
        self.pictures.show_pictures(samples.pixels[list(self._shown)], captions, tips)

    def _title(self, evaluation: Evaluation, shown: int) -> str:
        total = int(evaluation.confusion.sum())
        wrong = round(total * (1 - evaluation.accuracy))
        when = f"after epoch {evaluation.epoch}" if evaluation.epoch else "before the first step"
        text = f"{wrong:,} of {total:,} {evaluation.split} images are wrong {when}"
        if self._cell is None:
            return f"{text}; the worst {shown}" if shown else text
        label, predicted = self._cell
        return f"{text}; {shown} of the worst are {self._name(label)} taken for {self._name(predicted)}"

    def _caption(self, mistake: Mistake) -> str:
        share = percent_text(mistake.probability, digits=0)
        return f"{self._name(mistake.label)} → {self._name(mistake.predicted)}\n{share}"

    def _tip(self, mistake: Mistake) -> str:
        return (
            f"image {mistake.index:,}: {self._name(mistake.label)}, taken for {self._name(mistake.predicted)} "
            f"with {percent_text(mistake.probability)}; error {mistake.loss:.3f}. Click to see it in all panels."
        )

    def _name(self, label: int) -> str:
        return category_name(self._categories, label)

    @Slot(int, int)
    def _on_cell_chosen(self, label: int, predicted: int) -> None:
        cell = (label, predicted)
        self._cell = None if cell == self._cell or label == predicted else cell
        self._show_mistakes()

    @Slot(int)
    def _on_chosen(self, place: int) -> None:
        if self._evaluation is None or self._samples is None:
            return
        index = self._shown[place]
        mistake = self._evaluation.mistakes[index]
        title = f"{self._name(mistake.label)} (image {mistake.index:,}), taken for {self._name(mistake.predicted)}"
        self.imageChosen.emit(self._samples.images[index], title)
