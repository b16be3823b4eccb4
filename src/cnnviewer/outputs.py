"""What a network returned, in words: numbers only."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NO_NUMBERS", "Output", "returned_text"]

NO_NUMBERS = (
    "The probabilities are no numbers (NaN), and tell nothing: the network's weights may have diverged in a training."
)
"""What is told where class probabilities are NaN."""

_LISTED = 4


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


def returned_text(outputs: tuple[Output, ...]) -> str:
    """Return ``out 21×224×224, aux 21×224×224``."""
    texts = [
        f"{output.name} {'×'.join(map(str, output.shape)) or 'one number'}".strip() for output in outputs[:_LISTED]
    ]
    if len(outputs) > _LISTED:
        texts.append(f"{len(outputs) - _LISTED} more")
    return ", ".join(texts) or "no tensor"
