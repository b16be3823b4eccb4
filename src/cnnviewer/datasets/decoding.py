"""Decoding image files, several at a time, into pixels of one size; kept in memory, or decoded again when asked for."""

from __future__ import annotations

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from cnnviewer.datasets.labelled import LeftOut
from cnnviewer.downloads.progress import Beat
from cnnviewer.errors import DatasetError, ImageError
from cnnviewer.images import as_photo

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from cnnviewer.datasets.labelled import Images
    from cnnviewer.downloads import ProgressCallback

    Fit = Callable[[Any], torch.Tensor]
    """Takes a picture of PIL's, or a `Photo` where it has further channels."""

__all__ = ["KEPT_BYTES", "FileImages", "decode_files"]

KEPT_BYTES = 1 << 30
"""So many bytes of decoded pixels are kept in memory; of more, none are."""

# Few: each may hold a photo of many megapixels.
_THREADS = min(4, os.cpu_count() or 1)
# How many files are handed to the threads at once; a job that is cancelled waits for those begun.
_AHEAD = 32


def decode_files(
    paths: Sequence[Path], fit: Fit, progress: ProgressCallback | None = None
) -> tuple[Images, torch.Tensor, tuple[LeftOut, ...]]:
    """Decode each file once, to keep its pixels or to know that it can be decoded.

    Parameters
    ----------
    paths
        Image files.
    fit
        Makes uint8 pixels ``(C, H, W)`` of a photo, all of one size.
    progress
        Called with how many files are done. It may raise `Cancelled`.

    Returns
    -------
    tuple
        The images ``(n, C, H, W)`` of the files that can be decoded, in their order; which those are, bool
        ``(N,)``; and the others, with the reasons.
    """
    beat = Beat("Reading images", progress)
    is_good = torch.ones(len(paths), dtype=torch.bool)
    left_out: list[LeftOut] = []
    shape, kept = torch.Size(), torch.empty(0)
    with closing(_decoded(paths, fit)) as decoded:
        for number, pixels in enumerate(decoded):
            beat(number, len(paths))
            if isinstance(pixels, ImageError):
                left_out.append(LeftOut(paths[number], str(pixels)))
                is_good[number] = False
                continue
            if not shape:
                shape = pixels.shape
                kept = torch.empty(_kept(len(paths), shape), *shape, dtype=torch.uint8)
            if len(kept):
                kept[number - len(left_out)] = pixels
    beat(len(paths), len(paths))
    good = [path for path, flag in zip(paths, is_good.tolist(), strict=True) if flag]
    images: Images = kept[: len(good)] if len(kept) else FileImages(good, fit, shape)
    return images, is_good, tuple(left_out)


class FileImages:
    """Images that are decoded each time when they are asked for.

    Parameters
    ----------
    paths
        Their files.
    fit
        Makes uint8 pixels ``(C, H, W)`` of a photo.
    shape
        That of all pixels, ``(C, H, W)``.
    """

    def __init__(self, paths: Sequence[Path], fit: Fit, shape: torch.Size) -> None:
        self._paths, self._fit, self._shape = tuple(paths), fit, shape

    @property
    def shape(self) -> torch.Size:
        """``(N, C, H, W)``."""
        return torch.Size((len(self), *self._shape))

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, chosen: torch.Tensor | slice, /) -> torch.Tensor:
        """Return some images, uint8 ``(n, C, H, W)``.

        Raises
        ------
        DatasetError
            If a file has gone since the dataset was loaded, or can't be decoded any more.
        """
        numbers = torch.arange(len(self))[chosen].tolist()
        images = torch.empty(len(numbers), *self._shape, dtype=torch.uint8)
        with closing(_decoded([self._paths[number] for number in numbers], self._fit)) as decoded:
            for row, pixels in enumerate(decoded):
                if isinstance(pixels, ImageError):
                    raise DatasetError(f"An image of the dataset changed while it was in use. {pixels}") from pixels
                images[row] = pixels
        return images


def _kept(count: int, shape: torch.Size) -> int:
    """Return how many images of so many are kept: all or none."""
    return count if count * shape.numel() <= KEPT_BYTES else 0


def _decoded(paths: Sequence[Path], fit: Fit) -> Generator[torch.Tensor | ImageError, None, None]:
    """Yield the pixels of each file, or why there are none, in their order; to be closed by who stops early."""
    with _quiet(), _pool() as pool:
        for first in range(0, len(paths), _AHEAD):
            yield from pool.map(partial(_decode, fit=fit), paths[first : first + _AHEAD])


def _decode(path: Path, fit: Fit) -> torch.Tensor | ImageError:
    try:
        photo = as_photo(path)
        return fit(photo if photo.bands else photo.picture)
    except ImageError as error:
        return error
    except MemoryError:
        return ImageError(f"{path.name} needs more memory than there is; make it smaller first.")


@contextmanager
def _pool() -> Iterator[ThreadPoolExecutor]:
    """Give threads; files that were not begun yet are dropped when the `with` is left early."""
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="decode")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop PIL's warnings here, too.

    `read_image` drops them in each thread, but the filters are the process's: a thread that restores them must find
    them as they shall be in the others.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\.")
        yield
