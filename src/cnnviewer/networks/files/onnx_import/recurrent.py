"""Recurrent layers: LSTM, GRU and RNN."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F

from cnnviewer.networks.files.onnx_import.values import UnsupportedError, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnnviewer.networks.files.onnx_import.node import Given
    from cnnviewer.networks.files.onnx_import.values import Value

    Activation = Callable[[torch.Tensor], torch.Tensor]

_MOST_STEPS = 10_000
_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
_USUAL = {"LSTM": ["sigmoid", "tanh", "tanh"], "GRU": ["sigmoid", "tanh"], "RNN": ["tanh"]}
# Where torch has the gates that ONNX has at 0, 1, ...
_ORDER = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
_CLASSES: dict[str, Any] = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}
_ACTIVATIONS: dict[str, tuple[Callable[..., torch.Tensor], tuple[float, ...]]] = {
    "relu": (F.relu, ()),
    "tanh": (torch.tanh, ()),
    "sigmoid": (torch.sigmoid, ()),
    "affine": (lambda x, a, b: x * a + b, (1.0, 0.0)),
    "leakyrelu": (F.leaky_relu, (0.01,)),
    "thresholdedrelu": (lambda x, a: F.threshold(x, a, 0), (1.0,)),
    "scaledtanh": (lambda x, a, b: torch.tanh(x * b) * a, (1.0, 1.0)),
    "hardsigmoid": (lambda x, a, b: torch.clamp(x * a + b, 0, 1), (0.2, 0.5)),
    "elu": (F.elu, (1.0,)),
    "softsign": (F.softsign, ()),
    "softplus": (F.softplus, ()),
}
"""Each with its usual numbers, alpha and beta."""


def _directions(given: Given) -> int:
    return 2 if given.word("direction", "forward") == "bidirectional" else 1


def _names(given: Given) -> list[str]:
    """Return the activations, those of both directions."""
    found = [name.lower() for name in given.words("activations")]
    return found or _USUAL[given.kind] * _directions(given)


# ---- with constant weights: torch's own layers


class Recurrent(nn.Module):
    """A recurrent layer of torch's, with ONNX's inputs and outputs.

    Parameters
    ----------
    given
        The node.
    layer
        torch's layer, of one level.
    """

    def __init__(self, given: Given, layer: nn.RNNBase) -> None:
        super().__init__()
        self._given, self.layer = given, layer

    def forward(self, x: torch.Tensor, *states: torch.Tensor | None) -> tuple[torch.Tensor, ...]:
        """Return the outputs ``(steps, directions, batch, hidden)`` and the last states."""
        is_first, is_reverse = self._given.flag("layout"), self._given.word("direction") == "reverse"
        x = x.transpose(0, 1) if is_first else x
        x = torch.flip(x, [0]) if is_reverse else x
        given = [state.transpose(0, 1) if is_first else state for state in states if state is not None]
        given = [state.contiguous().expand(-1, x.shape[1], -1).contiguous() for state in given]
        start: Any = (given[0] if self._given.kind != "LSTM" else tuple(given)) if given else None
        found, last = self.layer(x, start)
        steps, batch, width = found.shape
        ways = _directions(self._given)
        found = found.reshape(steps, batch, ways, width // ways)
        found = torch.flip(found, [0]) if is_reverse else found
        ends = last if isinstance(last, tuple) else (last,)
        if is_first:
            return found.permute(1, 0, 2, 3), *(end.transpose(0, 1) for end in ends)
        return found.permute(0, 2, 1, 3), *ends


def recurrent_module(given: Given, constants: Sequence[torch.Tensor | None]) -> nn.Module | None:
    """Return torch's layer where it computes the same: constant weights, the usual activations, whole sequences."""
    padded = [*constants, *[None] * 8]
    weight, recurrent, bias, lengths, peephole = padded[1], padded[2], padded[3], padded[4], padded[7]
    names = [*given.inputs, *[""] * 8]
    if weight is None or recurrent is None or (names[3] and bias is None) or (names[7] and peephole is None):
        return None
    if peephole is not None and bool(peephole.any()):
        return None
    steps = None if given.shapes[0] is None else given.shapes[0][1 if given.flag("layout") else 0]
    if names[4] and (lengths is None or steps is None or set(lengths.tolist()) != {steps}):
        return None
    activations = _names(given)
    is_usual = activations == _USUAL[given.kind] * _directions(given) or (
        set(activations) == {"relu"} and given.kind == "RNN"
    )
    if not is_usual or "clip" in given or given.flag("input_forget"):
        return None
    if (given.kind == "GRU" and not given.flag("linear_before_reset")) or (
        len(set(names[5:7])) == 2 and given.kind == "LSTM" and "" in names[5:7]
    ):
        return None
    return Recurrent(given, _layer(given, weight, recurrent, bias, activations[0]))


