"""Making tokens: shown once, kept as a hash."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import date

from reconciler.core.access import TOKEN_PREFIX, Role, hash_of


@dataclass(frozen=True, slots=True, kw_only=True)
class NewToken:
    """A token that was just made, and what is to stand in `reconcile.yaml`."""

    token: str = field(repr=False)
    name: str
    principal: str
    role: Role
    hash: str
    expires: date | None = None

    @property
    def line(self) -> str:
        """Return the item for `http.tokens`, as one line of YAML."""
        fields = {
            "name": self.name,
            "principal": self.principal,
            "role": self.role.value,
            "hash": self.hash,
            "expires": self.expires.isoformat() if self.expires else None,
        }
        pairs = [f"{key}: {json.dumps(text)}" for key, text in fields.items() if text]
        return f"- {{{', '.join(pairs)}}}"


def new_token(
    name: str, *, principal: str, role: Role, expires: date | None = None
) -> NewToken:
    """Return a token of 256 random bits."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    return NewToken(
        token=token,
        name=name,
        principal=principal,
        role=role,
        hash=hash_of(token),
        expires=expires,
    )
