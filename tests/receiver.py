"""A real HTTP server on loopback that takes messages, or does not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    """What came in; `answers` are used up one by one, then it is `status`."""

    port: int = 0
    status: int = 200
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    hang: threading.Event | None = None
    """Set to let go of a request that is held."""

    @property
    def bodies(self):
        return [json.loads(body) for _, _, _, body in self.requests]

    @property
    def titles(self):
        """Subjects as Apprise's json:// sends them."""
        return [body["title"] for body in self.bodies]


@contextmanager
def receiver(**options) -> Iterator[Receiver]:
    taken = Receiver(**options)

    class Handler(BaseHTTPRequestHandler):
        def _take(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            headers = {key.lower(): value for key, value in self.headers.items()}
            taken.requests.append((self.command, self.path, headers, body))
            if taken.hang is not None:
                taken.hang.wait(30)
            self.send_response(taken.answers.pop(0) if taken.answers else taken.status)
            for name, value in taken.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = _take  # noqa: N815  # as the library calls them

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    taken.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        if taken.hang is not None:
            taken.hang.set()
        server.shutdown()
        server.server_close()
        thread.join()
