"""Where private keys are looked for: the places and the order of sops.

Every place is looked at, whatever is found before. What is wrong with one only matters
when nothing else opens a file, so it becomes a remark and is told then.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

from reconciler.adapters.sops.age.identities import Identity, read_keys, read_ssh_key
from reconciler.adapters.sops.age.passphrase import (
    Ask,
    Protected,
    decrypt_file,
    is_encrypted,
)
from reconciler.core.secret import Secret

KEY: Final = "SOPS_AGE_KEY"
KEY_FILE: Final = "SOPS_AGE_KEY_FILE"
KEY_CMD: Final = "SOPS_AGE_KEY_CMD"
SSH_FILE: Final = "SOPS_AGE_SSH_PRIVATE_KEY_FILE"
SSH_CMD: Final = "SOPS_AGE_SSH_PRIVATE_KEY_CMD"
RECIPIENT: Final = "SOPS_AGE_RECIPIENT"
"""Tells a command which key is wanted."""

_NOT_SET: Final = "not set"
_CMD_TIMEOUT_S: Final = 60
"""Long enough to touch a hardware token, short enough for a stuck pipeline."""

Locked = Protected[tuple[Identity, ...]]
"""An identity file that is itself encrypted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one source gave."""

    name: str
    remark: str
    """What was found there, or why nothing was. Holds no secret."""
    identities: tuple[Identity, ...] = ()
    locked: Locked | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program that prints private keys; run when a file asks for one."""

    name: str
    words: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False, compare=False)
    for_ssh: bool
    ask: Ask | None = field(repr=False, compare=False)

    def run(self, recipient: str) -> Found:
        """Run it, without a shell, and read what it prints."""
        import subprocess  # rarely needed

        try:
            done = subprocess.run(  # noqa: S603  # the user's own, as sops runs it
                self.words,
                env={**self.env, RECIPIENT: recipient},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_CMD_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            return Found(name=self.name, remark=f"failed ({type(error).__name__})")
        if done.returncode != 0:
            return Found(name=self.name, remark=f"exited with {done.returncode}")
        return _read(self.name, done.stdout, is_ssh=self.for_ssh, ask=self.ask)


def look_everywhere(
    env: Mapping[str, str], *, home: Path, ask: Ask | None
) -> Iterator[Found]:
    """Yield what every place gives that can be looked at at once."""
    yield _of_text(env.get(KEY, ""), ask=ask)
    yield _of_variable(KEY_FILE, env, is_ssh=False, ask=ask)
    yield _of_file(default_key_file(env, home=home), is_ssh=False, ask=ask)
    yield _of_variable(SSH_FILE, env, is_ssh=True, ask=ask)
    for name in ("id_ed25519", "id_rsa"):
        yield _of_file(home / ".ssh" / name, is_ssh=True, ask=ask)


def find_commands(
    env: Mapping[str, str], *, ask: Ask | None
) -> Iterator[tuple[Command | None, str]]:
    """Yield every command that may be asked, and a line about it."""
    for name in (KEY_CMD, SSH_CMD):
        try:
            words = tuple(shlex.split(env.get(name, "")))
        except ValueError:
            yield None, f"{name}: cannot be split into words; check its quotes"
            continue
        if not words:
            yield None, f"{name}: {_NOT_SET}"
            continue
        command = Command(
            name=name, words=words, env=dict(env), for_ssh=name == SSH_CMD, ask=ask
        )
        yield command, f"{name}: asked when a file wants a key"


def default_key_file(
    env: Mapping[str, str], *, home: Path, platform: str = sys.platform
) -> Path:
    """Return where sops keeps a user's keys on a platform."""
    return _config_folder(env, home, platform) / "sops" / "age" / "keys.txt"


def _config_folder(env: Mapping[str, str], home: Path, platform: str) -> Path:
    if platform == "win32":
        return Path(env.get("APPDATA") or home / "AppData" / "Roaming")
    if env.get("XDG_CONFIG_HOME"):
        return Path(env["XDG_CONFIG_HOME"])
    if platform == "darwin":
        return home / "Library" / "Application Support"
    return home / ".config"


def _of_text(text: str, *, ask: Ask | None) -> Found:
    if not text:
        return Found(name=KEY, remark=_NOT_SET)
    # Several identities may stand on one line, unless it holds comments.
    apart = text if "#" in text or is_encrypted(text.encode()) else _lines(text)
    return _read(KEY, apart.encode(), is_ssh=False, ask=ask)


def _lines(text: str) -> str:
    return "\n".join(text.split())


def _of_variable(
    name: str, env: Mapping[str, str], *, is_ssh: bool, ask: Ask | None
) -> Found:
    if not env.get(name):
        return Found(name=name, remark=_NOT_SET)
    path = Path(env[name])
    return replace(_of_file(path, is_ssh=is_ssh, ask=ask), name=f"{name}={path}")


def _of_file(path: Path, *, is_ssh: bool, ask: Ask | None) -> Found:
    name = str(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Found(name=name, remark="does not exist")
    except OSError as error:
        why = error.strerror or type(error).__name__
        return Found(name=name, remark=f"cannot be read ({why})")
    return _read(name, raw, is_ssh=is_ssh, ask=ask, public=partial(_public, path))


def _public(path: Path) -> str:
    """Return the public key file beside a private one; empty without one."""
    try:
        return path.with_name(f"{path.name}.pub").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _read(
    name: str,
    raw: bytes,
    *,
    is_ssh: bool,
    ask: Ask | None,
    public: Callable[[], str] = str,
) -> Found:
    if is_ssh:
        found, remark = read_ssh_key(raw, name=name, ask=ask, public=public())
        return Found(name=name, remark=remark, identities=found)
    if is_encrypted(raw):
        locked = Protected(name, partial(_unlocked, raw), ask=ask)
        return Found(name=name, remark="is behind a passphrase", locked=locked)
    try:
        found, remark = read_keys(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Found(name=name, remark="is not a text file")
    return Found(name=name, remark=remark, identities=found)


def _unlocked(raw: bytes, passphrase: Secret) -> tuple[Identity, ...]:
    found, _ = read_keys(decrypt_file(raw, passphrase))
    return found
