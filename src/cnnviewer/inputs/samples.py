"""The sample images that the program ships."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.resources import resource

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Sample", "list_samples"]

_PHOTOS = (
    ("chelsea", "Chelsea the cat", "chelsea.png"),
    ("coffee", "A cup of coffee", "coffee.jpg"),
    ("camera", "A man with a camera", "camera.png"),
    ("rocket", "A rocket launch", "rocket.jpg"),
    ("astronaut", "An astronaut", "astronaut.jpg"),
)
_DIGITS = tuple((f"digit-{digit}", f"The digit {digit}", f"digit-{digit}.png") for digit in range(10))


@dataclass(frozen=True)
class Sample:
    """A sample image: its name in the code, its title for people, its file."""

    name: str
    title: str
    path: Path


def list_samples() -> tuple[Sample, ...]:
    """Return the sample images: five photos, ten handwritten digits."""
    return tuple(Sample(name, title, resource("samples", file)) for name, title, file in (*_PHOTOS, *_DIGITS))
