"""A file of weights alone: the architectures that they may be of, which of its networks is taken, what is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cnnviewer.network_reports import part_name
from cnnviewer.networks.checkpoints.reading import read_checkpoint
from cnnviewer.networks.matching import copies_of, find_fits, fit_of, open_weights
from cnnviewer.suggestions import some_of

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.downloads import ProgressCallback
    from cnnviewer.network_reports import Fit
    from cnnviewer.networks.checkpoints.reading import Checkpoint
    from cnnviewer.networks.files.siblings import Choice
    from cnnviewer.networks.files.trials import Outcome
    from cnnviewer.networks.matching import OpenedWeights

__all__ = ["WeightsFile", "read_weights_file"]

_MOMENTS = frozenset(["step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq", "momentum_buffer", "square_avg", "grad_avg"])
"""What PyTorch's optimisers call the tensors that they keep for each weight."""


@dataclass(frozen=True, eq=False)
class WeightsFile:
    """A file of weights, read.

    Parameters
    ----------
    title
        What messages call it.
    checkpoint
        What it holds.
    fits
        The architectures that the part may be of, best first.
    parts
        The parts that hold the same network with other weights, that of the fits among them.
    wish
        The part that was asked for; None for the usual one.
    choice
        Which of the architectures is taken, and why; None before that was asked.
    """

    title: str
    checkpoint: Checkpoint
    fits: tuple[Fit, ...]
    parts: tuple[str, ...]
    wish: str | None = None
    choice: Choice | None = None

    @property
    def part(self) -> str:
        """The part of the file that is taken."""
        return self.fits[0].part if self.fits else self.wish or ""

    def fit(self, architecture: str) -> Fit | None:
        """Return how the part fits an architecture; None where it was not compared."""
        return next((fit for fit in self.fits if fit.architecture == architecture), None)

    def compared(self, architecture: str) -> WeightsFile:
        """Return it with an architecture among those that are compared.

        Raises
        ------
        NetworkError
            If there is no such architecture.
        """
        if self.fit(architecture) is not None:
            return self
        fit = self.compare(architecture)
        if not fit.is_whole and self.wish is None:
            # Another part than that of the others may be of it.
            fit = fit_of(architecture, self.checkpoint.tensors)
        return replace(self, fits=(fit, *self.fits), parts=copies_of(self.checkpoint.tensors, fit.part), choice=None)

    def compare(self, architecture: str) -> Fit:
        """Return how the part fits another architecture.

        Raises
        ------
        NetworkError
            If there is no such architecture.
        """
        return fit_of(architecture, self.checkpoint.tensors, self.part if self.fits else self.wish)

    def opened(self, architecture: str) -> OpenedWeights:
        """Return an architecture filled with the part.

        Raises
        ------
        NetworkError
            If it does not fit.
        """
        fit = self.fit(architecture)
        part = self.wish if fit is None else fit.part
        return open_weights(self.checkpoint.tensors, architecture, self.title, part)

    def note(self, architecture: str, outcome: Outcome | None = None) -> str:
        """Return what the user should know of the weights that are taken; '' where they are all, and sure.

        Parameters
        ----------
        architecture
            The one that is taken.
        outcome
            How the network names known photos; None where that was not tried, or none shows one of its classes.
        """
        fit = self.fit(architecture)
        if fit is None or not fit.is_whole:
            return ""
        notes = [_proof(fit, outcome), self.doubt(architecture, outcome)]
        if len(self.parts) > 1:
            others = [part_name(part) for part in self.parts if part != fit.part]
            notes.append(
                f"It holds {len(self.parts)} such networks: {part_name(fit.part)} is taken, not {some_of(others)}."
            )
        if fit.left_over:
            count = len(fit.left_over)
            said = "1 tensor of the file is" if count == 1 else f"{count:,} tensors of the file are"
            notes.append(f"{said} no part of the network, and left over: {some_of(fit.left_over)}.")
        return " ".join(filter(None, notes))

    def doubt(self, architecture: str, outcome: Outcome | None = None) -> str:
        """Return what is a guess in how the weights fill an architecture; '' where nothing is, or photos prove it.

        The parameters are those of `note`.
        """
        fit = self.fit(architecture)
        if fit is None or not fit.is_whole:
            return ""
        doubts = []
        if fit.is_by_order and not _proof(fit, outcome):
            tried = "" if outcome is None else f": {_right(outcome)}"
            doubts.append(f"{_by_order(fit)}, which is unproved{tried}. Try it on a photo that you know.")
        if not fit.is_sure:
            doubts.append("Some of its layers could be told apart in more than one way: it may compute something else.")
        if fit.guesses:
            doubts.append(
                "Of its head the file tells only the layers that have weights: "
                f"{' and '.join(fit.guesses)} {'is a guess' if len(fit.guesses) == 1 else 'are guesses'}."
            )
        return " ".join(doubts)

    def why_none(self, classes: tuple[str, ...] = ()) -> str:
        """Return why no architecture is found; for a pickled module with the classes that are not run."""
        if classes and not self.fits:
            return (
                f"No architecture that is known fits the weights in {self.title}. It is a pickled module that wants "
                f"{some_of(classes)}, whose code is not run: give the Python file that defines it, file.py:function."
            )
        if not self.fits and all(name.rpartition(".")[2] in _MOMENTS for name in self.checkpoint.tensors):
            return (
                f"{self.title} holds what an optimiser remembers, not a network. Open the file with the network's own "
                "weights, which as a rule lies beside it."
            )
        if not self.fits:
            return (
                f"No architecture that is known fits the weights in {self.title}. Open a file that holds the whole "
                "network: ONNX, an exported program, a Python factory."
            )
        nearest = self.fits[0]
        wrong = next(row.key for row in nearest.rows if not (row.is_match or row.is_left))
        return (
            f"The weights in {self.title} fit no architecture that is known: of the nearest, {nearest.architecture}, "
            f"{nearest.matches:,} of {nearest.count:,} tensors fit, and {wrong} does not."
        )


def _by_order(fit: Fit) -> str:
    return f"Its tensors have other names than those of {fit.architecture}: they were told by their order and shapes"


def _proof(fit: Fit, outcome: Outcome | None) -> str:
    """Return that photos prove an order of tensors, a sentence; '' where they do not, or names tell the tensors."""
    is_proven = fit.is_by_order and outcome is not None and outcome.is_proof
    return f"{_by_order(fit)}, which is proved: {_right(outcome)}." if is_proven and outcome is not None else ""


def _right(outcome: Outcome) -> str:
    photos = "1 sample photo is" if outcome.photos == 1 else f"{outcome.photos} sample photos are"
    return f"{outcome.rank[0]} of {photos} named right"


def read_weights_file(
    path: Path, title: str, part: str | None, progress: ProgressCallback | None, known: WeightsFile | None = None
) -> WeightsFile:
    """Read a file of weights, and find the architectures that one of its parts may be of.

    Parameters
    ----------
    path, title
        The file, and what messages call it.
    part
        Which part; None for the usual one.
    progress
        Told while architectures are compared; it may raise `Cancelled`.
    known
        The same file, read before.

    Raises
    ------
    WeightsError
        If it can't be read.
    Cancelled
        If `progress` raised it.
    """
    checkpoint = read_checkpoint(path) if known is None else known.checkpoint
    fits = find_fits(checkpoint.tensors, progress=progress, path=part)
    parts = copies_of(checkpoint.tensors, fits[0].part) if fits else ()
    return WeightsFile(title, checkpoint, fits, parts, part)