def _layer(
    given: Given, weight: torch.Tensor, recurrent: torch.Tensor, bias: torch.Tensor | None, activation: str
) -> nn.RNNBase:
    ways, gates, hidden = weight.shape[0], _GATES[given.kind], recurrent.shape[2]
    options: dict[str, Any] = {"nonlinearity": activation} if given.kind == "RNN" else {}
    layer: nn.RNNBase = _CLASSES[given.kind](
        weight.shape[2], hidden, bias=bias is not None, bidirectional=ways == 2, device="meta", **options
    )
    order = _ORDER[given.kind]

    def sorted_gates(part: torch.Tensor) -> nn.Parameter:
        blocks = part.reshape(gates, hidden, *part.shape[1:])
        return nn.Parameter(torch.cat([blocks[place] for place in order]).contiguous())

    for way in range(ways):
        ending = "_reverse" if way else ""
        setattr(layer, f"weight_ih_l0{ending}", sorted_gates(weight[way]))
        setattr(layer, f"weight_hh_l0{ending}", sorted_gates(recurrent[way]))
        if bias is not None:
            first, second = bias[way].chunk(2)
            setattr(layer, f"bias_ih_l0{ending}", sorted_gates(first))
            setattr(layer, f"bias_hh_l0{ending}", sorted_gates(second))
    return layer


def recurrent_inputs(given: Given) -> tuple[int, ...]:
    """Return which inputs torch's layer takes from the graph."""
    return (0, 5, 6) if given.kind == "LSTM" else (0, 5)


# ---- any other: step by step


def recurrent(
    given: Given,
    x: torch.Tensor,
    weight: torch.Tensor,
    recurrence: torch.Tensor,
    bias: torch.Tensor | None = None,
    lengths: Value = None,
    state: torch.Tensor | None = None,
    cell: torch.Tensor | None = None,
    peephole: torch.Tensor | None = None,
) -> tuple[torch.Tensor, ...]:
    """Return the outputs and last states of a recurrent layer, one step after another."""
    is_first = given.flag("layout")
    if x.shape[is_first] > _MOST_STEPS:
        raise UnsupportedError(f"{given.kind} of more than {_MOST_STEPS:,} steps")
    if is_first:
        x = x.transpose(0, 1)
        state, cell = (None if part is None else part.transpose(0, 1) for part in (state, cell))
    ways, gates, hidden = weight.shape[0], _GATES[given.kind], recurrence.shape[2]
    zeros = x.new_zeros(ways, x.shape[1], hidden)
    state, cell = (zeros if part is None else part for part in (state, cell))
    bias = x.new_zeros(ways, 2 * gates * hidden) if bias is None else bias
    peephole = x.new_zeros(ways, 3 * hidden) if peephole is None else peephole
    counts = numbers(lengths)
    found = []
    for way in range(ways):
        step = _Step(given, way, weight[way], recurrence[way], bias[way], peephole[way])
        is_reverse = bool(way) or given.word("direction") == "reverse"
        found.append(_walk(step, given, x, counts, is_reverse, state[way], cell[way]))
    outputs = torch.stack([part[0] for part in found], dim=1)
    ends = [torch.stack([part[place] for part in found]) for place in (1, 2)][: 1 + (given.kind == "LSTM")]
    if is_first:
        return outputs.permute(2, 0, 1, 3), *(end.transpose(0, 1) for end in ends)
    return outputs, *ends


