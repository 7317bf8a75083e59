"""Who speaks to the daemon, what they may do, and which connections they see; pure.

A role says what somebody may do; whose connections they see follows from whom the
policy says that they are. Both must hold.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from reconciler.core.policy import ADMIN, USER, Policy, Seen, may_see, seen_by

TOKEN_PREFIX: Final = "rct_"  # noqa: S105  # how a token begins, no token
NAME_PATTERN: Final = r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$"
"""Names of tokens and principals."""
HASH_PATTERN: Final = r"^sha256:[0-9a-f]{64}$"
_NAME: Final = re.compile(NAME_PATTERN.removesuffix("$"))
_TOKEN: Final = re.compile(rf"{TOKEN_PREFIX}[A-Za-z0-9_-]{{43}}")


class Role(StrEnum):
    """What somebody may do with what they see."""

    READER = "reader"
    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who makes a request; `token` names what proved it, empty on loopback without.

    `sees` are the owners whose connections they see; None is everything.
    """

    login: str
    role: Role
    token: str = ""
    sees: Seen = None

    @property
    def may_act(self) -> bool:
        """Tell whether they may test, sample, suspend and resume what they see."""
        return self.role is not Role.READER

    @property
    def who(self) -> str:
        """Return the name for logs and records."""
        return f"{self.login}@http"

    def may_see(self, owner: str) -> bool:
        """Tell whether an owner's connections are theirs to see."""
        return may_see(self.sees, owner)


def principal_of(
    login: str, role: Role, *, policy: Policy | None, token: str = ""
) -> Principal:
    """Return who somebody is under a policy; without one there is no team.

    The login `admin` stands for the owner of everything that names none.
    """
    return Principal(
        login=login, role=role, token=token, sees=_sees(login, role, policy)
    )


def _sees(login: str, role: Role, policy: Policy | None) -> Seen:
    if role is Role.ADMIN:
        return None
    if policy is None:
        return None if login == ADMIN else frozenset({f"{USER}{login}"})
    return seen_by(policy, login)


def is_name(text: str) -> bool:
    """Tell whether a token, or who holds it, can be called so."""
    return _NAME.fullmatch(text) is not None


def is_token(text: str) -> bool:
    """Tell whether a text has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


def hash_of(token: str) -> str:
    """Return what is stored of a token: 256 random bits need no salt and no work."""
    return f"sha256:{sha256(token.encode()).hexdigest()}"


def fits(hashed: str, stored: str) -> bool:
    """Tell whether two hashes are equal, in time that does not depend on where not."""
    return hmac.compare_digest(hashed.encode(), stored.encode())
