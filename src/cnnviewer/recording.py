"""What a forward pass was: the layers that ran, in order, with what each returned."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from cnnviewer.apart import run_apart
from cnnviewer.autocasting import under
from cnnviewer.categories import answer_names, category_name, room_for_names
from cnnviewer.errors import RecordingError
from cnnviewer.outputs import NOTHING, returned_text
from cnnviewer.probabilities import HAS_PROBABILITIES, probabilities
from cnnviewer.quantised import fused_activation, is_packed
from cnnviewer.slots import filled, with_slots

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch

    from cnnviewer.autocasting import Autocast
    from cnnviewer.layouts import Layout
    from cnnviewer.network import Network
    from cnnviewer.operations import Kind
    from cnnviewer.outputs import Output, Returned, Returns
    from cnnviewer.quantised import Levels
    from cnnviewer.worked_out import WorkedOut

__all__ = ["INPUT", "Call", "Layer", "Recording"]

INPUT = "input"
"""The name under which the preprocessed image feeds the first layers."""


@dataclass(frozen=True, eq=False)
class Call:
    """The call of a torch function that made a layer.

    Parameters
    ----------
    function
        The torch function, as the network called it.
    settings
        Its arguments that are no tensors, by name.
    tensors
        Its tensor arguments that no layer made: weights, biases, constants; those in lists too.
    args, kwargs
        All of them as they were given, with a `Slot` for each tensor that a layer made: its index is the place of that
        layer in `Layer.inputs`.
    names
        The names of the positional arguments, as far as they are known.
    part
        Which of the tensors that it returned is the layer's output.
    is_constant_first
        Whether a tensor that no layer made is the first among its tensor arguments.
    worked_out
        How those of `tensors` came about that the forward pass worked out, by their names.
    autocast
        That under which it was made.
    unpacked
        What the packed weights among its arguments hold, by the names that a plain operation has for it.
    is_fed_unseen
        Whether it was given numbers of the image that no layer is seen to make: by NumPy, by a scripted part, as a
        number in the network's code.
    """

    function: Any
    settings: Mapping[str, Any]
    tensors: Mapping[str, torch.Tensor]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    names: tuple[str, ...]
    part: int = 0
    is_constant_first: bool = False
    worked_out: Mapping[str, WorkedOut] = field(default_factory=lambda: MappingProxyType({}))
    autocast: Autocast | None = None
    unpacked: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    is_fed_unseen: bool = False

    def run(self, operands: Sequence[torch.Tensor]) -> torch.Tensor:
        """Make the call again with other operands, those of `Layer.inputs`; they are not changed.

        Parameters
        ----------
        operands
            A tensor a layer of `Layer.inputs`, with the batch axis.

        Returns
        -------
        torch.Tensor
            What it returns, with the batch axis.
        """
        kwargs = {name: filled(value, operands) for name, value in self.kwargs.items()}
        with under(self.autocast):
            return run_apart(self.function, filled(self.args, operands), kwargs)[self.part]

    @cached_property
    def given(self) -> Mapping[str, Any]:
        """All arguments by name: settings, tensors that no layer made, and a `Slot` for each that one made.

        Packed weights are told as what they hold.
        """
        positional = {
            self.names[place] if place < len(self.names) else f"argument{place}": value
            for place, value in enumerate(self.args)
            if not is_packed(value)
        }
        return MappingProxyType({**positional, **self.kwargs, **self.unpacked})

    def with_tensors(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Call:
        """Return the same call with the tensors that no layer made changed."""
        kwargs = {name: with_slots(value, change) for name, value in self.kwargs.items()}
        return replace(self, args=with_slots(self.args, change), kwargs=MappingProxyType(kwargs))

    def with_constants(self, changed: Mapping[int, torch.Tensor]) -> Call:
        """Return the same call with other tensors in the place of some that no layer made, given by their ids."""

        def current(tensor: torch.Tensor) -> torch.Tensor:
            return changed.get(id(tensor), tensor)

        tensors = {name: current(tensor) for name, tensor in self.tensors.items()}
        return replace(self.with_tensors(current), tensors=MappingProxyType(tensors))

    def with_setting(self, name: str, value: Any) -> Call:
        """Return the same call with another setting, where it was given one of that name."""
        kwargs = {key: value if key == name else old for key, old in self.kwargs.items()}
        args = tuple(value if own == name else old for own, old in zip_longest(self.names[: len(self.args)], self.args))
        return replace(self, args=args, kwargs=MappingProxyType(kwargs))


class Layouts(Protocol):
    """How the outputs of all layers become maps."""

    def __getitem__(self, index: int) -> Layout:
        """Return that of the layer of this number."""


@dataclass(frozen=True, eq=False)
class Layer:
    """One operation of one forward pass.

    Parameters
    ----------
    index
        Its place in the order of the computation, from 0.
    name
        The path of its module, unique in the recording: "layer1.0.relu", "layer1.0.relu#2", "layer1.0.add".
    kind
        What it does.
    operation
        The plain name of the torch function: "conv2d", "relu", "add".
    module
        The path of the module that called the function; '' for the network itself.
    inputs
        The names of the layers whose outputs it took, in the order of its arguments; `INPUT` for the image.
    output
        What the operation returned, before anything later changed it in place; without the batch axis where
        the batch is one image: ``(C, H, W)``, ``(N,)``. On the device "meta", without values, where it is of a
        frame and was not kept.
    seconds
        How long the call took on the device; see `cnnviewer.devices.clock_of`.
    call
        The call that made it, with its arguments by name.
    layouts
        How the outputs of all layers become maps, by their numbers.
    is_batched
        Whether a batch axis of one image is left out of `output`.
    levels
        The numbers that the output can hold, where it is quantised.
    """

    index: int
    name: str
    kind: Kind
    operation: str
    module: str
    inputs: tuple[str, ...]
    output: torch.Tensor
    seconds: float
    call: Call = field(repr=False)
    layouts: Layouts = field(repr=False)
    is_batched: bool = True
    levels: Levels | None = None

    @property
    def result(self) -> torch.Tensor:
        """The output with its batch axis, as the next operations took it."""
        return self.output[None] if self.is_batched else self.output

    @property
    def layout(self) -> Layout:
        """How the output becomes maps."""
        return self.layouts[self.index]

    @property
    def settings(self) -> Mapping[str, Any]:
        """The operation's arguments that are no tensors, by name: ``{"stride": (2, 2), ...}``."""
        return self.call.settings

    @property
    def parameters(self) -> Mapping[str, torch.Tensor]:
        """The tensors it used that no layer made: ``{"weight": (C_out, C_in, kH, kW), "bias": (C_out,)}``.

        Some of them the forward pass may have worked out of others: see `worked_out`.
        """
        return self.call.tensors

    @property
    def fused(self) -> str:
        """The activation that is part of the operation, as of quantised ones: "relu"; '' where there is none."""
        return fused_activation(self.call.function)

    @property
    def worked_out(self) -> tuple[str, ...]:
        """A sentence on each of its parameters that the forward pass worked out: of what, and by which operations."""
        return tuple(told.sentence(name) for name, told in self.call.worked_out.items())

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the output."""
        return tuple(self.output.shape)

    @property
    def parameter_count(self) -> int:
        """How many learnt numbers it uses, or that its weights are worked out of; each counts once.

        Running statistics and constants do not count.
        """
        return sum(self.learnt.values())

    @cached_property
    def learnt(self) -> Mapping[int, int]:
        """How many numbers each of these tensors has, by its ``id``: layers that share a weight name the same."""
        worked_out = self.call.worked_out
        used = [tensor for name, tensor in self.parameters.items() if name not in worked_out]
        used += [tensor for told in worked_out.values() for tensor in told.behind.values()]
        packed = {id(value) for value in self.call.unpacked.values()}
        return {id(tensor): tensor.numel() for tensor in used if tensor.requires_grad or id(tensor) in packed}


@dataclass(frozen=True, eq=False)
class Recording:
    """All layers of one forward pass over one image.

    Parameters
    ----------
    network
        The network that ran.
    input
        The preprocessed image, float, ``(C, H, W)``.
    layers
        The layers in the order in which they ran.
    vector
        What the network returned as its answer, ``(N,)``: class scores, probabilities, values, an embedding; None where
        it returned no vector.
    vector_index
        The layer that made it; None where no layer did.
    seconds
        How long the forward pass took, until the device had done all of it.
    outputs
        All tensors that the network returned.
    returned
        What its last operations tell of `vector`.
    own_names
        What the channels of the image are called, in the order of the input; empty where it has only colours or grey.
    run_notes
        What is particular in how the network was run, in words.
    """

    network: Network
    input: torch.Tensor
    layers: tuple[Layer, ...]
    vector: torch.Tensor | None
    vector_index: int | None
    seconds: float
    outputs: tuple[Output, ...] = ()
    returned: Returned = NOTHING
    own_names: tuple[str, ...] = ()
    run_notes: tuple[str, ...] = ()

    @property
    def channel_names(self) -> tuple[str, ...]:
        """What the channels of the input are called: R, G, B, alpha, "channel 4"; their numbers, where nobody tells."""
        count = len(self.input)
        names = self.own_names or self.network.preprocessing.channel_names
        return names if len(names) == count else tuple(f"channel {number + 1}" for number in range(count))

    def __getitem__(self, name: str) -> Layer:
        """Return the layer of this name.

        Raises
        ------
        RecordingError
            If there is none.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise RecordingError(f"{self.network.name} has no layer named {name!r}.") from None

    @cached_property
    def _by_name(self) -> Mapping[str, Layer]:
        return MappingProxyType({layer.name: layer for layer in self.layers})

    def result(self, name: str) -> torch.Tensor:
        """Return what a layer of this name made, or the image for `INPUT`, with the batch axis."""
        return self.input[None] if name == INPUT else self[name].result

    @cached_property
    def followers(self) -> Mapping[str, tuple[str, ...]]:
        """For each layer's name, and `INPUT`, the names of the layers that it feeds."""
        found: dict[str, list[str]] = {INPUT: [], **{layer.name: [] for layer in self.layers}}
        for layer in self.layers:
            for name in dict.fromkeys(layer.inputs):
                found[name].append(layer.name)
        return MappingProxyType({name: tuple(names) for name, names in found.items()})

    def ancestors(self, layer: Layer) -> frozenset[int]:
        """Return the numbers of the layers that a layer's output was made of, its own among them."""
        needed = {layer.name}
        for before in reversed(self.layers[: layer.index + 1]):
            if before.name in needed:
                needed.update(before.inputs)
        return frozenset(self[name].index for name in needed if name != INPUT)

    @property
    def returns(self) -> Returns:
        """What the network returns: what is said of it, else what its last operations tell."""
        return self.network.returns or self.returned.returns

    @property
    def returns_reason(self) -> str:
        """Why that is told, a sentence: what its last operations tell, and what is said against that."""
        said, told = self.network.returns, self.returned.reason
        if said not in (None, self.returned.returns):
            return f"It is said to return {said}; {told}."
        return f"{told[:1].upper()}{told[1:]}."

    @property
    def scores(self) -> torch.Tensor | None:
        """What the network returned for the classes or labels, ``(N,)``; None where it returns values or features."""
        return self.vector if self.returns in HAS_PROBABILITIES else None

    @property
    def scores_index(self) -> int | None:
        """The layer that made the scores; None where there are none, or no layer made them."""
        return self.vector_index if self.returns in HAS_PROBABILITIES else None

    @cached_property
    def probabilities(self) -> torch.Tensor:
        """The probabilities, float32, on the CPU.

        Of classes ``(classes,)``; they sum to 1, or each group of them does, where the network puts several softmaxes
        together. Of several labels ``(labels,)``, each for itself between 0 and 1: they don't sum to 1. Of a network
        that tells yes or no ``(2,)``: the probability of `categories`' first, and 1 less that.

        Raises
        ------
        RecordingError
            If the network returns no probabilities: values, features, maps.
        """
        if self.scores is None:
            raise RecordingError(
                f"{self.network.name} gives no class probabilities: it returns {returned_text(self.outputs)}. "
                f"{self.returns_reason}"
            )
        return probabilities(self.scores, self.returned, self.returns)

    @property
    def name_count(self) -> int:
        """How many names the answer has room for: one a class, a label or a value, two of yes and no; 0 of features."""
        return 0 if self.vector is None else room_for_names(self.returns, self.vector.numel())

    @property
    def categories(self) -> tuple[str, ...]:
        """The names of what the network's answer tells of; empty where it tells of classes and none are known.

        Labels and values that have no name are numbered. Of a network that tells yes or no they are two: what the
        probability is of, the second of two names (the label 1), or the only one; and what holds otherwise.
        """
        return answer_names(self.network.categories, self.returns, 0 if self.vector is None else self.vector.numel())

    def category(self, index: int) -> str:
        """Return the name of a class; its number where the network has no names."""
        return category_name(self.categories, index)

    def top(self, count: int = 5) -> list[tuple[str, float]]:
        """Return the most probable categories with their probabilities, most probable first.

        Raises
        ------
        RecordingError
            As `probabilities`.
        """
        values, indices = self.probabilities.topk(min(count, self.probabilities.numel()))
        return [(self.category(index), value) for value, index in zip(values.tolist(), indices.tolist(), strict=True)]

    @cached_property
    def nbytes(self) -> int:
        """Memory of the recorded outputs in bytes; memory that several layers share counts once."""
        storages = (layer.output.untyped_storage() for layer in self.layers if not layer.output.is_meta)
        return sum({storage._cdata: storage.nbytes() for storage in storages}.values())
