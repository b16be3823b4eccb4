"""Finding what can be shown in what was given: files, folders, addresses; it may take long, and tells how far it is."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cnnviewer.errors import ImageError
from cnnviewer.inputs.addresses import resolve
from cnnviewer.inputs.files import in_natural_order
from cnnviewer.inputs.videos import is_video
from cnnviewer.kinds import IMAGES, NETWORKS, VIDEOS, Kind, ending_of, refusal, type_of
from cnnviewer.messages import ImageRequest
from cnnviewer.names import readable
from cnnviewer.networks.files.places import CARD
from cnnviewer.networks.run_folder import is_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

__all__ = ["Counting", "Found", "find"]

BEAT = 0.1
PATIENCE = 0.3
"""Seconds between two tellings, and before the first one: most folders are read by then."""
_MOST_LOOKED_AT = 1000
"""So many files of a folder are opened to tell what they are."""


@dataclass(frozen=True)
class Counting:
    """How many images were found so far, and one to show meanwhile; None where there is none yet."""

    count: int
    first: ImageRequest | None


@dataclass(frozen=True)
class Found:
    """What can be shown of what was given.

    Parameters
    ----------
    images
        In the order in which they were given; within a folder in natural order, "img2" before "img10".
    videos, networks, runs
        Files that play; files with networks, and folders of one; folders of trainings.
    left_out
        A sentence on each of those given that is none of them.
    """

    images: tuple[ImageRequest, ...] = ()
    videos: tuple[Path, ...] = ()
    networks: tuple[Path, ...] = ()
    runs: tuple[Path, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing was found."""
        return not (self.images or self.videos or self.networks or self.runs)


def find(given: Iterable[Path | str], is_stopped: Callable[[], bool] = lambda: False) -> Iterator[Counting | Found]:
    """Find what can be shown; each value but the last is progress.

    Parameters
    ----------
    given
        Paths; and texts, each a path or an address, as `cnnviewer.inputs.addresses.resolve` takes them. A file is told
        by its first bytes. A folder is that of a training, or that of a network, or gives the images directly in it,
        by their names; where it has none, the videos; where it has neither, those in the folders below. What is hidden
        in a folder is left out.
    is_stopped
        Asked often; where it answers yes, what was found by then is all.

    Yields
    ------
    Counting or Found
        How far it is, from time to time; at last what was found.
    """
    search = _Search(is_stopped)
    for one in given:
        if is_stopped():
            break
        yield from search.look(one)
    yield search.found()


@dataclass
class _Listing:
    """What the names of the files in folders tell."""

    images: list[Path] = field(default_factory=list)
    videos: list[Path] = field(default_factory=list)
    networks: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    has_card: bool = False
    _looked_at: int = 0

    def add(self, folder: Path, entry: os.DirEntry[str]) -> None:
        """Take a file where its name tells what it is; what is hidden is passed over."""
        name = entry.name
        if name.startswith("."):
            return  # macOS keeps "._cat.jpg" beside "cat.jpg" on foreign disks
        ending = ending_of(name)
        if ending in IMAGES:
            self._take(self.images, folder, entry)
        elif ending in VIDEOS or (not ending and not entry.is_dir()):
            self._look_at(folder, entry, ending)
        elif ending in NETWORKS and ending != ".py":  # those lie in many folders
            self._take(self.networks, folder, entry)
        elif entry.is_dir(follow_symlinks=False):
            self.folders.append(folder / name)
        elif name == CARD:
            self.has_card = True

    def _look_at(self, folder: Path, entry: os.DirEntry[str], ending: str) -> None:
        """Take a file whose name does not tell what it is, or may tell two things, by its first bytes."""
        kind: Kind | None = Kind.VIDEO
        if (not ending or ending in NETWORKS) and entry.is_file() and self._looked_at < _MOST_LOOKED_AT:
            self._looked_at += 1
            known = type_of(folder / entry.name)
            kind = known.kind if known is not None and known.is_read else None
        kinds = {Kind.IMAGE: self.images, Kind.VIDEO: self.videos, Kind.NETWORK: self.networks}
        if kind in kinds:
            self._take(kinds[kind], folder, entry)

    @staticmethod
    def _take(into: list[Path], folder: Path, entry: os.DirEntry[str]) -> None:
        if entry.is_file():
            into.append(folder / entry.name)


