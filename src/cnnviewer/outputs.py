"""What a network returned, in words: numbers only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cnnviewer.errors import NetworkError

__all__ = ["NOTHING", "NO_NUMBERS", "Form", "Output", "Returned", "Returns", "returned_text", "returns_of"]

NO_NUMBERS = (
    "The probabilities are no numbers (NaN), and tell nothing: the network's weights may have diverged in a training."
)
"""What is told where class probabilities are NaN."""

_LISTED = 4


class Returns(StrEnum):
    """What a network returns: the words of a card."""

    CLASSES = "classes"
    """One of several classes: their probabilities sum to 1."""
    MULTI_LABEL = "multi-label"
    """Labels that hold or not, each with a probability of its own."""
    BINARY = "binary"
    """One thing that holds or not."""
    VALUES = "values"
    """Numbers that are no probabilities: a regression, a box, evidence."""
    FEATURES = "features"
    """An embedding or feature maps: for a network that comes behind."""


class Form(StrEnum):
    """What the numbers that a network returned are, before anything is made of them."""

    LOGITS = "logits"
    SHARES = "shares"
    """Probabilities that sum to one, all of them or group by group."""
    BOUNDED = "bounded"
    """Numbers between two bounds, each for itself."""
    PLAIN = "plain"


@dataclass(frozen=True)
class Output:
    """One of the tensors that a network returned.

    Parameters
    ----------
    name
        By what it is told from the others: the key or the field, or its number; '' where it is the only one.
    shape
        Its shape, without a batch axis of one image.
    layer
        The name of the layer that made it; None where no layer did, as of a constant or of the image itself.
    """

    name: str
    shape: tuple[int, ...]
    layer: str | None


@dataclass(frozen=True)
class Returned:
    """What a network returns, as its last operations tell.

    Parameters
    ----------
    returns
        What it is guessed to be.
    reason
        Why, as a sentence without its full stop: "its last operation is a sigmoid of 14 numbers".
    form
        What the numbers are.
    is_log
        Whether they are logarithms of that.
    total
        To what the shares sum: 1, or 100 for percent, or how many softmaxes were added.
    groups
        For each number, to which group it belongs, where several softmaxes were put together; else empty.
    """

    returns: Returns
    reason: str
    form: Form = Form.PLAIN
    is_log: bool = False
    total: float = 1.0
    groups: tuple[int, ...] = ()


NOTHING = Returned(Returns.FEATURES, "it returns no tensor of numbers")
"""What is told before a network has returned anything."""


def returned_text(outputs: tuple[Output, ...]) -> str:
    """Return ``out 21×224×224, aux 21×224×224``; ``5 numbers`` of one without a name."""
    if len(outputs) == 1 and len(outputs[0].shape) == 1 and not outputs[0].name:
        (count,) = outputs[0].shape
        return "one number" if count == 1 else f"{count or 'no'} numbers"
    texts = [
        f"{output.name} {'×'.join(map(str, output.shape)) or 'one number'}".strip() for output in outputs[:_LISTED]
    ]
    if len(outputs) > _LISTED:
        texts.append(f"{len(outputs) - _LISTED} more")
    return ", ".join(texts) or "no tensor"


def returns_of(word: str) -> Returns:
    """Return what a word of a card means.

    Raises
    ------
    NetworkError
        If it is none of them.
    """
    try:
        return Returns(word)
    except ValueError:
        words = ", ".join(f'"{known}"' for known in Returns)
        raise NetworkError(f'"returns" must be one of {words}, not {word!r}.') from None
