"""What is wrong with a feed's file is said offline, with its place and its fix."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from reconciler.adapters.providers.custom_api import ADAPTER
from reconciler.adapters.providers.custom_api.sections import (
    METHODS,
    PAGINATIONS,
    RULE_KEYS,
    nested,
)
from reconciler.core.connection import Connection
from reconciler.sandbox.client_certificates import client_authority

PAGE = (Path(__file__).parents[3] / "docs/providers.md").read_text(encoding="utf-8")
CA = client_authority()
HMAC = {"authentication_method": "hmac"}
OAUTH2 = {"authentication_method": "oauth2_client_credentials"}
TOKENS = "https://login.example.com/token"


def connection(names=("api_key",), **config):
    return Connection(
        name="x",
        type="custom_api",
        provider="feed",
        credential_names=names,
        config={"endpoint": "https://md.example.com", **config},
        timeframes=("1h",),
    )


def found(given):
    return [(f.code, ".".join(map(str, f.path))) for f in ADAPTER.check(given)]


def said(given):
    return " | ".join(f"{f.message}; {f.hint}" for f in ADAPTER.check(given))


SOUND = [
    connection(("api_key", "api_secret"), **HMAC),
    connection(
        ("api_key", "api_secret"),
        **HMAC,
        auth={
            "hmac": {
                "algorithm": "sha512",
                "encoding": "base64",
                "secret_encoding": "hex",
                "payload": "{timestamp}\n{method}\n{path}\n{query}\n{body}{key}",
                "timestamp": "iso",
                "headers": {"Authorization": "HMAC {key}:{signature}"},
                "query": {"ts": "{timestamp}"},
            }
        },
    ),
    connection(
        ("client_id", "client_secret"),
        **OAUTH2,
        auth={"oauth2": {"token_url": TOKENS, "scopes": ["a"], "audience": "b"}},
    ),
    connection(
        ("client_id", "client_secret"),
        auth={"oauth2": {"token_url": TOKENS, "scopes": "a b", "auth_style": "body"}},
    ),
    connection(("client_certificate", "client_key"), authentication_method="mtls"),
    connection(("client_certificate", "client_key")),
    connection(("api_key", "client_certificate", "client_key")),
    connection(tls={"ca_pem": CA + CA, "min_version": 1.3, "pin_sha256": "ab" * 32}),
    connection(tls={"pin_sha256": ["ab" * 32, "sha256//" + "A" * 43 + "="]}),
    connection(backup_endpoints=["https://a.example", "https://b.example/v1"]),
    connection(rate_limit={"requests": 60, "per": "60s"}),
    connection(retry={"attempts": 2, "after": ["timeout", 429, 504], "max": "10s"}),
    connection(max_body_bytes=1024),
    connection(error_rules=[{"status": 401, "category": "invalid_credentials"}]),
    connection(
        test={
            "expect": {
                "json": ["a", "b"],
                "content_type": "json",
                "max_latency_ms": 5,
                "headers": {"X-A": ""},
            }
        }
    ),
    connection(ohlcv={"pagination": {"type": "time"}, "max_limit": 5}),
    connection(
        ohlcv={
            "params": {"c": "{cursor}", "from": "{since_iso}", "to": "{until_ns}"},
            "pagination": {"type": "cursor", "next": "a.b", "max_pages": 3},
        }
    ),
    connection(ohlcv={"path": "/x/{page}", "pagination": {"type": "page", "first": 0}}),
    connection(symbols={"pagination": {"type": "link_header"}}),
]


@pytest.mark.parametrize("given", SOUND)
def test_a_sound_file_has_no_finding(given):
    assert found(given) == []


WRONG = [
    ({"auth": {"hmca": {}}}, "R405", "config.auth.hmca", "hmac"),
    ({"auth": {"hmac": {"algo": "x"}}}, "R405", "config.auth.hmac.algo", "algorithm"),
    ({"retries": {}}, "R405", "config.retries", "'retry'"),
    ({"retry": {"on": [429]}}, "R405", "config.retry.on", "'after'"),
    ({"backups": []}, "R405", "config.backups", "'backup_endpoints'"),
    ({"tls": {"ca_file": "x"}}, "R405", "config.tls.ca_file", "'ca_pem'"),
    (
        {"auth": {"hmac": {"algorithm": "md5"}}},
        "R406",
        "config.auth.hmac.algorithm",
        "",
    ),
    (
        {"auth": {"hmac": {"payload": "{secret}"}}},
        "R406",
        "config.auth.hmac.payload",
        "{path_qs}",
    ),
    (
        {"auth": {"hmac": {"headers": {"X-Api-Key": "abc"}}}},
        "R406",
        "config.auth.hmac.headers",
        "seal it",
    ),
    (
        {"auth": {"hmac": {"headers": {"Host": "{key}"}}}},
        "R406",
        "config.auth.hmac.headers",
        "Host",
    ),
    (
        {**HMAC, "auth": {"hmac": {"headers": {"X-Key": "{key}"}}}},
        "R406",
        "config.auth.hmac",
        "{signature}",
    ),
    (
        {**HMAC, "auth": {"hmac": {"query": {"s": "{signature}"}}}},
        "R406",
        "config.auth.hmac",
        "{key}",
    ),
    (OAUTH2, "R406", "config.auth.oauth2.token_url", "is missing"),
    (
        {"auth": {"oauth2": {"token_url": "http://x.example"}}},
        "R406",
        "config.auth.oauth2.token_url",
        "https",
    ),
    (
        {"auth": {"oauth2": {"token_url": "https://u:p@x.example"}}},
        "R406",
        "config.auth.oauth2.token_url",
        "password",
    ),
    ({"auth": {"oauth2": {"scopes": [1]}}}, "R406", "config.auth.oauth2.scopes", ""),
    ({"tls": {"ca_pem": "no"}}, "R406", "config.tls.ca_pem", "PEM"),
    (
        {"tls": {"ca_pem": CA.replace("CERTIFICATE", "PRIVATE KEY")}},
        "R406",
        "config.tls.ca_pem",
        "private key",
    ),
    ({"tls": {"min_version": 1.1}}, "R406", "config.tls.min_version", "1.2"),
    ({"tls": {"pin_sha256": "abc"}}, "R406", "config.tls.pin_sha256", "SHA-256"),
    ({"backup_endpoints": []}, "R406", "config.backup_endpoints", "1 to 8"),
    ({"backup_endpoints": ["http://a.example"]}, "R406", None, "https"),
    (
        {"backup_endpoints": ["https://md.example.com"]},
        "R406",
        "config.backup_endpoints.0",
        "twice",
    ),
    ({"rate_limit": {"requests": 0}}, "R406", "config.rate_limit.requests", ""),
    ({"rate_limit": {"request": 1}}, "R405", "config.rate_limit.request", "requests"),
    ({"rate_limit": "fast"}, "R406", "config.rate_limit", ""),
    ({"retry": {"after": [401]}}, "R406", "config.retry.after", "429"),
    ({"retry": {"attempts": 50}}, "R406", "config.retry.attempts", "1 to 5"),
    ({"retry": {"max": "soon"}}, "R406", "config.retry.max", "duration"),
    ({"max_body_bytes": 1}, "R406", "config.max_body_bytes", "1024"),
    ({"error_rules": {}}, "R406", "config.error_rules", "list"),
    ({"error_rules": ["x"]}, "R406", "config.error_rules.0", "mapping"),
    ({"error_rules": [{"status": 401}]}, "R406", "config.error_rules.0", "category"),
    (
        {"error_rules": [{"category": "maintenance"}]},
        "R406",
        "config.error_rules.0",
        "no condition",
    ),
    (
        {"error_rules": [{"status": 1, "category": "invalid_credential"}]},
        "R406",
        "config.error_rules.0.category",
        "'invalid_credentials'",
    ),
    (
        {"error_rules": [{"status": 401, "category": "no_key"}]},
        "R406",
        "config.error_rules.0.category",
        "no category",
    ),
    ({"error_rules": [{"message": "x"}]}, "R405", "config.error_rules.0.message", ""),
    (
        {"test": {"expect": {"max_latency": 3}}},
        "R405",
        "config.test.expect.max_latency",
        "max_latency_ms",
    ),
    ({"test": {"expect": {"json": []}}}, "R406", "config.test.expect.json", ""),
    ({"ohlcv": {"max_limit": 0}}, "R406", "config.ohlcv.max_limit", ""),
    (
        {"ohlcv": {"pagination": {"type": "curser"}}},
        "R406",
        "config.ohlcv.pagination.type",
        "cursor",
    ),
    (
        {"ohlcv": {"pagination": {"type": "page"}}},
        "R406",
        "config.ohlcv.pagination.type",
        '"{page}"',
    ),
    (
        {"ohlcv": {"params": {"c": "{cursor}"}, "pagination": {"type": "cursor"}}},
        "R406",
        "config.ohlcv.pagination.next",
        "is missing",
    ),
    (
        {"ohlcv": {"params": {"a": "b"}, "pagination": {"type": "time"}}},
        "R406",
        "config.ohlcv.pagination.type",
        "{since_ms}",
    ),
    (
        {"symbols": {"pagination": {"type": "time"}}},
        "R406",
        "config.symbols.pagination.type",
        "time",
    ),
    ({"ohlcv": {"pagination": {}}}, "R406", "config.ohlcv.pagination.type", "missing"),
]


@pytest.mark.parametrize(("config", "code", "path", "word"), WRONG)
def test_a_problem_is_found_with_its_code_place_and_fix(config, code, path, word):
    given = connection(**config)

    codes = found(given)
    assert (code, path) in codes or (path is None and code in {c for c, _ in codes})
    assert word in said(given)


@pytest.mark.parametrize(
    ("names", "config", "missing"),
    [
        (("api_key",), HMAC, "api_secret"),
        (("client_id",), OAUTH2, "client_secret"),
        (("client_key",), {}, "client_certificate"),
        (("api_key", "client_key"), {}, "client_certificate"),
    ],
)
def test_a_method_says_which_credential_it_lacks(names, config, missing):
    assert f"'{missing}' is missing" in said(connection(names, **config))


@pytest.mark.parametrize("junk", [None, 1, "x", [], [1], {"a": 1}, True, {"type": 3}])
def test_junk_in_any_section_is_a_finding_and_never_an_error(junk):
    for key in ("auth", "test", "ohlcv", "symbols", "tls", "retry", "error_rules"):
        list(ADAPTER.check(connection(**{key: junk})))
        for inner in ("hmac", "oauth2", "expect", "pagination"):
            list(ADAPTER.check(connection(**{key: {inner: junk}})))
    for key in ("rate_limit", "backup_endpoints", "max_body_bytes", "headers"):
        list(ADAPTER.check(connection(**{key: junk})))


def test_every_key_method_and_kind_of_page_is_on_the_page():
    keys = [key for section in nested().values() for key in section]
    names = {key.name for key in (*keys, *RULE_KEYS)} | {*METHODS, *PAGINATIONS}

    assert {name for name in names - {"none"} if f"{name}" not in PAGE} == set()


def test_the_pages_signing_example_is_accepted():
    (text,) = re.findall(r"```yaml\n(auth:\n.*?)```", PAGE, re.DOTALL)

    given = connection(("api_key", "api_secret"), **HMAC, **yaml.safe_load(text))

    assert found(given) == []


def test_the_templates_comments_are_accepted_once_they_are_let_in():
    text = ADAPTER.template("feed")
    opened = re.sub(r"(?m)^  # ", "  ", text)
    body = yaml.safe_load(opened)

    assert "error_rules" in body["config"]
    config = body["config"]
    config["ohlcv"]["params"]["page"] = "{page}"
    assert found(connection(**config)) == []
