"""Random numbers that depend on nothing but the run's seed and a counter.

Each epoch's order and each step's augmentation and dropout have a generator of their own, made of (seed, purpose,
counter). So the random state of a training at any step is its seed and the number of the step: a run that is resumed,
or shared by several machines, draws what an uninterrupted one on a single machine draws.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import torch

__all__ = ["Purpose", "generator_for", "seed_for"]


class Purpose(IntEnum):
    """What random numbers are drawn for."""

    ORDER = 1
    AUGMENTATION = 2
    DROPOUT = 3


def seed_for(seed: int, purpose: Purpose, counter: int) -> int:
    """Return a seed, 0..2^63 - 1; different arguments give seeds that have nothing to do with each other."""
    return int(np.random.SeedSequence([seed, purpose, counter]).generate_state(1, np.uint64)[0] >> 1)


def generator_for(seed: int, purpose: Purpose, counter: int) -> torch.Generator:
    """Return a generator on the CPU; see `seed_for`."""
    return torch.Generator().manual_seed(seed_for(seed, purpose, counter))
