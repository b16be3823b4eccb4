"""Which of several architectures a file of weights is of, where their tensors have the same names and shapes.

Over 200 networks of timm and torchvision share all names and shapes with another that pads or pools in another way, and
computes something else with the same weights. What is told decides: a configuration, the file's own settings, the names
of the file and its folder. Else known photos do, where the classes are known; else it is left open, and said.
"""

from __future__ import annotations

import math
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from cnnviewer.errors import NetworkError
from cnnviewer.networks.files.presets import applied, presets_for
from cnnviewer.networks.files.trials import PATIENCE, Way, run_trials
from cnnviewer.networks.names import TIMM, source_file

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.network_reports import Fit
    from cnnviewer.networks.files.evidence import Clue, Evidence
    from cnnviewer.networks.files.trials import Outcome
    from cnnviewer.networks.matching import OpenedWeights

__all__ = ["Choice", "choose", "likeness"]

_SEPARATORS = re.compile(r"[-_ ]")
_SURER = math.log(1.5)
"""Photos decide between two architectures where the right answers are half as probable again, a photo. What differs in
the padding alone takes hundreds of photos to tell: of EfficientNet-Lite0 the wrong one is a little surer of these."""
_MOST = 4
_SIDE = 96


@dataclass(frozen=True)
class Choice:
    """The architecture that was chosen for a file of weights.

    Parameters
    ----------
    architecture
        Its name; '' where none fits.
    reason
        Why, where there were several, a sentence; '' else.
    is_open
        Whether nothing tells which of several it is.
    more
        How architectures fit that were told and are none of those found by their tensors.
    """

    architecture: str
    reason: str = ""
    is_open: bool = False
    more: tuple[Fit, ...] = field(default=(), repr=False)


def choose(
    fits: Sequence[Fit],
    evidence: Evidence,
    *,
    compare: Callable[[str], Fit],
    fill: Callable[[str], OpenedWeights],
    title: str,
    progress: ProgressCallback | None = None,
) -> Choice:
    """Return the architecture that a file of weights is of.

    Parameters
    ----------
    fits
        The architectures that were found by their tensors, the best first.
    evidence
        What the file says, what lies beside it, and its name.
    compare
        Tells how the tensors fit an architecture; it may raise `NetworkError`.
    fill
        Fills an architecture that fits.
    title
        What the file is called.
    progress
        Told between two trials; it may raise `Cancelled`.

    Raises
    ------
    Cancelled
        If `progress` raised it.
    """
    whole = [fit for fit in fits if fit.is_whole]
    told = _told(compare, whole, evidence)
    if told is not None:
        return told
    names = [fit.architecture for fit in whole if fit.adaptation == whole[0].adaptation][:_MOST]
    if len(names) < 2:
        return Choice(names[0] if names else "")
    named = _named(names, evidence.titles)
    return named or _compared(fill, names, title, progress)


def likeness(told: str, name: str) -> int:
    """Return how much a name that was told is like one that is listed: 0 for not at all, 1 where it is the family's.

    Parameters
    ----------
    told
        "tf_efficientnet_b0.ns_jft_in1k", "microsoft/resnet-50", "resnet".
    name
        As `load_network` takes it: "timm/tf_efficientnet_b0".
    """
    own, other = (text.lower().rpartition("/")[2] for text in (told, name))
    if own == other:
        return 4
    own, other = own.partition(".")[0], other.partition(".")[0]
    if own == other:
        return 3
    if _SEPARATORS.sub("", own) == _SEPARATORS.sub("", other):
        return 2
    family = "_?".join(map(re.escape, _SEPARATORS.split(own)))
    return int(bool(own) and re.match(rf"{family}(?![a-z])", other) is not None)


# ---- what is told


def _told(compare: Callable[[str], Fit], whole: Sequence[Fit], evidence: Evidence) -> Choice | None:
    """Return what is told and fits; None where nothing of that is."""
    misfits: list[str] = []
    for clue in evidence.architectures:
        alike = [likeness(clue.value, fit.architecture) for fit in whole]
        if any(alike):
            name = whole[alike.index(max(alike))].architecture
            return _with_tag(clue, name, compare) or Choice(name, " ".join((_says(clue), *misfits[:1])))
        for fit in _fits_of(clue.value, compare):
            if fit.is_whole:
                return Choice(fit.architecture, _says(clue), more=(fit,))
            misfits.append(f"{clue.source} says {clue.value}, of which {fit.matches:,} of {fit.count:,} tensors fit.")
    if misfits and whole:
        return Choice(whole[0].architecture, misfits[0])
    return None


def _says(clue: Clue[str]) -> str:
    return f"{clue.source} says {clue.value}."


def _with_tag(clue: Clue[str], name: str, compare: Callable[[str], Fit]) -> Choice | None:
    """Return the choice of weights that are told by timm's tag, whose preprocessing is their own."""
    tagged = TIMM + clue.value.rpartition("/")[2]
    if not tagged.startswith(f"{name}.") or source_file(tagged) is None:
        return None
    fit = compare(tagged)
    return Choice(tagged, _says(clue), more=(fit,)) if fit.is_whole else None


