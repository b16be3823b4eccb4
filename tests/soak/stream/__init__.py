"""A simulated camera in the real window for as long as is told, with changes of the network, and scrolling."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seeds import try_seed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trials import Plan, Trial

__all__ = ["trials"]


def trials(plan: Plan) -> Iterator[Trial]:
    """Stream for the whole time, in one process."""
    yield from try_seed(Path(__file__).with_name("child.py"), plan, plan.seed, plan.minutes * 60)
