"""Opening a network from a file: what it holds, what is still to be known, and the `Network` in the end.

A file is inspected first: which format it has, whether opening it would run code, which architecture its weights are
of, how it wants its pixels. What the user then says is its card.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from cnnviewer.card import Card, card_beside
from cnnviewer.errors import NetworkError
from cnnviewer.network import Network
from cnnviewer.network_reports import FileReport, FileRequest, Reason, part_name
from cnnviewer.networks.category_lists import names_of
from cnnviewer.networks.files.card_store import remembered
from cnnviewer.networks.files.configured import configure
from cnnviewer.networks.files.evidence import Evidence
from cnnviewer.networks.files.factory import open_factory
from cnnviewer.networks.files.formats import FACTORY, FOREIGN_MODULE
from cnnviewer.networks.files.gathering import evidence_beside, evidence_within
from cnnviewer.networks.files.guessing import Guess, guess
from cnnviewer.networks.files.opened import Hints
from cnnviewer.networks.files.pickled_module import foreign_classes
from cnnviewer.networks.files.returning import with_returns
from cnnviewer.networks.files.siblings import choose
from cnnviewer.networks.files.sizing import why_not
from cnnviewer.networks.files.source import Source, factories_of, source_of
from cnnviewer.networks.files.weights_file import WeightsFile, read_weights_file

if TYPE_CHECKING:
    from torch import nn

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.preprocessing import Preprocessing

__all__ = ["FileOpener"]


@dataclass(frozen=True, eq=False)
class _Module:
    """What a source holds: a module, and what is known of it; `network` where a factory made all of it.

    `usual` and `categories` are those of the weights that the architecture comes with; `doubt` says what it may compute
    otherwise than the weights' own network.
    """

    module: nn.Module
    hints: Hints
    note: str = ""
    usual: Preprocessing | None = None
    categories: tuple[str, ...] = ()
    network: Network | None = None
    doubt: str = ""


class FileOpener:
    """Opens networks from files. What was read last is kept: a file is inspected, maybe again, and then opened."""

    def __init__(self) -> None:
        self._source: Source | None = None
        self._weights: WeightsFile | None = None
        self._opened: tuple[tuple[str, str], _Module] | None = None

    def inspect(self, request: FileRequest, progress: ProgressCallback | None = None) -> FileReport:
        """Tell what a file holds, and how it can be opened.

        Raises
        ------
        NetworkError
            If it holds no network, can't be read, or would run code that it must not.
        Cancelled
            If `progress` raised it.
        """
        choices = factories_of(request.path)
        if len(choices) > 1:
            return FileReport(request.path, "", FACTORY.name, 0, factories=choices)
        source = self._look(request.path, progress)
        card, origin = _known_card(source)
        path = source.text if source.format is FACTORY else request.path
        report = FileReport(
            path, source.digest, source.format.name, source.nbytes, card=card, origin=origin, note=source.note
        )
        if source.consent and not (request.allow_code and request.digest in ("", source.digest)):
            return replace(report, consent=source.consent)
        report = replace(report, is_allowed=bool(source.consent))
        wanted = request.architecture or (card.architecture if card is not None else "")
        part = request.part if request.part is not None or card is None else card.part
        architecture = self._architecture(source, wanted, part, progress)
        if source.format.is_weights:
            assert self._weights is not None
            weights = self._weights
            report = replace(
                report,
                fits=weights.fits,
                architecture=architecture,
                reasons=self._why(architecture),
                parts=weights.parts,
                part=weights.part,
                note=_joined(source.note, weights.note(architecture)),
            )
            fit = weights.fit(architecture)
            if fit is None or not fit.is_whole:
                return report
        return self._with_card(report, source, architecture, progress)

    def open(
        self,
        name: str | Path,
        card: Card | None,
        *,
        weights: str | Path | None = "DEFAULT",
        allow_code: bool = False,
        digest: str = "",
        progress: ProgressCallback | None = None,
    ) -> Network:
        """Return the network in a file, in eval mode, on the CPU.

        Parameters
        ----------
        name
            The file, the folder of one, or a factory.
        card
            What the user says about it; None for what is remembered, lies beside it, or is guessed.
        weights
            "DEFAULT": a file has its own.
        allow_code
            Whether code of the file may run.
        digest
            The content that the card and the consent are for; '' for whatever the file holds.
        progress
            As for `cnnviewer.networks.load_network`.

        Raises
        ------
        NetworkError
            As `inspect`; and if the file would run code that is not allowed, or no architecture fits its weights.
        """
        if weights != "DEFAULT":
            raise NetworkError(f"{name} has weights of its own: leave the others out.")
        source = self._look(name, progress)
        source.check_allowed(digest, allow_code=allow_code)
        card = card or _known_card(source)[0]
        wanted, part = ("", None) if card is None else (card.architecture, card.part)
        architecture = self._architecture(source, wanted, part, progress)
        if source.format.is_weights and not architecture:
            raise NetworkError(self._why_none(source))
        opened = self._open(source, architecture, progress)
        if card is not None:
            _check_runs(source, opened, card, progress)
        elif opened.network is None:
            card = self._guessed(source, opened, architecture, progress).card
        network = _network_of(source, opened, card, self._provenance(source))
        self.forget()  # the module is the caller's now, who may change its weights
        return network

    def forget(self) -> None:
        """Let go of what was read last."""
        self._source = self._weights = self._opened = None

    # ---- parts

    def _look(self, name: str | Path, progress: ProgressCallback | None) -> Source:
        """Return the source of a name; what was kept of another one is let go."""
        if progress is not None:
            progress(0, None, f"Reading {Path(name).name}")
        source = source_of(str(name))
        if source != self._source:
            self._weights = self._opened = None
            self._source = source
        return source

    def _architecture(self, source: Source, wanted: str, part: str | None, progress: ProgressCallback | None) -> str:
        """Return the architecture of a file of weights: the one that is wanted, else the best that fits whole."""
        if not source.format.is_weights:
            return ""
        if self._weights is None or self._weights.wish != part:
            assert source.path is not None
            self._weights = read_weights_file(source.path, source.title, part, progress, self._weights)
        found = self._weights
        if wanted:
            self._weights = found.compared(wanted)
            return wanted
        if found.choice is None:
            evidence = evidence_within(Hints(surroundings=found.checkpoint.surroundings)) + _beside(source)
            choice = choose(
                found.fits,
                evidence,
                compare=found.compare,
                fill=found.opened,
                title=source.title,
                progress=progress,
            )
            self._weights = found = replace(found, fits=(*choice.more, *found.fits), choice=choice)
        assert found.choice is not None
        return found.choice.architecture

    def _provenance(self, source: Source) -> str:
        """Return where a network's weights come from, for people."""
        weights = self._weights
        if weights is None:
            return f"from {source.title}"
        named = f", {part_name(weights.part)}" if len(weights.parts) > 1 else ""
        return f"weights from {source.title}{named}"

    def _why_none(self, source: Source) -> str:
        """Return why no architecture is found for a file of weights."""
        assert self._weights is not None
        classes = foreign_classes(source.path) if source.format is FOREIGN_MODULE and source.path else ()
        return _joined(self._weights.why_none(classes), source.note)

    def _why(self, architecture: str) -> tuple[Reason, ...]:
        """Return why an architecture was chosen by itself; nothing where there was no choice."""
        choice = self._weights.choice if self._weights is not None else None
        if choice is None or not choice.reason or choice.architecture != architecture:
            return ()
        return (Reason("architecture", choice.reason, is_told=not choice.is_open),)

    def _open(self, source: Source, architecture: str, progress: ProgressCallback | None) -> _Module:
        """Return the module of a source; it is read once."""
        key = architecture, "" if self._weights is None else self._weights.part
        if self._opened is None or self._opened[0] != key:
            self._opened = key, self._read(source, architecture, progress)
        return self._opened[1]

    def _read(self, source: Source, architecture: str, progress: ProgressCallback | None) -> _Module:
        if source.format.is_weights:
            assert self._weights is not None
            weights = self._weights.opened(architecture)
            hints = Hints(surroundings=self._weights.checkpoint.surroundings)
            told = [configure(weights.module, clue) for clue in _beside(source).arithmetic]
            changed, doubts = (_joined(*sentences) for sentences in zip(*told, strict=True)) if told else ("", "")
            return _Module(weights.module, hints, changed, weights.preprocessing, weights.categories, doubt=doubts)
        if source.format is FACTORY:
            opened = open_factory(source.text, progress)
        else:
            opened = import_module(f"cnnviewer.networks.files.{source.format.file}").open_file(source.path, progress)
        return _Module(opened.module, opened.hints, opened.note, network=opened.network)

    def _guessed(self, source: Source, opened: _Module, architecture: str, progress: ProgressCallback | None) -> Guess:
        """Return a card that is guessed; what is a guess in how weights fill their architecture is one of it."""
        found = guess(
            opened.module,
            opened.hints,
            title=source.network_title,
            usual=opened.usual,
            categories=opened.categories,
            evidence=_beside(source),
            progress=progress,
        )
        found = with_returns(replace(found, reasons=(*self._why(architecture), *found.reasons)), opened.module)
        doubt = "" if self._weights is None else self._weights.doubt(architecture, found.outcome)
        doubt = _joined(doubt, opened.doubt)
        doubts = (Reason("weights", doubt),) if doubt else ()
        return replace(found, card=replace(found.card, guessed=(*found.card.guessed, *doubts)))

    def _with_card(
        self, report: FileReport, source: Source, architecture: str, progress: ProgressCallback | None
    ) -> FileReport:
        """Return a report with a card, guessed where none is known."""
        if report.card is not None and report.card.architecture in ("", architecture):
            return report
        opened = self._open(source, architecture, progress)
        if opened.network is not None:
            whole = opened.network
            card = Card(whole.preprocessing, whole.categories, name=whole.name)
            return replace(report, card=card, origin="the factory's own")
        found = self._guessed(source, opened, architecture, progress)
        note = "" if self._weights is None else self._weights.note(architecture, found.outcome)
        return replace(
            report,
            card=replace(found.card, architecture=architecture, part=report.chosen_part),
            origin="guessed",
            reasons=found.reasons,
            classes=found.classes,
            note=_joined(source.note, note, opened.note, opened.doubt),
        )


