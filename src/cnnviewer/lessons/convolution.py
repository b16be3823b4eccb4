"""Convolution: a filter slides over an image, and each stop makes one number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cnnviewer.analysis.explaining.table import explain
from cnnviewer.lessons.messages import ConvolutionAnswer, KernelAnswer, WindowSum
from cnnviewer.lessons.tiny import convolution, floats, grid, painted, photo_pixels, photo_values, recorded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cnnviewer.lessons.context import LessonContext
    from cnnviewer.lessons.messages import ConvolutionRequest, KernelRequest, Numbers
    from cnnviewer.recording import Recording

__all__ = ["convolve_numbers", "convolve_photo"]


def convolve_numbers(request: ConvolutionRequest, context: LessonContext) -> ConvolutionAnswer:
    """Return a small image under a filter, with the sum of each unit."""
    image, kernel = floats(request.image), floats(request.kernel)
    recording = recorded(convolution(kernel[None, None]), image[None])
    output = recording.layers[-1].output[0]
    rows, columns = output.shape
    return ConvolutionAnswer(
        image=grid(image, dark=request.dark),
        kernel=grid(kernel, dark=request.dark),
        output=grid(output, dark=request.dark, sequential="magma"),
        sums=tuple(tuple(_window_sum(recording, (row, column)) for column in range(columns)) for row in range(rows)),
    )


def convolve_photo(request: KernelRequest, context: LessonContext) -> KernelAnswer:
    """Return the photo under a kernel, with the sum of one unit; the photo's last pixels are repeated around it.

    Where the weights of the kernel sum to 0 or less the map has no brightness of its own: it is shown on a diverging
    scale.
    """
    photo = photo_values(context.small_photo(request.longest))
    kernel = floats(request.kernel)
    recording = recorded(convolution(kernel[None, None], padding=1, padding_mode="replicate"), photo)
    output = recording.layers[-1].output
    is_signed = float(kernel.sum()) < 1e-6
    shown = painted(output, dark=request.dark, is_signed=True)[0] if is_signed else photo_pixels(output[0])
    rows, columns = output.shape[1:]
    unit = min(max(request.unit[0], 0), rows - 1), min(max(request.unit[1], 0), columns - 1)
    return KernelAnswer(
        photo=photo_pixels(photo[0]),
        result=np.ascontiguousarray(shown),
        unit=unit,
        sum=_window_sum(recording, unit),
        is_signed=is_signed,
        reach=float(output.abs().max()),
    )


def _window_sum(recording: Recording, unit: tuple[int, int]) -> WindowSum:
    """Return the sum of a unit (row, column) of the last layer, a convolution of one map."""
    explanation = explain(recording, recording.layers[-1], (0, *unit))
    terms, columns = explanation.terms, recording.layers[-1].parameters["weight"].shape[3]
    return WindowSum(
        _rows(terms.values, columns),
        _rows(terms.weights, columns),
        _rows(terms.contributions, columns),
        explanation.recorded,
    )


def _rows(values: NDArray[np.float64], columns: int) -> Numbers:
    return tuple(map(tuple, values.reshape(-1, columns).tolist()))
