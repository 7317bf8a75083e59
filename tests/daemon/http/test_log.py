"""The log tells who asked for what, and never what was sent."""

from __future__ import annotations

import logging
import threading

import pytest

from reconciler.core.access import hash_of
from tests.daemon.http_play import client_of, served
from tests.daemon.records_play import fill

TOKEN = "rct_" + "l" * 43
SECRET = "what-somebody-sent-by-mistake"


@pytest.fixture
def at(app):
    token = f'{{name: desk, principal: admin, role: admin, hash: "{hash_of(TOKEN)}"}}'
    file = app.choices.directory / "reconcile.yaml"
    file.write_text(f"http: {{tokens: [{token}]}}\n")
    fill(app)
    with served(app) as at:
        yield at


def lines(caplog, count):
    """Return the lines; the last is written when its answer is there already."""
    for _ in range(200):
        found = [one for one in caplog.records if one.message == "request"]
        if len(found) >= count:
            break
        threading.Event().wait(0.05)
    assert len(found) == count
    return found


@pytest.fixture(autouse=True)
def heard(caplog):
    caplog.set_level(logging.DEBUG)


def test_a_line_tells_route_status_time_and_who(at, caplog):
    with client_of(at, token=TOKEN) as client:
        answer = client.get(f"/api/v1/connections/c-0001?q={SECRET}")

    (line,) = lines(caplog, 1)
    assert line.route == "/api/v1/connections/{name}"
    assert (line.method, line.status, line.connection) == ("GET", 422, "")
    assert (line.principal, line.token) == ("admin", "desk")
    assert line.request_id == answer.headers["x-request-id"]
    assert line.bytes == len(answer.content)
    assert line.duration_ms >= 0


def test_a_connection_is_named_when_it_was_there(at, caplog):
    with client_of(at, token=TOKEN) as client:
        client.get("/api/v1/connections/c-0001")
        client.get(f"/api/v1/connections/{SECRET}")

    assert [one.connection for one in lines(caplog, 2)] == ["c-0001", ""]


def test_nothing_that_was_sent_is_in_the_log(at, caplog):
    with client_of(at, token=TOKEN) as client:
        client.get(f"/{SECRET}", params={"token": TOKEN})
        client.get("/api/v1/state", headers={"Authorization": f"Bearer {SECRET}"})
        client.get("/api/v1/state", headers={"X-Key": SECRET, "Cookie": SECRET})
        client.post("/login", data={"token": SECRET})
        client.request(SECRET.upper(), "/api/v1/state")
        client.post(
            "/api/v1/connections/c-0001/test",
            content=SECRET,
            headers={"Content-Type": "application/json"},
        )

    assert lines(caplog, 6)
    told = "\n".join(str(vars(one)) for one in caplog.records if "http" in one.name)
    for secret in (SECRET, SECRET.upper(), TOKEN, hash_of(TOKEN)):
        ours = [one for one in told.splitlines() if "reconciler" in one]
        assert not [one for one in ours if secret in one]


def test_a_bug_is_told_by_its_place_and_not_by_its_text(app, caplog):
    class Broken:
        def state(self):
            raise ValueError(SECRET)

    with served(app, control=Broken()) as at, client_of(at) as client:
        answer = client.get("/api/v1/state")

    (line,) = [one for one in caplog.records if "bug" in one.message]
    assert answer.status_code == 500
    assert line.error == "ValueError"
    assert any(place.endswith(" in state") for place in line.places)
    assert SECRET not in answer.text + str(vars(line))
