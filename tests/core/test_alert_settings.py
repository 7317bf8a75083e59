"""`alerts:` of reconcile.yaml: every problem in its place, and no address in Git."""

from __future__ import annotations

import pytest

from reconciler.adapters.documents import parse
from reconciler.core.alert_rules import manner_of
from reconciler.core.alert_settings import AlertSection
from reconciler.core.incidents.causes import Cause, Severity
from reconciler.core.structured import part_of, problems_of_parts

FULL = """\
alerts:
  channels:
    ops: {url_env: OPS_URL}
    desk:
      kind: webhook
      url_file: /run/secrets/desk-url
      secret_file: desk-secret
      timeout: 5s
      per_minute: 3
    alice: {kind: apprise, url_file: alice-url}
  routes:
    - {owners: ["user:alice"], channels: [alice]}
    - labels: [desk=spot]
      severity: warning
      causes: [exchange, network]
      channels: [desk, ops]
  default: [ops]
  settle: 1m
  reminder: 12h
  heartbeat: {url_env: BEAT_URL, interval: 5m}
"""


def section_of(text):
    return part_of(parse(text, file="reconcile.yaml")[0], AlertSection)


def complaints(text):
    found = problems_of_parts(parse(text, file="reconcile.yaml")[0])
    return [f"{one.span.line} {one.code} {one.message}" for one in found]


def test_everything_that_can_be_said_is_understood():
    section = section_of(FULL)
    manner = manner_of(section)

    assert complaints(FULL) == []
    assert section.channels["desk"].timeout == 5
    assert manner.routing.default == ("ops",)
    assert manner.settle.total_seconds() == 60
    assert manner.reminder is not None
    spot = manner.routing.routes[1]
    assert (spot.severity, spot.causes) == (
        Severity.WARNING,
        {Cause.EXCHANGE, Cause.NETWORK},
    )


def test_a_single_channel_needs_no_routes():
    only = section_of("alerts: {channels: {ops: {url_env: OPS_URL}}}\n")

    assert manner_of(only).routing.default == ("ops",)


def test_no_reminder_is_never():
    assert manner_of(section_of("alerts: {reminder: 0s}\n")).reminder is None


CHANNEL = "alerts:\n  channels:\n    ops: {%s}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            CHANNEL % "url: 'slack://T0KEN/T0KEN/T0KEN'",
            (
                "3 R210 alerts.channels.ops.url would keep an address, and the secret "
                "in it, in Git"
            ),
        ),
        (
            CHANNEL % "url: https://example.com/hook, url_env: OPS_URL",
            (
                "3 R210 alerts.channels.ops.url would keep an address, and the secret "
                "in it, in Git"
            ),
        ),
        (
            "alerts:\n  heartbeat: {url: 'https://hc.example.com/5e4a'}\n",
            (
                "2 R210 alerts.heartbeat.url would keep an address, and the secret in "
                "it, in Git"
            ),
        ),
        (CHANNEL % "kind: apprise", "3 R202 alerts.channels.ops.url_env is missing"),
        (
            CHANNEL % "url_env: OPS_URL, url_file: /ops",
            (
                "3 R204 alerts.channels.ops.url_file stands beside another place for "
                "the same"
            ),
        ),
        (
            CHANNEL % "kind: webhook, url_env: OPS_URL",
            "3 R202 alerts.channels.ops.secret_env is missing",
        ),
        (
            CHANNEL % "url_env: OPS_URL, secret_env: OPS_SECRET",
            "3 R204 alerts.channels.ops.secret_env is for webhooks only",
        ),
        (
            CHANNEL % "url_env: 'slack://T0KEN'",
            (
                "3 R204 alerts.channels.ops.url_env must be the name of an environment "
                "variable, such as OPS_ALERTS_URL"
            ),
        ),
        (
            CHANNEL % "url_file: ../../etc/shadow",
            (
                "3 R204 alerts.channels.ops.url_file must be an absolute path, or the "
                "name of a systemd credential"
            ),
        ),
        (
            CHANNEL % "url_env: OPS_URL" + "  default: [opps]\n",
            "4 R204 alerts.default[0] names a channel that there is not",
        ),
        (
            "alerts:\n  routes:\n    - {channels: [ops]}\n",
            "3 R204 alerts.routes[0].channels[0] names a channel that there is not",
        ),
        (
            "alerts:\n  routes: [{severity: fatal}]\n",
            "2 R204 alerts.routes[0].severity must be info, warning or error",
        ),
        (
            "alerts: {reminder: 1m}\n",
            (
                "1 R204 alerts.reminder must be a duration such as 24h, from 5m to 30d,"
                " or 0s"
            ),
        ),
    ],
)
def test_a_mistake_is_told_in_its_place(text, said):
    assert complaints(text) == [said]


def test_no_complaint_shows_what_stands_in_the_file():
    text = CHANNEL % "url: 'slack://CANARY', url_env: 'CANARY', kind: CANARY"

    for one in problems_of_parts(parse(text, file="reconcile.yaml")[0]):
        assert "CANARY" not in f"{one.message} {one.hint}"
