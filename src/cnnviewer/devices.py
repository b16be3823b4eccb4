"""Where a network runs, CPU, CUDA or MPS, and in which precision.

No torch when it is imported: the window names devices before that.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from cnnviewer.errors import DeviceError

if TYPE_CHECKING:
    import torch

__all__ = [
    "AUTO",
    "Clock",
    "Device",
    "Precision",
    "choose_device",
    "clock_of",
    "exact",
    "float_type",
    "host",
    "is_out_of_memory",
    "let_go",
    "list_devices",
    "titled",
]

AUTO = "auto"
"""Stands for the fastest device that is there: CUDA, else MPS, else the CPU."""

# On a CPU float16 has no fast kernels: EfficientNet-Lite0, ResNet-18 and ViT-Tiny took 5 to 23 times as long as in
# float32, and 0.4 to 0.6 times as long in bfloat16 (AVX-512, one thread).
_HALF = {"cpu": "bfloat16"}
_WITH_FLOAT64 = frozenset({"cpu", "cuda"})
_TITLES = {"cpu": "CPU", "cuda": "CUDA", "mps": "MPS"}


class Precision(StrEnum):
    """With how many bits a network computes."""

    SINGLE = "single"
    HALF = "half"


@dataclass(frozen=True)
class Device:
    """A device, or why there is none of its kind.

    Parameters
    ----------
    name
        What `choose_device` takes: "cpu", "cuda:0", "mps"; of a kind that is missing "cuda" or "mps".
    title
        What people call it, with a card's name and memory.
    half
        The type of numbers that half precision is there: "float16" or "bfloat16".
    missing
        Empty, or why it can't be used.
    """

    name: str
    title: str
    half: str
    missing: str = ""


def list_devices() -> tuple[Device, ...]:
    """Return the devices that are there, and for each kind that is not, why; this imports torch."""
    return (Device("cpu", "CPU", _half("cpu")), *_cards(), _apple())


def choose_device(name: str = AUTO, *, number: int = 0) -> torch.device:
    """Return the device of a name, after a look at whether it is there and can be used; this imports torch.

    Parameters
    ----------
    name
        "auto", "cpu", "cuda", "cuda:1", or "mps".
    number
        Which of several cards "cuda" is, counted around.

    Raises
    ------
    DeviceError
        If this machine has no such device, or there is none of that name.
    """
    import torch

    if name == AUTO:
        return _fastest(number)
    kind, _, own = name.partition(":")
    if kind not in _TITLES or (own and not (kind == "cuda" and own.isdecimal())):
        raise DeviceError(f"There is no device {name!r}; there are auto, cpu, cuda, cuda:0, cuda:1, ..., and mps.")
    missing = _missing(kind)
    if not missing and kind == "cuda":
        count = torch.cuda.device_count()
        name = f"cuda:{own or number % count}"
        missing = f"there are {count}, counted from 0" if int(own or 0) >= count else _failure(name)
    if missing:
        raise DeviceError(f"There is no {titled(name)} device here: {missing}. Choose the CPU, or 'auto'.")
    return torch.device(name)


def float_type(device: torch.device, precision: str = Precision.SINGLE) -> torch.dtype:
    """Return the type of numbers of a precision on a device: float32; for half float16, on the CPU bfloat16."""
    import torch

    half: torch.dtype = getattr(torch, _half(device.type))
    return half if Precision(precision) is Precision.HALF else torch.float32


def exact(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor in float64, detached: where it is, but on the CPU if its device has no such numbers, as MPS."""
    return host(tensor.detach()).double()


def host(tensor: torch.Tensor) -> torch.Tensor:
    """Return a tensor where `exact` puts it, of its own type."""
    return tensor if tensor.device.type in _WITH_FLOAT64 else tensor.cpu()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether a computation failed since no memory was free, on whatever device."""
    is_told = "allocate memory" in str(error) or "out of memory" in str(error)
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and is_told)


def let_go() -> None:
    """Give the system back what PyTorch keeps of a card's memory for later."""
    import torch

    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


