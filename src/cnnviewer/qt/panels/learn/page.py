"""`Page`: what all pages of the tour have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from cnnviewer.messages import LessonAnswer, LessonRequest

__all__ = ["Page", "Place"]


@dataclass(frozen=True)
class Place:
    """Where an idea is seen in a real network.

    Parameters
    ----------
    kind
        The kind of the layer; "input" for the image that goes in, "scores" for what makes the class scores.
    view
        What its card shows ("Filters"), or the input panel; '' for what it shows anyway.
    settings
        How the layer's settings begin, as its card tells them; '' where any of the kind will do.
    words
        Words of which its settings have one; none where any settings will do.
    is_last
        Whether the last such layer is meant; else it is the first.
    what
        What it is called where a network has none: "max pooling".
    otherwise
        What is shown instead in a network that has no such layer, and told; None where another network is opened.
    network, sample
        A network that has such a layer, and a sample image that suits it.
    """

    kind: str
    view: str = ""
    settings: str = ""
    words: tuple[str, ...] = ()
    is_last: bool = False
    what: str = ""
    otherwise: Place | None = None
    network: str = "lenet5"
    sample: str = "digit-3"


class Page(QWidget):
    """A page of the tour: a playground, with a text beside it.

    `requested` asks a lesson, whose answer comes by `show_answer`; of each kind of request only the newest waits.
    `pageRequested` asks for another page by its title.
    """

    requested = Signal(object)
    pageRequested = Signal(str)

    title: ClassVar[str] = ""
    text: ClassVar[str] = ""
    """What is told beside the playground: rich text."""
    place: ClassVar[Place | None] = None
    follows_photo: bool = False
    """Whether the page shows the photo of the window, and so another one after each that is opened."""
    is_begun: bool = False
    """Whether it is shown: it is turned to, and the tour is seen."""

    def refresh(self) -> None:
        """Ask for what is to be shown: the page is opened, or the photo or the theme is another."""

    def begin(self) -> None:
        """Begin: the page is shown from now on."""
        self.refresh()

    def end(self) -> None:
        """End what goes on by itself: the page is left, or not seen any more."""

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show what was asked for."""
