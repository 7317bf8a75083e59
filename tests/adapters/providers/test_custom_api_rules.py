"""What the file says of answers counts first: expectations, error rules, limits."""

from __future__ import annotations

import pytest

from reconciler.adapters.providers.answers.answer import Answer
from reconciler.adapters.providers.answers.waits import reset_after_s, retry_after_s
from reconciler.adapters.providers.custom_api.answer_rules import (
    late,
    make_rules,
    unmet,
)
from reconciler.core.diagnosis import Category
from reconciler.core.verdict import ProbeName, ProbeStatus
from tests.adapters.providers.custom_api_cases import feed, probe_of, verdict_of

JSON = {"Content-Type": "application/json; charset=utf-8", "X-Api": "v2 "}
ANSWER = Answer(status=200, headers=JSON, body='{"ok": true, "n": 3}')


@pytest.mark.parametrize(
    "expect",
    [
        {},
        {"status": 200},
        {"status": [201, 200]},
        {"json": "ok"},
        {"json": ["ok", "n == `3`"]},
        {"content_type": "json"},
        {"content_type": "application/json"},
        {"headers": {"x-api": "v2", "Content-Type": ""}},
    ],
)
def test_an_answer_that_is_as_expected_lacks_nothing(expect):
    assert list(unmet(expect, ANSWER)) == []


@pytest.mark.parametrize(
    ("expect", "word"),
    [
        ({"status": [201]}, "status 200"),
        ({"json": "missing"}, "json"),
        ({"json": ["ok", "n == `4`"]}, "n == `4`"),
        ({"content_type": "text/csv"}, "text/csv"),
        ({"headers": {"X-Api": "v3"}}, "X-Api"),
        ({"headers": {"X-None": ""}}, "X-None"),
    ],
)
def test_what_is_not_as_expected_is_named(expect, word):
    assert word in "; ".join(unmet(expect, ANSWER))


def test_a_json_type_may_have_a_name_of_its_own():
    answer = Answer(status=200, headers={"Content-Type": "application/hal+json"})

    assert not list(unmet({"content_type": "json"}, answer))


def test_a_late_answer_is_told_and_does_not_fail(sandbox):
    sandbox.set_fault("feed", "slow", seconds=0.3)
    case = feed(test={"path": "/health", "expect": {"max_latency_ms": 50}})

    verdict = verdict_of(sandbox, case)

    assert verdict.passed
    assert "expected at most 50 ms" in verdict.degraded
    assert verdict.degraded in verdict.warnings
    assert late({"max_latency_ms": 50}, 49.9) == ""


def test_an_expectation_tells_that_a_success_without_the_key_is_none(sandbox):
    case = feed(test={"path": "/public/health", "expect": {"json": "status"}})
    other = feed(test={"path": "/public/health", "expect": {"json": "account"}})

    passed, failed = verdict_of(sandbox, case), verdict_of(sandbox, other)

    assert probe_of(passed, ProbeName.AUTH).status is ProbeStatus.UNPROVEN
    assert "otherwise" in probe_of(failed, ProbeName.PUBLIC).detail
    assert failed.diagnosis.category is Category.BAD_RESPONSE


RULES = [
    {"status": [401], "json": "error.code == 'E17'", "category": "expired_credentials"},
    {"message_contains": "Quota", "category": "rate_limited"},
    {"json": "state == 'closed'", "category": "maintenance"},
    {"status": 418, "category": "bad_request"},
]


@pytest.mark.parametrize(
    ("status", "body", "category"),
    [
        (401, '{"error": {"code": "E17"}}', "expired_credentials"),
        (401, '{"error": {"code": "E18"}}', None),
        (403, '{"error": {"code": "E17"}}', None),
        (200, "your QUOTA is over", "rate_limited"),
        (200, '{"state": "closed"}', "maintenance"),
        (418, "", "bad_request"),
        (200, "<html>", None),
    ],
)
def test_the_first_rule_that_holds_wins(status, body, category):
    assert make_rules(RULES)(Answer(status=status, body=body)) == category


def test_a_rule_is_asked_before_anything_else(sandbox):
    rules = [{"status": 401, "category": "wrong_environment"}]
    case = feed({"api_key": "wrong"}, error_rules=rules)
    sandbox.set_fault("feed", "html")
    paged = [{"message_contains": "check your browser", "category": "maintenance"}]
    page = feed(error_rules=paged)

    blocked = verdict_of(sandbox, page)
    sandbox.clear_faults()
    wrong = verdict_of(sandbox, case)

    assert blocked.diagnosis.category is Category.MAINTENANCE
    assert wrong.diagnosis.category is Category.WRONG_ENVIRONMENT


def test_a_rule_can_turn_a_success_into_a_failure_and_never_the_other_way(sandbox):
    case = feed(error_rules=[{"json": "status == 'ok'", "category": "maintenance"}])
    key = feed({"api_key": "wrong"}, error_rules=RULES)

    assert verdict_of(sandbox, case).diagnosis.category is Category.MAINTENANCE
    assert not verdict_of(sandbox, key).passed


def test_an_answer_may_be_only_so_long(sandbox):
    verdict = verdict_of(sandbox, feed(max_body_bytes=1024))

    assert verdict.diagnosis.category is Category.BAD_RESPONSE
    assert "1024 bytes" in verdict.diagnosis.summary


def test_a_redirect_says_where_it_leads_without_what_is_signed(sandbox):
    sandbox.set_fault("feed", "redirect", endpoint="candles")
    case = feed(
        {"api_key": "sandbox-feed-query-key"},
        authentication_method="query",
        auth={"query_param": "apikey"},
    )

    diagnosis = verdict_of(sandbox, case).diagnosis

    assert diagnosis.category is Category.WRONG_URL
    assert "https://redirect-trap.sandbox.example/v1/candles" in diagnosis.summary
    assert "sandbox-feed-query-key" not in str(diagnosis)
    assert "?" not in diagnosis.evidence["location"]


# When to ask again


DATE = "Wed, 04 Mar 2026 05:06:07 GMT"
AT = 1_772_600_767


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"X-RateLimit-Reset": "12"}, 12),
        ({"RateLimit-Reset": "12.5"}, 12.5),
        ({"X-RateLimit-Reset": str(AT + 30), "Date": DATE}, 30),
        ({"X-RateLimit-Reset": f"{AT + 30}000", "Date": DATE}, 30),
        ({"X-RateLimit-Reset": str(AT - 30), "Date": DATE}, 0),
        ({"X-RateLimit-Reset": str(AT + 30)}, None),
        ({"X-RateLimit-Reset": "soon"}, None),
        ({"X-RateLimit-Reset": "-5"}, None),
        ({}, None),
    ],
)
def test_a_limits_end_is_read_in_every_spelling(headers, wait):
    limited = Answer(status=429, headers=headers)

    assert reset_after_s(limited) == wait
    assert retry_after_s(limited, now_s=0) == wait
    assert retry_after_s(Answer(status=401, headers=headers), now_s=0) is None


def test_retry_after_goes_first():
    headers = {"Retry-After": "7", "X-RateLimit-Reset": "90"}

    assert retry_after_s(Answer(status=429, headers=headers), now_s=0) == 7
