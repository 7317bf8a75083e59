"""The config keys of a REST feed, section by section: the one list of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from reconciler.adapters.providers.checks import (
    Key,
    is_base_url,
    is_bool,
    is_proxy,
    is_text,
    is_timeout,
)
from reconciler.adapters.providers.custom_api import accepts
from reconciler.adapters.providers.custom_api.templates import SYMBOL_NAMES

OAUTH2 = "oauth2_client_credentials"
METHODS = ("bearer", "header", "query", "basic", "hmac", OAUTH2, "mtls", "none")
ORDERS = ("asc", "desc", "any")
PAGINATIONS = ("none", "cursor", "page", "offset", "time", "link_header")
ALGORITHMS = ("sha256", "sha512", "sha1")
_PATH = Key(name="path", accepts=accepts.is_path)
_PARAMS = Key(name="params", accepts=accepts.is_params)
_PAGINATION = Key(name="pagination", accepts=accepts.is_map)


def _expressions(*names: str) -> tuple[Key, ...]:
    return tuple(Key(name=name, accepts=accepts.is_expression) for name in names)


def _words(name: str, *allowed: str) -> Key:
    return Key(name=name, accepts=partial(accepts.one_of, allowed))


def _whole(name: str, low: int, high: int) -> Key:
    return Key(name=name, accepts=partial(accepts.is_whole, low, high))


SECTIONS: Mapping[str, tuple[Key, ...]] = {
    "auth": (
        Key(name="header", accepts=accepts.is_header_name),
        Key(name="prefix", accepts=accepts.is_prefix),
        Key(name="query_param", accepts=is_text),
        Key(name="hmac", accepts=accepts.is_map),
        Key(name="oauth2", accepts=accepts.is_map),
    ),
    "test": (
        _words("method", "GET", "HEAD"),
        *(_PATH, _PARAMS),
        Key(name="expect", accepts=accepts.is_map),
    ),
    "ohlcv": (
        *(_PATH, _PARAMS, _PAGINATION),
        Key(name="rows", accepts=accepts.is_expression),
        Key(name="columns", accepts=accepts.is_columns),
        _words("timestamp_unit", *accepts.TIMESTAMP_UNITS),
        _words("order", *ORDERS),
        _whole("max_limit", 1, 100_000),
        Key(name="timeframes", accepts=accepts.is_timeframe_map),
        Key(name="symbol_template", accepts=partial(accepts.is_template, SYMBOL_NAMES)),
    ),
    "ticker": (_PATH, _PARAMS, *_expressions("last", "bid", "ask", "time")),
    "symbols": (
        *(_PATH, _PARAMS, _PAGINATION, *_expressions("rows")),
        Key(name="name", accepts=is_text),
    ),
    "account": (
        *(_PATH, _PARAMS),
        *_expressions("balance", "equity", "currency", "server", "leverage"),
    ),
    "rate_limit": (
        _whole("requests", 1, 60_000),
        Key(name="per", accepts=accepts.is_duration),
    ),
    "retry": (
        _whole("attempts", 1, accepts.MAX_ATTEMPTS),
        Key(name="after", accepts=accepts.is_retry_list),
        _words("backoff", "exponential", "constant"),
        Key(name="max", accepts=accepts.is_duration),
    ),
    "tls": (
        Key(name="ca_pem", accepts=accepts.is_ca),
        Key(name="min_version", accepts=accepts.is_tls_version),
        Key(name="pin_sha256", accepts=accepts.is_pin),
    ),
}
"""By the top key; `rate_limit` may be a plain number as well."""

EXPECT_KEYS = (
    Key(name="status", accepts=accepts.is_success_list),
    Key(name="json", accepts=accepts.is_expression_or_list),
    Key(name="content_type", accepts=is_text),
    _whole("max_latency_ms", 1, 600_000),
    Key(name="headers", accepts=accepts.is_expected_headers),
)
HMAC_KEYS = (
    _words("algorithm", *ALGORITHMS),
    _words("encoding", "hex", "base64"),
    _words("secret_encoding", "utf8", "base64", "hex"),
    Key(name="payload", accepts=accepts.is_hmac_payload),
    _words("timestamp", "ms", "s", "iso"),
    Key(name="headers", accepts=accepts.is_hmac_headers),
    Key(name="query", accepts=accepts.is_hmac_query),
)
PAGINATION_KEYS = (
    _words("type", *PAGINATIONS),
    *_expressions("next"),
    _whole("first", 0, 1),
    _whole("max_pages", 1, accepts.MAX_PAGES),
)
RULE_KEYS = (
    Key(name="status", accepts=accepts.is_status_list),
    Key(name="json", accepts=accepts.is_expression),
    Key(name="message_contains", accepts=is_text),
    Key(name="category", accepts=accepts.is_category),
)


def oauth2_keys(*, allow_http: bool = False) -> tuple[Key, ...]:
    """Return the keys of `auth.oauth2`."""
    return (
        Key(name="token_url", accepts=partial(is_base_url, allow_http=allow_http)),
        Key(name="scopes", accepts=accepts.is_scopes),
        Key(name="audience", accepts=is_text),
        _words("auth_style", "basic", "body"),
    )


def nested(*, allow_http: bool = False) -> Mapping[tuple[str, str], tuple[Key, ...]]:
    """Return the keys of the sections within sections, by their path."""
    return {
        ("auth", "hmac"): HMAC_KEYS,
        ("auth", "oauth2"): oauth2_keys(allow_http=allow_http),
        ("test", "expect"): EXPECT_KEYS,
        ("ohlcv", "pagination"): PAGINATION_KEYS,
        ("symbols", "pagination"): PAGINATION_KEYS,
    }


def keys(*, allow_http: bool = False) -> tuple[Key, ...]:
    """Return the top config keys; whether http is accepted depends on one of them."""
    maps = (name for name in SECTIONS if name != "rate_limit")
    return (
        Key(
            name="endpoint",
            accepts=partial(is_base_url, allow_http=allow_http),
            sealable=True,
        ),
        Key(
            name="backup_endpoints",
            accepts=partial(accepts.are_base_urls, allow_http=allow_http),
        ),
        Key(name="authentication_method", accepts=partial(accepts.one_of, METHODS)),
        *(Key(name=name, accepts=accepts.is_map) for name in maps),
        Key(name="error_rules", accepts=_is_list),
        Key(name="headers", accepts=accepts.is_headers),
        Key(name="rate_limit", accepts=accepts.is_budget),
        Key(name="timeout", accepts=is_timeout, sealable=True),
        _whole("max_body_bytes", *accepts.MAX_BODY_LIMITS),
        Key(name="proxy", accepts=is_proxy, sealable=True),
        Key(name="allow_http", accepts=is_bool),
    )


def _is_list(value: object) -> str:
    return "" if isinstance(value, list) else "must be a list"
