"""The component for GitLab as its jobs come out of it, and an API that keeps notes."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import yaml

from tests.support.code import ROOT

TEMPLATE = (ROOT / "templates" / "planner.yml").read_text(encoding="utf-8")
HEAD, JOBS = TEMPLATE.split("\n---\n")
INPUTS: dict[str, dict[str, Any]] = yaml.safe_load(HEAD)["spec"]["inputs"]


def included(**inputs: str) -> dict[str, Any]:
    """What an inclusion with these inputs adds, whose dashes are underlines here."""
    given = {name.replace("_", "-"): text for name, text in inputs.items()}
    assert set(given) <= set(INPUTS)
    values = {name: one["default"] for name, one in INPUTS.items()} | given
    text = re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda found: values[found[1]], JOBS)
    assert "$[[" not in text
    jobs: dict[str, Any] = yaml.safe_load(text)
    return jobs


@dataclass
class Notes:
    """Notes of one merge request, by their numbers; `me` is whose token is used."""

    url: str = ""
    me: int = 5
    notes: dict[int, dict[str, Any]] = field(default_factory=dict)


@contextmanager
def noted() -> Iterator[Notes]:
    """A server that keeps notes."""
    kept = Notes()

    class Api(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            """Nothing is written."""

        def _answer(self, code: int, value: Any) -> None:
            self.send_response(code if self.headers["PRIVATE-TOKEN"] == "secret" else 401)
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        def _body(self) -> str:
            data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            return str(data["body"])

        def do_GET(self) -> None:
            if self.path == "/user":
                self._answer(200, {"id": kept.me})
                return
            page = int(self.path.partition("&page=")[2])
            newest = [kept.notes[number] for number in sorted(kept.notes, reverse=True)]
            self._answer(200, newest[2 * page - 2 : 2 * page])

        def do_POST(self) -> None:
            assert self.path == "/projects/3/merge_requests/7/notes"
            number = 1 + max(kept.notes, default=0)
            one = {"id": number, "author": {"id": kept.me}, "body": self._body()}
            kept.notes[number] = one
            self._answer(201, one)

        def do_PUT(self) -> None:
            number = int(self.path.removeprefix("/projects/3/merge_requests/7/notes/"))
            kept.notes[number]["body"] = self._body()
            self._answer(200, kept.notes[number])

    with ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
