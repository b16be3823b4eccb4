"""One step of the training, told for one weight: start, forward, error, gradient, update."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from cnnviewer.errors import TrainingError
from cnnviewer.training.optimisers import BETAS, EPSILON
from cnnviewer.training.progress import Account, ForwardValue, Term, Weight
from cnnviewer.training.settings import Optimiser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.training.progress import Progress
    from cnnviewer.training.trainer import Trainer

__all__ = ["advance_with_account", "update_terms"]


def advance_with_account(trainer: Trainer, weight: Weight, start: float | None) -> tuple[Progress, Account]:
    """Take a step, and account for what it did to one weight.

    Parameters
    ----------
    trainer
        Between two steps.
    weight
        Which.
    start
        Its value before the first step of the run, where known.

    Raises
    ------
    TrainingError
        If the network has no such weight, or it is frozen; and what `Trainer.advance` raises.
    """
    parameter = _parameter(trainer, weight)
    before = float(parameter.detach()[weight.index])
    rate = trainer.next_learning_rate()
    memory = _memory(trainer, parameter, weight.index)
    owner = trainer.module.get_submodule(weight.name.rpartition(".")[0])
    with _watched(owner) as seen:
        progress = trainer.advance()
    assert parameter.grad is not None
    gradient = float(parameter.grad[weight.index])
    terms = update_terms(trainer.settings.optimiser, before, gradient, rate, memory, trainer)
    account = Account(
        weight=weight,
        step=progress.step,
        start=start,
        before=before,
        forward=_forward_value(owner, weight, before, *seen) if seen else None,
        loss=progress.loss,
        gradient=gradient,
        terms=terms,
        computed=terms[-1].value,
        after=float(parameter.detach()[weight.index]),
    )
    return progress, account


@dataclass(frozen=True)
class _Memory:
    """What the optimiser remembers of a weight: momentum, or the two moments; and after how many steps."""

    first: float | None
    second: float
    steps: int


def update_terms(
    optimiser: Optimiser, weight: float, gradient: float, rate: float, memory: _Memory, trainer: Trainer
) -> tuple[Term, ...]:
    """Return the optimiser's formula in numbers, worked in float64; the last term is the new weight.

    Stochastic gradient descent with Nesterov's momentum as `torch.optim.SGD` has it, and AdamW as in algorithm 2 of
    Loshchilov and Hutter, Decoupled weight decay regularization, 2019.
    """
    settings = trainer.settings
    if optimiser is Optimiser.ADAMW:
        return _adamw(weight, gradient, rate, settings.weight_decay, memory)
    return _sgd(weight, gradient, rate, settings.weight_decay, settings.momentum, memory)


def _sgd(
    weight: float, gradient: float, rate: float, decay: float, momentum: float, memory: _Memory
) -> tuple[Term, ...]:
    terms = []
    slope = gradient
    if decay:
        slope = gradient + decay * weight
        terms.append(Term("g", f"gradient + decay × weight = {gradient:+.6g} + {decay:g} × {weight:+.6g}", slope))
    direction = slope
    if momentum:
        if memory.first is None:
            velocity = slope
            terms.append(Term("v", "g, as there is no velocity before the first step", velocity))
        else:
            velocity = momentum * memory.first + slope
            formula = f"momentum × v before + g = {momentum:g} × {memory.first:+.6g} + {slope:+.6g}"
            terms.append(Term("v", formula, velocity))
        direction = slope + momentum * velocity
        terms.append(Term("d", f"g + momentum × v = {slope:+.6g} + {momentum:g} × {velocity:+.6g}", direction))
    new = weight - rate * direction
    formula = f"weight − learning rate × {'d' if momentum else 'g'} = {weight:+.6g} − {rate:.6g} × {direction:+.6g}"
    return (*terms, Term("new weight", formula, new))


def _adamw(weight: float, gradient: float, rate: float, decay: float, memory: _Memory) -> tuple[Term, ...]:
    (first_share, second_share), step = BETAS, memory.steps + 1
    mean_before, square_before = memory.first or 0.0, memory.second
    decayed = weight * (1 - rate * decay)
    mean = first_share * mean_before + (1 - first_share) * gradient
    square = second_share * square_before + (1 - second_share) * gradient**2
    mean_hat, square_hat = mean / (1 - first_share**step), square / (1 - second_share**step)
    new = decayed - rate * mean_hat / (math.sqrt(square_hat) + EPSILON)
    return (
        Term("w", f"weight × (1 − learning rate × decay) = {weight:+.6g} × (1 − {rate:.6g} × {decay:g})", decayed),
        Term(
            "m", f"{first_share:g} × m before + {1 - first_share:.3g} × gradient, m before = {mean_before:+.6g}", mean
        ),
        Term(
            "v",
            f"{second_share:g} × v before + {1 - second_share:.3g} × gradient², v before = {square_before:.6g}",
            square,
        ),
        Term("m̂", f"m / (1 − {first_share:g}^{step})", mean_hat),
        Term("v̂", f"v / (1 − {second_share:g}^{step})", square_hat),
        Term("new weight", f"w − learning rate × m̂ / (√v̂ + {EPSILON:g}), learning rate {rate:.6g}", new),
    )


def _parameter(trainer: Trainer, weight: Weight) -> nn.Parameter:
    parameters = dict(trainer.module.named_parameters())
    parameter = parameters.get(weight.name)
    if parameter is None:
        raise TrainingError(f"The network has no weight {weight.name}.")
    fits = len(weight.index) == parameter.ndim and all(
        0 <= place < length for place, length in zip(weight.index, parameter.shape, strict=True)
    )
    if not fits:
        raise TrainingError(f"{weight.name} has the shape {tuple(parameter.shape)}: no weight lies at {weight.index}.")
    if not parameter.requires_grad:
        raise TrainingError(f"{weight.name} is frozen: no step changes it.")
    return parameter


def _memory(trainer: Trainer, parameter: nn.Parameter, index: tuple[int, ...]) -> _Memory:
    state = trainer.optimiser.state.get(parameter, {})
    if "exp_avg" in state:
        first, second = float(state["exp_avg"][index]), float(state["exp_avg_sq"][index])
        return _Memory(first, second, int(state["step"]))
    buffer = state.get("momentum_buffer")
    return _Memory(None if buffer is None else float(buffer[index]), 0.0, 0)


@contextmanager
def _watched(module: nn.Module) -> Iterator[list[torch.Tensor]]:
    """Keep what a module took and returned in its next call, of the first image."""
    seen: list[torch.Tensor] = []

    def keep(_: nn.Module, inputs: tuple[object, ...], output: object) -> None:
        if not seen and inputs and isinstance(inputs[0], torch.Tensor) and isinstance(output, torch.Tensor):
            # Copies: a ReLU behind may work in place.
            seen.extend((inputs[0][:1].detach().cpu().clone(), output[:1].detach().cpu().clone()))

    handle = module.register_forward_hook(keep)
    try:
        yield seen
    finally:
        handle.remove()


def _forward_value(
    owner: nn.Module, weight: Weight, value: float, taken: torch.Tensor, made: torch.Tensor
) -> ForwardValue | None:
    """Return what a weight did in the forward pass of the batch's first image, where it did most."""
    name, index = weight.name.rpartition(".")[2], weight.index
    if name == "bias":
        own = made[0, index[0]].reshape(-1)
        place = int(own.abs().argmax())
        return ForwardValue(1.0, value, _unit(made, index[0], place), float(own[place]))
    if isinstance(owner, nn.Conv2d) and name == "weight":
        factors = _seen_by(owner, index, taken[0], made.shape[-2:])
    elif isinstance(owner, nn.Linear) and name == "weight":
        factors = taken[0].reshape(-1, taken.shape[-1])[:, index[1]]
    elif isinstance(owner, nn.modules.batchnorm._BatchNorm) and owner.bias is not None and value:
        factors = (made[0, index[0]] - owner.bias.detach().cpu()[index[0]]) / value
    else:
        return None
    flat = factors.reshape(-1)
    place = int(flat.abs().argmax())
    unit = _unit(made, index[0], place)
    return ForwardValue(float(flat[place]), value * float(flat[place]), unit, float(made[0][unit]))


