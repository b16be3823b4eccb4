"""The filters of a layer: the kernels of one of them, or all in colour."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from cnnviewer.analysis.statistics import MapStatistics
from cnnviewer.engine.answers.scaling import chosen_maps, in_order, joined
from cnnviewer.engine.filters import filter_bank
from cnnviewer.engine.learning import shown_weight
from cnnviewer.errors import CnnviewerError
from cnnviewer.messages import Scope, TilesAnswer, WeightsShown
from cnnviewer.rendering.colormaps import diverging
from cnnviewer.rendering.scales import Scale, layer_scale, map_scale
from cnnviewer.rendering.tiles import color_filters, paint_tiles

if TYPE_CHECKING:
    from cnnviewer.engine.filters import FilterBank
    from cnnviewer.engine.scene import Scene
    from cnnviewer.messages import Pixels, TilesRequest
    from cnnviewer.recording import Layer

__all__ = ["filters"]


def filters(request: TilesRequest, layer: Layer, scene: Scene) -> TilesAnswer:
    """Return some filters of a layer, or some kernels of one of them, beside those of the moment that is held.

    Raises
    ------
    CnnviewerError
        If the layer has none.
    """
    weight, told = shown_weight(layer, scene, request.weights)
    bank = filter_bank(layer, scene.recording, weight)
    if bank is None:
        raise CnnviewerError(f"{layer.name} has no filters to show.")
    held = _held_bank(layer, scene, request)
    if bank.is_color:
        return _color_filters(request, bank, held, told)
    channel = min(max(request.channel, 0), bank.filters - 1)
    kernels = bank.kernels(channel)
    before = None if held is None else held.kernels(channel)
    statistics = MapStatistics(kernels)
    chosen = in_order(statistics, request.order, bank.count)[request.first : request.first + request.count]
    compared = statistics if before is None else joined(kernels, before)
    scale = _signed(map_scale(compared))
    # A kernel of one weight on a scale of its own would show its sign only.
    is_shared = request.scale.scope is not Scope.MAP or bank.kernel_shape == (1, 1)
    if is_shared:
        scale = _signed(layer_scale(compared, is_signed=True))
    ends = scale.low[chosen], scale.high[chosen]
    size, gamma, name = (request.height, request.width), request.scale.gamma, diverging(request.scale.dark)
    pixels = paint_tiles(chosen_maps(kernels, chosen), *ends, size, name, gamma)
    before_pixels = None if before is None else paint_tiles(chosen_maps(before, chosen), *ends, size, name, gamma)
    note = told or ("" if bank.is_whole else _filter_note(bank, channel))
    return _filters_answer(pixels, before_pixels, chosen, ends, is_shared, name, statistics, note)


def _color_filters(request: TilesRequest, bank: FilterBank, held: FilterBank | None, told: str) -> TilesAnswer:
    whole = bank.weight.reshape(bank.filters, 1, -1)
    statistics = MapStatistics(whole)
    chosen = in_order(statistics, request.order, bank.filters)[request.first : request.first + request.count]
    compared = statistics if held is None else joined(whole, held.weight.reshape(bank.filters, 1, -1))
    reach = torch.maximum(compared.minimum.abs(), compared.maximum.abs())
    is_shared = request.scale.scope is not Scope.MAP
    if is_shared:
        reach = torch.full_like(reach, float(reach.max()))
    reach, size = reach[chosen], (request.height, request.width)
    pixels = color_filters(chosen_maps(bank.weight, chosen), size, reach)
    before = None if held is None else color_filters(chosen_maps(held.weight, chosen), size, reach)
    note = f"{told} · grey is 0" if told else "grey is 0"
    return _filters_answer(pixels, before, chosen, (-reach, reach), is_shared, "", statistics, note)


def _filters_answer(
    pixels: Pixels,
    before: Pixels | None,
    chosen: torch.Tensor,
    ends: tuple[torch.Tensor, torch.Tensor],
    is_shared: bool,
    colormap: str,
    statistics: MapStatistics,
    note: str,
) -> TilesAnswer:
    low, high = ends
    is_shared = is_shared and len(chosen) > 0
    return TilesAnswer(
        pixels=pixels,
        before=before,
        channels=tuple(chosen.tolist()),
        lows=tuple(low.tolist()),
        highs=tuple(high.tolist()),
        badges=_weight_badges(statistics, chosen),
        colormap=colormap,
        low=float(low[0]) if is_shared else None,
        high=float(high[0]) if is_shared else None,
        note=note,
    )


def _held_bank(layer: Layer, scene: Scene, request: TilesRequest) -> FilterBank | None:
    """Return the same layer's filters of the moment that is held; None where none are wanted, or known."""
    if not request.is_paired or scene.held is None or request.weights is WeightsShown.GRADIENT:
        return None
    held = scene.held.recording.layers[layer.index]
    weight, _ = shown_weight(held, replace(scene.held, learning=scene.learning), request.weights)
    return filter_bank(held, scene.held.recording, weight)


def _signed(scale: Scale) -> Scale:
    """Return the scale with zero in its centre: weights are signed even where a kernel has one sign only."""
    reach = torch.maximum(scale.low.abs(), scale.high.abs())
    return Scale(-reach, reach, True)


def _weight_badges(statistics: MapStatistics, chosen: torch.Tensor) -> tuple[str, ...]:
    """Weights are not dead: a filter of zeros, or one that is not finite, has a badge."""
    badges = (statistics.badge(index) for index in chosen.tolist())
    return tuple({"dead": "zero", "constant": ""}.get(badge, badge) for badge in badges)


def _filter_note(bank: FilterBank, channel: int) -> str:
    text = f"filter {channel} of {bank.filters}"
    return text if bank.bias is None else f"{text} · bias {float(bank.bias[channel]):+.3g}"
