"""What ends is told of in time, more urgently each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.core.endings import (
    certificate_warning,
    expiry_warning,
    warning_level,
)
from reconciler.core.verdict import Certificate

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(("left", "said"), [
    (timedelta(days=31), ""),
    (timedelta(days=30), "the key ends on 2026-12-22, within 30 days: renew"),
    (timedelta(days=6, hours=1), "within 7 days"),
    (timedelta(hours=20), "urgent: the key ends on 2026-11-23, within 1 day:"),
    (timedelta(), "the key ended on 2026-11-22"),
    (timedelta(days=-3), "the key ended on 2026-11-19"),
])  # fmt: skip
def test_the_end_of_a_key_is_told_of_in_time(left, said):
    text = expiry_warning(NOW + left, now=NOW)

    assert text == "" if not said else said in text


def test_a_key_without_an_end_needs_no_warning():
    assert expiry_warning(None, now=NOW) == ""


@pytest.mark.parametrize(("left", "said"), [
    (timedelta(days=31), ""),
    (timedelta(days=29, hours=1), "certificate of api.x ends on 2026-12-21, within 30"),
    (timedelta(days=7), "within 7 days"),
    (timedelta(hours=20), "urgent: the certificate of api.x ends on 2026-11-23"),
    (timedelta(days=-1), "the certificate of api.x ended on 2026-11-21"),
])  # fmt: skip
def test_the_end_of_a_certificate_is_told_of_in_time(left, said):
    text = certificate_warning(Certificate(host="api.x", ends_at=NOW + left), now=NOW)

    assert text == "" if not said else said in text


def test_where_nothing_is_encrypted_no_certificate_ends():
    assert certificate_warning(None, now=NOW) == ""


@pytest.mark.parametrize(("left", "level"), [
    (timedelta(days=31), -1),
    (timedelta(days=30), 30),
    (timedelta(days=7, seconds=1), 30),
    (timedelta(days=7), 7),
    (timedelta(days=1), 1),
    (timedelta(), 0),
])  # fmt: skip
def test_the_level_tells_each_of_the_three_warnings_apart(left, level):
    assert warning_level(NOW + left, now=NOW) == level


def test_an_end_that_nobody_knows_calls_for_no_warning():
    assert warning_level(None, now=NOW) == -1