def _unit(made: torch.Tensor, channel: int, place: int) -> tuple[int, ...]:
    if made.ndim == 4:
        return channel, *(int(part) for part in divmod(place, made.shape[-1]))
    return (channel,)


def _seen_by(owner: nn.Conv2d, index: tuple[int, ...], image: torch.Tensor, size: torch.Size) -> torch.Tensor:
    """Return by what each unit of a map multiplies one weight of its kernel, ``(H, W)``."""
    out_channel, in_channel, row, column = index
    channel = out_channel // (owner.out_channels // owner.groups) * (owner.in_channels // owner.groups) + in_channel
    sides: list[int] = []
    for axis in (1, 0):  # functional.pad takes the last axis first
        reach = owner.dilation[axis] * (owner.kernel_size[axis] - 1)
        before = owner.padding[axis] if not isinstance(owner.padding, str) else reach // 2 * (owner.padding == "same")
        after = before if not isinstance(owner.padding, str) else (reach - reach // 2) * (owner.padding == "same")
        sides += [int(before), int(after)]
    mode = "constant" if owner.padding_mode == "zeros" else owner.padding_mode
    plane = functional.pad(image[channel][None, None], sides, mode=mode)[0, 0]
    rows = row * owner.dilation[0] + torch.arange(size[0]) * owner.stride[0]
    columns = column * owner.dilation[1] + torch.arange(size[1]) * owner.stride[1]
    return plane[rows[:, None], columns[None, :]]
