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
_CLOTHES = tuple(
    (f"clothing-{number}", title, f"clothing-{number}.png")
    for number, title in enumerate(
        (
            "A T-shirt", "Trousers", "A pullover", "A dress", "A coat",
            "A sandal", "A shirt", "A sneaker", "A bag", "An ankle boot",
        )
    )
)  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A sample image.

    Parameters
    ----------
    name
        What the code and the command line call it: "chelsea", "digit-7".
    title
        What people read: "Chelsea the cat".
    path
        Its file.
    """

    name: str
    title: str
    path: Path


def list_samples() -> tuple[Sample, ...]:
    """Return the sample images: five photos, ten handwritten digits, ten pieces of clothing.

    Raises
    ------
    FileNotFoundError
        If the installation lacks one.
    """
    return tuple(
        Sample(name, title, resource("samples", file)) for name, title, file in (*_PHOTOS, *_DIGITS, *_CLOTHES)
    )