# ---- time


class Clock(Protocol):
    """Tells how long the parts of a computation take on a device, of which the host may run ahead."""

    def mark(self) -> Any:
        """Note this moment, of the device's work."""

    def finish(self) -> None:
        """Wait until the device has done all that it was given; then `seconds` may be asked."""

    def seconds(self, start: Any, end: Any) -> float:
        """Return how long the device worked between two moments."""


def clock_of(device: torch.device) -> Clock:
    """Return a clock for a device.

    On CUDA moments are events in the card's own queue: nothing waits for them, and times are those of the card. On MPS
    the host waits for the device at each moment.
    """
    clock: Clock = _CLOCKS.get(device.type, _HostClock)(device)
    return clock


class _HostClock:
    def __init__(self, device: torch.device) -> None:
        del device

    mark = staticmethod(time.perf_counter)

    def finish(self) -> None:
        pass

    def seconds(self, start: float, end: float) -> float:
        return end - start


class _CardClock:
    def __init__(self, device: torch.device) -> None:
        self._device = device

    def mark(self) -> torch.cuda.Event:
        import torch

        event = torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
        event.record(torch.cuda.current_stream(self._device))
        return event

    def finish(self) -> None:
        import torch

        torch.cuda.synchronize(self._device)

    def seconds(self, start: torch.cuda.Event, end: torch.cuda.Event) -> float:
        return float(start.elapsed_time(end)) / 1000


class _WaitingClock(_HostClock):
    def mark(self) -> float:
        self.finish()
        return time.perf_counter()

    def finish(self) -> None:
        import torch

        torch.mps.synchronize()


_CLOCKS: dict[str, type[Any]] = {"cuda": _CardClock, "mps": _WaitingClock}


# ---- what is there


def _half(kind: str) -> str:
    return _HALF.get(kind, "float16")


def titled(name: str) -> str:
    """Return what people call a device of this name: "CPU", "CUDA 1"."""
    kind, _, number = name.partition(":")
    return f"{_TITLES.get(kind, kind)} {number}".strip()


def _missing(kind: str) -> str:
    """Return why there is no device of a kind; empty where there is one."""
    import torch

    if kind == "cuda":
        if torch.cuda.is_available():
            return ""
        if not torch.backends.cuda.is_built():  # type: ignore[no-untyped-call]
            return "this PyTorch is built without CUDA"
        return "PyTorch finds no graphics card of NVIDIA's, or no driver for it"
    if kind == "mps":
        if torch.backends.mps.is_available():
            return ""
        if not torch.backends.mps.is_built():
            return "it is Apple's, and this PyTorch is built for another system"
        return "it needs macOS 14 or later, and a GPU of Apple's"
    return ""


def _cards() -> tuple[Device, ...]:
    import torch

    missing = _missing("cuda")
    if missing:
        return (Device("cuda", "CUDA", _half("cuda"), missing),)
    return tuple(_card(number, torch.cuda.get_device_properties(number)) for number in range(torch.cuda.device_count()))


def _card(number: int, properties: Any) -> Device:
    title = f"CUDA {number} · {properties.name} · {properties.total_memory / 2**30:.0f} GiB"
    return Device(f"cuda:{number}", title, _half("cuda"))


def _apple() -> Device:
    return Device("mps", "MPS", _half("mps"), _missing("mps"))


def _fastest(number: int) -> torch.device:
    import torch

    cards = 0 if _missing("cuda") else torch.cuda.device_count()
    for place in range(cards):
        name = f"cuda:{(number + place) % cards}"
        if not _failure(name):
            return torch.device(name)
    return torch.device("cpu" if _missing("mps") else "mps")


_working: set[str] = set()


def _failure(name: str) -> str:
    """Return why a card that is there can't be used: too old for this PyTorch, say; empty where it can."""
    import torch

    if name not in _working:
        try:
            torch.zeros(1, device=name).add_(1).item()
        except RuntimeError as error:
            return f"a first computation failed there ({str(error).splitlines()[0]})"
        _working.add(name)
    return ""
