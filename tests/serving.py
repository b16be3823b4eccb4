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

    def do_GET(self):
        self.server.requests.append(self.path)
        if self.path.startswith("/missing"):
            self.send_error(404)
            return
        content = self.server.files.get(self.path, CONTENT)
        self.send_response(200)
        if not self.path.startswith("/unsized"):
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2])
        self.wfile.flush()
        if self.path.startswith("/slow"):
            self.server.released.wait(20)
        elif not self.path.startswith("/cut"):
            self.wfile.write(content[len(content) // 2 :])

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    """Serves `files`, bytes by path ("/name"), and counts the requests."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files = dict(files)
        self.requests: list[str] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serve(files: Mapping[str, bytes] | None = None) -> Iterator[Server]:
    """Serve while the `with` lasts. Tests set ``no_proxy`` to 127.0.0.1."""
    server = Server(files or {})
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
