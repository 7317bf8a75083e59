"""Who asks: by a token, by a session that began with one, or by being on loopback."""

from __future__ import annotations

from datetime import date

from starlette.datastructures import Headers

from reconciler.core.access import (
    Principal,
    Role,
    fits,
    hash_of,
    is_token,
    principal_of,
)
from reconciler.core.http_settings import TokenSection
from reconciler.daemon.http.limits import too_many
from reconciler.daemon.http.problems import Problem
from reconciler.daemon.http.sessions import identity_in
from reconciler.daemon.http.site import Site

_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "via")


def who_asks(site: Site, headers: Headers, *, client: str) -> Principal | None:
    """Return who asks, None when they did not say.

    Raises:
        Problem: 401 for a token that is not accepted, 429 for too many of those, 403
            for a proxy that nobody told us of.
    """
    if site.is_open:
        return _operator(site, headers)
    said = headers.get("authorization")
    if said is not None:
        return known_by(site, _bearer(said), client=client)
    identity = identity_in(headers.get("cookie", ""), secure=site.secure)
    name = site.sessions.token_name(identity) if identity else ""
    token = _token_called(site, name) if name else None
    return _principal(site, token) if token else None


def known_by(site: Site, token: str, *, client: str) -> Principal:
    """Return whose token it is.

    Raises:
        Problem: 401 when it is nobody's, 429 when this client tried too many.
    """
    found = _token_fitting(site, token)
    if found is not None:
        return _principal(site, found)
    allowed = site.limits.failed_logins_per_minute
    wait_s = site.failures.take(client, per_minute=allowed)
    if wait_s:
        raise too_many(wait_s)
    raise Problem(
        401,
        "the token is not known, or has expired",
        {"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def _operator(site: Site, headers: Headers) -> Principal:
    """Return the operator; whoever came through a proxy is on another machine."""
    if any(name in headers for name in _FORWARDED):
        raise Problem(
            403,
            "this came through a proxy; set http.behind_proxy and http.tokens"
            " in reconcile.yaml",
        )
    return principal_of(site.operator, Role.ADMIN, policy=site.rules.policy)


def _bearer(said: str) -> str:
    scheme, _, token = said.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _token_fitting(site: Site, token: str) -> TokenSection | None:
    """Return the token's entry; looks at all, so that time tells nothing."""
    hashed = hash_of(token) if is_token(token) else ""
    today = site.clock.now().date()
    found = None
    for entry in site.rules.section.tokens:
        if fits(hashed, entry.hash) and not _has_ended(entry, today):
            found = entry
    return found


def _token_called(site: Site, name: str) -> TokenSection | None:
    today = site.clock.now().date()
    named = (one for one in site.rules.section.tokens if one.name == name)
    return next((one for one in named if not _has_ended(one, today)), None)


def _has_ended(entry: TokenSection, today: date) -> bool:
    return entry.expires is not None and date.fromisoformat(entry.expires) < today


def _principal(site: Site, entry: TokenSection) -> Principal:
    return principal_of(
        entry.principal,
        Role(entry.role),
        policy=site.rules.policy,
        token=entry.name,
    )