def _fits_of(told: str, compare: Callable[[str], Fit]) -> list[Fit]:
    """Return how the tensors fit the networks that a told name may mean; none where it means nothing."""
    name = told.rpartition("/")[2]
    fits = []
    for listed in dict.fromkeys((name, TIMM + name)):
        try:
            if source_file(listed) is not None:
                fits.append(compare(listed))
        except NetworkError:  # another version of the library has no such network
            continue
    return sorted(fits, key=lambda fit: not fit.is_whole)


def _named(names: Sequence[str], titles: Sequence[Clue[str]]) -> Choice | None:
    """Return the architecture whose name stands in that of the file or its folder; the longest, if several do."""
    for clue in titles:
        text = f"_{_SEPARATORS.sub('_', clue.value.lower())}_"
        found = [name for name in names if re.search(rf"(?<![a-z0-9]){re.escape(_plain(name))}(?![a-z0-9])", text)]
        if found:
            # The longest, and of those that differ in a hyphen alone the one that is written so.
            spelt = [(len(_plain(name)), name.removeprefix(TIMM) in clue.value.lower()) for name in found]
            return Choice(found[spelt.index(max(spelt))], f"{clue.source} says {clue.value}.")
    return None


def _plain(name: str) -> str:
    return _SEPARATORS.sub("_", name.removeprefix(TIMM).lower())


# ---- what they compute


def _compared(
    fill: Callable[[str], OpenedWeights], names: Sequence[str], title: str, progress: ProgressCallback | None
) -> Choice:
    """Return the architecture that names known photos best; the first, and what speaks for the others, if none does."""
    kinds, is_slow = _kinds(fill, names, progress)
    if len(kinds) == 1 and not is_slow:
        return Choice(names[0])
    outcomes = [] if is_slow else [_tried(fill(kind[0]), title, progress) for kind in kinds]
    ranks = [outcome.rank if outcome is not None and outcome.is_proof else (0, 0.0) for outcome in outcomes]
    decided = _decided(kinds, outcomes, ranks)
    if decided is not None:
        return decided
    others = names[1:] if is_slow else [kind[0] for kind in kinds[1:]]
    does = "may compute" if is_slow else "computes" if len(others) == 1 else "compute"
    return Choice(
        names[0],
        f"The tensors fit {' and '.join(others)} as well, which {does} something else with them. "
        f"Nothing tells which of them the file is of: {names[0]} is only the first.",
        is_open=True,
    )


def _decided(
    kinds: Sequence[list[str]], outcomes: Sequence[Outcome | None], ranks: Sequence[tuple[int, float]]
) -> Choice | None:
    """Return the architecture with which known photos are named best; None where none is better by enough."""
    order = sorted(range(len(ranks)), key=lambda place: ranks[place], reverse=True)
    best = outcomes[order[0]] if order else None
    if best is None or not best.is_proof:
        return None
    (right, sure), (next_right, next_sure) = (ranks[place] for place in order[:2])
    if right < next_right or sure <= next_sure + best.photos * _SURER:
        return None
    chosen, other = (kinds[place][0] for place in order[:2])
    return Choice(
        chosen,
        f"With {chosen} the network names {right} of {best.photos} sample images right; with {other}, which has the "
        f"same tensors, {next_right}, and is less sure.",
    )


def _kinds(
    fill: Callable[[str], OpenedWeights], names: Sequence[str], progress: ProgressCallback | None
) -> tuple[list[list[str]], bool]:
    """Return the names in groups that compute the same, and whether one pass takes too long to try many."""
    kinds: list[tuple[torch.Tensor | None, list[str]]] = []
    for count, name in enumerate(names):
        if progress is not None:
            progress(count, len(names), f"Comparing {name} with others that have the same tensors")
        opened, begun = fill(name), time.monotonic()
        made = _made(opened)
        alike = (kind for values, kind in kinds if _is_same(values, made))
        found = next(alike, None)
        if found is None:
            kinds.append((made, [name]))
        else:
            found.append(name)
        if time.monotonic() - begun > PATIENCE:
            return [list(names)], True
    return [kind for _, kind in kinds], False


def _is_same(first: torch.Tensor | None, second: torch.Tensor | None) -> bool:
    if first is None or second is None or first.shape != second.shape:
        return False
    return torch.allclose(first, second, rtol=1e-4, atol=1e-5, equal_nan=True)


def _made(opened: OpenedWeights) -> torch.Tensor | None:
    """Return what a network makes of noise, of a small size where it takes one; None where it does not run."""
    how = opened.preprocessing
    for size in ((_SIDE, _SIDE), how.size):
        image = torch.rand(1, how.channels, *size, generator=torch.Generator().manual_seed(0))
        with suppress(Exception), torch.inference_mode():  # one of another size fails as it likes
            made = opened.module(image)
            return made if isinstance(made, torch.Tensor) else None
    return None


def _tried(opened: OpenedWeights, title: str, progress: ProgressCallback | None) -> Outcome | None:
    how = opened.preprocessing
    ways = [Way("the architecture's own", how)]
    ways += [Way(preset.name, applied(preset, how)) for preset in presets_for(how.channels)[:3]]
    lists = [opened.categories] if opened.categories else []
    return run_trials(opened.module, ways, lists, title, progress) if lists else None
