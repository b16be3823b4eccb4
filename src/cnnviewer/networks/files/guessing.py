"""Guessing what a file does not tell of its network, and why: size, classes, values of the pixels.

What is told, in the file, beside it or by its name, comes first. The values of the pixels are then those that the
network turns into a usual range itself, those that its first batch normalisation remembers, or the usual ones; known
photos that are named right prove them, and the names of the classes with them. Without a proof classes have numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cnnviewer.card import Card
from cnnviewer.network_reports import Reason
from cnnviewer.networks.category_lists import list_of, lists_of_count, names_of
from cnnviewer.networks.files.evidence import Evidence, Strength
from cnnviewer.networks.files.first_norm import remembered_way
from cnnviewer.networks.files.gathering import evidence_within
from cnnviewer.networks.files.own_scaling import own_scaling
from cnnviewer.networks.files.presets import applied, presets_for
from cnnviewer.networks.files.sizing import sized
from cnnviewer.networks.files.trials import Way, run_trials

if TYPE_CHECKING:
    import torch

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.networks.files.opened import Hints
    from cnnviewer.networks.files.presets import Preset
    from cnnviewer.networks.files.sizing import Sized
    from cnnviewer.networks.files.trials import Outcome
    from cnnviewer.preprocessing import Preprocessing

__all__ = ["Guess", "guess"]

_NOTHING = Evidence()
_SINGLE = "CIFAR-10"
"""A list of which one sample alone is known: a right answer is a proof together with the architecture."""
_SMALL, _FEW = 64, 10
_SOME = 4
"""Of so many samples more than one must be named right, and of more a quarter, not to speak against names."""


@dataclass(frozen=True, eq=False)
class Guess:
    """A card, and why it is as it is.

    Parameters
    ----------
    card
        The card.
    reasons
        Why each part of it is as it is.
    classes
        How many class scores the network gives; 0 where none.
    outcome
        How it names known photos; None where none shows one of its classes.
    """

    card: Card
    reasons: tuple[Reason, ...]
    classes: int
    outcome: Outcome | None = None


def guess(
    module: torch.nn.Module,
    hints: Hints,
    *,
    title: str,
    usual: Preprocessing | None = None,
    categories: tuple[str, ...] = (),
    evidence: Evidence = _NOTHING,
    progress: ProgressCallback | None = None,
) -> Guess:
    """Return a card for a module, in eval mode.

    Parameters
    ----------
    module
        It takes ``(1, C, H, W)``.
    hints
        What the file tells.
    title
        What messages and the card call the network.
    usual
        The preprocessing of the architecture's own weights, where it is known.
    categories
        Those of the architecture's own weights, where there are as many.
    evidence
        What lies beside the file, and its name.
    progress
        Told between two trials; it may raise `Cancelled`.

    Raises
    ------
    NetworkError
        If the network runs at none of the usual sizes.
    """
    evidence = evidence_within(hints) + evidence
    fitted = sized(module, hints, evidence, usual, title, progress)
    told, why = _told_names(evidence, fitted.classes)
    ways, why_first = _ways(module, evidence, fitted.preprocessing, is_own=usual is not None)
    lists = [told] if told else _likely(fitted, categories)
    outcome = run_trials(module, ways, lists, title, progress) if fitted.classes else None
    names, proof = (told, "") if told else _proven_names(fitted.classes, outcome, categories, evidence)
    why = proof + why + (_against_names(outcome) if told else "")
    preprocessing, why_pixels = _decided(outcome, ways, why_first, is_named=bool(names))
    is_proven = outcome is not None and outcome.is_proof
    # Without names there is nothing that could be wrong.
    of_names = Reason("categories", why, is_told=bool(told) or is_proven or not names)
    of_pixels = Reason("mean", why_pixels, is_told=is_proven or len(ways) == 1)
    reasons = (*fitted.reasons, *([of_names] if fitted.classes else []), of_pixels, *_problems(evidence))
    return Guess(Card(preprocessing, list_of(names) or names, name=title), reasons, fitted.classes, outcome)


def _against_names(outcome: Outcome | None) -> str:
    """Return what known photos say against names that are told; '' where they say nothing."""
    if outcome is None or outcome.photos < _SOME or outcome.rank[0] > outcome.photos // _SOME:
        return ""
    return f" But only {outcome.rank[0]} of {outcome.photos} sample images are named right."


def _problems(evidence: Evidence) -> tuple[Reason, ...]:
    """Return what is told of files beside a network that could not be used."""
    told = " ".join(dict.fromkeys(evidence.problems))
    return (Reason("file", told, is_told=True),) if told else ()


# ---- names of the classes


def _told_names(evidence: Evidence, classes: int) -> tuple[tuple[str, ...], str]:
    """Return the names that are told for so many classes, and who tells them; empty where nobody does."""
    fitting = [clue for clue in evidence.categories if len(clue.value) == classes]
    others = [clue for clue in evidence.categories if len(clue.value) != classes]
    against = "".join(f" {clue.source} has {len(clue.value):,} names, which are not used." for clue in others[:2])
    if fitting:
        first = fitting[0]
        but = "".join(f" {other.source} tells others." for other in fitting[1:] if other.value != first.value)
        return first.value, f"{first.source} tells them.{but}{against}"
    for named in evidence.datasets:
        if named.strength is Strength.TOLD and named.value in lists_of_count(classes):
            return names_of(named.value), f"{named.source} says {named.value}.{against}"
    return (), against


def _likely(fitted: Sized, own: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the names that a network's classes may have: those of the architecture's own weights first."""
    how = fitted.preprocessing
    # Digits and clothes are small grey pictures: a large network over photos is not tried on all of them.
    names = lists_of_count(fitted.classes) if how.is_grey or max(how.size) <= _SMALL or fitted.classes > _FEW else ()
    lists = [names_of(name) for name in names]
    return [*([own] if own and len(own) == fitted.classes else []), *lists]


