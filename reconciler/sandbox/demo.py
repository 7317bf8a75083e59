"""The main job, shown: `make demo`.

A sandbox on loopback plays the exchanges; a scratch repository holds the files.
Every step is a command that a user would type, run as a process of its own, and
its exit code is checked: the demo fails when the tool does not do as it says.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reconciler.sandbox import Sandbox, running_sandbox, sandbox_account

BOLD, DIM, RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"
TEST_FAILED, REFUSED = 5, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """One connection of the demo: the arguments of `new`, and its credentials."""

    name: str
    arguments: tuple[str, ...]
    credentials: Mapping[str, str]


class DemoError(Exception):
    """A command did not end as it should."""


class Stage:
    """Where the demo plays: a repository, an age key, and a running sandbox."""

    def __init__(self, root: Path, sandbox: Sandbox) -> None:
        self.repository = root / "trading-connections"
        self.key_file = root / "age-key.txt"
        self.sandbox = sandbox
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ  # noqa: TID251  # a script, not a command

    def say(self, title: str) -> None:
        """Print the headline of a step."""
        text = f"\n{BOLD}── {title} ──{RESET}" if self.colour else f"\n-- {title} --"
        self._print(text)

    def note(self, text: str) -> None:
        """Print a remark."""
        self._print(f"{DIM}{text}{RESET}" if self.colour else text)

    def run(self, *arguments: str, expect: int = 0, stdin: str = "") -> str:
        """Run one command as the user would, show it, and check its exit code."""
        ours = (sys.executable, "-m", "reconciler")
        return self._run("reconcile", ours, arguments, expect=expect, stdin=stdin)

    def git(self, *arguments: str) -> None:
        """Run a command of Git's in the repository, as somebody of the desk."""
        who = ("-c", "user.name=desk", "-c", "user.email=desk@example.com")
        self._run("git", ("git", *who), arguments, expect=0, stdin="")

    def _run(
        self,
        program: str,
        command: tuple[str, ...],
        arguments: tuple[str, ...],
        *,
        expect: int,
        stdin: str,
    ) -> str:
        shown = " ".join((program, *arguments))
        self._print(f"{BOLD}$ {shown}{RESET}" if self.colour else f"$ {shown}")
        done = subprocess.run(  # noqa: S603  # our own command lines
            (*command, *arguments),
            cwd=self.repository if self.repository.is_dir() else None,
            env=self._environment(),
            input=stdin,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.stdout.strip():
            self._print(done.stdout.rstrip())
        if done.returncode != expect:
            raise DemoError(f"exit {done.returncode}, expected {expect}: {shown}")
        if expect:
            self.note(f"(exit {expect}, as it should be)")
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,  # noqa: TID251  # passed on as it is
            "RECONCILE_SANDBOX": str(self.sandbox.file),
            "SOPS_AGE_KEY_FILE": str(self.key_file),
            **({"FORCE_COLOR": "1"} if self.colour else {}),
        }

    @staticmethod
    def _print(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def main() -> int:
    """Play the whole story; return 0, or 1 when a step did not go as it should."""
    started = time.monotonic()
    root = Path(tempfile.mkdtemp(prefix="reconcile-demo-"))
    try:
        with running_sandbox(root / "sandbox") as sandbox:
            stage = Stage(root, sandbox)
            _play(stage)
    except DemoError as error:
        sys.stderr.write(f"demo failed: {error}\n")
        return 1
    took, report = time.monotonic() - started, stage.repository / "report.html"
    sys.stdout.write(f"\nDone in {took:.0f} s. Everything lies in {root}\n")
    sys.stdout.write(f"The report, for a browser: {report}\n")
    return 0


def _play(stage: Stage) -> None:
    _scaffold(stage)
    _seal(stage)
    _go_live(stage)
    _look(stage)
    if shutil.which("git"):
        _review(stage)
    _push_a_bad_key(stage)
    _have_an_incident(stage)
    _change_who_can_open(stage)
    _rename(stage)
    _lose_a_file(stage)
    _leave_it_to_the_daemon(stage)
    _report(stage)


def _scaffold(stage: Stage) -> None:
    stage.say("A new repository and an age key")
    recipient = _public_key(stage.run("keygen", "--output", str(stage.key_file)))
    stage.run(
        "init",
        str(stage.repository),
        "--workspace",
        "demo",
        "--age-recipient",
        recipient,
    )


def _seal(stage: Stage) -> None:
    stage.say("Eight connections, sealed as they are written")
    for connection in _connections():
        sealed = connection.credentials
        arguments = ("new", connection.name, *connection.arguments)
        if sealed:
            stage.run(*arguments, "--credentials-stdin", stdin=json.dumps(dict(sealed)))
        else:
            stage.run(*arguments)
    stage.note("What is in one of them:")
    text = (stage.repository / "connections.d" / "binance-main.yaml").read_text()
    stage.note("\n".join(line[:100] for line in text.splitlines()[:24]))


def _go_live(stage: Stage) -> None:
    stage.say("Validate, plan, and go live: every connection is tested first")
    stage.run("validate")
    stage.run("plan")
    stage.run("apply")
    stage.say("Again: nothing to do, nobody is asked")
    stage.sandbox.reset_requests()
    stage.run("apply")
    asked = len(stage.sandbox.requests)
    if asked:
        raise DemoError(f"the second apply sent {asked} requests")
    stage.note("Requests that reached the sandbox meanwhile: 0")


def _look(stage: Stage) -> None:
    stage.say("What runs, and what it delivers")
    stage.run("list")
    stage.run("sample", "binance-main", "--limit", "5")
    stage.run("sample", "fx-desk", "--limit", "3")


def _review(stage: Stage) -> None:
    stage.say("A change is reviewed before it is merged: no key, no store")
    stage.git("init", "-q", "-b", "main")
    stage.git("add", "-A")
    stage.git("commit", "-qm", "Connect the desk")
    stage.git("switch", "-qc", "more-symbols")
    file = stage.repository / "connections.d" / "kucoin-alts.yaml"
    file.write_text(file.read_text().replace("[SOL/USDT]", "[SOL/USDT, BTC/USDT]"))
    stage.git("commit", "-qam", "More symbols")
    stage.run("validate", "--strict", "--base", "main")
    stage.run("plan", "--base", "main")
    stage.git("switch", "-q", "main")
    stage.git("merge", "-q", "more-symbols")
    stage.run("apply")


def _push_a_bad_key(stage: Stage) -> None:
    stage.say("Somebody seals a wrong secret into binance-main")
    file = stage.repository / "connections.d" / "binance-main.yaml"
    good = file.read_text()
    file.write_text(_with_plain_secret(good, "not-the-secret-of-this-key"))
    stage.run("validate", expect=3)
    stage.run("encrypt", "connections.d/binance-main.yaml")
    stage.run("plan")
    stage.run("apply", expect=TEST_FAILED)
    stage.run("status", "binance-main")
    stage.note("The revision that passed its test keeps running:")
    stage.run("sample", "binance-main", "--limit", "2")
    stage.note("The right secret again, from a prompt or stdin, never from argv:")
    secret = sandbox_account("binance").api_secret
    stage.run("set", "binance-main", "api_secret", "--stdin", stdin=secret)
    stage.run("apply")


def _have_an_incident(stage: Stage) -> None:
    stage.say("An operator takes a connection out of service for a while")
    stage.run("suspend", "binance-main", "--reason", "incident 7", "--until", "4h")
    stage.note("Until then no apply brings it back, and nobody asks the exchange:")
    stage.run("apply")
    stage.run("resume", "binance-main")


def _change_who_can_open(stage: Stage) -> None:
    stage.say("A colleague comes, and goes")
    colleague = str(stage.key_file.with_name("colleague.txt"))
    public = _public_key(stage.run("keygen", "--output", colleague))
    rules = stage.repository / ".sops.yaml"
    before = rules.read_text()
    rules.write_text(f"{before.rstrip()}\n      - {public}  # colleague\n")
    stage.run("validate")
    stage.run("updatekeys")
    rules.write_text(before)
    stage.run("updatekeys", "--dry-run")
    stage.run("updatekeys")
    stage.note("Who left still knows the old data keys, so make new ones:")
    stage.run("rotate", "--all")
    stage.run("secrets", "status")
    stage.note("The same values under new seals need no test:")
    stage.run("apply")


def _rename(stage: Stage) -> None:
    stage.say("A connection gets a new name, and keeps its record")
    folder = stage.repository / "connections.d"
    old, new = folder / "okx-research.yaml", folder / "okx-spot.yaml"
    text = old.read_text().replace("name: okx-research", "name: okx-spot")
    new.write_text(
        f"previous_names: [okx-research]\nused_by: [grafana, strategy-x]\n{text}"
    )
    old.unlink()
    stage.run("apply")
    stage.run("history", "okx-spot")


def _lose_a_file(stage: Stage) -> None:
    stage.say("A protected file disappears")
    file = stage.repository / "connections.d" / "kraken-treasury.yaml"
    text = file.read_text()
    file.unlink()
    stage.run("plan", expect=REFUSED)
    stage.run("apply", expect=REFUSED)
    file.write_text(text)


def _leave_it_to_the_daemon(stage: Stage) -> None:
    stage.say("The daemon does the same by itself, on its schedule")
    file = stage.repository / "connections.d" / "binance-main.yaml"
    file.write_text(file.read_text().replace("timeframes: [1h]", "timeframes: [4h]"))
    stage.note("Once, as cron would: it applies what changed and tests what is due.")
    stage.run("daemon", "--once")
    stage.run("status", "binance-main")


def _report(stage: Stage) -> None:
    stage.say("The report")
    stage.run("apply")
    stage.run("report", "--format", "markdown")
    stage.run("report", "--format", "html", "--output", "report.html")
    stage.note(f"As JSON: {stage.repository / '.reconcile' / 'report.json'}")


def _public_key(said: str) -> str:
    return next(word for word in said.split() if word.startswith("age1"))


def _with_plain_secret(text: str, secret: str) -> str:
    """Return the document with its sealed `api_secret` replaced by plain text."""
    lines = text.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if "api_secret:" in line)
    lines[at] = f"{lines[at].partition(':')[0]}: {secret}\n"
    return "".join(lines)


