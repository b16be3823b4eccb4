"""Which networks of the catalogue are looked for, and in which order; Qt is not known here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.network_reports import WeightsPlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cnnviewer.network_reports import CatalogueEntry

    SortKey = Callable[[CatalogueEntry], str | float | None]

__all__ = ["Search", "best_match", "haystack", "ordered", "weights_size"]


@dataclass(frozen=True)
class Search:
    """What is looked for.

    Parameters
    ----------
    words
        Each must be found in the name, source, family or task; lower case.
    source, task
        The only source, and the only task; '' for all.
    is_here
        Whether trained weights must be on this machine.
    most_parameters
        At most so many; networks whose number is not known are left out then. None for any number.
    """

    words: tuple[str, ...] = ()
    source: str = ""
    is_here: bool = False
    most_parameters: int | None = None
    task: str = ""

    def accepts(self, entry: CatalogueEntry, words: str) -> bool:
        """Whether a network is looked for; `words` is its `haystack`."""
        return (
            all(word in words for word in self.words)
            and self.source in ("", entry.source)
            and self.task in ("", entry.task)
            and (not self.is_here or entry.weights is WeightsPlace.HERE)
            and (
                self.most_parameters is None
                or (entry.parameters is not None and entry.parameters <= self.most_parameters)
            )
        )


def haystack(entry: CatalogueEntry) -> str:
    """Return all in which words are looked for, in lower case."""
    return " ".join((entry.name, entry.source, entry.family, entry.task, entry.trained_on)).lower()


def ordered(entries: Iterable[CatalogueEntry], key: SortKey, is_descending: bool) -> list[CatalogueEntry]:
    """Return networks sorted; those whose key is None, which is not known, come last either way."""
    known, unknown = [], []
    for entry in entries:
        value = key(entry)
        if value is None:
            unknown.append(entry)
        else:
            known.append((value, entry))
    known.sort(key=lambda pair: pair[0], reverse=is_descending)
    return [entry for _, entry in known] + unknown


def weights_size(entry: CatalogueEntry) -> int | None:
    """Return how many bytes must be downloaded for the trained weights; None where none can be, or it is not known."""
    return 0 if entry.weights is WeightsPlace.HERE else entry.download


def best_match(entries: list[CatalogueEntry], words: tuple[str, ...], chosen: str) -> int:
    """Return the place of the network that is chosen after a search.

    It is the one whose name, without its source, is what was typed; else the one that was chosen; else the first.
    """
    typed = " ".join(words)
    names = [entry.name.lower() for entry in entries]
    for place, name in enumerate(names):
        if typed in (name, name.rpartition("/")[2]):
            return place
    return next((place for place, entry in enumerate(entries) if entry.name == chosen), 0)
