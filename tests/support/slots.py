"""A server with slots, each busy for a log-normal time a request: what load tools are run against.

    python -m tests.support.slots --port 8080 --slots 2 --mean 0.04 --scv 0.04 --failing 0

Answers any POST with `{}`, and `/v1/chat/completions` as OpenAI's API does, as a stream where that
is asked for: a quarter of the time until the first token, the rest between them. A share of the
requests fails at once.
"""

from __future__ import annotations

import argparse
import json
import math
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

CHAT = "/v1/chat/completions"
_FIRST = 0.25


class Slots(ThreadingHTTPServer):
    """A server with so many slots; requests that find none free wait in order."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, port: int, *, slots: int, mean_s: float, scv: float, failing: float = 0.0
    ) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.free = threading.BoundedSemaphore(slots)
        self._failing = failing
        self._rng = Random(1)
        self._drawing = threading.Lock()
        self._sigma = math.sqrt(math.log1p(scv))
        self._mu = math.log(mean_s) - self._sigma**2 / 2.0

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is none of our errors."""

    def drawn_s(self) -> float | None:
        """The next service time, None for a request that fails."""
        with self._drawing:
            if self._rng.random() < self._failing:
                return None
            return self._rng.lognormvariate(self._mu, self._sigma)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Slots

    def do_GET(self) -> None:
        self._answer({"object": "list", "data": [{"id": "small", "object": "model"}]})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.free:
            seconds = self.server.drawn_s()
            if seconds is None:
                return self._answer({"error": {"message": "busy"}}, status=503)
            if self.path != CHAT:
                time.sleep(seconds)
                return self._answer({})
            asked = json.loads(body)
            tokens = int(asked.get("max_completion_tokens") or asked.get("max_tokens") or 16)
            if asked.get("stream"):
                return self._stream(seconds, tokens)
            time.sleep(seconds)
            said = {"role": "assistant", "content": " ".join(["word"] * tokens)}
            choice = {"index": 0, "message": said, "finish_reason": "length"}
            return self._answer(_chunk("chat.completion", choice, tokens))

    def _answer(self, value: object, *, status: int = 200) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, seconds: float, tokens: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        time.sleep(seconds * _FIRST)
        for number in range(tokens):
            if number:
                time.sleep(seconds * (1.0 - _FIRST) / tokens)
            delta = {"role": "assistant", "content": "word "}
            last = "length" if number == tokens - 1 else None
            choice = {"index": 0, "delta": delta, "finish_reason": last}
            self._event(json.dumps(_chunk("chat.completion.chunk", choice, tokens)))
        self._event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, text: str) -> None:
        data = f"data: {text}\n\n".encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def log_message(self, *_: object) -> None:
        pass


def _chunk(kind: str, choice: dict[str, object], tokens: int) -> dict[str, object]:
    used = {"prompt_tokens": 64, "completion_tokens": tokens, "total_tokens": 64 + tokens}
    return {
        "id": "c",
        "object": kind,
        "created": 0,
        "model": "small",
        "choices": [choice],
        "usage": used,
    }


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--slots", type=int, default=2)
    parser.add_argument("--mean", type=float, default=0.04, help="seconds")
    parser.add_argument("--scv", type=float, default=0.04)
    parser.add_argument("--failing", type=float, default=0.0)
    given = parser.parse_args()
    server = Slots(
        given.port, slots=given.slots, mean_s=given.mean, scv=given.scv, failing=given.failing
    )
    server.serve_forever()


if __name__ == "__main__":
    main()
