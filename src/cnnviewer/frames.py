"""Frames of a stream, what the window wants of each, and what it gets: frozen values, no torch and no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from cnnviewer.messages import LayerSummary, PictureAnswer, PictureRequest, Pixels, RecordingSummary
    from cnnviewer.preprocessing import Preprocessing

__all__ = ["Activation", "Best", "Chosen", "Frame", "FrameAnswer", "Prepared", "StageTimes", "Watch"]


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a camera, a video, the screen or the drawing pad.

    Parameters
    ----------
    number
        Its number in the stream, from 1; frames that were dropped count.
    title
        What it is called: "webcam", "clip.mp4 0:02.4".
    pixels
        uint32 ``(H, W)``, 0xffRRGGBB, which nothing changes any more.
    arrived
        When the source gave it, in seconds of ``time.perf_counter()``.
    grab_seconds
        How long it took to make pixels of it.
    """

    number: int
    title: str
    pixels: Pixels
    arrived: float
    grab_seconds: float = 0.0


@dataclass(frozen=True, eq=False)
class Prepared:
    """A frame with the tensor that a network is given of it.

    Parameters
    ----------
    frame
        The frame.
    tensor
        float32 ``(1, C, H, W)``, as `preprocessing` made it; None where no network was open.
    preprocessing
        How it was made: the tensor is of use to a network that has the same.
    seconds
        How long that took.
    """

    frame: Frame
    tensor: torch.Tensor | None = None
    preprocessing: Preprocessing | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Chosen:
    """The map that is chosen: a layer's number, and one of its maps; or one of the numbers of a vector."""

    layer: int
    channel: int


@dataclass(frozen=True, eq=False)
class Watch:
    """What the window wants of each frame.

    Parameters
    ----------
    layers
        The layers that it shows; to a frame with others it gets no pictures.
    pictures
        What the panels show, each with the panel's key.
    chosen
        The map whose activation is told.
    """

    layers: tuple[LayerSummary, ...] = ()
    pictures: tuple[tuple[str, PictureRequest], ...] = ()
    chosen: Chosen | None = None


@dataclass(frozen=True)
class StageTimes:
    """How long a frame took on its way, stage by stage, in seconds."""

    grab: float = 0.0
    preprocess: float = 0.0
    network: float = 0.0
    render: float = 0.0
    paint: float = 0.0


@dataclass(frozen=True)
class Activation:
    """How much a frame excited a map: the mean of its values, the largest, and the unit (row, column) that has it."""

    chosen: Chosen
    mean: float
    maximum: float
    unit: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Best:
    """One of the frames that excited a map most: the largest value, the unit that has it, and a cut-out around it.

    `box` is the unit's place on the cut-out, (left, top, right, bottom) in pixels of it.
    """

    frame: int
    title: str
    value: float
    unit: tuple[int, int]
    pixels: Pixels
    box: tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class FrameAnswer:
    """What the window shows of a frame.

    `best` are the frames that excited the chosen map most so far, the first most; None where they are those of the
    frame before.
    """

    frame: Frame
    recording: RecordingSummary
    pictures: tuple[tuple[str, PictureRequest, PictureAnswer], ...]
    times: StageTimes
    activation: Activation | None = None
    best: tuple[Best, ...] | None = None
