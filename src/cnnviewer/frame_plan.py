"""A forward pass for a stream: fast, and only what is looked at is kept."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import torch

from cnnviewer.draws import draws_now, same_draws
from cnnviewer.fusion import Kernel, kernels
from cnnviewer.proving import noise_like
from cnnviewer.replay import versions_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cnnviewer.replay import Plan, Step

__all__ = ["FramePlan"]

_TOLERANCE = 1e-3
"""How far, as a share of a layer's largest value, fused operations may be from those of the network."""


class FramePlan:
    """Runs the operations of a plan on one frame after another.

    Each result is let go as soon as nothing needs it any more, operations that nobody looks at are fused, and maps lie
    in the memory as the device likes them best. The values are those of the plan but for rounding.

    Where fusing would change what they return, for this image or for random numbers in its place, nothing is fused.

    Parameters
    ----------
    plan
        The operations.
    image
        An image, ``(1, C, H, W)``.

    Attributes
    ----------
    blank
        For each operation a tensor like its result, on the device "meta": without values.
    """

    def __init__(self, plan: Plan, image: torch.Tensor) -> None:
        self._plan = plan
        self._shapes: list[torch.Size] = []
        self._steps: tuple[Step, ...] = ()
        self._kept: frozenset[int] | None = None
        self._kernels: dict[tuple[int, ...], Kernel] = {}
        self._freed: list[tuple[int, ...]] = []
        self._versions: tuple[int, ...] | None = ()
        self.is_fused = versions_of(plan.weights) is not None
        # Each layer is kept once and fused once; most is fused where the last alone is kept. That comes last: most of
        # its kernels are those of the frames to come. Of two images the outputs are not there at once.
        every = range(plan.count)
        outputs = self._check(noise_like(image), (every[::2], every[1::2]))
        self.blank = tuple(torch.empty_like(output, device="meta") for output in outputs)
        del outputs
        if self.is_fused:
            self._check(image, (every[-1:],))

    def run(self, image: torch.Tensor, kept: frozenset[int]) -> Iterator[tuple[int, torch.Tensor, tuple[Any, Any]]]:
        """Run all operations on an image ``(1, C, H, W)``, and yield what each of the kept ones returned.

        Yields
        ------
        number, output, span
            An operation's number, what it returned, and when it began and ended by the plan's clock; a fused
            operation's time is that of all that was fused into it. Nothing changes the output any more.
        """
        self._prepare(kept)
        made: list[Any] = [None] * self._plan.count + [image]
        steps, places, mark = self._steps, self._plan.places, self._plan.clock.mark
        for kernel, freed in zip(self._kernels.values(), self._freed, strict=True):
            start = mark()
            result = kernel.run(made)
            step, place = steps[kernel.step], places[kernel.step]
            end = step.store(result, made, place)
            span = start, mark()
            for number in range(place, end):
                if number in kept:
                    yield number, made[number], span
            for number in freed:
                made[number] = None

    def _check(self, image: torch.Tensor, choices: Sequence[Sequence[int]]) -> list[torch.Tensor]:
        """Return what the operations return; fuse nothing more where that changes it, whichever of these are kept."""
        draws = draws_now(image.device)
        with same_draws(draws, image.device):
            outputs, _ = self._plan.run(image)
        self._shapes = [*(output.shape for output in outputs), image.shape]
        for kept in choices:
            if self.is_fused:
                with same_draws(draws, image.device):
                    self.is_fused = self._gives(image, outputs, frozenset(kept))
        if not self.is_fused:
            self._kernels, self._kept = {}, None
        return outputs

    def _gives(self, image: torch.Tensor, outputs: Sequence[torch.Tensor], kept: frozenset[int]) -> bool:
        """Whether all that is worked out, fused as far as these allow, is what the operations returned one by one."""
        places, made = self._plan.places, [*[None] * self._plan.count, image]
        try:
            self._prepare(kept)
            for kernel, freed in zip(self._kernels.values(), self._freed, strict=True):
                place = places[kernel.step]
                end = self._steps[kernel.step].store(kernel.run(made), made, place)
                for found, wanted in zip(made[place:end], outputs[place:end], strict=True):
                    if found is None or not _is_near(found, wanted):
                        return False
                for number in freed:
                    made[number] = None
        except (RuntimeError, NotImplementedError, TypeError):  # beyond this PyTorch
            return False
        return True

    def _prepare(self, kept: frozenset[int]) -> None:
        steps = self._plan.steps
        if steps is not self._steps or self._current_versions() != self._versions:
            # The network has learnt: what was made of its weights is old.
            self._steps, self._kernels, self._kept = steps, {}, None
        if kept == self._kept:
            return
        if self.is_fused:
            known = {key: kernel for key, kernel in self._kernels.items() if kernel.weights}
            self._kernels = kernels(steps, self._plan.places, self._shapes, kept, known)
        else:
            self._kernels = _one_by_one(steps)
        self._kept, self._freed = kept, _last_uses(self._kernels, kept)
        self._versions = self._current_versions()

    def _current_versions(self) -> tuple[int, ...] | None:
        # Those that the pass works out itself tell of no change: then the plan has other steps.
        weights = (weight for kernel in self._kernels.values() for weight in kernel.weights)
        return versions_of([weight for weight in weights if not weight.is_inference()])


def _one_by_one(steps: tuple[Step, ...]) -> dict[tuple[int, ...], Kernel]:
    return {(number,): Kernel(step.run, number, step.sources) for number, step in enumerate(steps)}


def _last_uses(found: Mapping[tuple[int, ...], Kernel], kept: frozenset[int]) -> list[tuple[int, ...]]:
    """Return, for each kernel, the results that nothing needs behind it."""
    last = {source: place for place, kernel in enumerate(found.values()) for source in kernel.sources}
    freed: list[list[int]] = [[] for _ in found]
    for source, place in last.items():
        if source >= 0 and source not in kept:
            freed[place].append(source)
    return [tuple(numbers) for numbers in freed]


def _is_near(found: torch.Tensor, wanted: torch.Tensor) -> bool:
    if found.shape != wanted.shape or found.dtype != wanted.dtype:
        return False
    if not wanted.numel():
        return True
    found, wanted = found.float(), wanted.float()
    reach, distance = float(wanted.abs().amax()), float((found - wanted).abs_().amax())
    if isfinite(reach) and isfinite(distance):
        return distance <= _TOLERANCE * reach + 1e-30
    reach = float(wanted.abs().nan_to_num(0.0, 0.0, 0.0).amax())
    return torch.allclose(found, wanted, rtol=0.0, atol=_TOLERANCE * reach + 1e-30, equal_nan=True)
