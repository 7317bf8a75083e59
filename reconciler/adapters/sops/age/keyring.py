"""The private keys at hand, and finding the one that opens a file.

Keys are looked for once, and parsed once; a file then asks the keyring. What order
things are tried in is told in `attempts`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reconciler.adapters.sops.age.attempts import STAGES, Attempts
from reconciler.adapters.sops.age.identities import Identity
from reconciler.adapters.sops.age.key_groups import WrappedKey
from reconciler.adapters.sops.age.kinds import (
    Kind,
    NotOursError,
    kind_of,
    plain_recipient,
    shown,
)
from reconciler.adapters.sops.age.passphrase import Ask
from reconciler.adapters.sops.age.shamir import combine
from reconciler.adapters.sops.age.sources import (
    Command,
    Found,
    Locked,
    default_key_file,
    find_commands,
    look_everywhere,
)
from reconciler.adapters.sops.block import Metadata
from reconciler.core.errors import SecretError

__all__ = ["Identity", "Keyring", "data_key", "default_key_file", "load_keyring"]

NO_DATA_KEY: Final = 128
"""The exit code of sops when no key opens the file."""
_KEY_BYTES: Final = 32
_SHARE_BYTES: Final = 33
"""A share of a split data key ends with its place."""


_FAILURE_HOLDS_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What a command gave, and when, by the keyring's clock."""

    found: Found
    at: float

    def is_stale(self, now: float) -> bool:
        """Tell whether it was a failure, and long enough ago to try again."""
        is_failure = not (self.found.identities or self.found.locked)
        return is_failure and now - self.at >= _FAILURE_HOLDS_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The identities at hand, and where they were looked for."""

    identities: tuple[Identity, ...] = ()
    looked_in: tuple[str, ...] = ()
    """One line per source: its name and what was found there. Holds no secret."""
    commands: tuple[Command, ...] = ()
    locked: tuple[Locked, ...] = ()
    """Identity files behind a passphrase."""
    clock: Callable[[], float] = field(
        default=time.monotonic, repr=False, compare=False
    )
    """In seconds; tells when a command that failed may be asked again."""
    _by_recipient: dict[str, Identity] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _asked: dict[tuple[str, str], _Answer] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _lock: threading.Lock = field(
        default_factory=threading.Lock, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        self._by_recipient.update((one.recipient, one) for one in self.identities)

    @property
    def recipients(self) -> tuple[str, ...]:
        """The public keys of the age identities, in the order found."""
        return tuple(one.recipient for one in self.identities if one.kind in _AGE)

    @property
    def is_empty(self) -> bool:
        """True when nothing can be opened whatever the file says."""
        return not (self.identities or self.commands or self.locked)

    def identity_of(self, recipient: str) -> Identity | None:
        """Return the identity that a stanza under this name is for."""
        # Mostly the name is as we keep it; an SSH key may carry a comment.
        found = self._by_recipient.get(recipient)
        return found or self._by_recipient.get(plain_recipient(recipient))

    def ask_commands(self, recipient: str) -> tuple[Identity, ...]:
        """Return what the configured commands print for a recipient.

        A command is asked once; after a failure it is asked again, but not within a
        minute: a daemon must come to life when its key store does.
        """
        is_ssh = kind_of(recipient) is Kind.SSH
        with self._lock:
            return tuple(
                identity
                for command in self.commands
                if is_ssh or not command.for_ssh
                for identity in self._answer(command, recipient).identities
            )

    @property
    def printed(self) -> tuple[Identity, ...]:
        """What the commands printed so far."""
        answers = tuple(self._asked.values())  # another thread may add to it
        return tuple(one for answer in answers for one in answer.found.identities)

    @property
    def behind_passphrases(self) -> tuple[Locked, ...]:
        """Identity files that are encrypted, those that commands printed included."""
        printed = (answer.found.locked for answer in tuple(self._asked.values()))
        return (*self.locked, *(locked for locked in printed if locked))

    @property
    def answers(self) -> tuple[str, ...]:
        """What the commands said so far, one line per recipient; holds no secret."""
        return tuple(
            f"{name} for {shown(recipient)}: {answer.found.remark}"
            for (name, recipient), answer in tuple(self._asked.items())
        )

    def _answer(self, command: Command, recipient: str) -> Found:
        key = command.name, recipient
        answer = self._asked.get(key)
        if answer is None or answer.is_stale(self.clock()):
            found = command.run(recipient)
            answer = self._asked[key] = _Answer(found=found, at=self.clock())
        return answer.found


def load_keyring(
    env: Mapping[str, str],
    *,
    home: Path,
    ask_passphrase: Ask | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Keyring:
    """Collect private keys from the environment and the user's files.

    Args:
        env: The process environment.
        home: The user's home directory.
        ask_passphrase: Asks a person, when a file cannot be opened otherwise.
        clock: Seconds that never go back.

    Returns:
        A keyring, perhaps empty. Never raises for a source that cannot be used:
        `looked_in` says what happened to it.
    """
    found = list(look_everywhere(env, home=home, ask=ask_passphrase))
    commands = list(find_commands(env, ask=ask_passphrase))
    return Keyring(
        identities=_unique(one for source in found for one in source.identities),
        looked_in=(
            *(f"{source.name}: {source.remark}" for source in found),
            *(line for _, line in commands),
        ),
        commands=tuple(command for command, _ in commands if command),
        locked=tuple(source.locked for source in found if source.locked),
        clock=clock,
    )


def data_key(metadata: Metadata, keyring: Keyring, *, file: str) -> bytes:
    """Unwrap the data key of a file, trying our own stanza first.

    Raises:
        SecretError: Too little of it opens (code 128). The message names the
            recipients that the file wants, the identities at hand, every source
            and the way out.
    """
    wrapped = metadata.wrapped
    opened: dict[int, bytes] = {}
    remarks: dict[str, None] = {}
    for attempts in STAGES:
        for number, group in enumerate(wrapped.groups):
            if number in opened:
                continue
            share = _share(wrapped, attempts(group, keyring), remarks)
            if share:
                opened[number] = share
            if len(opened) == wrapped.needed:
                return _joined(wrapped, opened, file)
    from reconciler.adapters.sops.age.no_key import no_key_message

    message = no_key_message(
        metadata, keyring, file=file, opened=frozenset(opened), remarks=tuple(remarks)
    )
    raise SecretError(message, code=NO_DATA_KEY)


_AGE: Final = frozenset({Kind.X25519, Kind.POST_QUANTUM})


def _unique(found: Iterable[Identity]) -> tuple[Identity, ...]:
    """Return each key once, rather in a form that asks nobody."""
    kept: dict[str | int, Identity] = {}
    for one in found:
        # Plug-ins do not tell for whom an identity is; two may well differ.
        key = id(one) if one.kind is Kind.PLUGIN else one.recipient
        if key not in kept or kept[key].asks:
            kept[key] = one
    return tuple(kept.values())


def _share(
    wrapped: WrappedKey, attempts: Attempts, remarks: dict[str, None]
) -> bytes | None:
    size = _SHARE_BYTES if wrapped.is_split else _KEY_BYTES
    for stanza, unwrap in attempts:
        try:
            found = unwrap(stanza.enc)
        except NotOursError as error:
            if str(error):
                remarks[str(error)] = None
            continue
        if len(found) == size:
            return found
    return None


def _joined(wrapped: WrappedKey, opened: Mapping[int, bytes], file: str) -> bytes:
    if not wrapped.is_split:
        return opened[0]
    try:
        return combine(tuple(opened.values()))
    except ValueError as error:
        raise SecretError(
            f"{file}: its key groups: {error}", code=NO_DATA_KEY
        ) from None