def _network_of(source: Source, opened: _Module, card: Card | None, provenance: str) -> Network:
    """Return the network of a file, with what its card says; one that a factory made whole needs no card."""
    if card is None:
        assert opened.network is not None
        return opened.network
    whole = opened.network or Network(opened.module, source.network_title, card.preprocessing, provenance=provenance)
    return replace(
        whole,
        name=card.name or whole.name,
        preprocessing=card.preprocessing,
        categories=names_of(card.categories),
        returns=card.returns,
        guessed=card.guessed,
    )


def _check_runs(source: Source, opened: _Module, card: Card, progress: ProgressCallback | None) -> None:
    """Raise where a network can't run as a card says; a guess has tried that."""
    if why := why_not(opened.module, card.preprocessing, source.network_title, progress):
        raise NetworkError(why)


def _known_card(source: Source) -> tuple[Card | None, str]:
    """Return the card that the user set once, or that lies beside a file, and which of them."""
    card = remembered(source.digest)
    if card is not None:
        return card, "remembered"
    card = None if source.path is None else card_beside(source.path)
    return card, "beside the file" if card is not None else ""


def _joined(*notes: str) -> str:
    return " ".join(filter(None, notes))


def _beside(source: Source) -> Evidence:
    return Evidence() if source.format is FACTORY else evidence_beside(source.path, source.digest)