@dataclass
class _Search:
    """What was found so far."""

    is_stopped: Callable[[], bool]
    images: list[ImageRequest] = field(default_factory=list)
    videos: list[Path] = field(default_factory=list)
    networks: list[Path] = field(default_factory=list)
    runs: list[Path] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    first: ImageRequest | None = None
    due: float = field(default_factory=lambda: time.monotonic() + PATIENCE)

    def found(self) -> Found:
        """Return it."""
        return Found(
            tuple(self.images), tuple(self.videos), tuple(self.networks), tuple(self.runs), tuple(self.left_out)
        )

    def look(self, given: Path | str) -> Iterator[Counting]:
        """Look at one of those given; what is wrong with it is left out with a sentence."""
        try:
            path = resolve(given) if isinstance(given, str) else given
            if isinstance(path, ImageRequest):
                self.images.append(path)
            elif path.is_dir():
                yield from self._look_into(path)
            else:
                self._look_at(path)
            yield from self._tell([])
        except ImageError as error:
            self.left_out.append(str(error))
        except OSError as error:
            self.left_out.append(f"{given} can't be read: {error.strerror or error}.")
        except ValueError:  # no system has names with a null character in them
            self.left_out.append(f"There is no file or folder {str(given)!r}. Check the path.")

    def _tell(self, coming: list[Path]) -> Iterator[Counting]:
        """Tell how far the search is, where that is due; `coming` was found in a folder that is not read to its end."""
        if time.monotonic() < self.due:
            return
        if self.first is None and self.images:
            self.first = self.images[0]
        elif self.first is None and coming:
            self.first = _request(in_natural_order(coming)[0])
        yield Counting(len(self.images) + len(coming), self.first)
        self.due = time.monotonic() + BEAT

    # ---- files

    def _look_at(self, path: Path) -> None:
        """Look at a file that was given itself."""
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            raise ImageError(f"There is no file or folder {path}. Check the path.") from None
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(f"{path} is no regular file; save the image to one first.")
        known = type_of(path)
        if known is None:
            raise ImageError(f"{path.name} is damaged, or no image, video or network of a known kind.")
        if not known.is_read:
            raise ImageError(refusal(path.name, known))
        if known.kind is Kind.VIDEO or (known.kind is Kind.IMAGE and ending_of(path) not in VIDEOS and is_video(path)):
            self.videos.append(path)
        elif known.kind is Kind.NETWORK:
            self.networks.append(path)
        else:
            self.images.append(_request(path))

    # ---- folders

    def _look_into(self, folder: Path) -> Iterator[Counting]:
        """Look into a folder that was given itself."""
        if is_run(folder):
            self.runs.append(folder)
            return
        here, below = _Listing(), _Listing()
        yield from self._list(folder, here)
        if here.networks and (here.has_card or not here.images):
            self.networks.append(folder)
        elif here.images or here.videos:
            self._take(here)
        else:
            yield from self._look_below(here.folders, below)
            if not (below.images or below.videos or self.is_stopped()):
                raise ImageError(
                    f"The folder {folder} holds no images (jpg, png, webp and others) and no videos; choose another."
                )
            self._take(below)

    def _look_below(self, folders: list[Path], into: _Listing) -> Iterator[Counting]:
        """Look into folders and those below them; not behind links, which may lead in a circle."""
        into.folders += folders
        while into.folders and not self.is_stopped():
            folder = into.folders.pop()
            try:
                yield from self._list(folder, into)
            except OSError as error:
                self.left_out.append(f"{folder} can't be read: {error.strerror or error}.")

    def _list(self, folder: Path, into: _Listing) -> Iterator[Counting]:
        """Sort the files in a folder by what their names tell."""
        with os.scandir(folder) as entries:
            for entry in entries:
                if self.is_stopped():
                    return
                with suppress(OSError):  # one of many that can't be asked
                    into.add(folder, entry)
                yield from self._tell(into.images)

    def _take(self, listing: _Listing) -> None:
        if listing.images:
            shown = self.first
            requests = map(_request, in_natural_order(listing.images))
            # The one that is shown already is the same request, so that it is known again.
            self.images += [shown if shown is not None and shown.path == one.path else one for one in requests]
        else:
            self.videos += in_natural_order(listing.videos)


def _request(path: Path) -> ImageRequest:
    return ImageRequest(readable(path.name), path=path)
