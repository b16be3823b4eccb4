"""The optimisers, and their state as plain tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cnnviewer.errors import TrainingError
from cnnviewer.training.settings import Optimiser, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["BETAS", "EPSILON", "make_optimiser", "optimiser_tensors", "restore_optimiser"]

BETAS = (0.9, 0.999)
EPSILON = 1e-8


def make_optimiser(parameters: Sequence[torch.nn.Parameter], settings: Settings) -> torch.optim.Optimizer:
    """Return the optimiser of a run; its learning rate is set before each step.

    Its first use imports much of PyTorch, which takes about 2 seconds.
    """
    # fused: one pass over memory for a parameter; the bits do not depend on the number of threads.
    if settings.optimiser is Optimiser.ADAMW:
        return torch.optim.AdamW(
            parameters, settings.learning_rate, BETAS, EPSILON, weight_decay=settings.weight_decay, fused=True
        )
    return torch.optim.SGD(
        parameters, settings.learning_rate, settings.momentum,
        weight_decay=settings.weight_decay, nesterov=settings.momentum > 0, fused=True,
    )  # fmt: skip


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """Return the state of an optimiser as tensors by name: "3.momentum_buffer" is that of the fourth parameter."""
    return {
        f"{index}.{name}": value
        for index, state in optimiser.state_dict()["state"].items()
        for name, value in state.items()
        if isinstance(value, torch.Tensor)
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    """Give an optimiser the state that `optimiser_tensors` returned.

    Raises
    ------
    TrainingError
        If it is the state of another network's optimiser.
    """
    stored = optimiser.state_dict()
    counts = {index: parameter.shape for index, parameter in enumerate(_parameters(optimiser))}
    states: dict[int, dict[str, torch.Tensor]] = {}
    for key, tensor in tensors.items():
        index, _, name = key.partition(".")
        if not index.isdigit() or int(index) not in counts or tensor.shape not in (counts[int(index)], ()):
            raise TrainingError(f"The optimiser's state does not fit the network: {key} has no parameter.")
        states.setdefault(int(index), {})[name] = tensor
    optimiser.load_state_dict({**stored, "state": states})


def _parameters(optimiser: torch.optim.Optimizer) -> list[torch.Tensor]:
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]
