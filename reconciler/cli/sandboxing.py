"""The sandbox from the command line: served, found again, described."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import click

from reconciler.cli.console import Console
from reconciler.core.errors import InputError
from reconciler.core.suggest import did_you_mean
from reconciler.report.text import Style, blocks, table
from reconciler.sandbox import (
    SANDBOX_ACCOUNTS,
    Account,
    Fault,
    SandboxInfo,
    list_faults,
)

_FOUND_AT = Path(".reconcile/sandbox/sandbox.json")
_POLL_S = 0.1
_NUMBERS = {"times": int, "seconds": float}
_VALUES = ("api_key", "api_secret", "api_passphrase", "account_id", "method")
_PARAMETERS = ("account", "endpoint", "times", "seconds", "ip")


def serve_until_stopped(console: Console, directory: Path, *, port: int) -> None:
    """Serve until a signal arrives; that is how it ends well."""
    directory.mkdir(parents=True, exist_ok=True)

    def tell(info: SandboxInfo) -> None:
        file = (directory / "sandbox.json").absolute()
        console.say(f"Playing every provider on 127.0.0.1:{info.port}. Ctrl-C ends it.")
        console.result(f"export RECONCILE_SANDBOX={shlex.quote(str(file))}\n")

    with console.stop.patient():
        try:
            asyncio.run(_serve(console, directory, port, tell))
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise InputError(f"the sandbox cannot listen: {why}") from None


def running_info(console: Console) -> SandboxInfo:
    """Return where the sandbox of `--sandbox`, or of this folder, listens."""
    return SandboxInfo.load(console.sandbox or _FOUND_AT)


def parameters_of(pairs: Iterable[str]) -> dict[str, str | float | None]:
    """Return `KEY=VALUE` pairs, numbers as numbers."""
    found: dict[str, str | float | None] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise click.UsageError(f"'{pair}' is not KEY=VALUE")
        if key not in _PARAMETERS:
            raise click.UsageError(
                f"there is no parameter '{key}'; known are {', '.join(_PARAMETERS)}"
            )
        try:
            found[key] = _NUMBERS.get(key, str)(text)
        except ValueError:
            raise click.UsageError(f"'{key}' takes a number, not '{text}'") from None
    return found


def require_provider(name: str | None) -> None:
    """Raise `InputError` for a provider that the sandbox does not play."""
    if name not in {None, "*", *SANDBOX_ACCOUNTS}:
        raise InputError(_not_played(str(name)))


def require_fault(name: str) -> None:
    """Raise `UsageError` for a fault that there is not, naming the nearest."""
    known = [fault.value for fault in Fault]
    if name not in known:
        hint = did_you_mean(name, known) or f"known are {', '.join(known)}"
        raise click.UsageError(f"there is no fault '{name}'; {hint}")


def still_wrong(info: SandboxInfo, provider: str | None) -> list[str]:
    """Return what still hits a provider that was healed alone: faults of everybody."""
    return [
        f"Still set for every provider: {one['fault']}; "
        "\"reconcile sandbox clear '*'\" heals it."
        for one in list_faults(info)
        if one["provider"] == "*" and provider not in {None, "*"}
    ]


def account_rows(provider: str | None) -> list[dict[str, str]]:
    """Return the published accounts; raises `InputError` for an unknown provider."""
    rows = [
        {
            "provider": f"{name} demo" if one.demo else name,
            "account": one.name,
            "api_key": one.api_key,
            "api_secret": one.api_secret,
            "api_passphrase": one.api_passphrase,
            "account_id": one.account_id,
            "method": one.method,
            "may": " ".join(one.permissions) or "nothing",
            "note": _note(one),
        }
        for name, accounts in SANDBOX_ACCOUNTS.items()
        if provider in {None, name}
        for one in accounts
    ]
    if not rows:
        raise InputError(_not_played(str(provider)))
    return rows


def accounts_human(rows: Sequence[Mapping[str, str]], *, color: bool = False) -> str:
    """Return a block for each account, so that a key can be copied from its line."""
    return blocks([_account_lines(row, Style(color)) for row in rows])


def _account_lines(row: Mapping[str, str], style: Style) -> list[str]:
    note = f", {row['note']}" if row["note"] else ""
    head = f"{row['provider']} {row['account']}"
    values = [
        (name, row[name].replace("\n", r"\n")) for name in _VALUES if row.get(name)
    ]
    return [f"{style.bold(head)}  may {row['may']}{note}", *table(values, indent=2)]


def _note(account: Account) -> str:
    if account.days_left is not None:
        return f"ends in {account.days_left} days"
    places = ", ".join(account.ip_allowlist)
    return f"only from {places}" if places else ""


def _not_played(name: str) -> str:
    known = ", ".join(SANDBOX_ACCOUNTS)
    hint = did_you_mean(name, SANDBOX_ACCOUNTS) or f"it plays {known}"
    return f"the sandbox plays no '{name}'; {hint}"


async def _serve(
    console: Console, directory: Path, port: int, tell: Callable[[SandboxInfo], None]
) -> None:
    from reconciler.sandbox import serve

    stop = asyncio.Event()
    watching = asyncio.get_running_loop().create_task(_watch(console, stop))
    try:
        await serve(directory, port=port, on_ready=tell, stop=stop)
    finally:
        watching.cancel()


async def _watch(console: Console, stop: asyncio.Event) -> None:
    while not console.stop.event.is_set():  # noqa: ASYNC110  # a signal sets it
        await asyncio.sleep(_POLL_S)
    stop.set()
