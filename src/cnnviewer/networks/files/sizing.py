"""The size of a network's input: what is told, if the network runs at it, or a usual one at which it does."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from cnnviewer.card import LARGEST_SIDE, MOST_CHANNELS
from cnnviewer.downloads.progress import Beat
from cnnviewer.errors import Cancelled, NetworkError
from cnnviewer.memory import free_memory
from cnnviewer.network import Network, input_channels
from cnnviewer.network_reports import Reason
from cnnviewer.networks.files.allocation import MOST_OPERATIONS, MOST_WORK, Bounded
from cnnviewer.networks.files.presets import applied, presets_for
from cnnviewer.networks.files.unfit import check_error, check_first_layer, check_forward, check_recording
from cnnviewer.preprocessing import Preprocessing
from cnnviewer.recorder import Recorder

if TYPE_CHECKING:
    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.files.evidence import Evidence
    from cnnviewer.networks.files.opened import Hints

__all__ = ["Sized", "sized", "why_not"]

_SIZES = (224, 32, 28, 64, 96, 128, 160, 192, 240, 256, 299, 320, 384, 448, 512, 227, 231, 48, 40, 84)
_SMALL = (28, 32, 64, 224)
_CIFAR = (10, 100)
"""How many classes the sets with images of 32x32 pixels have."""
_LARGE_NETWORKS = 150
"""From this side on a photo is cropped: its shorter side is resized to more than the network sees."""
_CROP = 0.875


@dataclass(frozen=True, eq=False)
class Sized:
    """A preprocessing of a size at which a network runs, and why it has that size.

    Parameters
    ----------
    preprocessing
        With the usual values of pixels.
    classes
        How many class scores the network gives; 0 where it gives none.
    reasons
        Of the size, and of how a photo is brought to it.
    """

    preprocessing: Preprocessing
    classes: int
    reasons: tuple[Reason, ...]


def sized(
    module: torch.nn.Module,
    hints: Hints,
    evidence: Evidence,
    usual: Preprocessing | None,
    title: str,
    progress: ProgressCallback | None,
) -> Sized:
    """Return a preprocessing of a size at which a network runs; the parameters are those of `guessing.guess`.

    Raises
    ------
    NetworkError
        If it runs at none, or takes something else than one image.
    """
    channels = _channels(module, hints)
    found, against = _told(module, hints, evidence, usual, title, channels, progress)
    if found is None and usual is not None and usual.channels in channels:
        classes = _try(module, (usual.channels, *usual.size), title, progress)
        if isinstance(classes, int):
            found = Sized(usual, classes, (Reason("size", "As the weights that the architecture comes with."),))
    found = found or _tried(module, hints, title, channels, progress)
    reasons = [replace(reason, text=" ".join((reason.text, *against))) for reason in found.reasons]
    return _framed(replace(found, reasons=tuple(reasons)), evidence)


def why_not(
    module: torch.nn.Module, preprocessing: Preprocessing, title: str, progress: ProgressCallback | None = None
) -> str:
    """Return why a network does not run as a card says, or takes too much memory then; '' where it runs."""
    found = _try(module, (preprocessing.channels, *preprocessing.size), title, progress)
    return found if isinstance(found, str) else ""


def _told(
    module: torch.nn.Module,
    hints: Hints,
    evidence: Evidence,
    usual: Preprocessing | None,
    title: str,
    channels: tuple[int, ...],
    progress: ProgressCallback | None,
) -> tuple[Sized | None, list[str]]:
    """Return the first size that is told and at which the network runs, and what was told that can't be."""
    fixed = hints.shape or (None, None, None)
    against: list[str] = []
    for clue in evidence.sizes:
        size = clue.value
        if any(own not in (None, side) for own, side in zip(fixed[1:], size, strict=True)):
            against.append(f"{clue.source} says {_text(size)}, which it can't take.")
            continue
        for planes in channels:
            classes = _try(module, (planes, *size), title, progress)
            if isinstance(classes, int):
                is_usual = usual is not None and usual.channels == planes
                how = _resized(usual, size) if is_usual and usual is not None else _plain(planes, size)
                reason = Reason("size", f"{clue.source} says {_text(size)}.", is_told=True)
                return Sized(how, classes, (reason,)), against
        against.append(f"{clue.source} says {_text(size)}, at which the network does not run.")
    return None, against


def _resized(usual: Preprocessing, size: tuple[int, int]) -> Preprocessing:
    """Return a preprocessing of another size that shows as large a part of a photo."""
    if usual.size == size:
        return usual
    resize = max(round(usual.resize * min(size) / min(usual.size)), 1)
    return replace(usual, size=size, resize=resize, padding=0)


