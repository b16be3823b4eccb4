"""CIFAR-10: 50,000 training and 10,000 test photos of ten kinds of things (Krizhevsky), as torchvision reads them."""

from __future__ import annotations

import shutil
import tarfile
import warnings
import zlib
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import torch
from torchvision.datasets import CIFAR10
from torchvision.datasets.utils import check_integrity

from cnnviewer.datasets import DATASETS
from cnnviewer.datasets.labelled import Dataset, LabelledImages
from cnnviewer.datasets.places import data_folder, missing, not_fetched
from cnnviewer.downloads.files import FetchError, fetch, not_written
from cnnviewer.downloads.progress import Beat
from cnnviewer.errors import DatasetError
from cnnviewer.files import new_folder, partial_path

if TYPE_CHECKING:
    from pathlib import Path

    from cnnviewer.downloads import ProgressCallback

__all__ = ["load"]

_INFO = DATASETS["cifar10"]
_SOURCE = "CIFAR-10, by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton; no licence is stated"


def load(*, folder: Path | None = None, download: bool = False, progress: ProgressCallback | None = None) -> Dataset:
    """Return CIFAR-10, images uint8 ``(N, 3, 32, 32)``; see `cnnviewer.datasets.load_dataset`.

    Raises
    ------
    DatasetError
        If it can't be found, downloaded or read.
    """
    root = _find(folder)
    if root is None and download:
        root = folder or data_folder()
        _download(root, progress)
    if root is None:
        raise missing(_INFO, folder)
    return Dataset(_INFO.name, _read(root, is_train=True), test=_read(root, is_train=False), source=_SOURCE)


def _find(folder: Path | None) -> Path | None:
    """Return the folder that holds the unpacked one; the unpacked one itself may be given, too."""
    root = folder or data_folder()
    if (root / CIFAR10.base_folder).is_dir():
        return root
    return root.parent if root.name == CIFAR10.base_folder and root.is_dir() else None


def _read(root: Path, *, is_train: bool) -> LabelledImages:
    try:
        with warnings.catch_warnings():
            # NumPy warns of how its own arrays were pickled long ago.
            warnings.simplefilter("ignore")
            # Unpickling runs what a file tells it to. torchvision compares the MD5 sums of all six files with those
            # that it knows before it unpickles the first, and that of the file of names as well: what is unpickled
            # is the publishers' own.
            stored = CIFAR10(root, train=is_train, download=False)
    except RuntimeError as error:
        raise DatasetError(
            f"The files in {root / CIFAR10.base_folder} are not those of CIFAR-10, or are damaged; "
            "delete the folder and download it again."
        ) from error
    except OSError as error:
        raise DatasetError(f"CIFAR-10 can't be read from {root}: {error.strerror or error}.") from error
    # torchvision has the colours last: (N, H, W, C).
    images = torch.from_numpy(stored.data).permute(0, 3, 1, 2).contiguous()
    return LabelledImages(images, torch.tensor(stored.targets, dtype=torch.long), tuple(stored.classes))


def _download(root: Path, progress: ProgressCallback | None) -> None:
    """Download the archive, unless it lies there, and unpack it; a downloaded one is not kept."""
    what = f"the files of {_INFO.title}"
    archive = root / CIFAR10.filename
    own = partial_path(archive)
    try:
        if not check_integrity(archive, CIFAR10.tgz_md5):
            archive = own
            checksum, text = f"md5:{CIFAR10.tgz_md5}", f"Downloading {_INFO.title}"
            fetch(CIFAR10.url, archive, what, _INFO.needs_download, text=text, checksum=checksum, progress=progress)
        with new_folder(root / CIFAR10.base_folder) as partial:
            _unpack(archive, partial, Beat(f"Unpacking {_INFO.title}", progress))
    except FetchError as error:
        raise not_fetched(error) from error
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise DatasetError(f"The archive of {_INFO.title} can't be unpacked: {error}. Try again.") from error
    except OSError as error:
        raise not_fetched(not_written(error, what, _INFO.needs_download, root)) from error
    finally:
        with suppress(OSError):
            own.unlink(missing_ok=True)


def _unpack(archive: Path, folder: Path, beat: Beat) -> None:
    """Copy the files that torchvision reads out of the archive, under their own names: it may hold what it will."""
    names = [name for name, _ in (*CIFAR10.train_list, *CIFAR10.test_list)] + [CIFAR10.meta["filename"]]
    with tarfile.open(archive) as tar:
        for done, name in enumerate(names):
            beat(done, len(names))
            try:
                content = tar.extractfile(f"{CIFAR10.base_folder}/{name}")
            except KeyError:
                raise tarfile.TarError(f"{name} is missing") from None
            if content is None:
                raise tarfile.TarError(f"{name} is no file")
            with closing(content), (folder / name).open("xb") as file:
                shutil.copyfileobj(content, file)
