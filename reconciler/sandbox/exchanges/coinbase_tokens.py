"""How Coinbase reads a token: a JWT that is good for one call and two minutes.

Its header names the key; its claims name the method, host and path it is good for
and when it begins and ends (https://docs.cdp.coinbase.com, read 2026-11-23). The
ES256 signature is checked with the public half of the key.
"""

from __future__ import annotations

import base64
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from reconciler.sandbox.provider import (
    Answer,
    Call,
    Refusal,
    account_with_key,
    json_answer,
)

if TYPE_CHECKING:
    from reconciler.sandbox.accounts import Account

_ISSUERS = {"cdp", "coinbase-cloud"}
_LIFE_S = 120
_LEAD_S = 30  # how far a caller's clock may be ahead
_HALF = 32  # bytes of each number in an ES256 signature


def older_error(status: int, name: str, message: str) -> Answer:
    """Return the error document of the older API, which stands in front of both."""
    document = {"errors": [{"id": name, "message": message}]}
    return json_answer(document, status=status)


def unauthorized() -> Answer:
    """Return the answer to any token that is wrong, whatever is wrong with it."""
    return Answer(status=401, content_type="text/plain", body=b"Unauthorized\n")


def presented_key(call: Call) -> str | None:
    """Return the key a call shows, unjudged."""
    try:
        head, _, _ = _parts(call)
    except ValueError:
        return None
    return str(head.get("kid", ""))


def authenticate(call: Call, accounts: tuple[Account, ...]) -> Account:
    """Return the account that signed a call, or refuse as Coinbase does."""
    try:
        head, claims, signature = _parts(call)
    except ValueError:
        raise Refusal(unauthorized()) from None
    account = account_with_key(accounts, str(head.get("kid", "")))
    if account is None or head.get("alg") != "ES256":
        raise Refusal(unauthorized())
    if not _is_signed(account, call, signature):
        raise Refusal(unauthorized())
    _check_claims(claims, call, account)
    if not account.admits(call.peer_ip):
        raise Refusal(unauthorized())
    return account


def _token(call: Call) -> str:
    scheme, _, token = call.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


def _parts(call: Call) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Return header, claims and signature; raises `ValueError` for no token."""
    head, claims, signature = (_decoded(part) for part in _token(call).split("."))
    documents = json.loads(head), json.loads(claims)
    if not all(isinstance(document, dict) for document in documents):
        raise ValueError("not a token")
    return *documents, signature


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars="-_", validate=True)


def _is_signed(account: Account, call: Call, signature: bytes) -> bool:
    if len(signature) != 2 * _HALF:
        return False
    r, s = (int.from_bytes(half) for half in (signature[:_HALF], signature[_HALF:]))
    text = _token(call).rpartition(".")[0].encode()
    proof = encode_dss_signature(r, s)
    try:
        _public_half(account.api_secret).verify(proof, text, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=16)
def _public_half(pem: str) -> ec.EllipticCurvePublicKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101  (our own keys)
    return key.public_key()


def _check_claims(claims: dict[str, Any], call: Call, account: Account) -> None:
    wanted = f"{call.method} {call.host}{call.path}"
    good = claims.get("uri") == wanted and claims.get("sub") == account.api_key
    if not good or claims.get("iss") not in _ISSUERS:
        raise Refusal(unauthorized())
    begins, ends = claims.get("nbf"), claims.get("exp")
    if not isinstance(begins, int) or not isinstance(ends, int):
        raise Refusal(unauthorized())
    if begins - _LEAD_S > call.now_s or not call.now_s < ends <= begins + _LIFE_S:
        message = "the token's timestamp has expired or lies ahead"
        raise Refusal(older_error(401, "authentication_error", message))
