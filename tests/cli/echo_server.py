"""The worst provider: answers a request that carries a key with all it was sent.

Public requests are passed on to the sandbox, so that clients get far enough.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import ssl
import threading
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import trustme

HOSTS = (
    *("api.binance.com", "fapi.binance.com", "dapi.binance.com", "www.okx.com"),
    *("api.kraken.com", "api.kucoin.com", "api-futures.kucoin.com", "api.mtapi.io"),
    *("api.custom-data-provider.com", "*.binance.com", "*.okx.com", "*.kucoin.com"),
)


@contextmanager
def echo_server(folder, behind, *, status, mark):
    """Serve on loopback; yield a `sandbox.json` that leads everybody here.

    `mark` is what every planted key holds; `behind` describes the real sandbox.
    """
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*HOSTS).configure_cert(context)
    ca_file = folder / "echo-ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    server = _Quiet(("127.0.0.1", 0), _handler(behind, status=status, mark=mark))
    server.daemon_threads = True
    server.context = context
    server.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    file = folder / "echo.json"
    document = {
        "format_version": 1,
        "pid": os.getpid(),
        "port": server.server_port,
        "closed_port": server.server_port,
        "ca_file": str(ca_file),
    }
    file.write_text(json.dumps(document))
    try:
        yield file, server.asked
    finally:
        server.shutdown()
        server.server_close()


class _Quiet(ThreadingHTTPServer):
    """Says nothing of clients that hang up: what is printed counts as ours."""

    def finish_request(self, request, client_address):
        """Shake hands in the thread of the request: a slow client keeps nobody else."""
        with self.context.wrap_socket(request, server_side=True) as secured:
            super().finish_request(secured, client_address)

    def handle_error(self, _request, _client_address):
        pass


class _Behind(http.client.HTTPSConnection):
    """A connection to the sandbox under the name that the client asked for."""

    def __init__(self, info, host):
        self._trust = ssl.create_default_context(cafile=str(info.ca_file))
        super().__init__(host, info.port, timeout=10)

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), 10)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)


def _handler(behind, *, status, mark):
    class Echo(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size)
            text = body.decode("utf-8", "replace")
            sent = f"{self.command} {self.path}\n{self.headers}\n{text}"
            said = f"{sent} {unquote(sent)} {_opened(self.headers)}"
            if mark not in said:
                self.pass_on(body)
                return
            self.server.asked.append(said)
            words = {"code": -2015, "msg": said, "message": said, "error": [said]}
            data = {**words, "sCode": "1", "errors": {said[:500]: said}}
            echo = base64.b64encode(said.encode()).decode()[:4000]
            self.reply(status, json.dumps(data).encode(), {"X-Echo": echo})

        def pass_on(self, body):
            connection = _Behind(behind, self.headers["Host"].partition(":")[0])
            headers = {**self.headers, "Accept-Encoding": "identity"}
            with closing(connection):
                connection.request(self.command, self.path, body or None, headers)
                found = connection.getresponse()
                status, data = found.status, found.read()
            self.reply(status, data, {})

        def reply(self, code, data, headers):
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815

        def log_message(self, *_):
            pass

    return Echo


def _opened(headers):
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return token
    return base64.b64decode(token + "==").decode("utf-8", "replace")
