"""Guessing what a file does not tell of its network, and why: size, classes, values of the pixels.

The size is one at which the network runs. The values of the pixels are found by trying: a network names known photos
right when it is fed as it was trained, and hardly otherwise.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from cnnviewer.card import LARGEST_SIDE, MOST_CHANNELS, Card
from cnnviewer.errors import NetworkError
from cnnviewer.memory import free_memory
from cnnviewer.network import Network, input_channels
from cnnviewer.network_reports import Reason
from cnnviewer.networks.category_lists import likely_list, list_of, names_of
from cnnviewer.networks.files.allocation import Bounded
from cnnviewer.networks.files.known_photos import known_photos
from cnnviewer.networks.files.presets import applied, presets_for
from cnnviewer.networks.files.unfit import check_error, check_first_layer, check_forward, check_recording
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.files.opened import Hints

    Known = Sequence[tuple[Image, frozenset[int]]]

__all__ = ["Guess", "guess", "why_not"]

_SIZES = (224, 32, 28, 64, 96, 128, 160, 192, 240, 256, 299, 320, 384, 448, 512, 227, 231, 48, 40, 84)
_SMALL = (28, 32, 64, 224)
_CIFAR = (10, 100)
"""How many classes the sets with images of 32x32 pixels have."""
_LARGE_NETWORKS = 150
"""From this side on a photo is cropped: its shorter side is resized to more than the network sees."""
_CROP = 0.875
PATIENCE = 6.0
"""For how many seconds presets are tried; on one photo they always are."""
_SURER = math.log(1.5)
"""Another way than the usual one must be surer by that, a photo: its probabilities half as large again."""


@dataclass(frozen=True, eq=False)
class Guess:
    """A card with the reason of each part that was guessed; `classes` is 0 where the network gives no scores."""

    card: Card
    reasons: tuple[Reason, ...]
    classes: int


def guess(
    module: torch.nn.Module,
    hints: Hints,
    *,
    title: str,
    usual: Preprocessing | None = None,
    categories: tuple[str, ...] = (),
    progress: ProgressCallback | None = None,
) -> Guess:
    """Return a card for a module, in eval mode.

    Parameters
    ----------
    module
        It takes ``(1, C, H, W)``.
    hints
        What the file tells.
    title
        What messages and the card call the network.
    usual
        The preprocessing of the architecture's own weights, where it is known.
    categories
        Those of the architecture's own weights, where there are as many.
    progress
        Told between two trials; it may raise `Cancelled`.

    Raises
    ------
    NetworkError
        If the network runs at none of the usual sizes.
    """
    reasons: list[Reason] = []
    preprocessing, classes = _sized(module, hints, usual, title, reasons, progress)
    named = hints.categories or categories
    list_name = list_of(named) if len(named) == classes else likely_list(classes, preprocessing.channels)
    if classes:
        reasons.append(Reason("categories", _why_categories(classes, list_name, hints, named)))
    chosen: tuple[str, ...] | str = list_name or (named if len(named) == classes else ())
    found = _valued(module, preprocessing, names_of(chosen), title, usual is not None, reasons, progress)
    return Guess(Card(found, chosen, name=title), tuple(reasons), classes)


# ---- size


def _sized(
    module: torch.nn.Module,
    hints: Hints,
    usual: Preprocessing | None,
    title: str,
    reasons: list[Reason],
    progress: ProgressCallback | None,
) -> tuple[Preprocessing, int]:
    """Return a preprocessing of a size at which the network runs, and how many classes it gives."""
    channels = _channels(module, hints)
    if usual is not None and usual.channels in channels:
        classes = _try(module, (usual.channels, *usual.size), title)
        if isinstance(classes, int):
            reasons.append(Reason("size", "As the weights that the architecture comes with."))
            return usual, classes
    failures: list[str] = []
    shapes = [(planes, size) for planes in channels for size in _sizes(hints, planes)]
    for count, (planes, size) in enumerate(shapes):
        if progress is not None:
            progress(count, None, f"Trying the size of image that {title} takes")
        classes = _try(module, (planes, *size), title)
        if isinstance(classes, int):
            is_free = hints.shape is None or hints.shape[1:] == (None, None)
            if planes == 3 and classes in _CIFAR and is_free and size != (32, 32):
                size = (32, 32) if isinstance(_try(module, (3, 32, 32), title), int) else size
            reasons.append(Reason("size", _why_size(hints, size)))
            return _plain(planes, size), classes
        failures.append(classes)
    check_first_layer(module, title)
    raise NetworkError(_why_none(failures, " or ".join(map(str, channels)), title))


def _why_none(failures: list[str], channels: str, title: str) -> str:
    """Return why a network runs at no size: what no size would mend is not blamed on it."""
    if len(set(failures)) == 1 and len(failures) > 1:
        return f"{title} runs on no image with {channels} channels, whatever its size: {failures[0].rstrip('.')}."
    return (
        f"{title} runs at none of the usual sizes of an image with {channels} channels: {failures[0].rstrip('.')}. "
        "Put a card beside the file that tells its size."
    )


def _channels(module: torch.nn.Module, hints: Hints) -> tuple[int, ...]:
    """Return how many channels the network takes; where it has no convolution that tells, those of photos first."""
    told = hints.shape[0] if hints.shape is not None and hints.shape[0] is not None else input_channels(module)
    return (told,) if told else (3, 1)


def _sizes(hints: Hints, channels: int) -> list[tuple[int, int]]:
    """Return the sizes to try, the likely ones first."""
    _, height, width = hints.shape or (None, None, None)
    if height is not None and width is not None:
        return [(height, width)]
    sides = dict.fromkeys((*_SMALL, *_SIZES) if channels == 1 else _SIZES)
    return [(height or side, width or side) for side in sides]


def _try(module: torch.nn.Module, shape: tuple[int, int, int], title: str) -> int | str:
    """Return how many classes a network gives for an image of a shape, 0 where it gives none; or why it fails."""
    if max(shape[1:]) > LARGEST_SIDE or min(shape) < 1 or shape[0] > MOST_CHANNELS:
        return f"An input of {shape} is none for an image."
    check_forward(module, title)
    network = Network(module, title, _plain(shape[0], shape[1:]))
    try:
        # Half of what is free: the window keeps more than this of what it shows.
        with Bounded(free_memory() // 2):
            recording = Recorder(network).record(torch.zeros(1, *shape))
    except Exception as error:  # a network from a file may be anything
        check_error(error, title)
        return " ".join(str(error).split())[:300]
    check_recording(recording, title)
    scores = recording.scores
    return 0 if scores is None else int(scores.numel())


def _plain(channels: int, size: tuple[int, int]) -> Preprocessing:
    side = min(size)
    resize = round(side / _CROP) if side >= _LARGE_NETWORKS else side
    preprocessing = Preprocessing(size, resize, (0.0,) * channels, (1.0,) * channels, channels)
    return applied(presets_for(channels)[0], preprocessing)


def _is_told(hints: Hints) -> bool:
    """Whether the file tells the size of the image."""
    return hints.shape is not None and None not in hints.shape[1:]


def _why_size(hints: Hints, size: tuple[int, int]) -> str:
    text = f"{size[0]} × {size[1]}"
    if _is_told(hints):
        return f"The file says {text}."
    return f"{text} is a usual size for as many classes, and the network runs at it."


def _why_categories(classes: int, list_name: str, hints: Hints, named: tuple[str, ...]) -> str:
    if list_name and not named:
        return f"The network tells {classes:,} classes apart, as many as the list {list_name} has."
    if len(named) == classes:
        return "The file tells them." if hints.categories else "As the weights that the architecture comes with."
    return f"The network tells {classes:,} classes apart; their names are not known."


def why_not(module: torch.nn.Module, preprocessing: Preprocessing, title: str) -> str:
    """Return why a network does not run as a card says, or takes too much memory then; '' where it runs."""
    found = _try(module, (preprocessing.channels, *preprocessing.size), title)
    return found if isinstance(found, str) else ""


# ---- values


@dataclass
class _Trial:
    """How well known photos were named under a preset: how many right, and the sum of their log probabilities."""

    name: str
    preprocessing: Preprocessing
    right: int = 0
    certainty: float = 0.0

    @property
    def rank(self) -> tuple[int, float]:
        return self.right, self.certainty


def _valued(
    module: torch.nn.Module,
    preprocessing: Preprocessing,
    categories: tuple[str, ...],
    title: str,
    has_usual: bool,
    reasons: list[Reason],
    progress: ProgressCallback | None,
) -> Preprocessing:
    """Return the preprocessing under which the known photos are named best."""
    first = "the architecture's own" if has_usual else presets_for(preprocessing.channels)[0].name
    photos = known_photos(categories)
    if not photos:
        why = "no sample image shows one of the categories, so none could be tried."
        reasons.append(Reason("mean", f"{_capital(first)} is the most usual; {why}"))
        return preprocessing
    trials = [_Trial(first, preprocessing), *_others(preprocessing)]
    count = _run_trials(trials, Recorder(Network(module, title, preprocessing)), photos, title, progress)
    usual, best = trials[0], max(trials, key=lambda trial: trial.rank)
    if best.right <= usual.right and best.certainty <= usual.certainty + count * _SURER:
        best = usual
    reasons.append(Reason("mean", _why_values(best, trials, count)))
    return best.preprocessing


def _others(preprocessing: Preprocessing) -> list[_Trial]:
    made = (_Trial(preset.name, applied(preset, preprocessing)) for preset in presets_for(preprocessing.channels))
    return [trial for trial in made if trial.preprocessing != preprocessing]


def _run_trials(
    trials: list[_Trial], recorder: Recorder, photos: Known, title: str, progress: ProgressCallback | None
) -> int:
    """Try all presets on one photo after another; return on how many there was time for."""
    begun = time.monotonic()
    for count, (photo, answers) in enumerate(photos):
        if count and time.monotonic() - begun > PATIENCE:
            return count
        for trial in trials:
            if progress is not None:
                progress(count, None, f"Trying how {title} wants its pixels")
            probabilities = recorder.record(trial.preprocessing(photo)).probabilities.nan_to_num()
            trial.right += int(probabilities.argmax()) in answers
            trial.certainty += math.log(max(float(probabilities[list(answers)].sum()), 1e-12))
    return len(photos)


def _why_values(best: _Trial, trials: list[_Trial], photos: int) -> str:
    next_best = max((trial for trial in trials if trial is not best), key=lambda trial: trial.rank)
    return (
        f"Fed this way ({best.name}), the network names {best.right} of {photos} sample images right; "
        f"the next best of {len(trials)} usual ways, {next_best.name}, names {next_best.right}."
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