def _walk(
    step: _Step,
    given: Given,
    x: torch.Tensor,
    counts: list[int],
    is_reverse: bool,
    state: torch.Tensor,
    cell: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the outputs of one direction, and its last states."""

    def turned(part: torch.Tensor) -> torch.Tensor:
        if not is_reverse:
            return part
        return _turned_by(part, counts) if counts else torch.flip(part, [0])

    outputs = []
    for time, now in enumerate(turned(x)):
        new, new_cell = step(now, state, cell)
        if counts and min(counts) <= time:
            goes_on = torch.tensor([[time < count] for count in counts], device=x.device)
            outputs.append(torch.where(goes_on, new, torch.zeros_like(new)))
            state, cell = torch.where(goes_on, new, state), torch.where(goes_on, new_cell, cell)
        else:
            outputs.append(new)
            state, cell = new, new_cell
    return turned(torch.stack(outputs)), state, cell


def _turned_by(part: torch.Tensor, counts: list[int]) -> torch.Tensor:
    columns = []
    for place, count in enumerate(counts):
        column = part[:, place]
        columns.append(torch.cat([torch.flip(column[:count], [0]), column[count:]]))
    return torch.stack(columns, dim=1)


class _Step:
    """One step of one direction."""

    def __init__(
        self,
        given: Given,
        way: int,
        weight: torch.Tensor,
        recurrence: torch.Tensor,
        bias: torch.Tensor,
        peephole: torch.Tensor,
    ) -> None:
        self._given, self._weight, self._recurrence = given, weight, recurrence
        self._first, self._second = bias.chunk(2)
        self._peephole = peephole.chunk(3)
        self._activations = _activations(given, way)
        self._clip = given.get("clip")

    def __call__(self, x: torch.Tensor, state: torch.Tensor, cell: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return {"LSTM": self._lstm, "GRU": self._gru, "RNN": self._rnn}[self._given.kind](x, state, cell)

    def _limited(self, x: torch.Tensor) -> torch.Tensor:
        return x if self._clip is None else torch.clamp(x, -self._clip, self._clip)

    def _rnn(self, x: torch.Tensor, state: torch.Tensor, cell: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found = F.linear(x, self._weight, self._first) + F.linear(state, self._recurrence, self._second)
        return self._activations[0](self._limited(found)), cell

    def _gru(self, x: torch.Tensor, state: torch.Tensor, cell: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        update, reset, new = F.linear(x, self._weight, self._first).chunk(3, dim=-1)
        weights, biases = self._recurrence.chunk(3), self._second.chunk(3)
        gate, inner = self._activations
        z = gate(self._limited(update + F.linear(state, weights[0], biases[0])))
        r = gate(self._limited(reset + F.linear(state, weights[1], biases[1])))
        if self._given.flag("linear_before_reset"):
            new = new + r * F.linear(state, weights[2], biases[2])
        else:
            new = new + F.linear(r * state, weights[2], biases[2])
        return (1 - z) * inner(self._limited(new)) + z * state, cell

    def _lstm(self, x: torch.Tensor, state: torch.Tensor, cell: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        gates = F.linear(x, self._weight, self._first) + F.linear(state, self._recurrence, self._second)
        enter, leave, forget, new = gates.chunk(4, dim=-1)
        gate, inner, outer = self._activations
        i = gate(self._limited(enter + self._peephole[0] * cell))
        f = 1 - i if self._given.flag("input_forget") else gate(self._limited(forget + self._peephole[2] * cell))
        cell = f * cell + i * inner(self._limited(new))
        o = gate(self._limited(leave + self._peephole[1] * cell))
        return o * outer(cell), cell


def _activations(given: Given, way: int) -> list[Activation]:
    """Return the functions of one direction, with their numbers."""
    count = len(_USUAL[given.kind])
    alphas, betas = iter(given.get("activation_alpha", ())), iter(given.get("activation_beta", ()))
    found: list[Activation] = []
    for name in _names(given):
        if name not in _ACTIVATIONS:
            raise UnsupportedError(f"{given.kind} with the activation {name}")
        function, usual = _ACTIVATIONS[name]
        own = [next(given_numbers, number) for given_numbers, number in zip((alphas, betas), usual, strict=False)]
        found.append(partial(_applied, function, own))
    return found[way * count :][:count]


def _applied(function: Callable[..., torch.Tensor], own: list[float], x: torch.Tensor) -> torch.Tensor:
    return function(x, *own)
