"""A seeded random user of the real window, with its real worker; each seed in a process of its own.

The same seed makes the same wishes again, though threads may answer them in another order.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seeds import try_seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trials import Plan, Trial

__all__ = ["trials"]

_LONGEST = 15.0
"""For how many minutes one seed is tried, at most."""
_LEAST = 20.0
"""For how many seconds another seed is worth its beginning."""


def trials(plan: Plan) -> Iterator[Trial]:
    """Try a seed after the other, until the time is over."""
    seed = plan.seed
    while seed == plan.seed or plan.seconds_left > _LEAST:
        seconds = max(5.0, min(_LONGEST * 60, plan.seconds_left))
        yield from try_seed(Path(__file__).with_name("child.py"), plan, seed, seconds)
        seed += 1
