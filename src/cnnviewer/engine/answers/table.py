"""Who answers which request for a picture of a recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cnnviewer.engine.answers.filters import filters
from cnnviewer.engine.answers.map import whole_map
from cnnviewer.engine.answers.matrices import bars, cells, weights
from cnnviewer.engine.answers.tiles import tiles
from cnnviewer.engine.questions import answer_question
from cnnviewer.errors import CnnviewerError
from cnnviewer.messages import (
    FREE_REQUESTS,
    BarsRequest,
    MapRequest,
    MatrixRequest,
    PhotoRequest,
    TilesRequest,
    View,
)
from cnnviewer.questions import QUESTIONS, Unanswered

if TYPE_CHECKING:
    from cnnviewer.engine.scene import Scene
    from cnnviewer.messages import PictureAnswer, PictureRequest

__all__ = ["answer"]


def answer(request: PictureRequest, scene: Scene) -> PictureAnswer:
    """Render what is asked for of a recording.

    Raises
    ------
    CnnviewerError
        If the recording has no such layer or map.
    """
    assert not isinstance(request, FREE_REQUESTS)  # they are of no recording
    with torch.inference_mode():
        if isinstance(request, QUESTIONS):
            try:
                return answer_question(request, scene)
            except CnnviewerError as error:
                return Unanswered(str(error))
        return _picture(request, scene)


def _picture(
    request: TilesRequest | MatrixRequest | BarsRequest | MapRequest | PhotoRequest, scene: Scene
) -> PictureAnswer:
    if isinstance(request, PhotoRequest):
        from cnnviewer.engine.photos import photo_answer

        return photo_answer(request, scene)
    layers = scene.recording.layers
    if not 0 <= request.layer < len(layers):
        raise CnnviewerError(f"The recording has no layer {request.layer}; it has {len(layers)}.")
    layer = layers[request.layer]
    if isinstance(request, MapRequest):
        return whole_map(request, layer, scene)
    if isinstance(request, BarsRequest):
        return bars(request, layer, scene)
    if isinstance(request, MatrixRequest):
        return cells(request, layer, scene) if request.view is View.CELLS else weights(request, layer, scene)
    return filters(request, layer, scene) if request.view is View.FILTERS else tiles(request, layer, scene)
