"""Several processes that train one network together: PyTorch's DistributedDataParallel, started by torchrun."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed

from cnnviewer import devices
from cnnviewer.errors import DeviceError, TrainingError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ALONE", "ProcessLostError", "Team", "choose_device", "join_team"]

_PATIENCE = timedelta(minutes=10)
"""For how long a process waits for the others: a slow disk may hold the one that writes."""


class ProcessLostError(TrainingError):
    """Another process of the team ended, or can't be reached any more."""


@dataclass(frozen=True)
class Team:
    """The processes that train together.

    Parameters
    ----------
    rank
        The number of this process, 0..size - 1; the first is the one that writes.
    size
        How many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def is_writer(self) -> bool:
        """Whether this process writes and tells."""
        return self.rank == 0

    def share(self, count: int) -> slice:
        """Return which of `count` things are this process's: every size-th one."""
        return slice(self.rank, count, self.size)

    def wrap(self, module: torch.nn.Module) -> torch.nn.Module:
        """Return a module whose gradients are averaged over the team; the same module where there is no other."""
        if self.size == 1:
            return module
        return torch.nn.parallel.DistributedDataParallel(module)

    def total(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return the sum over the team of some numbers, ``(n,)``; the tensor itself is changed."""
        if self.size > 1:
            with _told_loss():
                distributed.all_reduce(numbers)
        return numbers

    def gather(self, value: Any) -> list[Any]:
        """Return each process's value, in the order of their ranks."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        with _told_loss():
            distributed.all_gather_object(values, value)
        return values

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn the loss of another process, met in the middle of a computation, into a sentence."""
        if self.size == 1:
            yield
            return
        with _told_loss():
            yield


ALONE = Team()
"""A team of one."""


@contextmanager
def join_team(device: torch.device) -> Iterator[Team]:
    """Join the processes that torchrun started, and leave them at the end; alone where it started none.

    Raises
    ------
    TrainingError
        If the others can't be reached.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield ALONE
        return
    backend = "nccl" if device.type == "cuda" else "gloo"
    try:
        distributed.init_process_group(backend, timeout=_PATIENCE)
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            f"The other machines can't be reached: {error}. Check the address that torchrun was given."
        ) from error
    try:
        yield Team(distributed.get_rank(), distributed.get_world_size())
        # A process that leaves while others still talk to it takes them down.
        distributed.barrier()
    finally:
        distributed.destroy_process_group()


def choose_device(name: str) -> torch.device:
    """Return the device that a setting names; for "auto" the fastest that is there.

    Under torchrun each process of a machine takes a GPU of its own.

    Raises
    ------
    TrainingError
        If this machine has no such device.
    """
    try:
        return devices.choose_device(name, number=int(os.environ.get("LOCAL_RANK", "0")))
    except DeviceError as error:
        raise TrainingError(str(error)) from error


@contextmanager
def _told_loss() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        raise ProcessLostError(
            "Another process of this training was lost, or does not answer. "
            "Start all of them again with --resume: they go on from the last checkpoint."
        ) from error
