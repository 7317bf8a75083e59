"""The status page over a real socket: addresses, forms, failures, and no secret."""

from __future__ import annotations

import json

import pytest

from reconciler.core.connectivity import Outage
from reconciler.daemon.control import Queue, Revisions
from reconciler.report.html.toolkit import served_assets
from reconciler.sandbox import sandbox_account
from reconciler.wiring import App, Choices
from tests.cli.echo_server import echo_server
from tests.cli.test_canary import PLANTED, plant, watch
from tests.daemon.http_play import RealControl, client_of, served
from tests.daemon.records_play import fill
from tests.fakes import START
from tests.report.html_reader import Elements

__all__ = ["watch"]

FORM = {"Sec-Fetch-Site": "same-origin"}
EVIL = {"Origin": "https://evil.test"}


@pytest.fixture
def client(app):
    """Return a client of a daemon with three records."""
    fill(app)
    with served(app) as at, client_of(at) as one:
        yield one


@pytest.mark.parametrize("path", ["/", "/history", "/daemon", "/connections/c-0000"])
def test_pages_are_html_that_nobody_keeps(client, path):
    answer = client.get(path)

    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert Elements(answer.text).unclosed == []


def test_what_pages_load_may_be_kept_for_good(client):
    for name in served_assets():
        answer = client.get(f"/static/{name}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert client.get("/static/page.css").status_code == 404


def test_an_address_that_says_what_is_usual_becomes_a_shorter_one(client):
    answer = client.get("/?q=&sort=trouble&limit=50&owner=admin&health=")

    assert answer.status_code == 303
    assert answer.headers["location"] == "/?owner=admin"
    assert client.get("/?sort=trouble").headers["location"] == "/"


@pytest.mark.parametrize("query", ["health=ill", "limit=0", "x=1", "label=!!x"])
def test_a_question_that_makes_no_sense_is_answered_by_a_page(client, query):
    answer = client.get(f"/?{query}")

    assert answer.status_code == 422
    assert "Show all connections" in answer.text
    assert query.partition("=")[0] in answer.text


def test_what_is_not_there_is_answered_by_a_page(client):
    answer = client.get("/connections/nothing")

    assert answer.status_code == 404
    assert "you may not see it" in Elements(answer.text).text


@pytest.mark.parametrize("word", ["test", "sample", "suspend", "resume"])
def test_a_page_of_another_site_cannot_make_anybody_act(client, word):
    path = f"/connections/c-0000/{word}"

    assert client.post(path, data={"a": "b"}, headers=EVIL).status_code == 403
    assert client.post(path, data={"a": "b"}).status_code == 403
    assert client.get(path).status_code == 405


def test_suspending_leads_back_to_what_it_did(client):
    path = "/connections/c-0001"

    done = client.post(f"{path}/suspend", data={"reason": "moving"}, headers=FORM)
    page = client.get(done.headers["location"])

    assert (done.status_code, done.headers["location"]) == (
        303,
        f"{path}?did=suspended",
    )
    assert "moving" in Elements(page.text).text
    done = client.post(f"{path}/resume", headers=FORM)
    assert done.headers["location"] == f"{path}?did=resumed"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "reason"),
        ({"reason": "x", "until": "rubbish"}, "until"),
        ({"reason": "x", "until": "2020-01-01T00:00"}, "it must lie in the future"),
        ({"reason": "x" * 201}, "reason"),
    ],
)
def test_a_form_that_is_not_filled_in_rightly_is_told_on_the_page(client, fields, said):
    answer = client.post(
        "/connections/c-0000/suspend", data=fields or {"a": "b"}, headers=FORM
    )

    assert answer.status_code == 422
    assert said in Elements(answer.text).text
    assert "c-0000" in answer.text


def test_the_list_says_that_our_network_is_down_and_since_when(app):
    fill(app)
    control = RealControl(app)
    control.said = {"outage": Outage(since=app.clock.now())}
    with served(app, control=control) as at, client_of(at) as client:
        page = Elements(client.get("/").text).text
        one = Elements(client.get("/connections/c-0000").text).text
        state = client.get("/api/v1/state").json()
        metrics = client.get("/metrics").text
        badge = client.get("/badge.svg").text

    assert "This machine has no network since" in page
    assert "Connections that need it are unknown" in page
    assert "Not tested since" in one
    assert state["daemon"]["network_up"] is False
    assert state["daemon"]["network_down_since"]
    assert state["counts"]["health"]["healthy"] == 0
    assert "reconcile_network_up 0.0" in metrics
    healthy = [line for line in metrics.splitlines() if '="healthy"' in line]
    assert {line.rpartition(" ")[2] for line in healthy} == {"0.0"}
    assert "unknown" in badge


def test_the_daemon_tells_why_it_is_not_ready_and_what_it_refused(app):
    fill(app)
    control = RealControl(app)
    control.said = {
        "not_ready": ("the commit abc is broken",),
        "reload_ok": False,
        "outage": Outage(since=START),
        "revisions": Revisions(running="c0ffee", refused="abc", why="R201 in x.yaml"),
        "queue": Queue(waiting=3, running=1),
        "stages": {"plan": 0.25},
        "counters": {"tests_passed": 12},
    }
    with served(app, control=control) as at, client_of(at) as client:
        text = Elements(client.get("/daemon").text).text

    for said in (
        "the commit abc is broken", "Network down", "Last reload failed",
        "Running commit c0ffee", "Refused commit abc", "R201 in x.yaml",
        "Waiting tests 3", "Plan 250 ms", "Tests passed 12",
    ):  # fmt: skip
        assert said in text


def addresses(client):
    yield from ("/", "/?q=a&limit=1", "/?health=error", "/history", "/daemon", "/login")
    listed = client.get("/api/v1/connections").json()["connections"]
    yield from (f"/connections/{one['name']}" for one in listed)


def test_no_page_shows_a_secret_whatever_the_provider_echoes(watch, sandbox, tmp_path):
    plant(watch)
    account = sandbox_account("kraken")
    credentials = {"api_key": account.api_key, "api_secret": account.api_secret}
    watch.secrets += list(credentials.values())
    watch(
        *("new", "runs", "--type", "ccxt_crypto", "--provider", "kraken"),
        *("--symbol", "BTC/USD", "--timeframe", "1h", "--credentials-stdin"),
        stdin=json.dumps(credentials),
    )
    watch("apply")
    with echo_server(tmp_path, sandbox.info, status=401, mark="CANARY") as (file, _):
        choices = Choices(
            directory=watch.repo.path,
            sandbox=file,
            environment=watch.repo.environment(),
        )
        app = App(choices)
        with served(app) as at, client_of(at) as client:
            for word, fields in (
                ("test", {"a": "b"}),
                ("sample", {"symbol": "BTC/USD", "timeframe": "1h"}),
                ("suspend", {"reason": "canary"}),
            ):
                path = f"/connections/runs/{word}"
                answer = client.post(path, data=fields, headers=FORM)
                watch.said.append((path, answer.text))
            for address in addresses(client):
                watch.said.append((address, client.get(address).text))
        app.close()

    assert len(watch.said) > 20
    assert PLANTED
    watch.look_everywhere()
