"""Where the sandbox listens, and how every name leads there."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from pathlib import Path

from aiohttp.abc import AbstractResolver, ResolveResult

from reconciler.core.errors import InputError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """Where the loopback server listens, as `sandbox.json` says."""

    port: int
    closed_port: int
    ca_file: Path
    refused_hosts: frozenset[str] = frozenset()


def read_sandbox(path: Path) -> Sandbox:
    """Read where the sandbox listens; raises `InputError`."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Sandbox(
            port=int(data["port"]),
            closed_port=int(data["closed_port"]),
            ca_file=path.parent / data["ca_file"],
            refused_hosts=frozenset(data.get("refused_hosts", ())),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"no running sandbox is described in '{path}': "
            "start one with 'reconcile sandbox'"
        ) from error


class LoopbackResolver(AbstractResolver):
    """Answers every name with the sandbox's port; reads its file again each time.

    The file may change under a running test: it says which hosts refuse.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def resolve(
        self, host: str, port: int = 0, family: int = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the loopback address; `port` and `family` are not looked at."""
        del port, family
        sandbox = read_sandbox(self._path)
        refused = host in sandbox.refused_hosts
        return [
            ResolveResult(
                hostname=host,
                host=LOOPBACK,
                port=sandbox.closed_port if refused else sandbox.port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
        ]

    async def close(self) -> None:
        """Hold nothing open."""
