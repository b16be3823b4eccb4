"""Which rule follows which operation, and the layouts of all outputs of a forward pass."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from cnnviewer.axes import mixing, moving, windows
from cnnviewer.axes.atoms import Role, fresh, length_of, unknown
from cnnviewer.axes.given import Given
from cnnviewer.axes.laid_out import layout_of
from cnnviewer.operations import Kind, function_name, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from cnnviewer.axes.atoms import Axes
    from cnnviewer.layouts import Layout
    from cnnviewer.recording import Call

    Rule = Callable[[Given], Axes | None]

__all__ = ["Layouts", "followed"]

_RULES: dict[Rule, str] = {
    moving.reshaped: "view view_as reshape reshape_as flatten unflatten squeeze unsqueeze ravel",
    moving.permuted: "permute",
    moving.swapped: "transpose swapaxes swapdims",
    moving.turned: "T mT t",
    moving.moved: "movedim moveaxis",
    moving.expanded: "expand expand_as repeat tile broadcast_to",
    moving.index: "getitem",
    moving.selected: "select",
    moving.unbound: "unbind",
    moving.narrowed: "narrow",
    moving.chunks: "chunk split tensor_split",
    moving.reduced: (
        "mean sum amax amin max min prod std var norm logsumexp median argmax argmin any all count_nonzero"
    ),
    mixing.written: "setitem put copy fill zero slice_scatter select_scatter diagonal_scatter",
    moving.rolled_windows: "Tensor.unfold",
    mixing.linear: "linear",
    mixing.product: "matmul bmm mm addmm baddbmm",
    mixing.reversed_product: "rmatmul",
    mixing.attention: "scaled_dot_product_attention",
    mixing.multi_head: "multi_head_attention_forward",
    mixing.einstein: "einsum",
    mixing.concatenated: "cat concat concatenate",
    mixing.stacked: "stack",
    windows.convolution: (
        "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d convolution deform_conv2d"
    ),
    windows.pooling: (
        "max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices "
        "avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d "
        "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d lp_pool1d lp_pool2d lp_pool3d "
        "fractional_max_pool2d interpolate upsample max_unpool2d"
    ),
    windows.made_anew: "roi_align roi_pool ps_roi_align ps_roi_pool grid_sample fold",
    windows.shuffled: "pixel_shuffle pixel_unshuffle",
    windows.padded: "pad",
    windows.patches: "unfold",
}
_BY_NAME = {name: rule for rule, names in _RULES.items() for name in names.split()}


def followed(call: Call, made: Sequence[Axes], shape: tuple[int, ...]) -> Axes:
    """Return the axes of what a call returned; of what can't be followed only the shape is known.

    Parameters
    ----------
    call
        The call, with slots for the tensors that layers made.
    made
        The axes of those, with the batch axis.
    shape
        The shape of what it returned, with the batch axis.
    """
    given = Given(call, tuple(made), shape)
    try:
        found = _rule(call, given)(given)
    except Exception:  # a network may give any arguments: then it is shown as today's rule has it
        found = None
    is_sound = found is not None and tuple(length_of(axis) for axis in found) == shape
    return found if found is not None and is_sound else unknown(shape)


def _rule(call: Call, given: Given) -> Rule:
    name = function_name(call.function)
    if name == "unfold" and len(given.shape) == len(given.first) + 1:
        name = "Tensor.unfold"
    return _BY_NAME.get(name, mixing.unit_by_unit)


class Layouts:
    """The layouts of all outputs of a forward pass; they are worked out when the first is asked for.

    Parameters
    ----------
    calls
        The calls in the order in which they ran.
    sources
        For each the numbers of the calls whose results it took, -1 for the image, in the order of its slots.
    shapes
        The shapes of their results, with the batch axis.
    image
        That of the network's input, ``(1, C, H, W)``.
    """

    def __init__(
        self,
        calls: Sequence[Call],
        sources: Sequence[Sequence[int]],
        shapes: Sequence[tuple[int, ...]],
        image: tuple[int, ...],
    ) -> None:
        self._calls, self._sources, self._shapes, self._image = calls, sources, shapes, image

    def __getitem__(self, index: int) -> Layout:
        return self._all[index]

    @cached_property
    def _all(self) -> tuple[Layout, ...]:
        image = _image_axes(self._image)
        found: list[Axes] = []
        for call, numbers, shape in zip(self._calls, self._sources, self._shapes, strict=True):
            made = [image if number < 0 else found[number] for number in numbers]
            found.append(unknown(shape) if 0 in shape else followed(call, made, shape))
        kinds = (kind_of(call.function) for call in self._calls)
        return tuple(_layout(axes, shape, kind) for axes, shape, kind in zip(found, self._shapes, kinds, strict=True))


def _layout(axes: Axes, shape: tuple[int, ...], kind: Kind) -> Layout:
    is_batched = len(shape) > 1 and shape[0] == 1
    return layout_of(axes[1:] if is_batched else axes, shape[1:] if is_batched else shape, kind is Kind.POOLING)


def _image_axes(shape: Iterable[int]) -> Axes:
    roles = (Role.OTHER, Role.CHANNEL, Role.ROW, Role.COLUMN)
    return tuple(fresh(role, size) for role, size in zip(roles, shape, strict=True))
