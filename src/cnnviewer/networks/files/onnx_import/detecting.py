"""Operators of detectors, and of what samples an image at places: boxes, grids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import torch
from torch.nn import functional as F

from cnnviewer.networks.files.onnx_import.values import UnsupportedError, number, wholes

if TYPE_CHECKING:
    from cnnviewer.networks.files.onnx_import.node import Given
    from cnnviewer.networks.files.onnx_import.values import Value


def aligned_regions(given: Given, x: torch.Tensor, boxes: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
    """Return each box sampled at a grid of places between pixels (He et al., 2017)."""
    from torchvision.ops import roi_align

    mapping = given.word("coordinate_transformation_mode", "half_pixel" if given.opset >= 16 else "output_half_pixel")
    rows, columns = given.get("output_height", 1), given.get("output_width", 1)
    options: dict[str, Any] = {"spatial_scale": given.get("spatial_scale", 1.0), "aligned": mapping == "half_pixel"}
    samples = given.get("sampling_ratio", 0)
    named = torch.cat([batch.to(boxes.dtype)[:, None], boxes], dim=1)
    if given.word("mode", "avg") == "avg":
        return cast("torch.Tensor", roi_align(x, named, (rows, columns), sampling_ratio=samples, **options))
    if samples < 1:
        raise UnsupportedError("RoiAlign with the mode max and a free number of samples")
    return _largest_samples(x, named, (rows, columns), samples, **options)


def _largest_samples(
    x: torch.Tensor, boxes: torch.Tensor, size: tuple[int, int], samples: int, *, spatial_scale: float, aligned: bool
) -> torch.Tensor:
    """Return of each cell of a box the largest weighted pixel around its samples."""
    shift = 0.5 if aligned else 0.0
    found = []
    for box in boxes:
        image = x[box[0].to(torch.int64)]
        begins, ends = box[[2, 1]] * spatial_scale - shift, box[[4, 3]] * spatial_scale - shift
        lengths = ends - begins if aligned else torch.clamp(ends - begins, min=1)
        axes = []
        for axis, count in enumerate(size):
            steps = (torch.arange(count * samples, device=x.device) + 0.5) / samples
            axes.append(_neighbours(begins[axis] + steps * lengths[axis] / count, image.shape[axis + 1]))
        corners = [
            image[:, row][:, :, column] * (row_weight[:, None] * column_weight)
            for row, row_weight in axes[0]
            for column, column_weight in axes[1]
        ]
        largest = torch.stack(corners).amax(0)
        found.append(F.max_pool2d(largest, samples))
    return torch.stack(found)


def _neighbours(places: torch.Tensor, length: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return the two pixels around each place, with their weights; 0 far outside."""
    is_near = ((places >= -1) & (places <= length)).to(places.dtype)
    places = torch.clamp(places, 0, length - 1)
    first = places.floor()
    part = places - first
    second = torch.clamp(first + 1, max=length - 1)
    return [(first.to(torch.int64), (1 - part) * is_near), (second.to(torch.int64), part * is_near)]


def pooled_regions(given: Given, x: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """Return the largest numbers of cells of each box (Girshick, 2015)."""
    from torchvision.ops import roi_pool

    return cast("torch.Tensor", roi_pool(x, boxes, tuple(given.get("pooled_shape")), given.get("spatial_scale", 1.0)))


def suppressed(
    given: Given,
    boxes: torch.Tensor,
    scores: torch.Tensor,
    most: Value = None,
    overlap: Value = None,
    least: Value = None,
) -> torch.Tensor:
    """Return the boxes that no better one of the same class covers, ``(boxes, [image, class, box])``."""
    from torchvision.ops import nms

    count, limit = int(number(most, 0)), float(number(overlap, 0.0))
    first, second = boxes[..., :2], boxes[..., 2:]
    if given.flag("center_point_box"):
        first, second = first - second / 2, first + second / 2
    corners = torch.cat([torch.minimum(first, second), torch.maximum(first, second)], dim=-1)
    found = [torch.zeros(0, 3, dtype=torch.int64, device=boxes.device)]
    for image in range(scores.shape[0]):
        for label in range(scores.shape[1]):
            own = scores[image, label]
            places = torch.arange(own.numel(), device=own.device)
            if least is not None and number(least, None) is not None:
                places = places[own > number(least, 0.0)]
            kept = places[nms(corners[image][places], own[places], limit)][:count]
            names = torch.tensor([image, label], device=own.device).expand(kept.numel(), 2)
            found.append(torch.cat([names, kept[:, None]], dim=1))
    return torch.cat(found)


def sampled(given: Given, x: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    """Return an image read at the places of a grid."""
    mode = {"linear": "bilinear", "cubic": "bicubic"}.get(given.word("mode", "linear"), given.word("mode", "linear"))
    if mode == "bicubic" and x.ndim != 4:
        raise UnsupportedError("GridSample with cubic over three axes")
    return F.grid_sample(
        x, grid, mode=mode, padding_mode=given.word("padding_mode", "zeros"), align_corners=given.flag("align_corners")
    )


def affine_grid(given: Given, theta: torch.Tensor, size: Value) -> torch.Tensor:
    """Return the places that an affine map leads to."""
    return F.affine_grid(theta, wholes(size), align_corners=given.flag("align_corners"))
