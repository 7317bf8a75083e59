"""Sessions of people at a browser: a token once, then a cookie for a while.

A session is nothing by itself: it leads to a token by name, and what that token may
do is looked up at each request. They are in memory only, so a restart ends them.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import Final

LIFETIME_S: Final = 12 * 3600
_KEPT: Final = 1000


class Sessions:
    """The sessions that are open, by the hash of what their cookie says."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._open: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def begin(self, token_name: str) -> str:
        """Open a session for a token and return what the cookie is to say."""
        identity = secrets.token_urlsafe(32)
        self._open[_hash(identity)] = (token_name, self._clock_s() + LIFETIME_S)
        if len(self._open) > _KEPT:
            self._open.popitem(last=False)
        return identity

    def token_name(self, identity: str) -> str:
        """Return the token's name, empty when the session is not open any more."""
        name, until = self._open.get(_hash(identity), ("", 0.0))
        if name and until <= self._clock_s():
            self.end(identity)
            return ""
        return name

    def end(self, identity: str) -> None:
        """Close a session; nothing happens when it is not open."""
        self._open.pop(_hash(identity), None)


def cookie_name(*, secure: bool) -> str:
    """Return the cookie's name; browsers hold `__Host-` to its promises."""
    return "__Host-reconcile" if secure else "reconcile"


def set_cookie(identity: str, *, secure: bool) -> str:
    """Return the header that opens a session in a browser, or ends it when empty."""
    age = LIFETIME_S if identity else 0
    parts = [f"{cookie_name(secure=secure)}={identity}", "Path=/", f"Max-Age={age}"]
    parts += ["HttpOnly", "SameSite=Strict", *(["Secure"] if secure else [])]
    return "; ".join(parts)


def identity_in(header: str, *, secure: bool) -> str:
    """Return what the cookie says, empty without one."""
    try:
        found = SimpleCookie(header).get(cookie_name(secure=secure))
    except CookieError:
        return ""
    return found.value if found else ""


def _hash(identity: str) -> str:
    return sha256(identity.encode()).hexdigest()