def _proven_names(
    classes: int, outcome: Outcome | None, own: tuple[str, ...], evidence: Evidence
) -> tuple[tuple[str, ...], str]:
    """Return the names that right answers prove, or that the file's name says; no names where neither does."""
    if outcome is not None:
        name = list_of(outcome.names) or "its architecture's own weights"
        right = f"{outcome.rank[0]} of {outcome.photos} sample images are named right as classes of {name}"
        if outcome.is_proof:
            return outcome.names, f"{right}."
        if outcome.names == own and list_of(own) == _SINGLE and outcome.rank[0] == outcome.photos:
            return own, f"Its architecture is one for {_SINGLE}, and a cat is named right."
    for clue in evidence.datasets:
        if clue.value in lists_of_count(classes):
            return names_of(clue.value), f"{clue.source} says {clue.value}; nothing proves it."
    lists = lists_of_count(classes)
    as_many = f"{', '.join(lists[:-1])} and {lists[-1]} have" if len(lists) > 1 else f"{lists[0]} has" if lists else ""
    hint = f" {as_many} as many: choose {'one' if len(lists) > 1 else 'it'} if it is that." if lists else ""
    return (), f"The network tells {classes:,} classes apart; nothing tells or proves their names.{hint}"


# ---- values of the pixels


def _ways(
    module: torch.nn.Module, evidence: Evidence, preprocessing: Preprocessing, *, is_own: bool
) -> tuple[list[Way], str]:
    """Return the ways of scaling pixels, the likeliest first, and why that one is; only one where it is told."""
    usual = Way("the architecture's own" if is_own else presets_for(preprocessing.channels)[0].name, preprocessing)
    made = [Way(preset.name, applied(preset, preprocessing)) for preset in presets_for(preprocessing.channels)]
    ways = [usual, *(way for way in made if way.preprocessing != preprocessing)]
    place = remembered_way(module, [way.preprocessing for way in ways])
    remembered = None if place is None else ways[place]
    for clue in evidence.pixels:
        told = _fitting(clue.value, preprocessing.channels)
        if told is not None:
            way = Way(f"as {_lower(clue.source)} says", applied(told, preprocessing))
            return [way], f"{clue.source} says so.{_against(way, remembered)}"
    scaling = own_scaling(module, preprocessing)
    if scaling is not None and (scaling.is_usual or remembered is None):
        first = Way(scaling.preset.name, applied(scaling.preset, preprocessing))
        why = (
            f"The network scales the image itself: of pixels of {scaling.preset.name} black becomes "
            f"{_some(scaling.black)} and white {_some(scaling.white)} before its first weights."
            f"{_against(first, remembered)}"
        )
    elif remembered is not None:
        first = remembered
        why = f"Its first batch normalisation remembers images that were scaled so: {remembered.name}."
    else:
        first, why = usual, ""
    return [first, *(way for way in ways if way.preprocessing != first.preprocessing)], why


def _against(way: Way, remembered: Way | None) -> str:
    """Return what the first batch normalisation says against a way; '' where it says nothing."""
    if remembered is None or _is_alike(way.preprocessing, remembered.preprocessing):
        return ""
    return f" But its first batch normalisation remembers others: {remembered.name}."


def _is_alike(first: Preprocessing, second: Preprocessing) -> bool:
    """Whether black and white become nearly the same."""
    for byte in (0, 255):
        levels = (
            [(byte / how.divisor - mean) / dev for mean, dev in zip(how.mean, how.deviation, strict=True)]
            for how in (first, second)
        )
        if any(abs(one - other) > 0.5 * max(1, abs(one)) for one, other in zip(*levels, strict=True)):
            return False
    return True


def _decided(outcome: Outcome | None, ways: list[Way], why_first: str, *, is_named: bool) -> tuple[Preprocessing, str]:
    """Return how pixels are scaled, and why: as photos that are named right prove it, else as the first way says."""
    if outcome is not None and outcome.is_proof:
        is_first = outcome.best is ways[0]
        return outcome.best.preprocessing, f"{why_first if is_first else ''} {outcome.sentence}".strip()
    if why_first:
        return ways[0].preprocessing, why_first
    if outcome is not None and is_named:
        return outcome.best.preprocessing, outcome.sentence
    name = ways[0].name
    return ways[0].preprocessing, f"{name[:1].upper()}{name[1:]} is taken; nothing tells or proves another."


def _fitting(preset: Preset, channels: int) -> Preset | None:
    """Return a preset that was told as it suits so many channels; None where it has another number of them."""
    if len(preset.mean) not in (1, channels) or len(preset.deviation) not in (1, channels):
        return _in_grey(preset) if channels == 1 else None
    return replace(preset, order="L") if channels == 1 else preset


def _in_grey(preset: Preset) -> Preset:
    mean, deviation = (sum(numbers) / len(numbers) for numbers in (preset.mean, preset.deviation))
    return replace(preset, order="L", mean=(mean,), deviation=(deviation,))


def _some(levels: tuple[float, ...]) -> str:
    """Return the numbers of the channels for a sentence: one where all are alike."""
    texts = dict.fromkeys(f"{level:.3g}".replace("-", "−") for level in levels)
    return ", ".join(texts)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text[:3] == "The" else text
