"""Trying ways of scaling pixels: a network names known photos right when fed as it was trained, hardly otherwise."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cnnviewer.errors import RecordingError
from cnnviewer.network import Network
from cnnviewer.networks.files.known_photos import known_photos
from cnnviewer.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from PIL.Image import Image

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.preprocessing import Preprocessing

__all__ = ["PATIENCE", "Outcome", "Trial", "Way", "run_trials"]

PATIENCE = 6.0
"""For how many seconds ways are tried for a list of classes; on one photo they always are."""
_SURER = math.log(1.5)
"""Another way than the first must be surer by that, a photo: its probabilities half as large again."""
_CHANCE = 1e-3
"""What would come about by chance in so few networks is taken for a proof."""


@dataclass(frozen=True)
class Way:
    """A way of scaling pixels, and what people call it."""

    name: str
    preprocessing: Preprocessing


@dataclass
class Trial:
    """How well photos were named in one way: how many right, and the sum of their log probabilities."""

    way: Way
    right: int = 0
    certainty: float = 0.0

    @property
    def rank(self) -> tuple[int, float]:
        """What sorts trials, the best last."""
        return self.right, self.certainty


@dataclass(frozen=True)
class Outcome:
    """How a network named known photos in several ways, as classes of a list.

    Parameters
    ----------
    names
        The names of the classes.
    photos
        How many photos there was time for.
    trials
        In the order of the ways.
    chance
        How likely so many right answers are by chance, in any of the ways.
    """

    names: tuple[str, ...]
    photos: int
    trials: tuple[Trial, ...] = field(repr=False)
    chance: float

    @property
    def is_proof(self) -> bool:
        """Whether the right answers prove the names of the classes, and the way."""
        return self.chance < _CHANCE

    @property
    def best(self) -> Way:
        """The way under which the photos were named best; the first, unless another is surer by far."""
        first, best = self.trials[0], max(self.trials, key=lambda trial: trial.rank)
        if best.right <= first.right and best.certainty <= first.certainty + self.photos * _SURER:
            best = first
        return best.way

    @property
    def rank(self) -> tuple[int, float]:
        """How many photos were named right in the best way, and how surely: the sum of the log probabilities."""
        return self._trial_of(self.best).rank

    @property
    def sentence(self) -> str:
        """How the best way compares with the others."""
        best = self._trial_of(self.best)
        told = f"Fed this way ({best.way.name}), the network names {best.right} of {self.photos} sample images right"
        others = [trial for trial in self.trials if trial is not best]
        if not others:
            return f"{told}."
        next_best = max(others, key=lambda trial: trial.rank)
        return f"{told}; the next best of {len(self.trials)} usual ways, {next_best.way.name}, names {next_best.right}."

    def _trial_of(self, way: Way) -> Trial:
        return next(trial for trial in self.trials if trial.way is way)


def run_trials(
    module: torch.nn.Module,
    ways: Sequence[Way],
    lists: Sequence[tuple[str, ...]],
    title: str,
    progress: ProgressCallback | None = None,
) -> Outcome | None:
    """Try all ways on one known photo after another, for each list of categories that may be the network's.

    Parameters
    ----------
    module
        In eval mode.
    ways
        At least one, the likeliest first.
    lists
        Names of classes, as many as the network has.
    title
        What the network is called.
    progress
        Told between two trials; it may raise `Cancelled`.

    Returns
    -------
    Outcome or None
        That of the list for which the answers are least likely by chance; None where no photo shows something of any.
    """
    recorder = Recorder(Network(module, title, ways[0].preprocessing))
    outcomes = []
    for names in dict.fromkeys(lists):
        photos = known_photos(names)
        if photos:
            outcomes.append(_outcome(recorder, ways, names, photos, progress))
    if not outcomes:
        return None
    found = min(outcomes, key=lambda outcome: (outcome.chance, -max(trial.certainty for trial in outcome.trials)))
    return Outcome(found.names, found.photos, found.trials, found.chance * len(outcomes))


def _outcome(
    recorder: Recorder,
    ways: Sequence[Way],
    names: tuple[str, ...],
    photos: Sequence[tuple[Image, frozenset[int]]],
    progress: ProgressCallback | None,
) -> Outcome:
    trials, count, begun = [Trial(way) for way in ways], 0, time.monotonic()
    for photo, answers in photos:
        if count and time.monotonic() - begun > PATIENCE:
            break
        count += 1
        for trial in trials:
            if progress is not None:
                progress(count - 1, None, f"Trying how {recorder.network.name} wants its pixels")
            probabilities = _probabilities(recorder, trial.way.preprocessing, photo)
            if probabilities is not None and len(probabilities) == len(names):
                trial.right += int(probabilities.argmax()) in answers
                trial.certainty += math.log(max(float(probabilities[list(answers)].sum()), 1e-12))
    shares = [len(answers) / len(names) for _, answers in photos[:count]]
    chance = _chance(max(trial.right for trial in trials), shares) * len(ways)
    return Outcome(names, count, tuple(trials), chance)


def _probabilities(recorder: Recorder, how: Preprocessing, photo: Image) -> torch.Tensor | None:
    try:
        return recorder.record(how(photo)).probabilities.nan_to_num()
    except RecordingError:
        return None


def _chance(right: int, shares: Sequence[float]) -> float:
    """Return how likely at least so many right answers are, where each is right by chance with a probability."""
    counts = [1.0]
    for share in shares:
        stay, more = [count * (1 - share) for count in counts], [count * share for count in counts]
        counts = [first + second for first, second in zip([*stay, 0.0], [0.0, *more], strict=True)]
    return sum(counts[right:])
