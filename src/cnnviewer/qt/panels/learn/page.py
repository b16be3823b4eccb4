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
        The kind of the layer; "input" for the image that goes in.
    view
        What its card shows ("Filters"), or the input panel; '' for what it shows anyway.
    settings
        How the layer's settings begin, as its card tells them; '' where any of the kind will do.
    is_last
        Whether the last such layer is meant; else it is the first.
    """

    kind: str
    view: str = ""
    settings: str = ""
    is_last: bool = False


class Page(QWidget):
    """A page of the tour: a playground, with a text beside it.

    `requested` asks a lesson, whose answer comes by `show_answer`; of each kind of request only the newest waits.
    `pageRequested` asks for another page by its title, `networkRequested` for a network by its name.
    """

    requested = Signal(object)
    pageRequested = Signal(str)
    networkRequested = Signal(str)

    title: ClassVar[str] = ""
    text: ClassVar[str] = ""
    """What is told beside the playground: rich text."""
    place: ClassVar[Place | None] = None
    follows_photo: bool = False
    """Whether the page shows the photo of the window, and so another one after each that is opened."""

    def refresh(self) -> None:
        """Ask for what is to be shown: the page is opened, or the photo or the theme is another."""

    def begin(self) -> None:
        """Begin: the page is shown from now on."""
        self.refresh()

    def end(self) -> None:
        """End what goes on by itself: the page is left, or not seen any more."""

    def show_answer(self, request: LessonRequest, answer: LessonAnswer) -> None:
        """Show what was asked for."""
