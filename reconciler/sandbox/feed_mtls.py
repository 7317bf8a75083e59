"""The in-house feed behind mutual TLS: who calls is what the certificate says.

Host `feed-mtls.sandbox.example` (provider `feed-mtls`). Paths and answers are those
of `feed`. TLS asks every caller for a certificate and refuses one that another
authority has signed; without any, the answer is 401 missing_key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.sandbox.feed import make_feed, unauthorized
from reconciler.sandbox.provider import Call, Refusal, account_with_key

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account


def _shown(call: Call) -> str | None:
    return call.certificate or None


def _prove(call: Call, accounts: tuple[Account, ...]) -> Account:
    if not call.certificate:
        message = "No required client certificate was sent"
        raise Refusal(unauthorized("missing_key", message))
    account = account_with_key(accounts, call.certificate)
    if account is None:
        raise Refusal(unauthorized("invalid_key", "Unknown client"))
    return account


FEED_MTLS = make_feed(
    "feed-mtls", ("feed-mtls.sandbox.example",), shown=_shown, prove=_prove
)
