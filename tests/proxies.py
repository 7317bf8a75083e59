"""Real proxies on loopback: HTTP CONNECT and SOCKS5, which lead everything to one port.

They resolve no name: whatever host is asked for, the given port of this machine is
connected to, so that nothing leaves it.
"""

from __future__ import annotations

import base64
import socket
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """A proxy that listens; `login` is the user and password that it wants.

    `answer` is what it says to every CONNECT instead of letting it through; empty
    text lets the caller wait for ever.
    """

    port: int
    to_port: int
    login: str = ""
    answer: str | None = None
    asked: list[str] = field(default_factory=list)
    """The hosts that were asked for, by whoever was let in."""
    heads: list[bytes] = field(default_factory=list)
    """What callers began with."""

    @property
    def url(self) -> str:
        login = f"{self.login}@" if self.login else ""
        return f"http://{login}127.0.0.1:{self.port}"


def connect(proxy, client):
    """Serve one caller of a CONNECT proxy."""
    head = _head(client)
    proxy.heads.append(head)
    words = head.split(b" ", 2)
    if words[0] != b"CONNECT":
        client.sendall(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n\r\n")
        return
    if proxy.login and _basic(proxy.login) not in head:
        client.sendall(
            b"HTTP/1.1 407 Proxy Authentication Required\r\n"
            b'Proxy-Authenticate: Basic realm="office"\r\nContent-Length: 0\r\n\r\n'
        )
        return
    if proxy.answer is not None:
        client.sendall(proxy.answer.encode())
        if not proxy.answer:
            client.recv(1)  # until the caller gives up
        return
    proxy.asked.append(words[1].decode())
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    _tunnel(client, proxy.to_port)


def socks5(proxy, client):
    """Serve one caller of a SOCKS5 proxy (RFC 1928, 1929)."""
    greeting = client.recv(262)
    proxy.heads.append(greeting)
    if not greeting.startswith(b"\x05"):
        return
    client.sendall(b"\x05\x02" if proxy.login else b"\x05\x00")
    if proxy.login:
        said = client.recv(513)
        user, password = said[2 : 2 + said[1]], said[3 + said[1] :]
        right = f"{user.decode()}:{password.decode()}" == proxy.login
        client.sendall(b"\x01\x00" if right else b"\x01\x01")
        if not right:
            return
    client.recv(262)
    client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    _tunnel(client, proxy.to_port)


@contextmanager
def running(to_port, *, serve=connect, **more):
    """Run a proxy in the background for as long as the block lasts."""
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = Proxy(port=listener.getsockname()[1], to_port=to_port, **more)
    threading.Thread(target=_accept, args=(listener, proxy, serve), daemon=True).start()
    try:
        yield proxy
    finally:
        listener.shutdown(socket.SHUT_RDWR)  # or whoever waits in `accept` goes on
        listener.close()


def _accept(listener, proxy, serve):
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_one, args=(client, proxy, serve), daemon=True).start()


def _one(client, proxy, serve):
    with client:
        try:
            serve(proxy, client)
        except OSError:
            return


def _head(client):
    head = b""
    while b"\r\n\r\n" not in head and (more := client.recv(4096)):
        head += more
    return head


def _basic(login):
    return b"Proxy-Authorization: Basic " + base64.b64encode(login.encode())


def _tunnel(client, port):
    with socket.create_connection(("127.0.0.1", port)) as server:
        back = threading.Thread(target=_pump, args=(server, client), daemon=True)
        back.start()
        _pump(client, server)
        back.join()


def _pump(source, target):
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
