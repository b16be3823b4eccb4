"""From a lesson's request to its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnviewer.errors import CnnviewerError
from cnnviewer.lessons import activation, classifier, convolution, depth, geometry, pixels, pooling, preparing
from cnnviewer.lessons.context import LessonContext
from cnnviewer.lessons.example import look_at_beginning, look_at_example
from cnnviewer.lessons.famous import list_famous
from cnnviewer.lessons.messages import (
    ConvolutionRequest,
    DepthRequest,
    GeometryRequest,
    KernelRequest,
    PixelsRequest,
    PoolingRequest,
    ReluRequest,
    SoftmaxRequest,
)
from cnnviewer.lessons.network_messages import (
    BeginningRequest,
    ExampleRequest,
    FamousRequest,
    SeenRequest,
    WholeNetworkRequest,
)
from cnnviewer.lessons.preparing_messages import NormaliseRequest, ReshapeRequest
from cnnviewer.lessons.seen import what_layers_see
from cnnviewer.lessons.whole_network import whole_network

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["LessonContext", "answer"]

_LESSONS: dict[type[LessonRequest], Callable[[Any, LessonContext], LessonAnswer]] = {
    PixelsRequest: pixels.show_pixels,
    NormaliseRequest: preparing.normalise,
    ReshapeRequest: preparing.lay_out_anew,
    WholeNetworkRequest: whole_network,
    BeginningRequest: look_at_beginning,
    ExampleRequest: look_at_example,
    SeenRequest: what_layers_see,
    FamousRequest: list_famous,
    ConvolutionRequest: convolution.convolve_numbers,
    KernelRequest: convolution.convolve_photo,
    GeometryRequest: geometry.show_geometry,
    DepthRequest: depth.show_depth,
    ReluRequest: activation.show_relu,
    PoolingRequest: pooling.show_pooling,
    SoftmaxRequest: classifier.show_softmax,
}
"""What answers each kind of request."""


def answer(request: LessonRequest, context: LessonContext) -> LessonAnswer:
    """Return what a page of the tour asks for.

    Raises
    ------
    CnnviewerError
        If no lesson knows the request, or what it asks for can't be had.
    """
    lesson = _LESSONS.get(type(request))
    if lesson is None:
        raise CnnviewerError(f"No lesson answers a {type(request).__name__}.")
    return lesson(request, context)
