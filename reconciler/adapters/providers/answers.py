"""Judge an HTTP answer by its status, headers and text alone.

What any provider may answer before its own API speaks: a firewall's page, a
country block, a maintenance page, a limit. A provider's own codes are better
evidence and are looked at by its adapter first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from reconciler.core.diagnosis import Category

_HTML = re.compile(r"(?i)^\s*(?:<!doctype|<html|<head|<body|<\?xml[^>]*>\s*<!doctype)")
_GEO = re.compile(
    r"(?i)restricted (?:location|region|country|jurisdiction)"
    r"|block(?:ed)? access from your country"
    r"|(?:denied|blocked|prohibited) in your (?:country|region)"
    r"|not (?:available|allowed|offered|supported) in your "
    r"(?:country|region|location|jurisdiction)"
    r"|(?:country|region) is (?:not supported|restricted|blocked)"
)
_MAINTENANCE = re.compile(
    r"(?i)maintenance|maintaining|system upgrade|server upgrade|scheduled downtime"
)
_FIREWALL = re.compile(
    r"(?i)cloudflare|captcha|attention required|access denied|just a moment"
    r"|incapsula|akamai|ddos|web application firewall|request blocked|forbidden"
)
_TOO_MANY = re.compile(r"(?i)too many requests|rate limit")
_SUCCESS, _REDIRECT, _CLIENT_ERROR, _SERVER_ERROR = 200, 300, 400, 500
_NOT_FOUND = 404
_HEAD_CHARS = 16_384
_BY_STATUS = {
    401: Category.INVALID_CREDENTIALS,
    403: Category.CREDENTIALS_OR_IP_OR_PERMISSION,
    404: Category.WRONG_URL,
    405: Category.WRONG_URL,
    407: Category.PROXY_UNREACHABLE,
    408: Category.TIMEOUT,
    410: Category.WRONG_URL,
    418: Category.IP_BANNED,
    429: Category.RATE_LIMITED,
    451: Category.GEO_RESTRICTED,
    504: Category.TIMEOUT,
}
_DECIDED_BY_STATUS = frozenset({407, 418, 429, 451})
_LIMITED = frozenset({418, 429, 503})
_EARLIEST_MOMENT_S = 1_000_000_000
"""A larger number of seconds counts from 1970."""
MAX_WAIT_S = 7 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer as evidence; `body` is decoded text and still unscrubbed."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""

    @property
    def head(self) -> str:
        """Return the beginning: a refusal is short, a list of markets has 18 MB."""
        return self.body[:_HEAD_CHARS]

    @property
    def is_html(self) -> bool:
        """Tell whether a page came where data was asked for."""
        return bool(_HTML.match(self.body))

    @property
    def is_success(self) -> bool:
        """Tell whether the status is 2xx."""
        return _SUCCESS <= self.status < _REDIRECT

    @property
    def is_redirect(self) -> bool:
        """Tell whether the status is 3xx."""
        return _REDIRECT <= self.status < _CLIENT_ERROR

    @property
    def is_server_error(self) -> bool:
        """Tell whether the status is 5xx."""
        return self.status >= _SERVER_ERROR

    def header(self, name: str) -> str:
        """Return a header whatever its case, empty when absent."""
        wanted = name.lower()
        return next((v for k, v in self.headers.items() if k.lower() == wanted), "")


def gate_category(answer: Answer) -> Category | None:
    """Return what stands before the API: a redirect, a page, a ban, a country block.

    None when the API itself seems to speak.
    """
    if answer.is_redirect:
        return Category.WRONG_URL
    if _GEO.search(answer.head):
        return Category.GEO_RESTRICTED
    if answer.status in _DECIDED_BY_STATUS:
        return _BY_STATUS[answer.status]
    return _page_category(answer) if answer.is_html else None


def status_category(answer: Answer) -> Category | None:
    """Return the general meaning of an error status, None for a success."""
    if answer.status >= _SERVER_ERROR:
        if _MAINTENANCE.search(answer.head):
            return Category.MAINTENANCE
        return _BY_STATUS.get(answer.status, Category.EXCHANGE_UNAVAILABLE)
    if answer.status >= _CLIENT_ERROR:
        return _BY_STATUS.get(answer.status, Category.BAD_REQUEST)
    return None


def retry_after_s(answer: Answer, *, now_s: float) -> float | None:
    """Return how long the provider asks to wait: a header, or a ban's end in text."""
    header = answer.header("Retry-After").strip()
    if header.isdigit():
        return _bounded(float(header))
    if header:
        try:
            return _bounded(parsedate_to_datetime(header).timestamp() - now_s)
        except (TypeError, ValueError):
            return None
    banned = re.search(r"(?i)banned until (\d{13})", answer.head)
    if banned:
        return _bounded(int(banned[1]) / 1000 - now_s)
    return reset_after_s(answer) if answer.status in _LIMITED else None


def reset_after_s(answer: Answer) -> float | None:
    """Return when the provider counts anew, None when it does not say.

    Some write seconds to go, others a moment; that one is by their own clock, which
    the answer's date tells.
    """
    text = (
        answer.header("X-RateLimit-Reset") or answer.header("RateLimit-Reset")
    ).strip()
    if not re.fullmatch(r"\d{1,13}(?:\.\d{1,6})?", text):
        return None
    value = float(text)
    if value < _EARLIEST_MOMENT_S:
        return _bounded(value)
    try:
        now_s = parsedate_to_datetime(answer.header("Date")).timestamp()
    except (TypeError, ValueError):
        return None
    is_ms = value >= _EARLIEST_MOMENT_S * 1000
    return _bounded((value / 1000 if is_ms else value) - now_s)


def _page_category(answer: Answer) -> Category:
    if answer.status >= _SERVER_ERROR:
        return status_category(answer) or Category.EXCHANGE_UNAVAILABLE
    if _MAINTENANCE.search(answer.head):
        return Category.MAINTENANCE
    if _TOO_MANY.search(answer.head):
        return Category.RATE_LIMITED
    if answer.status == _NOT_FOUND:
        return Category.WRONG_URL
    if answer.status >= _CLIENT_ERROR or _FIREWALL.search(answer.head):
        return Category.WAF_BLOCKED
    return Category.WRONG_URL


def _bounded(seconds: float) -> float:
    return min(max(0.0, round(seconds, 1)), MAX_WAIT_S)
