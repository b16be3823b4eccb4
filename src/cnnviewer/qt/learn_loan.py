"""What the tour takes of the window, and gives back: the network, its weights, images or a stream, what is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnnviewer.messages import ImageRequest, NetworkRequest, WeightsRequest
    from cnnviewer.qt.selection import Selection
    from cnnviewer.qt.session import Session

__all__ = ["Loan", "Until"]


class Until(Enum):
    """How long the tour keeps what it takes."""

    PAGE = auto()
    """Until its page is left: the page shows something of its own."""
    ASKED = auto()
    """Until it is asked back, or the program ends: the user was led somewhere, and may look around there."""
    CHOSEN = auto()
    """Until it is asked back: the user chose another network by its name."""


@dataclass(eq=False)
class _Taken:
    """What the window showed before, and what was put in its place: where that is gone, the user chose anew."""

    until: Until
    network: NetworkRequest | None = None
    name: str = ""
    moment: WeightsRequest | None = None
    held: WeightsRequest | None = None
    selection: Selection | None = None
    images: tuple[ImageRequest, ...] = ()
    position: int = 0
    photo: ImageRequest | None = None
    stream: Callable[[], None] | None = None
    own_network: NetworkRequest | None = None
    own_images: tuple[ImageRequest, ...] | None = None


class Loan(QObject):
    """Remembers what the window showed before the tour put something else there, and brings it back.

    What the user chooses meanwhile is newer, and stays; `changed` tells that there is something else to bring back,
    `left` that the page that was shown is.
    """

    changed = Signal()
    left = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._taken: list[_Taken] = []
        self._selection: tuple[NetworkRequest | None, Selection] | None = None
        self._stream: tuple[NetworkRequest | None, int, Callable[[], None]] | None = None
        session.networkChanged.connect(self._look)
        session.inputs.imagesChanged.connect(self._look)
        session.recordingChanged.connect(self._on_recording_changed)

    @property
    def is_open(self) -> bool:
        """Whether there is something to be given back."""
        return bool(self._taken)

    @property
    def name(self) -> str:
        """The name of what would be given back: a network's, or else a photo's; '' where there is nothing."""
        if not self._taken:
            return ""
        last = self._taken[-1]
        return last.name if self._has_network(last) or last.photo is None else last.photo.title

    def take(self, until: Until) -> None:
        """Remember what the window shows, before the tour changes it; `note` follows when it has."""
        session = self._session
        last = self._taken[-1] if self._taken and self._taken[-1].until is until else None
        has_network = last is not None and self._has_network(last)
        has_images = last is not None and self._has_images(last)
        if last is None:
            last = _Taken(until)
            self._taken.append(last)
        # What the tour put there itself is nobody's.
        if not has_network:
            last.network, last.selection = session.wanted_network, session.selection
            last.moment, last.held = session.moment, session.held_moment
            last.name = "" if session.network is None else session.network.name
        if not has_images:
            inputs = session.inputs
            last.images, last.position, last.photo = inputs.images, inputs.position, inputs.photo_now
            last.stream = inputs.way_to_stream()

    def note(self) -> None:
        """Note that what the window is about to show is the tour's."""
        if self._taken:
            last, session = self._taken[-1], self._session
            last.own_network, last.own_images = session.wanted_network, session.inputs.wanted_images
            self._look()

    def leave_page(self) -> None:
        """Give back what was taken until the page is left."""
        self.left.emit()
        if self._taken and self._taken[-1].until is Until.PAGE:
            self.give_back()

    @Slot()
    def give_back(self) -> None:
        """Show again what was shown before, except what the user has chosen anew."""
        if not self._taken:
            return
        last, session = self._taken.pop(), self._session
        has_network, has_images = self._has_network(last), self._has_images(last)
        if has_images:
            session.inputs.bring_back(last.images, last.position, last.photo)
        if has_network and last.network is not None:
            session.open_with_card(last.network)
            if last.held is not None:
                session.hold(True, last.held)
            if last.moment is not None:
                session.show_weights(last.moment)
        if last.selection is not None and (has_network or last.network is session.wanted_network):
            self._selection = session.wanted_network, last.selection
            self._choose_again()
        if has_images and last.stream is not None:
            self._stream = session.wanted_network, session.inputs.wishes, last.stream
            self._stream_again()
        self._look()

    # ---- what happens

    def _has_network(self, taken: _Taken) -> bool:
        """Whether the network in place of another is still the tour's."""
        own = taken.own_network
        return taken.network is not None and own is not taken.network and own is self._session.wanted_network

    def _has_images(self, taken: _Taken) -> bool:
        own, wanted = taken.own_images, self._session.inputs.wanted_images
        return bool(taken.images or taken.photo or taken.stream) and own is not taken.images and own is wanted

    @Slot()
    def _look(self) -> None:
        """Forget what the user has chosen anew, and tell what is left."""
        while self._taken and not (self._has_network(self._taken[-1]) or self._has_images(self._taken[-1])):
            if self._taken[-1].own_images is None:
                break  # it is only being taken
            self._taken.pop()
        network, lent = self._session.wanted_network, None
        for taken in reversed(self._taken):
            if taken.network is not None and taken.own_network is network and taken.until is not Until.CHOSEN:
                network, lent = taken.network, (taken.network, taken.selection)
        self._session.lent = lent
        self.changed.emit()

    @Slot(object)
    def _on_recording_changed(self, recording: object) -> None:
        del recording
        self._choose_again()
        self._stream_again()

    def _stream_again(self) -> None:
        """Let a stream run again, once the network that it ran with is there: what its source tells is told then."""
        if self._stream is None:
            return
        network, wishes, run = self._stream
        if network is not self._session.wanted_network or wishes != self._session.inputs.wishes:
            self._stream = None  # something else was wanted meanwhile
        elif self._session.network_request is network:
            self._stream = None
            run()

    def _choose_again(self) -> None:
        """Choose what was chosen, once the network that has it is there."""
        session = self._session
        if self._selection is None or self._selection[0] is not session.wanted_network:
            self._selection = None
        elif session.network_request is self._selection[0] and session.layer(self._selection[1].layer) is not None:
            selection, self._selection = self._selection[1], None
            session.select(selection.layer, selection.channel, selection.unit)
