"""Spectra: Fourier transforms of signals, real numbers and imaginary ones in a last axis of two."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from cnnviewer.networks.files.onnx_import.values import number

if TYPE_CHECKING:
    from cnnviewer.networks.files.onnx_import.node import Given
    from cnnviewer.networks.files.onnx_import.values import Value


def _as_complex(x: torch.Tensor) -> torch.Tensor:
    return torch.complex(x[..., 0], torch.zeros_like(x[..., 0]) if x.shape[-1] == 1 else x[..., 1])


def fourier(given: Given, x: torch.Tensor, length: Value = None, axis: Value = None) -> torch.Tensor:
    """Return the discrete Fourier transform along an axis, or its inverse."""
    place = int(number(axis, given.get("axis", 1 if given.opset < 20 else -2))) % x.ndim
    is_one_sided, is_inverse = given.flag("onesided"), given.flag("inverse")
    size = number(length, None)
    if is_inverse and is_one_sided:
        found: torch.Tensor = torch.fft.irfft(_as_complex(x), n=size, dim=place)
        return found.unsqueeze(-1)
    if is_inverse:
        return torch.view_as_real(torch.fft.ifft(_as_complex(x), n=size, dim=place))
    found = torch.fft.fft(_as_complex(x), n=size, dim=place)
    if is_one_sided:
        found = found.narrow(place, 0, found.shape[place] // 2 + 1)
    return torch.view_as_real(found)


def short_fourier(
    given: Given, x: torch.Tensor, step: Value, window: torch.Tensor | None = None, length: Value = None
) -> torch.Tensor:
    """Return the Fourier transforms of windows of a signal, ``(batch, frames, bins, 2)``."""
    size = int(number(length, 0)) or (0 if window is None else window.numel())
    signal = _as_complex(x) if x.ndim == 3 else torch.complex(x, torch.zeros_like(x))
    frames = signal.unfold(1, size, int(number(step, 1)))
    if window is not None:
        frames = frames * window
    found = torch.fft.fft(frames, dim=-1)
    return torch.view_as_real(found[..., : size // 2 + 1] if given.flag("onesided", True) else found)
