"""Fusing: a convolution with what follows it, as one kernel.

Where nobody looks at what lies between, a batch norm is a change of the convolution's weights, and an addition and an
activation are done while its output is still in the cache. The values differ from those of the separate operations by
rounding only.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from cnnviewer.operations import Kind, argument_names, change_of, function_name, kind_of
from cnnviewer.replay import Step
from cnnviewer.slots import Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

__all__ = ["Kernel", "kernels"]

_PACKED_ACTIVATIONS = {
    "relu": ("relu", ()),
    "relu6": ("hardtanh", (0.0, 6.0)),
    "hardtanh": ("hardtanh", ("min_val", "max_val")),
    "leaky_relu": ("leaky_relu", ("negative_slope",)),
    "silu": ("swish", ()),
    "hardswish": ("hardswish", ()),
    "sigmoid": ("sigmoid", ()),
    "tanh": ("tanh", ()),
}
"""How oneDNN calls activations, with their numbers or the names of those among the arguments."""
_DEFAULTS = {"min_val": -1.0, "max_val": 1.0, "negative_slope": 0.01}
_FRESH = frozenset({"conv2d", "batch_norm", "linear", "add"})
"""Functions whose result shares its memory with nothing else."""


@dataclass(frozen=True, eq=False, slots=True)
class Kernel:
    """One call that does the work of one step of a plan, or of several.

    Parameters
    ----------
    run
        Takes the results made so far, by the number of their operation.
    step
        The last of the steps whose work it does: it is called in that one's place.
    sources
        The operations whose results it takes.
    weights
        The tensors of the network that went into it.
    """

    run: Callable[[Sequence[Any]], Any]
    step: int
    sources: tuple[int, ...]
    weights: tuple[torch.Tensor, ...] = ()


def kernels(
    steps: Sequence[Step],
    places: Sequence[int],
    shapes: Sequence[torch.Size],
    kept: Collection[int],
    known: dict[tuple[int, ...], Kernel],
) -> dict[tuple[int, ...], Kernel]:
    """Return the kernels that do a plan's work, in their order, by the steps that each does.

    Parameters
    ----------
    steps
        The operations of a forward pass.
    places
        For each, the number of its first result.
    shapes
        The shape of each operation's result; that of the image stands last.
    kept
        The operations whose own results are wanted.
    known
        Kernels of convolutions made before for other `kept`, to be used again.
    """
    graph = _Graph(steps, places, shapes, kept)
    chains = graph.chains()
    done = {step for chain in chains for step in chain}
    found = [*chains, *((step,) for step in range(len(steps)) if step not in done)]
    return {key: graph.in_place(key) or known.get(key) or graph.kernel(key) for key in sorted(found, key=_last)}


def _last(key: tuple[int, ...]) -> int:
    return key[-1]


class _Graph:
    """Who takes whose results in a plan, and what of it can be worked out together."""

    def __init__(
        self, steps: Sequence[Step], places: Sequence[int], shapes: Sequence[torch.Size], kept: Collection[int]
    ) -> None:
        self._steps, self._shapes, self._kept = steps, shapes, kept
        self._places = places
        self._names = [function_name(step.function) for step in steps]
        self._users: dict[int, list[int]] = defaultdict(list)
        for number, step in enumerate(steps):
            for source in step.sources:
                self._users[source].append(number)

    @cached_property
    def _makers(self) -> dict[int, int]:
        return {place: number for number, place in enumerate(self._places)}

    # ---- what goes together

    def chains(self) -> list[tuple[int, ...]]:
        """Return convolutions with the steps behind them that one kernel can do, each step in one chain."""
        found: list[tuple[int, ...]] = []
        taken: set[int] = set()
        for number, step in enumerate(self._steps):
            given = _convolution(step)
            if given is None:
                continue
            before = self._padding_before(number, given)
            chain = [number] if before is None else [before, number]
            for fits in (self._is_norm, self._is_addition, self._is_activation):
                follower = self._only_user(chain[-1])
                is_free = follower is not None and follower not in taken and self._steps[follower].autocast is None
                if follower is not None and is_free and fits(follower, chain[-1]):
                    chain.append(follower)
            found.append(tuple(chain))
            taken.update(chain)
        return found

    def _padding_before(self, number: int, given: dict[str, Any]) -> int | None:
        """Return the step that pads with zeros what a convolution takes, where the convolution can do that itself."""
        before = self._makers.get(self._steps[number].sources[0])
        if before is None or self._only_user(before) != number:
            return None
        edges = _zero_padding(self._steps[before])
        return before if edges is not None and _padded(given, edges) is not None else None

    def _only_user(self, step: int) -> int | None:
        """Return the one step that takes a step's result, where nobody else looks at that."""
        place = self._places[step]
        users = self._users[place]
        return None if place in self._kept or len(users) != 1 else users[0]

    def _is_norm(self, number: int, before: int) -> bool:
        step = self._steps[number]
        if self._names[number] != "batch_norm":
            return False
        given = _named(step)
        has_statistics = all(_is_constant(given.get(name)) for name in ("running_mean", "running_var"))
        weights = (given.get("weight"), given.get("bias"))
        has_weights = all(weight is None or _is_constant(weight) for weight in weights)
        return (
            has_statistics
            and has_weights
            and not given.get("training")
            and given["input"] == Slot(self._places[before])
        )

    def _is_addition(self, number: int, before: int) -> bool:
        step, place = self._steps[number], self._places[before]
        if self._names[number] != "add" or step.kwargs or len(step.holes) != 2 or len(step.args) != 2:
            return False
        one, other = step.sources
        return one != other and place in (one, other) and self._shapes[one] == self._shapes[other]

    def _is_activation(self, number: int, before: int) -> bool:
        name = self._names[number]
        # oneDNN's additions are followed by no other.
        is_known = name == "relu" if self._names[before] == "add" else name in _PACKED_ACTIVATIONS
        return is_known and self._steps[number].args[0] == Slot(self._places[before])

    # ---- kernels

    def kernel(self, key: tuple[int, ...]) -> Kernel:
        """Return the kernel that does these steps."""
        first = self._steps[key[0]]
        edges, rest = _zero_padding(first) if len(key) > 1 else None, key[1:]
        given = _convolution(first if edges is None else self._steps[key[1]])
        if given is None:
            step = _tolerant(first)
            return Kernel(step.run, key[0], step.sources)
        weights = [given["weight"]]
        if edges is not None:
            given, rest = _padded(given, edges) or given, rest[1:]
        weight, bias = given["weight"].detach(), given["bias"]
        if bias is not None:
            weights.append(bias)
            bias = bias.detach()
        other, activation = None, None
        for number in rest:
            step, name = self._steps[number], self._names[number]
            if name == "batch_norm":
                weight, bias = _folded(weight, bias, step)
                weights += [value for value in _named(step).values() if isinstance(value, torch.Tensor)]
            elif name == "add":
                made = self._places[key[key.index(number) - 1]]
                other = next(source for source in step.sources if source != made)
            else:
                activation = step
        source = first.sources[0]
        fused = _Fused(weight, bias, given, self._shapes[source], activation)
        sources = (source,) if other is None else (source, other)
        return Kernel(fused.on(source, other), key[-1], sources, tuple(weights))

    def in_place(self, key: tuple[int, ...]) -> Kernel | None:
        """Return the kernel of an activation that overwrites what it takes; None where that may not be."""
        number, step = key[0], self._steps[key[0]]
        change = change_of(step.function)
        if kind_of(step.function) is not Kind.ACTIVATION or change.position is None or len(step.sources) != 1:
            return None
        (source,) = step.sources
        maker = self._makers.get(source)
        if maker is None or self._names[maker] not in _FRESH or self._only_user(maker) != number:
            return None
        if change.position < len(step.args):
            return None
        changing = Step(
            step.function, step.args, {**step.kwargs, "inplace": True}, step.holes, step.is_nested, 1, step.autocast
        )
        return Kernel(changing.run, number, step.sources)