def _framed(found: Sized, evidence: Evidence) -> Sized:
    """Return it with how a photo is cut, as it is told."""
    how, reasons = found.preprocessing, list(found.reasons)
    for clue in reversed(evidence.framings):
        told, side = clue.value, min(how.size)
        resize = told.resize or (math.floor(side / told.share) if told.share else how.resize)
        if resize < side and told.crop_mode != "border":
            resize = side  # it tells of another size
        how = replace(
            how,
            resize=min(resize, LARGEST_SIDE),
            interpolation=told.interpolation or how.interpolation,
            crop_mode=told.crop_mode or how.crop_mode,
            padding=0,
        )
    if evidence.framings:
        reasons.append(Reason("resize", f"{evidence.framings[0].source} says so.", is_told=True))
    return replace(found, preprocessing=how, reasons=tuple(reasons))


def _tried(
    module: torch.nn.Module,
    hints: Hints,
    title: str,
    channels: tuple[int, ...],
    progress: ProgressCallback | None,
) -> Sized:
    failures: list[str] = []
    shapes = [(planes, size) for planes in channels for size in _sizes(hints, planes)]
    bound = math.inf  # pixels: of so many it takes too much
    for count, (planes, size) in enumerate(shapes):
        if math.prod(size) >= bound:
            continue
        if progress is not None:
            progress(count, None, f"Trying the size of image that {title} takes")
        classes = _try(module, (planes, *size), title, progress)
        if isinstance(classes, int):
            is_free = hints.shape is None or hints.shape[1:] == (None, None)
            if planes == 3 and classes in _CIFAR and is_free and size != (32, 32):
                size = (32, 32) if isinstance(_try(module, (3, 32, 32), title, progress), int) else size
            is_told = hints.shape is not None and None not in hints.shape[1:]
            why = f"The file says {_text(size)}." if is_told else f"{_text(size)} is a usual size, and it runs at it."
            return Sized(_plain(planes, size), classes, (Reason("size", why, is_told),))
        failures.append(classes)
        if isinstance(classes, _TooMuch):
            bound = 0 if classes.is_at_any_size else math.prod(size)
    check_first_layer(module, title)
    raise NetworkError(_why_none(failures, shapes, title))


def _why_none(failures: list[str], shapes: list[tuple[int, tuple[int, int]]], title: str) -> str:
    """Return why a network runs at none of some sizes: what no size would mend is not blamed on it."""
    if len(shapes) == 1:
        planes, size = shapes[0]
        return f"{title} takes images of {_text(size)} with {planes} channels, and can't be shown: {failures[0]}"
    channels = " or ".join(map(str, dict.fromkeys(planes for planes, _ in shapes)))
    if len(set(failures)) == 1:
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


class _TooMuch(str):
    """Why a network does not run at a size: it takes too much, as it does at larger sizes, or at any."""

    is_at_any_size: bool

    def __new__(cls, text: str, *, is_at_any_size: bool) -> _TooMuch:
        made = super().__new__(cls, text)
        made.is_at_any_size = is_at_any_size
        return made


def _try(
    module: torch.nn.Module, shape: tuple[int, int, int], title: str, progress: ProgressCallback | None
) -> int | str:
    """Return how many classes, labels or values a network gives for an image of a shape, or why it fails."""
    if max(shape[1:]) > LARGEST_SIDE or min(shape) < 1 or shape[0] > MOST_CHANNELS:
        return f"An input of {shape} is none for an image."
    check_forward(module, title)
    network = Network(module, title, _plain(shape[0], shape[1:]))
    beat = Beat(f"Trying whether {title} runs", progress)
    try:
        # Half of what is free: the window keeps more than this of what it shows.
        with Bounded(free_memory() // 2, operations=MOST_OPERATIONS, work=MOST_WORK, beat=beat):
            recording = Recorder(network).record(torch.zeros(1, *shape))
    except Cancelled:
        raise
    except Exception as error:  # a network from a file may be anything
        check_error(error, title)
        text, cause = " ".join(str(error).split())[:300], error.__cause__ or error
        if isinstance(cause, MemoryError | NetworkError):
            return _TooMuch(text, is_at_any_size=isinstance(cause, NetworkError))
        return text
    check_recording(recording, title)
    return recording.name_count


def _plain(channels: int, size: tuple[int, int]) -> Preprocessing:
    side = min(size)
    resize = round(side / _CROP) if side >= _LARGE_NETWORKS else side
    preprocessing = Preprocessing(size, resize, (0.0,) * channels, (1.0,) * channels, channels)
    return applied(presets_for(channels)[0], preprocessing)


def _text(size: tuple[int, int]) -> str:
    return f"{size[0]} × {size[1]}"
