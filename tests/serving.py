"""A web server on this machine, for the tests of what is downloaded."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CONTENT = bytes(range(256)) * 8192  # 2 MiB
"""What is served under any name that is not listed."""


class Handler(BaseHTTPRequestHandler):
    """/missing... not; /unsized... without a length; /cut... half; /slow... half, and then nothing; others whole."""

    def do_HEAD(self):
        self._begin()

    def do_GET(self):
        self.server.requests.append(self.path)
        content = self._begin()
        if content is None:
            return
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        if self.path.startswith("/slow"):
            self.server.released.wait(20)
        elif not self.path.startswith("/cut"):
            self.wfile.write(content[len(content) // 2 :])

    def _begin(self):
        """Answer with the headers; return the content, None where there is none."""
        is_missing = self.server.headers and self.path not in self.server.headers
        if is_missing or self.path.startswith("/missing"):
            headers = {"X-Error-Code": "EntryNotFound"} if is_missing else {}
            self.send_response(404)
            self._end(headers | {"Content-Length": "0"})
            return None
        content = self.server.files.get(self.path, CONTENT)
        self.send_response(200)
        headers = self.server.headers.get(self.path, {})
        self._end(headers if self.path.startswith("/unsized") else headers | {"Content-Length": str(len(content))})
        return content

    def _end(self, headers):
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    """Serves `files`, bytes by path ("/name"), and counts what is got; where there are `headers`, those paths alone."""

    def __init__(self, files: Mapping[str, bytes], headers: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.headers = dict(files), {path: dict(sent) for path, sent in headers.items()}
        self.requests: list[str] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serve(
    files: Mapping[str, bytes] | None = None, headers: Mapping[str, Mapping[str, str]] | None = None
) -> Iterator[Server]:
    """Serve while the `with` lasts. Tests set ``no_proxy`` to 127.0.0.1."""
    server = Server(files or {}, headers or {})
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