class _Fused:
    """A convolution with weights of its own, and what is done to its output at once."""

    def __init__(
        self,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        given: dict[str, Any],
        shape: torch.Size,
        activation: Step | None,
    ) -> None:
        self._bias, self._activation = bias, activation
        self._geometry = [_pair(given[name]) for name in ("padding", "stride", "dilation")]
        self._groups = given["groups"]
        self._attributes = _packed_activation(activation)
        self._is_packed = _can_pack(weight)
        if self._is_packed:
            self._weight = torch.ops.mkldnn._reorder_convolution_weight(
                weight, *self._geometry, self._groups, list(shape)
            )
        else:
            self._weight = weight.contiguous(memory_format=torch.channels_last)

    def on(self, source: int, other: int | None) -> Callable[[Sequence[Any]], Any]:
        """Return the call that takes the result of one operation, and adds that of another."""
        if not self._is_packed:
            return lambda made: self._plain(made[source], None if other is None else made[other])
        run, name, numbers = torch.ops.mkldnn._convolution_pointwise, *self._attributes
        rest = (self._weight, self._bias, *self._geometry, self._groups)
        if other is None:
            return lambda made: run(made[source], *rest, name, numbers, "")
        then = None if name == "none" else name
        return lambda made: run.binary(made[source], made[other], *rest, "add", None, then, numbers, "")

    def _plain(self, image: torch.Tensor, other: torch.Tensor | None) -> torch.Tensor:
        padding, stride, dilation = self._geometry
        made = torch.conv2d(image, self._weight, self._bias, stride, padding, dilation, self._groups)
        if other is not None:
            made = made.add_(other)
        if self._activation is None:
            return made
        step = self._activation
        result: torch.Tensor = step.function(made, *step.args[1:], **step.kwargs)
        return result


