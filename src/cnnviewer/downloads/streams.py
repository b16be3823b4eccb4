"""`ByteStream`: the bytes of an address, read so that a connection that hangs can be left at once."""

from __future__ import annotations

import http.client
import queue
import ssl
import threading
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

from cnnviewer.downloads.progress import BEAT

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ByteStream", "NotReceivedError"]

_CHUNK = 128 * 1024
_TIMEOUT = 20.0  # seconds without a byte


class NotReceivedError(Exception):
    """The bytes don't come, or are not those that were asked for.

    Parameters
    ----------
    reason, remedy
        Why, as the end of a sentence; and what to do, as the beginning of the next. Neither has a full stop.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(f"{reason}. {remedy}.")
        self.reason, self.remedy = reason, remedy


_BROKEN_OFF = "the connection broke off", "Try again"


class ByteStream:
    """The bytes of an address, read in a thread of their own.

    Parameters
    ----------
    url
        The address.

    Attributes
    ----------
    total
        How many bytes there will be; None as long as the server has not told.
    """

    def __init__(self, url: str) -> None:
        self.total: int | None = None
        self._url = url
        self._chunks: queue.Queue[bytes | Exception | None] = queue.Queue(maxsize=16)
        self._closed = threading.Event()
        # A daemon: one that waits for a dead server must not keep the program from ending.
        threading.Thread(target=self._read, name="download", daemon=True).start()

    def __iter__(self) -> Iterator[bytes]:
        """Yield the bytes as they come, and b"" whenever none have come for `BEAT` seconds.

        Raises
        ------
        NotReceivedError
            If no more bytes can be had before the end.
        """
        done = 0
        while (chunk := self._next()) is not None:
            done += len(chunk)
            yield chunk
        if self.total is not None and done != self.total:
            raise NotReceivedError(*_BROKEN_OFF)

    def close(self) -> None:
        """Let the thread end; what it still reads is dropped."""
        self._closed.set()

    def _next(self) -> bytes | None:
        try:
            chunk = self._chunks.get(timeout=BEAT)
        except queue.Empty:
            return b""
        if isinstance(chunk, Exception):
            raise NotReceivedError(*_reason_and_remedy(chunk)) from chunk
        return chunk

    def _read(self) -> None:
        try:
            self._fetch()
        except urllib.error.HTTPError as error:
            error.close()
            self._put(error)
        except Exception as error:  # handed to the thread that waits for the bytes
            self._put(error)

    def _fetch(self) -> None:
        request = urllib.request.Request(self._url, headers={"User-Agent": "cnnviewer"})
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            length = response.headers.get("Content-Length", "")
            self.total = int(length) if length.isdigit() else None
            while chunk := response.read(_CHUNK):
                if not self._put(chunk):
                    return
        self._put(None)

    def _put(self, chunk: bytes | Exception | None) -> bool:
        """Hand something over; return False if nobody wants it any more."""
        while not self._closed.is_set():
            try:
                self._chunks.put(chunk, timeout=BEAT)
            except queue.Full:
                continue
            return True
        return False


def _reason_and_remedy(error: Exception) -> tuple[str, str]:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} ({error.reason})", "Try again later"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no byte came for {_TIMEOUT:.0f} seconds", "Try again"
    if isinstance(cause, ssl.SSLError):
        return f"no safe connection ({cause.reason})", "Check this machine's clock and proxy"
    if isinstance(cause, (ConnectionResetError, http.client.HTTPException)):
        return _BROKEN_OFF
    if isinstance(cause, OSError):
        return "no connection", "Connect and try again"
    return str(cause), "Try again"
