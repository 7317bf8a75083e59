"""Where identities come from, and finding the one that opens a file.

The sources and their order are those of sops: `SOPS_AGE_KEY`, `SOPS_AGE_KEY_FILE`,
`SOPS_AGE_KEY_CMD`, and the `keys.txt` of the user's configuration. All are merged.
What is wrong with one of them only matters when no other opens the file, so it is
kept as a note and told then. A line that we cannot use does not spoil the others.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reconciler.adapters.sops.age import (
    IDENTITY_PREFIX,
    NO_DATA_KEY,
    Kind,
    NotOursError,
    kind_of,
    public_key,
    unwrap,
)
from reconciler.adapters.sops.block import Metadata
from reconciler.adapters.sops.key_groups import Stanza
from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret

KEY: Final = "SOPS_AGE_KEY"
KEY_FILE: Final = "SOPS_AGE_KEY_FILE"
KEY_CMD: Final = "SOPS_AGE_KEY_CMD"
RECIPIENT: Final = "SOPS_AGE_RECIPIENT"
"""Tells the command of `SOPS_AGE_KEY_CMD` which key is wanted."""

_CMD_TIMEOUT_S: Final = 60
"""Long enough to touch a hardware token, short enough for a stuck pipeline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A private key and the recipient that it belongs to."""

    recipient: str
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The identities at hand, and where they were looked for."""

    identities: tuple[Identity, ...] = ()
    looked_in: tuple[str, ...] = ()
    """One line per source: its name and what was found there. Holds no secret."""
    command: tuple[str, ...] = ()
    """The words of `SOPS_AGE_KEY_CMD`; run when a file asks, once per recipient."""
    env: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """The environment for that command."""
    _asked: dict[str, tuple[tuple[Identity, ...], str]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def recipients(self) -> tuple[str, ...]:
        """The public keys of the identities, in the order found."""
        return tuple(one.recipient for one in self.identities)

    @property
    def is_empty(self) -> bool:
        """True when nothing can be opened whatever the file says."""
        return not self.identities and not self.command

    def ask_command(self, recipient: str) -> tuple[Identity, ...]:
        """Return what the configured command prints for this recipient."""
        if not self.command:
            return ()
        if recipient not in self._asked:
            self._asked[recipient] = _run(self.command, self.env, recipient)
        return self._asked[recipient][0]

    @property
    def answers(self) -> tuple[str, ...]:
        """What the command said so far, one line per recipient; holds no secret."""
        return tuple(
            f"{KEY_CMD} for {recipient}: {remark}"
            for recipient, (_, remark) in self._asked.items()
        )


def load_keyring(env: Mapping[str, str], *, home: Path) -> Keyring:
    """Collect identities from the environment and the user's key file.

    Args:
        env: The process environment.
        home: The user's home directory.

    Returns:
        A keyring, perhaps empty. Never raises for a source that cannot be used:
        `looked_in` says what happened to it.
    """
    found: list[Identity] = []
    notes: list[str] = []
    for name, text, problem in _sources(env, home):
        identities, remark = ((), problem) if text is None else _parse(text)
        found += identities
        notes.append(f"{name}: {remark}")
    command, remark = _command(env)
    notes.append(f"{KEY_CMD}: {remark}")
    unique = {one.recipient: one for one in found}
    return Keyring(
        identities=tuple(unique.values()), looked_in=tuple(notes),
        command=command, env=dict(env),
    )  # fmt: skip


def default_key_file(env: Mapping[str, str], *, home: Path) -> Path:
    """Return where sops keeps a user's keys on this platform."""
    base = env.get("XDG_CONFIG_HOME", "")
    if sys.platform == "win32":  # pragma: no cover
        return Path(env.get("APPDATA") or home) / "sops" / "age" / "keys.txt"
    if base:
        return Path(base) / "sops" / "age" / "keys.txt"
    library = home / "Library" / "Application Support"
    folder = library if sys.platform == "darwin" else home / ".config"
    return folder / "sops" / "age" / "keys.txt"


def data_key(metadata: Metadata, keyring: Keyring, *, file: str) -> bytes:
    """Unwrap the data key of a file, trying our own stanza first.

    Raises:
        SecretError: No identity opens it (code 128). The message names the
            recipients that the file wants, the identities at hand, every source
            and the way out.
    """
    groups = len(metadata.wrapped.groups)
    if groups > 1:
        raise SecretError(
            f"{file}: its data key is split over {groups} key groups (Shamir),"
            " which is not supported yet; open it with sops",
            code=NO_DATA_KEY,
        )
    for stanza, identities in _attempts(metadata.wrapped.stanzas, keyring):
        try:
            return unwrap(stanza.enc, [one.secret for one in identities])
        except NotOursError:
            continue
    raise SecretError(_no_key(metadata, keyring, file), code=NO_DATA_KEY)


def _attempts(
    stanzas: Sequence[Stanza], keyring: Keyring
) -> Iterator[tuple[Stanza, tuple[Identity, ...]]]:
    """Yield the likely pairs first: each miss costs as much as a hit."""
    by_recipient = {one.recipient: one for one in keyring.identities}
    usable = [one for one in stanzas if kind_of(one.recipient) is Kind.X25519]
    for stanza in usable:
        if stanza.recipient in by_recipient:
            yield stanza, (by_recipient[stanza.recipient],)
    for stanza in usable:
        identities = keyring.ask_command(stanza.recipient)
        if identities:
            yield stanza, identities
    for stanza in usable:
        # The name beside a stanza is only a note; the stanza itself decides.
        if stanza.recipient not in by_recipient and keyring.identities:
            yield stanza, keyring.identities


def _no_key(metadata: Metadata, keyring: Keyring, file: str) -> str:
    wanted = ", ".join(_described(one) for one in metadata.recipients) or "nobody"
    foreign = "".join(f", {name} (not supported)" for name in metadata.foreign)
    have = ", ".join(keyring.recipients) or "none"
    looked = "; ".join((*keyring.looked_in, *keyring.answers)) or "nowhere"
    return (
        f"{file}: no identity opens it. It is sealed for {wanted}{foreign}."
        f" Identities found: {have}. Looked in: {looked}."
        f" Set {KEY_FILE} to the key file of one of these recipients, or ask one of"
        " them to add yours to .sops.yaml and run"
        f" 'sops updatekeys {file}'"
    )


def _described(recipient: str) -> str:
    kind = kind_of(recipient)
    if kind is Kind.X25519:
        return recipient
    # Post-quantum keys have two thousand characters.
    short = recipient if len(recipient) <= _SHORT else f"{recipient[:_SHORT]}…"
    return f"{short} ({kind.value}, not supported yet)"


_SHORT: Final = 40


def _sources(
    env: Mapping[str, str], home: Path
) -> Iterator[tuple[str, str | None, str]]:
    """Yield (name, text or None, why there is no text) per source, in sops' order."""
    inline = env.get(KEY)
    if inline:
        # sops splits this one on any blanks, so that it may stand on one line.
        kept = inline if "#" in inline else "\n".join(inline.split())
        yield KEY, kept, ""
    else:
        yield KEY, None, "not set"
    if env.get(KEY_FILE):
        path = Path(env[KEY_FILE])
        yield (f"{KEY_FILE}={path}", *_read(path))
    else:
        yield KEY_FILE, None, "not set"
    default = default_key_file(env, home=home)
    yield (str(default), *_read(default))


def _read(path: Path) -> tuple[str | None, str]:
    try:
        return path.read_text(encoding="utf-8-sig"), ""
    except FileNotFoundError:
        return None, "does not exist"
    except OSError as error:
        return None, f"cannot be read ({error.strerror or type(error).__name__})"
    except UnicodeDecodeError:
        return None, "is not a text file"


def _command(env: Mapping[str, str]) -> tuple[tuple[str, ...], str]:
    text = env.get(KEY_CMD)
    if not text:
        return (), "not set"
    try:
        words = tuple(shlex.split(text))
    except ValueError:
        return (), "cannot be split into words; check its quotes"
    return (words, "asked once per recipient") if words else ((), "not set")


def _run(
    command: Sequence[str], env: Mapping[str, str], recipient: str
) -> tuple[tuple[Identity, ...], str]:
    """Run the user's command, without a shell, and read what it prints."""
    import subprocess  # rarely needed

    try:
        done = subprocess.run(  # noqa: S603  # the user's own command, as sops runs it
            command, env={**env, RECIPIENT: recipient}, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=_CMD_TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        return (), f"failed ({type(error).__name__})"
    if done.returncode != 0:
        return (), f"exited with {done.returncode}"
    return _parse(done.stdout.decode("utf-8", "replace"))


def _parse(text: str) -> tuple[tuple[Identity, ...], str]:
    """Read the lines of an identity file; the remark counts them, never quotes them."""
    if text.startswith(("age-encryption", "-----BEGIN AGE")):
        return (), "is protected by a passphrase, which is not supported yet"
    found: list[Identity] = []
    remarks: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        identity, remark = _identity(entry)
        if identity:
            found.append(identity)
        else:
            remarks.append(f"line {number} {remark}")
    count = f"{len(found)} identit{'y' if len(found) == 1 else 'ies'}"
    return tuple(found), "; ".join([count, *remarks])


def _identity(entry: str) -> tuple[Identity | None, str]:
    word = entry.split(maxsplit=1)[0]
    for prefix, kind in _NOT_YET.items():
        if word.startswith(prefix):
            return None, f"is of the kind {kind.value}, which is not supported yet"
    if not word.startswith(IDENTITY_PREFIX):
        return None, "is not an age identity"
    secret = Secret(word)
    try:
        return Identity(recipient=public_key(secret), secret=secret), ""
    except SecretError:
        return None, "is not a valid age identity"


_NOT_YET: Final = {
    "AGE-SECRET-KEY-PQ-1": Kind.POST_QUANTUM,
    "AGE-PLUGIN-": Kind.PLUGIN,
    "ssh-": Kind.SSH,
    "-----BEGIN": Kind.SSH,
}
