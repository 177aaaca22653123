"""An HTTP server that answers like an endpoint and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(kw_only=True)
class Answering:
    """A running server; `status` is what it answers."""

    url: str = ""
    status: int = 200
    calls: list[Call] = field(default_factory=list)


@contextmanager
def answering() -> Iterator[Answering]:
    """Serve on a free port of the loopback."""
    told = Answering()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): text for name, text in self.headers.items()}
            told.calls.append(Call(path=self.path, headers=headers, body=body))
            self.send_response(told.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        told.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield told
        finally:
            server.shutdown()
            thread.join()
