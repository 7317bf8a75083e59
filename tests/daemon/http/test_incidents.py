"""Incidents over HTTP: the part that hits what one sees."""

from __future__ import annotations

import pytest

from reconciler.core.access import Role, principal_of
from reconciler.core.incidents.book import Why
from reconciler.core.incidents.causes import Cause, Severity
from reconciler.core.incidents.outbox import Delivery
from reconciler.core.incidents.standing import (
    AlertStanding,
    ChannelStanding,
    IncidentStanding,
)
from reconciler.daemon.http.api.incidents import seen_by
from tests.daemon.http_play import RealControl, client_of, served
from tests.daemon.records_play import fill
from tests.fakes import START

CHANNEL = ChannelStanding(name="phone", waiting=0, delivery=Delivery())
ANNA = principal_of("anna", Role.READER, policy=None)


def incident(*names, label="binance", cause=Cause.EXCHANGE):
    return IncidentStanding(
        id=f"i-{'-'.join(names)}",
        cause=cause,
        label=label,
        severity=Severity.ERROR,
        since=START,
        count=len(names),
        total=40,
        names=names,
        owners=("user:anna", "user:ben"),
        why=Why(summary=f"{names[0]} says no"),
        told=("phone",),
    )


ALERTS = AlertStanding(
    channels=(CHANNEL,),
    incidents=(
        incident("a-1", "b-1"),
        incident("b-1", "a-2"),
        incident("b-2", label="b-2", cause=Cause.CONNECTION),
    ),
)


def test_one_is_told_of_ones_own_part_only():
    seen = seen_by(ANNA, ALERTS, {"a-1", "a-2"})

    first, second = seen.incidents
    assert (first.names, second.names) == (("a-1",), ("a-2",))
    assert (first.count, first.total, first.told) == (1, 0, ())
    assert first.owners == ("user:anna",)
    assert first.why.summary == "a-1 says no"
    assert second.why.summary == ""
    assert "b-" not in repr((first.names, second.why, second.label))
    assert seen.channels == ()


def test_who_sees_everything_is_told_everything():
    admin = principal_of("x", Role.ADMIN, policy=None)

    assert seen_by(admin, ALERTS, set()) == ALERTS


@pytest.mark.parametrize("label", ["b-1", "binance"])
def test_a_label_that_is_another_s_connection_is_not_told(label):
    alerts = AlertStanding(incidents=(incident("a-1", "b-1", label=label),))

    (one,) = seen_by(ANNA, alerts, {"a-1"}).incidents
    assert one.label == ("" if label == "b-1" else label)


def test_the_api_shows_incidents_and_how_they_are_told_of(app):
    fill(app)
    control = RealControl(app, said={"alerts": ALERTS})
    with served(app, control=control) as at, client_of(at) as client:
        found = client.get("/api/v1/incidents").json()

    assert [one["cause"] for one in found["incidents"]] == [
        *("exchange", "exchange", "connection")
    ]
    assert found["incidents"][0]["names"] == ["a-1", "b-1"]
    assert found["channels"][0]["name"] == "phone"
