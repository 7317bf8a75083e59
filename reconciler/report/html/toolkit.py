"""Templates, the style and the script, and what a page's policy allows of them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from reconciler.report.html.tones import TONES
from reconciler.report.html.troubles import capital, troubles
from reconciler.report.numbers import decimal, utc_ms
from reconciler.report.standing import percent
from reconciler.report.text import (
    clip,
    count,
    latency,
    moment,
    relative,
    revision,
    safe,
)
from reconciler.report.words import partner

STYLE: Final = "page.css"
SCRIPT: Final = "page.js"
ICON: Final = "icon.svg"
ASSETS: Final[Mapping[str, str]] = {
    STYLE: "text/css",
    SCRIPT: "text/javascript",
    ICON: "image/svg+xml",
}
"""What pages load, with its media type."""
_DIGITS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What surrounds a page.

    `assets` is the address below which `asset_name` is served, without a slash at
    its end; None puts everything into the page, which then is one file by itself.
    `home` is the address of the list of connections, `links` are words and addresses
    of the pages, `inside` the word of the one that this page belongs to, `user` is
    who looks, and `logout` where they log out; all empty in a file.
    """

    title: str
    workspace: str = ""
    assets: str | None = None
    home: str = ""
    links: tuple[tuple[str, str], ...] = ()
    inside: str = ""
    user: str = ""
    logout: str = ""


def render(template: str, shell: Shell, **values: Any) -> str:
    """Return a page; every name that the template uses must be given."""
    page = _environment().get_template(template)
    return page.render(shell=shell, **values)


@cache
def asset(name: str) -> str:
    """Return the text of one of `ASSETS`."""
    loader = _environment().loader
    if loader is None or name not in ASSETS:
        raise AssertionError(f"there is no asset '{name}'")
    return loader.get_source(_environment(), name)[0]


@cache
def asset_name(name: str) -> str:
    """Return a name that changes with the content, so that it may be kept for good."""
    stem, _, suffix = name.rpartition(".")
    digest = hashlib.sha256(asset(name).encode()).hexdigest()[:_DIGITS]
    return f"{stem}-{digest}.{suffix}"


@cache
def served_assets() -> Mapping[str, str]:
    """Return the assets by the names under which pages ask for them."""
    return {asset_name(name): name for name in ASSETS}


@cache
def file_policy() -> str:
    """Return the policy that a page in one file states of itself."""
    return (
        f"default-src 'none'; style-src '{_digest(STYLE)}'; "
        f"script-src '{_digest(SCRIPT)}'; img-src data:; "
        "form-action 'none'; base-uri 'none'"
    )


def _digest(name: str) -> str:
    found = hashlib.sha256(asset(name).encode()).digest()
    return f"sha256-{base64.b64encode(found).decode()}"


def _icon_address() -> str:
    return (
        "data:image/svg+xml;base64," + base64.b64encode(asset(ICON).encode()).decode()
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("reconciler.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(
        asset_name=asset_name,
        file_policy=file_policy,
        icon_address=_icon_address,
        partner=partner,
        percent=percent,
        tones=TONES,
        troubles=troubles,
    )
    environment.filters.update(
        capital=capital,
        clip=clip,
        count=count,
        decimal=decimal,
        iso=_iso,
        latency=latency,
        moment=moment,
        relative=relative,
        revision=revision,
        thousands="{:,}".format,
        utc_ms=utc_ms,
    )
    return environment


def _shown(value: Any) -> Any:
    """Make what is unprintable visible; markup of our templates stays as it is."""
    return safe(value) if type(value) is str else value


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
