"""`sandbox.json`: how a client finds a running sandbox. Standard library only."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from reconciler.core.errors import InputError

FORMAT_VERSION = 1
FILE_NAME = "sandbox.json"
CA_NAME = "ca.pem"
CONTROL_HOST = "sandbox.localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxInfo:
    """Where a sandbox listens and whom to trust.

    Attributes:
        pid: the server's process.
        port: TLS port on 127.0.0.1, the same for every host name.
        closed_port: bound but not listening: connecting is refused.
        ca_file: certificate of the only authority a client should trust.
        refused_hosts: host names to send to `closed_port`, read anew each time.
        started_at: ISO 8601, UTC.
    """

    pid: int
    port: int
    closed_port: int
    ca_file: Path
    refused_hosts: tuple[str, ...] = ()
    started_at: str = ""

    @classmethod
    def load(cls, path: Path) -> SandboxInfo:
        """Read a sandbox file.

        Raises:
            InputError: there is no such file, or it is not a sandbox file.
        """
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise InputError(
                f"no sandbox file at '{path}'; start one with 'reconcile sandbox'"
            ) from error
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "it is not JSON"
            raise InputError(f"cannot read sandbox file '{path}': {why}") from error
        return _parse(document, path)

    def dump(self, path: Path) -> None:
        """Write a sandbox file atomically, readable by its owner only."""
        document = {"format_version": FORMAT_VERSION, **asdict(self)}
        document["ca_file"] = str(self.ca_file)
        write_private(path, json.dumps(document, indent=1).encode() + b"\n")

    def port_for(self, host: str) -> int:
        """Return the port to connect to for a host name."""
        return self.closed_port if host.lower() in self.refused_hosts else self.port


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step; nobody else can read it, at any instant."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:  # mkstemp made it 0600
            file.write(content)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _parse(document: Any, path: Path) -> SandboxInfo:
    if not isinstance(document, dict) or "format_version" not in document:
        raise InputError(f"'{path}' is not a sandbox file")
    if document["format_version"] != FORMAT_VERSION:
        version = document["format_version"]
        raise InputError(
            f"'{path}' has format_version {version}, known is {FORMAT_VERSION}"
        )
    try:
        return SandboxInfo(
            pid=int(document["pid"]),
            port=int(document["port"]),
            closed_port=int(document["closed_port"]),
            ca_file=Path(document["ca_file"]),
            refused_hosts=tuple(str(h) for h in document.get("refused_hosts", ())),
            started_at=str(document.get("started_at", "")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"'{path}' is damaged ({error}); start the sandbox again"
        ) from error
