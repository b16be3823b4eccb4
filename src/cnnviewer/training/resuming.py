"""With what a run goes on that was interrupted, or has ended: the same as before, but for what must be, or is asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from cnnviewer.devices import AUTO, titled
from cnnviewer.errors import TrainingError
from cnnviewer.training.plan import found_again, plan_from_card, steps_per_epoch
from cnnviewer.training.team import choose_device

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.networks.trained import SavedState
    from cnnviewer.training.plan import Plan
    from cnnviewer.training.team import Team

__all__ = ["Changes", "Resumed", "resumed"]


@dataclass(frozen=True)
class Changes:
    """What is to be another way than in the training that goes on.

    Parameters
    ----------
    device
        Where; None for where it was, or where that is not here, for the fastest device that is.
    more_epochs
        How many epochs come after those that it had.
    dataset, data_folder
        Where its images lie now.
    download
        Whether they may be downloaded.
    """

    device: str | None = None
    more_epochs: int = 0
    dataset: str | None = None
    data_folder: Path | None = None
    download: bool = False


@dataclass(frozen=True)
class Resumed:
    """With what a run goes on.

    Parameters
    ----------
    plan
        What is trained, on what, and how; on a device that is here.
    settings
        Of its settings those that are others than the card tells, for the card.
    remarks
        What is to be known of it, in sentences.
    """

    plan: Plan
    settings: dict[str, Any]
    remarks: tuple[str, ...]


def resumed(folder: Path, card: dict[str, Any], saved: SavedState | None, changes: Changes, team: Team) -> Resumed:
    """Return with what a run goes on.

    Parameters
    ----------
    folder, card
        The run's.
    saved
        Its checkpoint; None where it has none, and begins anew.
    changes
        What is asked for.
    team
        The processes that go on with it.

    Raises
    ------
    TrainingError
        If the card can't be read, or what is asked for can't be.
    """
    plan = found_again(plan_from_card(card), folder)
    kept_folder = None if changes.dataset else plan.data_folder
    plan = replace(
        plan,
        dataset=changes.dataset or plan.dataset,
        data_folder=changes.data_folder or kept_folder,
        download=changes.download,
    )
    if saved is not None:  # the run has weights of its own: not the pretrained ones again
        plan = replace(plan, architecture=replace(plan.architecture, pretrained=False))
    settings, told = _with_epochs(card, saved, plan, changes.more_epochs)
    device, moved = _device(plan.settings.device, saved, changes.device, team)
    plan = replace(plan, settings=replace(plan.settings, **settings, device=device))
    return Resumed(plan, settings, (*_damaged(saved), *moved, *told))


def _with_epochs(
    card: dict[str, Any], saved: SavedState | None, plan: Plan, more: int
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the settings that change where a run trains on after its end, and what is to be said of them."""
    if more < 0:
        raise TrainingError(f"A training goes on for 1 epoch more or for many, not for {more}.")
    if not more:
        return {}, ()
    before, done = plan.settings, 0 if saved is None else -(-saved.step // steps_per_epoch(card))
    had = done if "finished_step" in card else before.epochs
    changed = replace(before, epochs=had + more)
    if _has_reached_target(card):
        changed = replace(changed, target_accuracy=None, target_error=None)
    told = f"It trains on until {changed.epochs:,} epoch{' is' if changed.epochs == 1 else 's are'} done"
    told += ", over all of which the learning rate follows its schedule." if before.schedule != "constant" else "."
    old, new = asdict(before), asdict(changed)
    return {name: value for name, value in new.items() if value != old[name]}, (told,)


def _has_reached_target(card: dict[str, Any]) -> bool:
    """Whether a run ended before all of its epochs were done."""
    return int(card.get("finished_step", 0)) < int(card["settings"]["epochs"]) * steps_per_epoch(card)


def _device(
    asked_at_first: str, saved: SavedState | None, asked: str | None, team: Team
) -> tuple[str, tuple[str, ...]]:
    """Return where a run goes on, and what is to be said of it."""
    device = asked or (asked_at_first if _is_here(asked_at_first) else AUTO)
    here = choose_device(device).type
    state = {} if saved is None else saved.state
    first = AUTO if saved is None else asked_at_first.partition(":")[0]
    was = str(state.get("device", here if first == AUTO else first))
    was = first if was == here and not _is_here(asked_at_first) else was
    processes = int(state.get("processes", team.size))
    bits = "What it learns from here on is not the same to the last bit as it would have been there."
    told = []
    if was != here:
        missing = "" if _is_here(was) else ", which this machine does not have"
        told.append(f"This training was on {titled(was)} before{missing}; it goes on on {titled(here)}. {bits}")
    if processes != team.size:
        told.append(f"This training ran in {processes} processes before, and goes on in {team.size}. {bits}")
    return device, tuple(told)


def _is_here(device: str) -> bool:
    try:
        choose_device(device)
    except TrainingError:
        return False
    return True


def _damaged(saved: SavedState | None) -> tuple[str, ...]:
    """Return what is to be said of checkpoints that were passed over."""
    if saved is None or not saved.damaged:
        return ()
    steps = " and ".join(f"{step:,}" for step in reversed(saved.damaged))
    which = f"checkpoint of step {steps} is" if len(saved.damaged) == 1 else f"checkpoints of steps {steps} are"
    return (f"The {which} damaged: the training goes on from the one before, of step {saved.step:,}.",)
