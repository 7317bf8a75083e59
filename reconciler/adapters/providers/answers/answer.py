"""Judge an HTTP answer by its status, headers and text alone.

What any provider may answer before its own API speaks: a firewall's page, a
country block, a maintenance page, a limit. A provider's own codes are better
evidence and are looked at by its adapter first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.core.diagnosis import Category

_HTML = re.compile(r"(?i)^\s*(?:<!doctype|<html|<head|<body|<\?xml[^>]*>\s*<!doctype)")
_PLACE = r"(?:country|region|location|jurisdiction|area)"
_GEO = re.compile(
    rf"(?i)(?<!non-)restricted {_PLACE}|non-restricted {_PLACE}"
    r"|block(?:ed)? access from your country"
    rf"|(?:denied|blocked|prohibited|unavailable|restricted) in your {_PLACE}"
    rf"|not (?:available|allowed|offered|supported"
    rf"|permitted)[^.<>{{}}]{{0,20}} in your "
    rf"{_PLACE}"
    rf"|(?:not support|does not serve"
    rf"|not served?)[^.<>{{}}]{{0,20}} your (?:ip )?{_PLACE}"
    rf"|\b{_PLACE}(?:/\w+)? (?:is|are)(?: currently)? "
    r"(?:not supported|restricted|blocked|banned|prohibited)"
    r"|\b(?:country|region)(?: and (?:region|country))? restrictions?\b"
    rf"|(?:banned|blocked) the {_PLACE}"
    r"|regulatory (?:restriction|requirement|reason)s?"
    r"|unavailable in the u\.?s\b|u\.?s\.? (?:customers?|users?"
    r"|persons?)[^.]{0,20}\bnot "
    r"(?:supported|allowed|permitted)"
    rf"|country[_ ]is[_ ]banned|blacklist(?:ed)? {_PLACE}"
)
_MAINTENANCE = re.compile(
    r"(?i)maintenance|maintaining|system upgrad|server upgrad|scheduled downtime"
    r"|be(?:ing)? upgraded|be right back|be back soon"
)
_CHALLENGE = re.compile(
    r"(?i)captcha|attention required|just a moment|checking your browser|cf-chl"
    r"|enable javascript and cookies"
)
_FIREWALL = re.compile(
    r"(?i)cloudflare|access denied|incapsula|akamai|ddos|web application firewall"
    r"|request blocked|forbidden"
)
_TOO_MANY = re.compile(
    r"(?i)too many requests|rate[- ]?limit(?!er)|too frequent|throttl"
)
_BANNED = re.compile(
    r"(?i)\bban(?:ned)? (?:until|expires|ends)|banned for not respecting"
    r"|\bip\b[^.<>]{0,40}\bbanned"
)
_CLOUDFLARE = re.compile(r"(?i)\berror(?: code)?:?\s*(10\d\d)\b")
_BY_CLOUDFLARE = {
    "1006": Category.IP_BANNED,
    "1007": Category.IP_BANNED,
    "1008": Category.IP_BANNED,
    "1009": Category.GEO_RESTRICTED,
    "1010": Category.WAF_BLOCKED,
    "1012": Category.WAF_BLOCKED,
    "1013": Category.WRONG_URL,
    "1015": Category.RATE_LIMITED,
    "1020": Category.WAF_BLOCKED,
}
"""The numbers on Cloudflare's own pages."""
_SUCCESS, _REDIRECT, _CLIENT_ERROR, _SERVER_ERROR = 200, 300, 400, 500
_NOT_FOUND = 404
_TOO_MANY_REQUESTS = 429
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
    if _is_challenge(answer):
        return Category.WAF_BLOCKED
    if _GEO.search(answer.head):
        return Category.GEO_RESTRICTED
    if answer.status in _DECIDED_BY_STATUS:
        banned = answer.status == _TOO_MANY_REQUESTS and _BANNED.search(answer.head)
        return Category.IP_BANNED if banned else _BY_STATUS[answer.status]
    return _numbered(answer) or (_page_category(answer) if answer.is_html else None)


def status_category(answer: Answer) -> Category | None:
    """Return the general meaning of an error status, None for a success."""
    if answer.status >= _SERVER_ERROR:
        if _MAINTENANCE.search(answer.head):
            return Category.MAINTENANCE
        return _BY_STATUS.get(answer.status, Category.EXCHANGE_UNAVAILABLE)
    if answer.status >= _CLIENT_ERROR:
        return _BY_STATUS.get(answer.status, Category.BAD_REQUEST)
    return None


def _is_challenge(answer: Answer) -> bool:
    """Tell whether a firewall wants to see a browser, in its own words or headers."""
    if answer.header("cf-mitigated") or answer.header("x-amzn-waf-action"):
        return True
    return answer.is_html and bool(_CHALLENGE.search(answer.head))


def _numbered(answer: Answer) -> Category | None:
    """Return what the number on one of Cloudflare's pages or lines means."""
    found = _CLOUDFLARE.search(answer.head)
    if found is None or not (answer.is_html or _is_plain(answer)):
        return None
    return _BY_CLOUDFLARE.get(found[1])


def _is_plain(answer: Answer) -> bool:
    """Tell whether an error comes as bare words, which no API of ours does."""
    start = answer.body.lstrip()[:1]
    return not answer.is_success and start not in {"", "{", "["}


def _page_category(answer: Answer) -> Category:
    if answer.is_server_error:
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
