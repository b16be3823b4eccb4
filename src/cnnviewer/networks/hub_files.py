"""Files of the Hugging Face hub, in the cache that its own client and timm look into.

Its client can't be stopped while it waits for a server, so the bytes are fetched as all others are. The layout of the
cache is that of https://huggingface.co/docs/huggingface_hub/guides/manage-cache: ``blobs/ETAG`` holds the bytes,
``snapshots/COMMIT/NAME`` points to them, ``refs/main`` names the commit.
"""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url, try_to_load_from_cache
from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, OfflineModeIsEnabled

from cnnviewer.downloads.files import FetchError, NotWrittenError, fetch
from cnnviewer.downloads.progress import BEAT, Beat
from cnnviewer.errors import WeightsError
from cnnviewer.files import write_text
from cnnviewer.sizes import byte_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from huggingface_hub import HfFileMetadata

    from cnnviewer.downloads import ProgressCallback

__all__ = ["cache_folder", "cached_file", "folder_of", "hub_file"]

_SHA256_LENGTH = 64
_PATIENCE = 20.0  # seconds until the server must have answered


def cache_folder() -> Path:
    """Return the folder of the cache, whether it is there or not."""
    return Path(constants.HF_HUB_CACHE)


def folder_of(repository: str) -> str:
    """Return the name of the folder of a repository in the cache."""
    return f"models--{repository.replace('/', '--')}"


def cached_file(repository: str, files: Sequence[str]) -> Path | None:
    """Return the first of some files of a repository that lies in the cache; None where none does."""
    for file in files:
        found = try_to_load_from_cache(repository, file)
        if isinstance(found, str):
            return Path(found)
    return None


def hub_file(
    repository: str, files: Sequence[str], name: str, size: str, progress: ProgressCallback | None = None
) -> Path:
    """Download the first of some files that a repository has.

    Nothing of it is left when anything goes wrong, or when `progress` raises.

    Parameters
    ----------
    repository
        "owner/name".
    files
        What it may be called, the best first.
    name, size
        What messages call the network, and how large they say the file is until the server tells: "about 45 MB".
    progress
        Called about 20 times a second, also while nothing comes.

    Raises
    ------
    WeightsError
        If it can't be had, is damaged, or can't be written.
    Cancelled
        If `progress` raised it.
    """
    beat = Beat(f"Downloading {name}", progress)
    file, facts = _first(repository, files, f"{name} ({size})", beat)
    folder = cache_folder() / folder_of(repository)
    blob = folder / "blobs" / str(facts.etag)
    size = byte_text(facts.size) if facts.size else size
    checksum = f"sha256:{facts.etag}" if len(str(facts.etag)) == _SHA256_LENGTH else ""
    try:
        if not blob.exists():
            what, text = f"the weights of {name}", f"Downloading {name}"
            fetch(facts.location, blob, what, size, text=text, checksum=checksum, progress=progress)
        return _entered(folder, blob, str(facts.commit_hash), file)
    except NotWrittenError as error:
        remedy = error.remedy.replace("TORCH_HOME", "HF_HOME")
        raise WeightsError(f"{error.story}. {remedy}, or go on with random weights.") from error
    except FetchError as error:
        raise WeightsError(f"{error.story}. {error.remedy}, or go on with random weights.") from error
    finally:
        _remove_empty(folder)


def _entered(folder: Path, blob: Path, commit: str, file: str) -> Path:
    """Give the bytes the name under which the hub's client looks for them."""
    entry = folder / "snapshots" / commit / file
    entry.parent.mkdir(parents=True, exist_ok=True)
    entry.unlink(missing_ok=True)
    try:
        entry.symlink_to(Path("..", "..", "blobs", blob.name))
    except OSError:  # Windows allows links to some users only
        blob.replace(entry)
    (folder / "refs").mkdir(exist_ok=True)
    write_text(folder / "refs" / constants.DEFAULT_REVISION, commit)
    return entry


def _first(repository: str, files: Sequence[str], name: str, beat: Beat) -> tuple[str, HfFileMetadata]:
    """Return the first file that the server has, and what it tells of it."""
    for file in files:
        answer = _asked(hf_hub_url(repository, file), beat)
        if isinstance(answer, EntryNotFoundError):
            continue
        if isinstance(answer, Exception):
            raise WeightsError(_sentence(name, *_reason_and_remedy(answer))) from answer
        if answer.commit_hash is None or answer.etag is None:
            raise WeightsError(_sentence(name, "the server is no Hugging Face hub", "Check HF_ENDPOINT"))
        return file, answer
    raise WeightsError(_sentence(name, f"{repository} has no file of weights", "Choose another network"))


def _asked(url: str, beat: Beat) -> HfFileMetadata | Exception:
    """Ask the server what a file is, in a thread of its own: the beat, and who stops it, must not wait."""
    answers: queue.Queue[HfFileMetadata | Exception] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(get_hf_file_metadata(url, timeout=_PATIENCE))
        except Exception as error:  # handed to the thread that waits
            answers.put(error)

    threading.Thread(target=ask, name="hub", daemon=True).start()
    while True:
        beat(0, None)
        with suppress(queue.Empty):
            return answers.get(timeout=BEAT)


def _reason_and_remedy(error: Exception) -> tuple[str, str]:
    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE forbids it", "Unset it and try again"
    if isinstance(error, HfHubHTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code}", "Try again later"
    return "no connection", "Connect and try again"


def _sentence(name: str, reason: str, remedy: str) -> str:
    return f"The weights of {name} could not be downloaded: {reason}. {remedy}, or go on with random weights."


def _remove_empty(folder: Path) -> None:
    """Remove the folders of a repository of which nothing came: the hub's client would call the cache damaged."""
    for path in (folder / "blobs", folder):
        with suppress(OSError):
            path.rmdir()
