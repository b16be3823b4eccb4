"""What passes between the pages of the tour and their lessons: frozen requests and frozen answers. No torch here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.messages import LessonAnswer, LessonRequest

if TYPE_CHECKING:
    from cnnviewer.messages import Pixels

__all__ = [
    "ConvolutionAnswer",
    "ConvolutionRequest",
    "DepthAnswer",
    "DepthRequest",
    "GeometryAnswer",
    "GeometryRequest",
    "Grid",
    "KernelAnswer",
    "KernelRequest",
    "Numbers",
    "ParameterRow",
    "PixelsAnswer",
    "PixelsRequest",
    "PoolingAnswer",
    "PoolingRequest",
    "ReluAnswer",
    "ReluRequest",
    "SoftmaxAnswer",
    "SoftmaxRequest",
    "WindowSum",
]

Numbers = tuple[tuple[float, ...], ...]
"""Rows of numbers."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Rows of numbers with a pixel for each, ``(rows, columns)``."""

    numbers: Numbers
    pixels: Pixels


@dataclass(frozen=True)
class WindowSum:
    """One unit of a convolution: what lies below the kernel, the kernel, the products, and their sum."""

    values: Numbers
    weights: Numbers
    products: Numbers
    total: float


# ---- an image is numbers


@dataclass(frozen=True)
class PixelsRequest(LessonRequest):
    """The photo in few pixels, and the numbers of some of them.

    Parameters
    ----------
    longest
        How many pixels the longer side has.
    top, left
        The first row and column of those whose numbers are wanted.
    side
        How many rows and columns of them.
    edits
        The numbers that were changed: ((row, column, colour), value 0..255), colours 0 to 2 for R, G, B.
    is_grey
        Whether the photo is shown in grey: one number a pixel, which is the same in all three colours.
    """

    longest: int
    top: int
    left: int
    side: int
    edits: tuple[tuple[tuple[int, int, int], int], ...] = ()
    is_grey: bool = False


@dataclass(frozen=True, eq=False)
class PixelsAnswer(LessonAnswer):
    """The picture ``(H, W)``; of the window ``(h, w)`` its pixels, its numbers by colour, and each colour's picture.

    `top` and `left` tell where the window lies: inside the picture, whatever was asked for.
    """

    picture: Pixels
    top: int
    left: int
    window: Pixels
    planes: tuple[Numbers, Numbers, Numbers]
    plane_pixels: tuple[Pixels, Pixels, Pixels]


# ---- convolution


@dataclass(frozen=True)
class ConvolutionRequest(LessonRequest):
    """A small image under a filter."""

    image: Numbers
    kernel: Numbers
    dark: bool = False


@dataclass(frozen=True, eq=False)
class ConvolutionAnswer(LessonAnswer):
    """The image, the filter, the feature map, and the sum of each of its units, by row and column."""

    image: Grid
    kernel: Grid
    output: Grid
    sums: tuple[tuple[WindowSum, ...], ...]


@dataclass(frozen=True)
class KernelRequest(LessonRequest):
    """The photo in grey, its longer side `longest` pixels long, under a 3x3 kernel; `unit` is (row, column)."""

    kernel: Numbers
    unit: tuple[int, int]
    dark: bool = False
    longest: int = 144


@dataclass(frozen=True, eq=False)
class KernelAnswer(LessonAnswer):
    """The photo and the feature map, each ``(H, W)`` pixels, and the sum of one unit, which lies inside.

    `is_signed` tells whether the map is shown on a diverging scale, from -`reach` to `reach`; else it is shown as a
    photo, on 0..255.
    """

    photo: Pixels
    result: Pixels
    unit: tuple[int, int]
    sum: WindowSum
    is_signed: bool
    reach: float


# ---- stride, padding, dilation


@dataclass(frozen=True)
class GeometryRequest(LessonRequest):
    """A square image of `size` pixels under a square kernel; `unit` is (row, column) of the output."""

    size: int
    kernel: int
    stride: int
    padding: int
    dilation: int
    unit: tuple[int, int] = (0, 0)
    dark: bool = False