def _packed_activation(step: Step | None) -> tuple[str, list[float]]:
    if step is None:
        return "none", []
    name, numbers = _PACKED_ACTIVATIONS[function_name(step.function)]
    given = {**_DEFAULTS, **_named(step)}
    return name, [float(given[number]) if isinstance(number, str) else number for number in numbers]


def _can_pack(weight: torch.Tensor) -> bool:
    """Whether this PyTorch packs weights for oneDNN: what Inductor, torch's own compiler, does on the CPU."""
    return (
        weight.device.type == "cpu"
        and weight.dtype == torch.float32
        and torch._C._has_mkldnn
        and hasattr(torch.ops.mkldnn, "_convolution_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_convolution_weight")
    )


def _convolution(step: Step) -> dict[str, Any] | None:
    """Return the arguments of a convolution over maps with constant weights, by name; None for any other step."""
    if function_name(step.function) != "conv2d" or step.autocast is not None:
        return None
    given = {"bias": None, "stride": 1, "padding": 0, "dilation": 1, "groups": 1, **_named(step)}
    constants = (given.get("weight"), given["bias"])
    if not isinstance(given.get("input"), Slot) or isinstance(given["padding"], str):
        return None
    if not _is_constant(constants[0]) or not (constants[1] is None or _is_constant(constants[1])):
        return None
    return given if given["weight"].ndim == 4 else None


def _zero_padding(step: Step) -> tuple[int, int, int, int] | None:
    """Return how many rows and columns of zeros a step adds: left, right, top, bottom; None for any other step."""
    if function_name(step.function) != "pad":
        return None
    given = _named(step)
    edges, is_zero = given.get("pad"), given.get("mode", "constant") == "constant" and not given.get("value")
    if not is_zero or not isinstance(edges, (list, tuple)) or len(edges) != 4:
        return None
    if not all(isinstance(edge, int) and edge >= 0 for edge in edges):
        return None
    left, right, top, bottom = edges
    return left, right, top, bottom


def _padded(given: dict[str, Any], edges: tuple[int, int, int, int]) -> dict[str, Any] | None:
    """Return the arguments of a convolution that pads its input itself; None where it does not pay.

    A convolution pads by as much on either side. Where one row more is wanted on one of them, the kernel grows by a
    row of zeros on the other; for a kernel over one channel that costs less than a padded copy of the maps.
    """
    left, right, top, bottom = edges
    (down, across), weight = _pair(given["padding"]), given["weight"]
    more_down, more_across = bottom - top, right - left
    padding = (down + max(top, bottom), across + max(left, right))
    if more_down == more_across == 0:
        return {**given, "padding": padding}
    is_depthwise = weight.shape[1] == 1 and given["groups"] > 1
    if not is_depthwise or _pair(given["dilation"]) != [1, 1] or max(abs(more_down), abs(more_across)) > 1:
        return None
    zeros = (max(more_across, 0), max(-more_across, 0), max(more_down, 0), max(-more_down, 0))
    return {**given, "padding": padding, "weight": torch.nn.functional.pad(weight.detach(), zeros)}


def _folded(weight: torch.Tensor, bias: torch.Tensor | None, norm: Step) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the weights of a convolution that does a batch norm as well.

    Jacob et al. (2018), "Quantization and Training of Neural Networks", section 3.2. Numbers of half precision are
    rounded once, at the end.
    """
    dtype, given = weight.dtype, {name: _wide(value) for name, value in _named(norm).items()}
    weight, bias = _wide(weight), _wide(bias)
    scale = torch.rsqrt(given["running_var"] + given.get("eps", 1e-5))
    if given.get("weight") is not None:
        scale = scale * given["weight"].detach()
    shift = -given["running_mean"] if bias is None else bias - given["running_mean"]
    shift = shift * scale
    if given.get("bias") is not None:
        shift = shift + given["bias"].detach()
    return (weight * scale[:, None, None, None]).to(dtype), shift.to(dtype)


def _wide(value: Any) -> Any:
    """Return a tensor of half precision in single; anything else as it is."""
    is_half = isinstance(value, torch.Tensor) and value.dtype in (torch.float16, torch.bfloat16)
    return value.float() if is_half else value


def _tolerant(step: Step) -> Step:
    """Return a step that takes any layout of its maps in memory: a view asks for the usual one."""
    if step.function is torch.Tensor.view and all(isinstance(value, (int, tuple, list)) for value in step.args[1:]):
        return Step(torch.Tensor.reshape, step.args, step.kwargs, step.holes, step.is_nested, step.results)
    return step


def _named(step: Step) -> dict[str, Any]:
    return {**dict(zip(argument_names(step.function), step.args, strict=False)), **step.kwargs}


def _is_constant(value: Any) -> bool:
    return isinstance(value, torch.Tensor)


def _pair(value: int | Sequence[int]) -> list[int]:
    return [value, value] if isinstance(value, int) else list(value) * (2 // len(value))
