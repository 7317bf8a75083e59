"""Why a probe failed, what to do about it, and whether waiting helps.

One category for one remedy: two failures that a person would fix in different
ways never share one. `KINDS` holds the general answer; an adapter may sharpen
the fix sentence with what it knows. An ambiguous answer stays ambiguous.

A terminal diagnosis is not tested again until the file changes: exchanges lock
accounts after repeated bad keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Category(StrEnum):
    """The class of a failure."""

    DNS_FAILURE = "dns_failure"
    CONNECTION_REFUSED = "connection_refused"
    CONNECTION_RESET = "connection_reset"
    TLS_CERTIFICATE = "tls_certificate"
    TLS_HANDSHAKE = "tls_handshake"
    PROXY_UNREACHABLE = "proxy_unreachable"
    TIMEOUT = "timeout"
    BAD_URL = "bad_url"
    WRONG_URL = "wrong_url"
    ADDRESS_NOT_ALLOWED = "address_not_allowed"
    WAF_BLOCKED = "waf_blocked"
    GEO_RESTRICTED = "geo_restricted"
    IP_BANNED = "ip_banned"
    IP_RESTRICTED = "ip_restricted"
    RATE_LIMITED = "rate_limited"
    MAINTENANCE = "maintenance"
    EXCHANGE_UNAVAILABLE = "exchange_unavailable"
    CLOCK_SKEW = "clock_skew"
    INVALID_CREDENTIALS = "invalid_credentials"
    INVALID_PASSPHRASE = "invalid_passphrase"  # noqa: S105
    EXPIRED_CREDENTIALS = "expired_credentials"
    WRONG_ENVIRONMENT = "wrong_environment"
    CREDENTIALS_OR_IP_OR_PERMISSION = "credentials_or_ip_or_permission"
    PERMISSION_DENIED = "permission_denied"
    EXCESS_PERMISSION = "excess_permission"
    ACCOUNT_SUSPENDED = "account_suspended"
    KYC_REQUIRED = "kyc_required"
    BAD_REQUEST = "bad_request"
    BAD_SYMBOL = "bad_symbol"
    BAD_TIMEFRAME = "bad_timeframe"
    BAD_RESPONSE = "bad_response"
    MALFORMED_DATA = "malformed_data"
    NO_DATA = "no_data"
    STALE_DATA = "stale_data"
    CHANGED_DATA = "changed_data"
    NO_KEY = "no_key"
    OWN_NETWORK = "own_network"
    POSTPONED = "postponed"
    KEY_REFUSED = "key_refused"
    NOT_HERE = "not_here"
    SEALED = "sealed"
    INTERNAL = "internal"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Kind:
    """The general answer to one category.

    `terminal`: no new test before the file changes. `ours`: this machine could not
    test, which says nothing about the connection.
    """

    title: str
    fix: str
    waiting_helps: bool = False
    terminal: bool = False
    ours: bool = False


KINDS: Mapping[Category, Kind] = {
    Category.DNS_FAILURE: Kind(
        "the host name does not resolve",
        "check the host name and this machine's DNS",
        waiting_helps=True,
    ),
    Category.CONNECTION_REFUSED: Kind(
        "the host refuses the connection",
        "check host, port and firewall; the service may be down",
        waiting_helps=True,
    ),
    Category.CONNECTION_RESET: Kind(
        "the connection was cut",
        "test again; if it lasts, look at the proxy or firewall between",
        waiting_helps=True,
    ),
    Category.TLS_CERTIFICATE: Kind(
        "the server's certificate cannot be trusted",
        "check the host name, this machine's clock and its CA bundle",
    ),
    Category.TLS_HANDSHAKE: Kind(
        "no TLS at the other end",
        "check scheme and port of the URL",
    ),
    Category.PROXY_UNREACHABLE: Kind(
        "there is no way through the proxy",
        "check the proxy's address and that it runs",
        waiting_helps=True,
    ),
    Category.TIMEOUT: Kind(
        "no answer in time",
        "test again; raise config.timeout if the provider is just slow",
        waiting_helps=True,
    ),
    Category.BAD_URL: Kind("the URL is malformed", "correct the URL in the file"),
    Category.ADDRESS_NOT_ALLOWED: Kind(
        "the host is at an address that connections may not lead to",
        "correct the URL; if the host is yours, allow its network in reconcile.yaml "
        "(network.allow)",
        terminal=True,
    ),
    Category.WRONG_URL: Kind(
        "the address answers, but is not this API",
        "check endpoint and path in the file",
    ),
    Category.WAF_BLOCKED: Kind(
        "a web firewall blocked the request",
        "test from another address, or ask the provider to allow this one",
        waiting_helps=True,
    ),
    Category.GEO_RESTRICTED: Kind(
        "the provider does not serve this country",
        "run the test from an allowed country, or through a proxy there",
    ),
    Category.IP_BANNED: Kind(
        "this address is banned for now",
        "stop sending until the ban ends; lower config.rate_limit",
        waiting_helps=True,
    ),
    Category.IP_RESTRICTED: Kind(
        "the key does not allow this address",
        "add this machine's address to the key's IP list at the provider",
        terminal=True,
    ),
    Category.RATE_LIMITED: Kind(
        "too many requests",
        "wait; raise health.interval or lower config.rate_limit",
        waiting_helps=True,
    ),
    Category.MAINTENANCE: Kind(
        "the provider is in maintenance",
        "wait until the provider is back",
        waiting_helps=True,
    ),
    Category.EXCHANGE_UNAVAILABLE: Kind(
        "the provider is not available",
        "wait; look at the provider's status page",
        waiting_helps=True,
    ),
    Category.CLOCK_SKEW: Kind(
        "this machine's clock differs from the provider's",
        "synchronise the clock (NTP); the time zone does not matter",
        waiting_helps=True,
    ),
    Category.INVALID_CREDENTIALS: Kind(
        "the provider rejects the key or its secret",
        "copy key and secret from the provider again and seal them",
        terminal=True,
    ),
    Category.INVALID_PASSPHRASE: Kind(
        "the provider rejects the passphrase",
        "use the passphrase chosen when the API key was made, "
        "not the login or trading password",
        terminal=True,
    ),
    Category.EXPIRED_CREDENTIALS: Kind(
        "the key has expired",
        "make a new key at the provider and seal it",
        terminal=True,
    ),
    Category.WRONG_ENVIRONMENT: Kind(
        "the key belongs to another environment",
        "set config.sandbox to match the key (testnet keys work on testnet only)",
        terminal=True,
    ),
    Category.CREDENTIALS_OR_IP_OR_PERMISSION: Kind(
        "wrong key, address not allowed or permission missing: "
        "the provider does not say which",
        "look at the key at the provider: does it exist, does its IP list hold "
        "this machine's address, is reading ticked; if the same key works from "
        "another address, it is the list, else the key",
        terminal=True,
    ),
    Category.PERMISSION_DENIED: Kind(
        "the key lacks a permission",
        "tick reading for this key at the provider",
        terminal=True,
    ),
    Category.EXCESS_PERMISSION: Kind(
        "the key may do more than the file allows",
        "untick at the provider what permissions.forbid names, by default withdraw",
        terminal=True,
    ),
    Category.ACCOUNT_SUSPENDED: Kind(
        "the account is locked or suspended",
        "ask the provider's support",
        terminal=True,
    ),
    Category.KYC_REQUIRED: Kind(
        "the account must be verified first",
        "complete the identity check at the provider",
        terminal=True,
    ),
    Category.BAD_REQUEST: Kind(
        "the provider does not accept the request",
        "check settings and config against the provider's documentation; a test "
        "with another symbol tells whether it is the symbol",
        terminal=True,
    ),
    Category.BAD_SYMBOL: Kind(
        "the provider does not know the symbol",
        "use a symbol that 'reconcile sample NAME --list-symbols' shows",
        terminal=True,
    ),
    Category.BAD_TIMEFRAME: Kind(
        "the provider does not have the timeframe",
        "use a timeframe that 'reconcile providers' shows",
        terminal=True,
    ),
    Category.BAD_RESPONSE: Kind(
        "the answer is not what this API answers",
        "check the URL; something between may answer in its place",
        waiting_helps=True,
    ),
    Category.MALFORMED_DATA: Kind(
        "the candles make no sense",
        "do not use this feed; tell the provider",
        waiting_helps=True,
    ),
    Category.NO_DATA: Kind(
        "no candle came",
        "check that the symbol is traded",
        waiting_helps=True,
    ),
    Category.STALE_DATA: Kind(
        "the newest candle is too old",
        "check that the symbol is traded; tell the provider",
        waiting_helps=True,
    ),
    Category.CHANGED_DATA: Kind(
        "the data is not what it was when the connection went live",
        "compare it with another source; if the provider is right, run "
        "'reconcile test NAME --accept-sample'",
        waiting_helps=True,
    ),
    Category.NO_KEY: Kind(
        "no age key at hand opens the credentials",
        "give this machine an age key that the file is sealed to",
        ours=True,
    ),
    Category.OWN_NETWORK: Kind(
        "this machine has no network",
        "look at this machine's cable, router, DNS and proxy; nothing can be tested "
        "from here until it is back",
        waiting_helps=True,
        ours=True,
    ),
    Category.POSTPONED: Kind(
        "the provider asked this address to wait",
        "wait; nothing is sent there from here meanwhile; lower config.rate_limit "
        "or raise health.interval of the connections that share it",
        waiting_helps=True,
        ours=True,
    ),
    Category.KEY_REFUSED: Kind(
        "the provider refused the same key just now",
        "correct the credentials in the file of one of the connections that use the "
        "key; until then none of them is tested, since accounts lock after repeated "
        "bad keys",
        ours=True,
    ),
    Category.NOT_HERE: Kind(
        "this machine lacks what the test needs",
        "install it here, or test from a machine that has it",
        ours=True,
    ),
    Category.SEALED: Kind(
        "the seal of the credentials is broken",
        "review the file; then seal it again with 'reconcile encrypt'",
        terminal=True,
    ),
    Category.INTERNAL: Kind(
        "the adapter failed: a bug in us or in the plug-in",
        "report it with 'reconcile test NAME -v'",
    ),
    Category.UNKNOWN: Kind(
        "the provider refused in a way that we do not know",
        "read the evidence; look the code up at the provider",
        waiting_helps=True,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The class of a failed probe, its evidence, one fix, whether waiting helps.

    `evidence` is scrubbed of secrets before it gets here: HTTP status, native
    code, foreign exception class, message. `retry_after_s`: seconds after which
    the provider says that it will answer again.
    """

    category: Category
    summary: str
    fix: str
    waiting_helps: bool
    evidence: Mapping[str, str] = field(default_factory=dict)
    retry_after_s: float | None = None

    @property
    def is_terminal(self) -> bool:
        """Tell whether only a new revision can change the answer."""
        return KINDS[self.category].terminal

    @property
    def is_ours(self) -> bool:
        """Tell whether merely this machine could not test."""
        return KINDS[self.category].ours


def diagnose(
    category: Category,
    *,
    detail: str = "",
    fix: str = "",
    evidence: Mapping[str, str] | None = None,
    retry_after_s: float | None = None,
) -> Diagnosis:
    """Return a diagnosis with the category's general texts where none is given."""
    kind = KINDS[category]
    return Diagnosis(
        category=category,
        summary=f"{kind.title}: {detail}" if detail else kind.title,
        fix=fix or kind.fix,
        waiting_helps=kind.waiting_helps,
        evidence=dict(evidence or {}),
        retry_after_s=retry_after_s,
    )