@dataclass(frozen=True, eq=False)
class GeometryAnswer(LessonAnswer):
    """What comes out.

    Parameters
    ----------
    padded
        The image of ones with its padding of zeros.
    output
        How many pixels of the image each unit sees; None where nothing comes out.
    unit
        The unit asked for, inside of the output.
    taps
        The cells of `padded` (row, column) that it sees.
    dropped
        How many of the last rows and columns no window reaches.
    formula
        The formula of the output's size, with its numbers, step by step.
    sentence
        What is to be said of it.
    """

    padded: Grid
    output: Grid | None
    unit: tuple[int, int]
    taps: tuple[tuple[int, int], ...]
    dropped: int
    formula: tuple[str, ...]
    sentence: str


# ---- filters and depth


@dataclass(frozen=True)
class DepthRequest(LessonRequest):
    """The photo in colour under `filters` filters, of which the first two are given; of each a kernel a colour.

    `side` is the height and width of the image for which parameters are counted.
    """

    kernels: tuple[tuple[Numbers, ...], ...]
    filters: int
    side: int
    dark: bool = False
    longest: int = 96


@dataclass(frozen=True)
class ParameterRow:
    """How many parameters it takes to make `filters` maps of a colour image of `side` x `side` pixels."""

    side: int
    filters: int
    convolution: int
    fully_connected: int


@dataclass(frozen=True, eq=False)
class DepthAnswer(LessonAnswer):
    """The photo ``(H, W)``, the feature maps ``(filters, H, W)``, the given kernels, and the parameters."""

    photo: Pixels
    maps: Pixels
    kernels: tuple[tuple[Grid, ...], ...]
    rows: tuple[ParameterRow, ...]


# ---- ReLU


@dataclass(frozen=True)
class ReluRequest(LessonRequest):
    """Numbers, and the photo under a kernel, through ReLU."""

    numbers: Numbers
    kernel: Numbers
    dark: bool = False
    longest: int = 128


@dataclass(frozen=True, eq=False)
class ReluAnswer(LessonAnswer):
    """Numbers and maps before and after, points (x, y) of the curve, and the shares of negative and of zero units."""

    before: Grid
    after: Grid
    curve: tuple[tuple[float, float], ...]
    map_before: Pixels
    map_after: Pixels
    negative_share: float
    zero_share: float


# ---- pooling


@dataclass(frozen=True)
class PoolingRequest(LessonRequest):
    """Numbers, and three maps of the photo, pooled: `how` is "max", "average" or "sum".

    `shift` is by how many pixels all is moved to the right before.
    """

    numbers: Numbers
    how: str
    window: int
    stride: int
    shift: int = 0
    dark: bool = False
    longest: int = 96


@dataclass(frozen=True, eq=False)
class PoolingAnswer(LessonAnswer):
    """What is pooled, and what of it is the same as without the shift.

    Parameters
    ----------
    before, after
        The numbers, shifted, and what is made of them; `after` is None where the window does not fit.
    winners
        For "max" the cell (row, column) of `before` that each cell of `after` comes from, row by row.
    equal_before, equal_after
        Which cells have the same number as without the shift, row by row.
    maps_before, maps_after
        Maps of the photo, ``(3, H, W)``.
    shape_before, shape_after
        Their shapes.
    change_before, change_after
        How much the shift changes a unit of the maps on average, as a share of the mean.
    """

    before: Grid
    after: Grid | None
    winners: tuple[tuple[int, int], ...]
    equal_before: tuple[tuple[bool, ...], ...]
    equal_after: tuple[tuple[bool, ...], ...]
    maps_before: Pixels
    maps_after: Pixels
    shape_before: tuple[int, int, int]
    shape_after: tuple[int, int, int]
    change_before: float
    change_after: float


# ---- fully connected and softmax


@dataclass(frozen=True)
class SoftmaxRequest(LessonRequest):
    """Inputs, weights (a row a class) and biases of a fully connected layer, and the temperature of the softmax."""

    inputs: tuple[float, ...]
    weights: Numbers
    biases: tuple[float, ...]
    temperature: float
    dark: bool = False


@dataclass(frozen=True, eq=False)
class SoftmaxAnswer(LessonAnswer):
    """The way from inputs to probabilities, one number a class at each step.

    `products` are inputs times weights, a row a class; `exponentials` those of the logits divided by the temperature.
    """

    inputs: Grid
    weights: Grid
    products: Numbers
    logits: tuple[float, ...]
    exponentials: tuple[float, ...]
    total: float
    probabilities: tuple[float, ...]
