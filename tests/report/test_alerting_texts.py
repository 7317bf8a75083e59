"""Messages for somebody who was just woken up: whole, short, and harmless."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from reconciler.core.incidents.book import Why
from reconciler.core.incidents.causes import Cause, Severity
from reconciler.core.incidents.notice import Hit, Letter, Notice, NoticeKind, Sender
from reconciler.report.alerting import data_of, markdown_of, plain_of, subject_of
from tests.fakes import START

HIT = Hit(name="spot", owner="admin", provider="binance", since=START)
WHY = Why(
    summary="the provider rejects the key or its secret",
    fix="copy key and secret from the provider again and seal them",
    category="invalid_credentials",
    terminal=True,
)
NOTICE = Notice(
    incident="i1",
    kind=NoticeKind.OPENED,
    cause=Cause.CONNECTION,
    label="spot",
    severity=Severity.ERROR,
    at=START + timedelta(minutes=1),
    since=START,
    count=1,
    why=WHY,
    connections=(HIT,),
)


def letter(*notices, **more):
    facts = {"id": "msg_1", "channel": "ops", "made_at": START, **more}
    return Letter(notices=notices, **facts)


def test_a_message_says_what_since_when_who_why_what_to_do_and_where_to_look():
    sender = Sender(place="host-1", page="https://status.example.com")

    text = plain_of(letter(NOTICE, sender=sender))

    assert text == (
        "spot: the provider rejects the key or its secret\n"
        "Since:   2026-01-01 00:00:00Z\n"
        "Hit:     spot\n"
        "Why:     the provider rejects the key or its secret (invalid_credentials)\n"
        "Fix:     copy key and secret from the provider again and seal them\n"
        "Waiting: does not help: nothing is tested again before the file changes\n"
        "\n"
        "Look: https://status.example.com\n"
        "\n"
        "From reconcile on host-1.\n"
    )


def test_a_refused_change_says_that_the_last_good_one_runs():
    refused = replace(
        NOTICE,
        cause=Cause.REFUSED,
        label="abcdef123456",
        commit="abcdef1234567890",
        severity=Severity.WARNING,
        running=1,
    )

    assert subject_of(letter(refused)) == (
        "[warning] change abcdef123456: refused, 1 connection keeps its last good "
        "revision: the provider rejects the key or its secret"
    )
    assert "Commit:  abcdef1234567890" in plain_of(letter(refused))


def test_what_a_provider_says_calls_nobody_and_draws_nothing():
    why = replace(
        WHY, summary="<!channel> @everyone [x](http://evil.test)\x1b[31m\n*b*"
    )
    hostile = letter(replace(NOTICE, why=why))

    plain, markdown = plain_of(hostile), markdown_of(hostile)

    assert "@everyone" not in plain + markdown
    assert "<!channel>" not in plain + markdown
    assert "\x1b" not in plain + markdown
    assert "](http" not in markdown
    assert "*b*" not in markdown


def test_a_subject_is_one_short_line():
    why = replace(WHY, summary="x" * 500 + "\nsecond")

    subject = subject_of(letter(replace(NOTICE, why=why)))

    assert len(subject) <= 150
    assert "\n" not in subject


def test_many_at_once_are_a_list_with_the_worst_first():
    fine = replace(NOTICE, kind=NoticeKind.RECOVERED, ended_at=START, incident="i2")
    many = [replace(NOTICE, incident=str(n), label=f"c{n}") for n in range(50)]

    text = plain_of(letter(fine, *many, left=7))

    assert subject_of(letter(fine, *many, left=7)) == "[error] 58 incidents at once"
    assert text.startswith("- [error] c0: ")
    assert "and 28 incidents more" in text or "and 28 incident" in text
    assert len(text.splitlines()) < 40


def test_the_data_has_all_of_it_and_a_version():
    data = data_of(letter(NOTICE))

    assert data["format_version"] == "1.0"
    assert data["notices"][0]["connections"][0]["name"] == "spot"
    assert data["text"] == plain_of(letter(NOTICE))
