"""A webhook: JSON that is signed, so that a receiver knows who sent it and when.

Headers and signature are those of Standard Webhooks
(https://github.com/standard-webhooks/standard-webhooks, read 2026-11-29): an
HMAC-SHA256 over id, timestamp and body, in base64 behind `v1,`. A key that begins with
`whsec_` is base64; any other is taken as it is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from reconciler.adapters.notify.calling import Request, call
from reconciler.adapters.notify.places import Place
from reconciler.core.incidents.delivering import DeliveryError, Message
from reconciler.core.ports import Clock
from reconciler.core.secret import Secret

_PREFIX: Final = "whsec_"
_SHORTEST: Final = 16
"""Bytes: a shorter key could be guessed from one message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Posts messages to one address."""

    address: Place
    secret: Place
    clock: Clock
    timeout_s: float

    async def deliver(self, message: Message) -> None:
        """Post it; raises `DeliveryError`."""
        body = message.body.encode()
        stamp = str(int(self.clock.now().timestamp()))
        key = signing_key(self.secret.read(), name=self.secret.name)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "reconcile",
            "webhook-id": message.id,
            "webhook-timestamp": stamp,
            "webhook-signature": signature(key, message.id, stamp, body),
        }
        request = Request(
            method="POST",
            address=self.address.read_address(),
            headers=headers,
            body=body,
        )
        await call(request, timeout_s=self.timeout_s)


def signing_key(secret: Secret, *, name: str) -> bytes:
    """Return the key; raises `DeliveryError` for one that is short or damaged."""
    text = secret.reveal()
    if text.startswith(_PREFIX):
        try:
            key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            raise DeliveryError(
                f"{name}: what follows {_PREFIX} is no base64"
            ) from None
    else:
        key = text.encode()
    if len(key) < _SHORTEST:
        raise DeliveryError(f"{name} holds a key of less than {_SHORTEST} bytes")
    return key


def signature(key: bytes, id_: str, timestamp: str, body: bytes) -> str:
    """Return the signature's header."""
    signed = f"{id_}.{timestamp}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
