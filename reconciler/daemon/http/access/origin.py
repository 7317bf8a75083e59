"""Where a request comes from: by which name, from which page, through which proxy.

Browsers are made to speak to us by pages that are not ours. A name that leads to this
machine (DNS rebinding) is refused by the Host header, a page of another site that
posts here (CSRF) by Origin and Sec-Fetch-Site, which browsers do not let pages forge.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers

from reconciler.daemon.http.limits import network_of
from reconciler.daemon.http.problems import Problem
from reconciler.daemon.http.site import Site

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_FORMS: Final = frozenset(
    {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
)


def client_of(site: Site, headers: Headers, peer: str) -> str:
    """Return whose limits count: the peer, or who a proxy says is behind it.

    Of several the last is the one that our own proxy saw.
    """
    if site.rules.section.behind_proxy:
        said = headers.getlist("x-forwarded-for")
        last = said[-1].rpartition(",")[2].strip() if said else ""
        return network_of(last or peer)
    return network_of(peer)


def check_host(site: Site, headers: Headers) -> None:
    """Refuse a name that we are not called by; raises `Problem` 421."""
    allowed = set(site.rules.section.hosts)
    if not allowed and not site.is_open:
        return  # whoever has a token may call us as they like
    named = headers.getlist("host")
    host = _without_port(named[0]).lower() if len(named) == 1 else ""
    if host not in allowed | _LOCAL:
        raise Problem(
            421,
            "this server is not called by this name; http.hosts in reconcile.yaml"
            " lists its names",
        )


def check_origin(headers: Headers, method: str, *, by_cookie: bool) -> None:
    """Refuse what a page of another site made a browser send; raises `Problem` 403."""
    if method in SAFE:
        return
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        is_ours = site in {"same-origin", "none"}
    elif origin is not None:
        is_ours = origin.partition("://")[2] == headers.get("host", "")
    else:
        # No browser. A form still says so, as a browser's would that hides the rest.
        is_ours = not by_cookie and _content_type(headers) not in _FORMS
    if not is_ours:
        raise Problem(403, "this came from a page of another site")


def check_json(headers: Headers) -> None:
    """Refuse a body that is not JSON, as no form can send; raises `Problem` 415."""
    if _content_type(headers) != "application/json":
        raise Problem(
            415,
            "send Content-Type: application/json",
            {"Accept-Post": "application/json"},
        )


def _content_type(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
