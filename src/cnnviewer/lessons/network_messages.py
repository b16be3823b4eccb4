"""What passes between the tour's pages on whole networks and the engine: frozen values, and no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.messages import LessonAnswer, LessonRequest

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from cnnviewer.inputs.drawing import Drawing
    from cnnviewer.messages import Pixels, Values, WeightsRequest
    from cnnviewer.places import Box
    from cnnviewer.training.progress import Weight
    from cnnviewer.training.samples import DatasetSummary

__all__ = [
    "BeginningAnswer",
    "BeginningRequest",
    "Depth",
    "ExampleAnswer",
    "ExampleRequest",
    "Family",
    "FamousAnswer",
    "FamousRequest",
    "Field",
    "Link",
    "NetworkColumn",
    "NetworkPicture",
    "Patch",
    "SeenAnswer",
    "SeenRequest",
    "WholeNetworkRequest",
]


# ---- the whole network


@dataclass(frozen=True)
class WholeNetworkRequest(LessonRequest):
    """All maps of LeNet-5 on a digit, or of the network that is open.

    Parameters
    ----------
    drawing
        A digit drawn by hand; None takes the sample.
    sample
        The name of a sample image; '' for what the open network is shown in the window.
    is_open
        Whether the open network is asked for.
    is_folded
        Whether activations lie in the column of what they act on.
    is_dark
        Whether the window is dark.
    """

    drawing: Drawing | None = None
    sample: str = "digit-3"
    is_open: bool = False
    is_folded: bool = True
    is_dark: bool = False


@dataclass(frozen=True, eq=False)
class Link:
    """From which tiles of an earlier column the tiles of a column are made.

    Parameters
    ----------
    source
        The place of the earlier column.
    strengths
        float32 ``(tiles, tiles of the earlier column)``: how large the weights between two tiles are, with the sign of
        their sum; 0 where the one does not depend on the other.
    """

    source: int
    strengths: Values


@dataclass(frozen=True, eq=False)
class NetworkColumn:
    """One column of the picture of a network: the tiles of a layer, and what is folded into it.

    Parameters
    ----------
    title
        The name of its first layer.
    layers, kinds
        The names and kinds of its layers, in their order; of the image and of the probabilities there is no layer.
    settings
        The settings of each layer in a few words: ``5×5, padding 2``, ``ReLU``; as many as there are layers.
    shape
        That of the last layer's output.
    values
        float32 ``(tiles, h, w)``; large maps are cut down.
    pixels
        uint32 ``(tiles, h, w)``, 0xffRRGGBB: a pixel a value.
    low, high
        The ends of the scale that all tiles of the column share.
    names
        What each tile is called, where that is not its number.
    links
        Where the tiles come from.
    """

    title: str
    layers: tuple[str, ...]
    kinds: tuple[str, ...]
    shape: tuple[int, ...]
    values: Values
    pixels: Pixels
    low: float
    high: float
    names: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def is_units(self) -> bool:
        """Whether each tile is a single number."""
        return self.values.shape[1:] == (1, 1)


@dataclass(frozen=True, eq=False)
class NetworkPicture(LessonAnswer):
    """A network in one picture: its columns from the image to the class probabilities.

    Parameters
    ----------
    columns
        None where there is nothing to show.
    network
        The network's name.
    note
        Why there is nothing to show; empty where there is.
    """

    columns: tuple[NetworkColumn, ...]
    network: str = ""
    note: str = ""


# ---- training


@dataclass(frozen=True, eq=False)
class ExampleRequest(LessonRequest):
    """What a network that learns says to one image, with the weights of a moment.

    Parameters
    ----------
    run
        The folder of the training.
    weights
        The weights after a step.
    pixels
        uint8 ``(H, W, 3)``.
    label
        Its class.
    number
        Which of the training's images it is.
    """

    run: Path
    weights: WeightsRequest
    pixels: NDArray[np.uint8]
    label: int
    number: int = 0


@dataclass(frozen=True, eq=False)
class ExampleAnswer(LessonAnswer):
    """The class probabilities after a step, and the cross-entropy error of the image in nats."""

    step: int
    probabilities: tuple[float, ...]
    loss: float


@dataclass(frozen=True)
class BeginningRequest(LessonRequest):
    """How the tour's training will begin: what its network says to one image before the first step.

    Parameters
    ----------
    weight
        A weight to tell of.
    number
        Which of the dataset's samples the image is.
    """

    weight: Weight
    number: int = 0


@dataclass(frozen=True, eq=False)
class BeginningAnswer(LessonAnswer):
    """What the training learns from, how many steps it takes at most, the weight's value, and the image's answer."""

    dataset: DatasetSummary
    steps: int
    weight: Weight
    start: float
    example: ExampleAnswer


# ---- what layers see


@dataclass(frozen=True)
class SeenRequest(LessonRequest):
    """What excites some layers of the open network most, on the photo that is shown.

    Parameters
    ----------
    patches
        How many channels of each layer.
    side
        How wide and high a patch is, in pixels.
    """

    patches: int = 6
    side: int = 72


@dataclass(frozen=True, eq=False)
class Patch:
    """What the strongest unit of a channel sees.

    Parameters
    ----------
    channel, unit, value
        The channel, row and column of the unit in it, and its value.
    pixels
        A part of the network's input, uint32 ``(side, side)``, 0xffRRGGBB.
    frame
        Where the unit's receptive field lies on that, as shares of it; it may reach outside.
    box
        Where the part lies on what the network sees of the photo, as shares of that.
    """

    channel: int
    unit: tuple[int, int]
    value: float
    pixels: Pixels
    frame: Box
    box: Box


@dataclass(frozen=True, eq=False)
class Depth:
    """A layer with the patches that excite its channels most, the strongest first."""

    layer: str
    field: Field
    patches: tuple[Patch, ...]


@dataclass(frozen=True)
class Field:
    """How much of its input a unit of a layer sees.

    Parameters
    ----------
    layer
        Its name.
    size
        Rows and columns of the network's input.
    share
        How much of the input's area that is, 0..1.
    box
        That of the unit in the middle of a map, as shares of what the network sees of the photo; it may reach outside.
    """

    layer: str
    size: tuple[int, int]
    share: float
    box: Box


@dataclass(frozen=True, eq=False)
class SeenAnswer(LessonAnswer):
    """Three depths, and how the receptive field grows from layer to layer.

    Parameters
    ----------
    crop
        What the network sees of the photo, in pixels of it.
    size
        Width and height of the photo.
    fill
        The colour that lies around the photo when it is moved, 0xffRRGGBB.
    note
        Why there is nothing to see; empty where there is.
    """

    depths: tuple[Depth, ...] = ()
    fields: tuple[Field, ...] = ()
    crop: Box = (0.0, 0.0, 1.0, 1.0)
    size: tuple[int, int] = (1, 1)
    fill: int = 0xFF808080
    note: str = ""


# ---- famous networks


@dataclass(frozen=True)
class FamousRequest(LessonRequest):
    """The famous networks."""


@dataclass(frozen=True)
class Family:
    """A famous network.

    Parameters
    ----------
    name
        The name by which it is opened.
    title
        What people call it.
    year
        Of the paper.
    depth
        How many layers with weights lie on the longest way through it: convolutions and linear layers.
    parameters
        How many learnt numbers it has.
    news
        What was new.
    paper
        Who described it, where.
    top1
        The share of ImageNet's validation images that torchvision's first weights (IMAGENET1K_V1) classify rightly,
        0..1; None where there are none.
    opened
        Which weights are opened: "IMAGENET1K_V2"; empty for those that ship with the program.
    opened_top1
        The same share for those.
    download
        How many bytes their file has.
    is_local
        Whether they lie on this machine.
    """

    name: str
    title: str
    year: int
    depth: int
    parameters: int
    news: str
    paper: str
    top1: float | None = None
    opened: str = ""
    opened_top1: float | None = None
    download: int = 0
    is_local: bool = True


@dataclass(frozen=True)
class FamousAnswer(LessonAnswer):
    """The famous networks, the oldest first."""

    families: tuple[Family, ...]
