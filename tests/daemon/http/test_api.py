"""The API over the real store and a sandbox."""

from __future__ import annotations

import pytest

from tests.daemon.http_play import RealControl, client_of, served
from tests.daemon.records_play import fill


@pytest.fixture
def client(app):
    fill(app, 5)
    with served(app) as at, client_of(at) as client:
        yield client


def test_a_list_is_filtered_sorted_and_paged(client):
    params = {"q": "house", "sort": "name", "order": "desc", "limit": 2}
    first = client.get("/api/v1/connections", params=params).json()
    second = client.get(
        "/api/v1/connections", params=params | {"after": first["next"]}
    ).json()

    assert first["format_version"] == "1.0"
    assert (first["total"], second["total"]) == (5, 5)
    assert [one["name"] for one in first["connections"]] == ["c-0004", "c-0003"]
    assert [one["name"] for one in second["connections"]] == ["c-0002", "c-0001"]
    assert first["counts"]["health"]["healthy"] == 5


def test_every_wrong_parameter_is_told_without_its_value(client):
    answer = client.get("/api/v1/connections?limit=SECRET&sort=x&nothing=1&label=!!")

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    faults = {fault["at"].partition(".")[0] for fault in problem["errors"]}
    assert faults == {"limit", "sort", "nothing", "label"}
    assert "SECRET" not in answer.text


def test_a_parameter_that_is_given_twice_is_refused(client):
    assert client.get("/api/v1/connections?limit=1&limit=2").status_code == 422


@pytest.mark.parametrize("path", ["/api/v1/connections/none", "/none"])
def test_what_is_not_there_is_a_problem(client, path):
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:reconcile:problem:not-found"
    assert answer.headers["content-type"] == "application/problem+json"


def test_another_method_is_told_what_is_allowed(client):
    answer = client.put("/api/v1/connections/c-0000", json={})

    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_one_connection_is_shown_without_its_document(client):
    answer = client.get("/api/v1/connections/c-0001")

    shown = answer.json()
    assert shown["connection"]["health"] == "healthy"
    assert shown["active"]["commit"] == "c1"
    assert "SEALED-TEXT" not in answer.text


def test_a_body_that_is_too_long_is_refused(client):
    answer = client.post(
        "/api/v1/connections/c-0000/test",
        content=b"x" * 100_000,
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 413


@pytest.mark.parametrize("body", ["[", "[]", '{"x": 1}', "7", "null", '"\\ud800"'])
def test_a_body_that_is_not_what_it_must_be_is_refused(client, body):
    answer = client.post(
        "/api/v1/connections/c-0000/test",
        content=body,
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code in {400, 422}


def test_readiness_says_why_not(app):
    control = RealControl(app, said={"not_ready": ("the last commit is broken",)})
    with served(app, control=control) as at, client_of(at) as client:
        answer = client.get("/readyz")

        assert answer.status_code == 503
        assert "the last commit is broken" in answer.text
        assert client.get("/healthz").status_code == 200


def test_a_test_now_is_recorded_with_who_asked(live_client, live_app):
    answer = live_client.post("/api/v1/connections/spot/test", json={})

    assert answer.status_code == 200
    assert answer.json()["outcome"]["result"] == "applied"
    assert answer.json()["connection"]["health"] == "healthy"
    history = live_client.get("/api/v1/connections/spot/history").json()["actions"]
    assert history[0]["action"] == "test"
    assert history[0]["who"].endswith("@http")


def test_a_sample_without_a_symbol_takes_what_the_test_looked_at(live_client):
    answer = live_client.post("/api/v1/connections/spot/sample", json={"limit": 3})

    sampled = answer.json()
    assert (sampled["symbol"], sampled["timeframe"]) == ("BTC/USDT", "1h")
    assert len(sampled["sample"]["candles"]) == 3


def test_what_a_provider_refuses_comes_with_its_diagnosis(live_client):
    answer = live_client.post(
        "/api/v1/connections/spot/sample", json={"symbol": "NOPE/USDT"}
    )

    assert answer.status_code == 424
    assert answer.json()["diagnosis"]["category"] == "bad_symbol"
    assert answer.json()["diagnosis"]["fix"]


def test_suspending_takes_it_out_of_service_and_resuming_puts_it_back(live_client):
    url = "/api/v1/connections/spot"
    until = "2999-01-01T00:00:00+01:00"
    body = {"reason": "the exchange moves", "until": until}
    suspended = live_client.post(f"{url}/suspend", json=body).json()["connection"]
    resumed = live_client.post(f"{url}/resume", json={}).json()["connection"]
    again = live_client.post(f"{url}/resume", json={})

    assert suspended["intent"] == "suspended"
    assert suspended["suspension"]["reason"] == "the exchange moves"
    assert suspended["suspension"]["until"] == "2998-12-31T23:00:00Z"
    assert resumed["intent"] == "active"
    assert again.status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reason": ""},
        {"reason": "a\nb"},
        {"reason": "x", "until": "2020-01-01T00:00:00Z"},
        {"reason": "x", "until": "2999-01-01T00:00:00"},
    ],
)
def test_a_suspension_needs_a_reason_and_an_end_to_come(client, body):
    answer = client.post("/api/v1/connections/c-0000/suspend", json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"]
