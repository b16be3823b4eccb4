"""A forward pass of a network's own code under a tape, and what went wrong in one, in words."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from cnnviewer import obstacles
from cnnviewer.devices import is_out_of_memory
from cnnviewer.draws import draws_now, set_draws
from cnnviewer.errors import Cancelled, RecordingError
from cnnviewer.kept_state import KeptState
from cnnviewer.network import eval_mode
from cnnviewer.returned import named_tensors
from cnnviewer.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnnviewer.draws import Draws
    from cnnviewer.network import Network

__all__ = ["Pass", "run_pass", "told_errors"]


@dataclass(frozen=True, eq=False)
class Pass:
    """What a network's own code did with an image.

    Parameters
    ----------
    tape
        All operations.
    result
        What the network returned.
    seconds
        How long it took, until the device had done all of it.
    obstacle
        Why the operations can't be run again without the network's code; '' where they might.
    """

    tape: Tape
    result: Any
    seconds: float
    obstacle: str


def run_pass(network: Network, image: torch.Tensor) -> Pass:
    """Run a network's own code on an image, without gradients; with them where the code itself asks for some.

    Parameters
    ----------
    network
        The network; the modes of its submodules are afterwards as they were before.
    image
        What it takes, ``(1, C, H, W)``.
    """
    before, draws = KeptState(network.modules), draws_now(image.device)
    try:
        with torch.inference_mode():
            found = _run(network, image)
    except RuntimeError as error:
        if not _is_of_gradients(error):
            raise
        return _run_with_gradients(network, image, before, draws)
    obstacle = obstacles.STATE if before.is_changed else found.tape.obstacle
    return Pass(found.tape, found.result, found.seconds, obstacle)


def _run_with_gradients(network: Network, image: torch.Tensor, before: KeptState, draws: Draws) -> Pass:
    """Run a network whose code computes gradients: where it asks for them, and if that won't do, of all."""
    for mode in (torch.no_grad, torch.enable_grad):
        before.restore()
        set_draws(draws, image.device)
        try:
            with torch.inference_mode(False), mode():
                found = _run(network, image.clone())
        except RuntimeError as error:
            if mode is torch.enable_grad or not _is_of_gradients(error):
                raise
        else:
            break
    return Pass(found.tape, found.result, found.seconds, obstacles.GRADIENTS)


def _is_of_gradients(error: RuntimeError) -> bool:
    return any(word in str(error).lower() for word in _OF_GRADIENTS)


def _run(network: Network, image: torch.Tensor) -> Pass:
    tape = Tape(network, image)
    with eval_mode(network.modules):
        start = time.perf_counter()
        with tape:
            result = network.module(image)
        tape.renew([tensor for _, tensor in named_tensors(result)])
        tape.end()
        seconds = time.perf_counter() - start
    return Pass(tape, result, seconds, "")


_OF_GRADIENTS = ("inference tensor", "inferencemode", "does not require grad", "requires_grad")
"""Of what PyTorch speaks where code that computes gradients meets tensors that can have none."""


@contextmanager
def told_errors(network: Network) -> Iterator[None]:
    """Turn what goes wrong in a network into a sentence: a `RecordingError`."""
    try:
        yield
    except Cancelled:
        raise
    except Exception as error:
        raise RecordingError(_sentence(network, error)) from error


def _sentence(network: Network, error: Exception) -> str:
    """Return what is told of an exception in a network."""
    name, text = network.name, str(error)
    if is_out_of_memory(error):
        return f"{name} needs more memory for this image than is free; close other programs or take a smaller network."
    if network.dtype in (torch.float16, torch.bfloat16) and any(word in text for word in _OF_TYPES):
        reason = _reason(network, text)
        return f"{name} can't run in half precision on {network.device}: {reason}. Choose single precision."
    if isinstance(error, NotImplementedError) and network.device.type != "cpu":
        return f"{name} can't run on {network.device}: {text}. Choose another device."
    if not isinstance(error, RuntimeError):
        text = f"{type(error).__name__}: {text}"
    return f"{name} failed on this image: {text}"


def _reason(network: Network, text: str) -> str:
    """Return why a type of numbers won't do, without the place in PyTorch's own source where that was seen."""
    missing = re.search(r'"([\w:]+?)(?:_kernel)?(?:_impl)?" not implemented for', text)
    if missing is None:
        return text
    return f"one of its operations ({missing[1]}) is not made for {str(network.dtype).removeprefix('torch.')}"


_OF_TYPES = ("not implemented for", "dtype", "Half", "BFloat16", "scalar type")
"""Of what PyTorch speaks where an operation does not take its operands' types of numbers."""
