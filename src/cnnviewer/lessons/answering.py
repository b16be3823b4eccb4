"""From a lesson's request to its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnnviewer.errors import CnnviewerError
from cnnviewer.lessons import activation, classifier, convolution, depth, geometry, pixels, pooling
from cnnviewer.lessons.context import LessonContext
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

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["LessonContext", "answer"]

_LESSONS: dict[type[LessonRequest], Callable[[Any, LessonContext], LessonAnswer]] = {
    PixelsRequest: pixels.show_pixels,
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