def _connections() -> tuple[Sealed, ...]:
    return (
        _exchange("binance-main", "binance", "--symbol", "BTC/USDT"),
        _exchange("kraken-treasury", "kraken", "--symbol", "BTC/USD", "--protected"),
        _exchange("okx-research", "okx", "--symbol", "ETH/USDT"),
        _exchange("kucoin-alts", "kucoin", "--symbol", "SOL/USDT"),
        _exchange("binance-second", "binance", "--symbol", "ETH/USDT"),
        Sealed(
            name="fx-desk",
            arguments=_of_type("mtapi", "mt4_account_1001", "EURUSD", "H1"),
            credentials={
                "api_key": sandbox_account("mtapi").api_key,
                "account_id": sandbox_account("mtapi").account_id,
            },
        ),
        Sealed(
            name="in-house-feed",
            arguments=_of_type("custom_api", "custom-market-data", "AAPL", "1h"),
            credentials={
                "api_key": sandbox_account("feed").api_key,
                "endpoint": "https://api.custom-data-provider.com/v1",
            },
        ),
        Sealed(
            name="binance-public",
            arguments=(
                *_of_type("ccxt_crypto", "binance", "BNB/USDT", "1h"),
                "--public",
            ),
            credentials={},
        ),
    )


def _exchange(name: str, provider: str, *more: str, who: str = "reader") -> Sealed:
    account = sandbox_account(provider, who)
    passphrase = account.api_passphrase
    return Sealed(
        name=name,
        arguments=(
            *("--type", "ccxt_crypto", "--provider", provider),
            *("--timeframe", "1h"),
            *more,
        ),
        credentials={
            "api_key": account.api_key,
            "api_secret": account.api_secret,
            **({"api_passphrase": passphrase} if passphrase else {}),
        },
    )


def _of_type(kind: str, provider: str, symbol: str, timeframe: str) -> tuple[str, ...]:
    return (
        *("--type", kind, "--provider", provider),
        *("--symbol", symbol, "--timeframe", timeframe),
    )


if __name__ == "__main__":
    sys.exit(main())
