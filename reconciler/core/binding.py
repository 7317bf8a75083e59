"""What ties credentials to the place they may be sent to.

Settings stay in plain text so that anybody can propose one without a key. Without
a binding, the same pull request could point sealed credentials at another endpoint,
proxy or owner. So the digest of those fields is sealed beside the credentials
(`design.md` §3); whoever unseals compares it with what the file says now.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from reconciler.core.errors import InputError
from reconciler.core.revision import canonical_json

BOUND_FIELDS = ("type", "provider", "owner", "config")

_DEFAULTS: Mapping[str, Any] = {"owner": "admin", "config": {}}


def binding_digest(data: Mapping[str, Any]) -> str:
    """Digest what the credentials in this document are bound to; pure.

    The digest is over RFC 8785 JSON, so order, spacing and quoting do not matter,
    and a field that is left out equals its default.

    Args:
        data: The plain content of the document, as the file has it.

    Returns:
        Lower-case hex SHA-256 of `{type, provider, owner, config}`.

    Raises:
        InputError: A bound number has no portable JSON form (beyond 2**53, or
            not finite); quoting it in the file helps.
    """
    bound = {name: _value(data, name) for name in BOUND_FIELDS}
    try:
        canonical = canonical_json(bound)
    except ValueError:
        raise InputError(
            f"{bound_fields()} cannot be bound: a number in them is not finite or"
            " beyond 2**53, or a text is not valid Unicode; write it as quoted text"
        ) from None
    return hashlib.sha256(canonical).hexdigest()


def bound_fields() -> str:
    """Name the bound fields for a message: a digest cannot say which one differs."""
    return f"{', '.join(BOUND_FIELDS[:-1])} and {BOUND_FIELDS[-1]}"


def _value(data: Mapping[str, Any], name: str) -> Any:
    value = data.get(name)
    return _DEFAULTS.get(name) if value is None else value
