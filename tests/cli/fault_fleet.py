"""One connection of every family that the sandbox plays, applied and running."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from reconciler.adapters import sops
from reconciler.cli.boundary import run
from reconciler.sandbox import Sandbox, sandbox_account
from tests.adapters.providers import test_conformance as great
from tests.adapters.providers import test_custom_api_conformance as rest
from tests.adapters.providers import test_metatrader_conformance as metatrader
from tests.adapters.providers.conformance import Subject

HURRY_S = 3
PATIENCE_S = 20


def _testnet() -> Subject:
    account = sandbox_account("binance-testnet")
    keys = {"api_key": account.api_key, "api_secret": account.api_secret}
    subject = great.SUBJECTS["binance"]
    connection = replace(subject.connection, config={"sandbox": True})
    return replace(
        subject, connection=connection, credentials=keys, provider="binance-testnet"
    )


def _second_site() -> Subject:
    subject = great.SUBJECTS["feed-bearer"]
    keys = {"api_key": subject.credentials["api_key"]}
    site = {"endpoint": "https://feed-backup.sandbox.example/v1"}
    connection = replace(subject.connection, credential_names=tuple(keys), config=site)
    return replace(
        subject, connection=connection, credentials=keys, provider="feed-backup"
    )


FAMILIES = {
    **great.SUBJECTS,
    **metatrader.SUBJECTS,
    **rest.SUBJECTS,
    "binance-testnet": _testnet(),
    "feed-backup": _second_site(),
}
"""By name of the connection; `provider` is the sandbox's name of the other end."""
ALSO_ASKED = {"feed-oauth": ("feed-login",)}
"""Who else is asked on the way: the issuer of tokens."""


@dataclass(frozen=True)
class Fleet:
    """A repository with a connection of each family, and the sandbox it talks to."""

    path: Path
    sandbox: Sandbox

    def test(self, *options: str) -> tuple[int, dict[str, dict]]:
        """Run `reconcile test --all`; return its code, and its report by name."""
        code = run(["-C", str(self.path), "test", "--all", *options])
        report = json.loads((self.path / ".reconcile/report.json").read_text())
        return code, {one["name"]: one for one in report["connections"]}

    def forget_markets(self) -> None:
        """Let the next test load the lists of markets itself."""
        shutil.rmtree(self.path / ".reconcile/cache", ignore_errors=True)


def make_fleet(path: Path, sandbox: Sandbox, key_file: Path, *, hurry: bool) -> Fleet:
    """Write, seal and apply a connection of every family."""
    folder = path / "connections.d"
    folder.mkdir(parents=True)
    private, public = sops.generate_identity(datetime.now(UTC))
    key_file.write_text(private.reveal())
    for name, subject in FAMILIES.items():
        text = sops.seal(
            json.dumps(_document(name, subject, hurry=hurry)),
            file=name,
            recipients=sops.Recipients.of([public]),
            now=datetime.now(UTC),
        )
        (folder / f"{name}.yaml").write_text(text)
    fleet = Fleet(path=path, sandbox=sandbox)
    # In a hurry, a busy machine may need more than one attempt.
    assert any(run(["-C", str(path), "apply", "--yes"]) == 0 for _ in range(3))
    return fleet


def _document(name: str, subject: Subject, *, hurry: bool) -> dict:
    connection, keys = subject.connection, dict(subject.credentials)
    config = dict(connection.config)
    if hurry:
        keys.pop("timeout", None)
        config["timeout"] = HURRY_S
    elif "connect_timeout" in config:
        config["connect_timeout"] = PATIENCE_S
    own = connection.type in {"custom_api", "metaapi"}
    forbid = connection.permissions.forbid
    if connection.type in {"mtapi", "metaapi"}:
        forbid = ("trade", "withdraw")
    return {
        **({} if forbid is None else {"permissions": {"forbid": list(forbid)}}),
        "type": connection.type,
        "provider": name if own else connection.provider,
        "credentials": keys,
        "config": config,
        "settings": {
            "symbols": list(connection.symbols[:1]),
            "timeframes": list(connection.timeframes[:1]),
        },
    }
