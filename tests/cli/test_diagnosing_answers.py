"""`providers diagnose`: anybody can ask what an answer means, without a network."""

import json
from pathlib import Path

import pytest

ERRORS = Path(__file__).parents[3] / "shared/data/providers/errors/errors.json"


def diagnose(repo, provider, status, body="", *more):
    done = repo.here(
        *("providers", "diagnose", provider, "--status", status, "--body", "-"),
        *("--format", "json", *more),
        stdin=body,
    )
    return done.json["diagnosis"]


def test_it_says_category_evidence_fix_and_whether_waiting_helps(repo):
    file = repo.path / "answer.json"
    file.write_text('{"code": -2015, "msg": "Invalid API-key, IP, or permissions"}')

    done = repo.here(
        *("providers", "diagnose", "binance", "--status", "401", "--body", file)
    )

    lines = done.out.splitlines()
    assert lines[0] == "binance:"
    assert lines[1].startswith("credentials_or_ip_or_permission: ")
    assert lines[2].startswith("evidence: body=")
    assert lines[3].startswith("fix: look at the key at the provider")
    assert lines[4].startswith("waiting does not help")


def test_at_least_ninety_five_in_a_hundred_real_answers_are_right(repo):
    if not ERRORS.exists():
        pytest.skip("the provider samples are not here")
    entries = json.loads(ERRORS.read_text())

    right = sum(
        diagnose(repo, one["exchange"], one["http"], one["body"])["category"]
        == one["category"]
        for one in entries
    )

    assert right / len(entries) >= 0.95


@pytest.mark.parametrize(
    ("provider", "status", "body", "category"),
    [
        ("custom_api", 403, '{"error": "ip_not_allowed"}', "ip_restricted"),
        ("in-house", 401, '{"error": "key expired"}', "expired_credentials"),
        ("gateio", 400, '{"label": "INVALID_KEY", "message": "x"}', None),
        ("kraken", 200, '{"error": ["EAPI:Invalid nonce"]}', "clock_skew"),
        ("kraken", 200, "<html>blocked</html>", "bad_response"),
        ("okx", 451, "", "geo_restricted"),
        ("bybit", 503, "<html>Scheduled maintenance</html>", "maintenance"),
    ],
)
def test_any_provider_may_be_asked_about(repo, provider, status, body, category):
    found = diagnose(repo, provider, status, body)

    wanted = category or "invalid_credentials"
    assert found["category"] == wanted
    assert found["fix"]


def test_headers_tell_until_when_to_wait(repo):
    found = diagnose(repo, "okx", 429, "", "--header", "Retry-After: 30")

    assert (found["category"], found["retry_after_s"]) == ("rate_limited", 30)
    assert found["waiting_helps"]


def test_the_address_to_allow_is_named(repo):
    body = '{"code": "50110", "msg": "Your IP 203.0.113.9 is not in the list"}'

    assert "203.0.113.9" in diagnose(repo, "okx", 401, body)["fix"]


def test_an_address_of_the_new_kind_is_named_too(repo):
    body = '{"code": "400006", "msg": "the current clientIp is:2001:db8::17"}'

    assert "2001:db8::17" in diagnose(repo, "kucoin", 403, body)["fix"]


def test_the_end_of_a_ban_is_read_from_its_sentence(repo):
    until = '{"code": -1003, "msg": "IP banned until 9999999999999."}'
    soon = '{"msg": "banned, retry in 90 seconds"}'

    week = diagnose(repo, "binance", 418, until)

    assert (week["category"], week["retry_after_s"]) == ("ip_banned", 7 * 86_400)
    assert diagnose(repo, "binance", 418, soon)["retry_after_s"] == 90


@pytest.mark.parametrize(
    ("provider", "status", "body", "wait_s"),
    [
        ("kucoin", 403, '{"code": "1015", "msg": "Too many requests"}', 30),
        ("kucoin", 429, '{"code": "1015", "msg": "Too many requests"}', 30),
        ("bybit", 200, '{"retCode": 10009, "retMsg": "IP has been banned."}', 600),
    ],
)
def test_a_ban_without_an_end_lasts_as_documented(repo, provider, status, body, wait_s):
    found = diagnose(repo, provider, status, body)
    said = repo.here("providers", "diagnose", provider, "--status", status, "--body",
                     "-", stdin=body).out  # fmt: skip

    assert (found["category"], found["retry_after_s"]) == ("ip_banned", wait_s)
    assert f"ask again in {wait_s} s at the earliest" in said


def test_the_end_of_a_ban_is_shown_as_a_date(repo):
    body = '{"code": -1003, "msg": "IP banned until 1795977453688. Wait."}'

    found = diagnose(repo, "binance", 418, body)

    assert "until 2026-11-29 18:37:33 UTC. Wait." in found["summary"]
    assert "1795977453688" not in found["summary"]


def test_a_service_of_ones_own_is_read_by_the_standards(repo):
    header = 'WWW-Authenticate: Bearer error="insufficient_scope"'
    problem = '{"type": "https://example.com/rate-limited", "title": "Slow down"}'

    scope = diagnose(repo, "custom_api", 403, "{}", "--header", header)

    assert scope["category"] == "permission_denied"
    assert diagnose(repo, "custom_api", 400, problem)["category"] == "rate_limited"


def test_a_success_is_no_error(repo):
    assert diagnose(repo, "kraken", 200, '{"error": [], "result": {}}') is None
    done = repo.here("providers", "diagnose", "kraken", "--status", "200", "--body",
                     "-", stdin='{"error": [], "result": {}}')  # fmt: skip
    assert done.out == "kraken: no error\n"


def test_what_looks_like_a_secret_in_the_answer_is_not_shown(repo):
    body = '{"msg": "bad", "signature": "0123456789abcdef0123456789abcdef"}'

    found = diagnose(repo, "binance", 400, body)

    assert "0123456789abcdef" not in json.dumps(found)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--status", "99"), "99"),
        (("--status", "400", "--header", "nonsense"), "NAME: VALUE"),
        ((), "--status"),
    ],
)
def test_wrong_usage_is_named(repo, arguments, said):
    done = repo.here("providers", "diagnose", "okx", *arguments, code=64)

    assert said in done.err


def test_a_body_that_cannot_be_read_ends_with_one(repo):
    done = repo.here("providers", "diagnose", "okx", "--status", "400", "--body",
                     "absent.json", code=None)  # fmt: skip

    assert done.code in {1, 3, 64}
    assert "absent.json" in done.err


def test_listing_needs_no_subcommand(repo):
    with_word = repo.here("providers", "list", "kraken").out

    assert repo.here("providers", "kraken").out == with_word
    assert "kraken" in repo.here("providers", "--search", "krak").out
