"""What passes between the window and the engine: frozen requests and frozen answers.

No torch here: the window makes requests before torch is imported. Pictures travel as uint32 arrays, each pixel
0xffRRGGBB, which Qt paints without converting them.

======================  =====================================================================
`messages.choices`      how things are shown
`messages.openings`     requests that change the recording
`messages.requests`     requests for pictures and values
`messages.summaries`    what is shown of a network and a recording, apart from pictures
`messages.answers`      pictures and values
======================  =====================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnnviewer.messages.answers import (
    BarsAnswer,
    DevicesAnswer,
    LessonAnswer,
    MapAnswer,
    MatrixAnswer,
    PhotoAnswer,
    PictureAnswer,
    ThumbnailAnswer,
    TilesAnswer,
)
from cnnviewer.messages.choices import Order, PhotoView, ScaleChoice, Scope, View, WeightsShown
from cnnviewer.messages.openings import (
    DeviceRequest,
    HoldRequest,
    ImageEdit,
    ImageRequest,
    NetworkRequest,
    WeightsRequest,
)
from cnnviewer.messages.requests import (
    FREE_REQUESTS,
    BarsRequest,
    DevicesRequest,
    LessonRequest,
    MapRequest,
    MatrixRequest,
    PhotoRequest,
    PictureRequest,
    ThumbnailRequest,
    TilesRequest,
)
from cnnviewer.messages.summaries import (
    AnswerSummary,
    DeviceAnswer,
    LayerSummary,
    Mismatch,
    NetworkSummary,
    RecordingSummary,
    WeightsAnswer,
)

if TYPE_CHECKING:
    from cnnviewer.messages.arrays import Pixels as Pixels
    from cnnviewer.messages.arrays import Values as Values

__all__ = [
    "FREE_REQUESTS",
    "AnswerSummary",
    "BarsAnswer",
    "BarsRequest",
    "DeviceAnswer",
    "DeviceRequest",
    "DevicesAnswer",
    "DevicesRequest",
    "HoldRequest",
    "ImageEdit",
    "ImageRequest",
    "LayerSummary",
    "LessonAnswer",
    "LessonRequest",
    "MapAnswer",
    "MapRequest",
    "MatrixAnswer",
    "MatrixRequest",
    "Mismatch",
    "NetworkRequest",
    "NetworkSummary",
    "Order",
    "PhotoAnswer",
    "PhotoRequest",
    "PhotoView",
    "PictureAnswer",
    "PictureRequest",
    "RecordingSummary",
    "ScaleChoice",
    "Scope",
    "ThumbnailAnswer",
    "ThumbnailRequest",
    "TilesAnswer",
    "TilesRequest",
    "View",
    "WeightsAnswer",
    "WeightsRequest",
    "WeightsShown",
]
