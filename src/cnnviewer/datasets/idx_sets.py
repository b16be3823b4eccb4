"""`IdxSet`: a published set of four IDX files, found on this machine or downloaded from its mirrors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cnnviewer.datasets.idx import file_names, find_file, read_split
from cnnviewer.datasets.labelled import Dataset
from cnnviewer.datasets.places import data_folder, missing, not_fetched
from cnnviewer.downloads.files import FetchError, NotWrittenError, fetch

if TYPE_CHECKING:
    from pathlib import Path

    from torchvision.datasets import MNIST

    from cnnviewer.datasets import DatasetInfo
    from cnnviewer.downloads import ProgressCallback

__all__ = ["IdxSet"]

_FILES = file_names("train") + file_names("test")


@dataclass(frozen=True)
class IdxSet:
    """A set in the form of MNIST.

    Parameters
    ----------
    info
        What the list tells of it.
    categories
        The names of its classes.
    source
        Where it comes from, and its licence, for people.
    published
        torchvision's class of the set, which knows the mirrors and the MD5 sums; its name is that of the folder.
    elsewhere
        A further folder in which a system may have the files.
    """

    info: DatasetInfo
    categories: tuple[str, ...]
    source: str
    published: type[MNIST]
    elsewhere: Path | None = None

    def load(self, folder: Path | None, download: bool, progress: ProgressCallback | None) -> Dataset:
        """Read the set, downloaded first where it is missing and `download` is true.

        Raises
        ------
        DatasetError
            If it can't be found, downloaded or read.
        """
        found = self._find(folder)
        if found is None and download:
            found = self._download(folder, progress)
        if found is None and folder is not None and any(find_file(folder, name) for name in _FILES):
            found = folder  # reading it will tell which file is missing
        if found is None:
            raise missing(self.info, folder)
        train, test = (read_split(found, split, self.categories) for split in ("train", "test"))
        return Dataset(self.info.name, train, test=test, source=self.source)

    def _find(self, folder: Path | None) -> Path | None:
        """Return the first place with all the files, plain or packed."""
        if folder is None:
            places = [self._raw(data_folder()), *([self.elsewhere] if self.elsewhere else [])]
        else:
            places = [folder, self._raw(folder)]
        return next((place for place in places if all(find_file(place, name) for name in _FILES)), None)

    def _raw(self, root: Path) -> Path:
        return root / self.published.__name__ / "raw"

    def _download(self, folder: Path | None, progress: ProgressCallback | None) -> Path:
        target = self._raw(folder or data_folder())
        for number, (name, md5) in enumerate(self.published.resources, start=1):
            # A file that an earlier download brought was checked then.
            if find_file(target, name.removesuffix(".gz")) is None:
                text = f"Downloading {self.info.title}, file {number} of {len(self.published.resources)}"
                self._fetch(target / name, md5, text, progress)
        return target

    def _fetch(self, path: Path, md5: str, text: str, progress: ProgressCallback | None) -> None:
        """Download one file, from the first mirror that has it."""
        failures: list[FetchError] = []
        what, size, checksum = f"the files of {self.info.title}", self.info.needs_download, f"md5:{md5}"
        for mirror in self.published.mirrors:
            try:
                fetch(f"{mirror}{path.name}", path, what, size, text=text, checksum=checksum, progress=progress)
            except NotWrittenError as error:
                raise not_fetched(error) from error
            except FetchError as error:
                failures.append(error)
            else:
                return
        raise not_fetched(failures[0]) from failures[0]
