"""A provider made of one function, at the network boundary: TLS on loopback.

`serve` answers every host name with what the function returns for a path and its
parameters: text is sent as it is, anything else as JSON, a pair with its status.
"""

from __future__ import annotations

import json
import os
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

import trustme

HOSTS = ("mt5.mtapi.io", "mt4.mtapi.io", "api.mtapi.io")
HOSTS += ("*.agiliumtrade.agiliumtrade.ai", "*.london.agiliumtrade.ai")
HOSTS += ("*.new-york.agiliumtrade.ai", "bridge.example")
MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class At:
    """A clock that stands still."""

    def __init__(self, moment):
        self._moment = moment

    def now(self):
        return self._moment


@cache
def _tls():
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    return context, authority.cert_pem.bytes()


@contextmanager
def serve(folder, answer):
    """Yield the path of a `sandbox.json`, and the list of (path, params) asked."""
    context, authority_pem = _tls()
    ca_file = folder / "scripted-ca.pem"
    ca_file.write_bytes(authority_pem)
    asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer, asked))
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    file = folder / "scripted.json"
    document = {
        "format_version": 1,
        "pid": os.getpid(),
        "port": server.server_port,
        "closed_port": server.server_port,
        "ca_file": str(ca_file),
    }
    file.write_text(json.dumps(document))
    try:
        yield file, asked
    finally:
        server.shutdown()
        server.server_close()


def _handler(answer, asked):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self):
            url = urlsplit(self.path)
            path, params = unquote(url.path), dict(parse_qsl(url.query))
            asked.append((path, params))
            given = answer(path.strip("/"), params)
            status, body = given if isinstance(given, tuple) else (200, given)
            text = body if isinstance(body, str) else json.dumps(body)
            self.send_response_only(status)  # without a Date: the clocks are ours
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_):
            pass

    return Handler
