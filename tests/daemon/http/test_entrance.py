"""Who gets in: on loopback, with a token, in a browser, through a proxy."""

from __future__ import annotations

import threading

import httpx
import pytest

from reconciler.core.access import hash_of
from reconciler.core.errors import InputError
from reconciler.daemon.control import Revisions
from reconciler.daemon.http.access.ruling import read_rules
from reconciler.daemon.http.limits import Limits
from reconciler.daemon.http.server.listening import listen_at
from reconciler.wiring import App, Choices
from tests.daemon.http_play import RealControl, client_of, served
from tests.daemon.records_play import fill

TOKENS = {name: f"rct_{name:x<43}" for name in ("anna", "ben", "ops", "root", "old")}
SETTINGS = f"""\
http:
  tokens:
    - {{name: anna, principal: anna, role: reader, hash: "{hash_of(TOKENS["anna"])}"}}
    - {{name: ben, principal: ben, role: operator, hash: "{hash_of(TOKENS["ben"])}"}}
    - {{name: ops, principal: admin, role: reader, hash: "{hash_of(TOKENS["ops"])}"}}
    - {{name: root, principal: x, role: admin, hash: "{hash_of(TOKENS["root"])}"}}
    - name: old
      principal: admin
      role: admin
      hash: "{hash_of(TOKENS["old"])}"
      expires: "2026-01-01"
"""
ORIGIN = {"Origin": "https://evil.test"}
JSON = {"Content-Type": "application/json"}


def settle(app, text):
    """Write the settings; they are read once, so the folder gets a new outside."""
    (app.choices.directory / "reconcile.yaml").write_text(text)


@pytest.fixture
def open_at(app):
    """Serve three connections to whoever is on this machine."""
    fill(app)
    with served(app) as at:
        yield at


@pytest.fixture
def at(app):
    """Serve connections of three owners to who has a token."""
    settle(app, SETTINGS)
    fill(app, owners=("admin", "user:anna", "user:ben"))
    with served(app) as at:
        yield at


def names(client, **params):
    answer = client.get("/api/v1/connections", params=params)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["connections"]]


def test_on_loopback_without_tokens_whoever_asks_is_the_operator(open_at):
    with client_of(open_at) as client:
        state = client.get("/api/v1/state").json()

        assert names(client) == ["c-0000", "c-0001", "c-0002"]
        assert state["role"] == "admin"


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("anna", ["c-0001"]),
        ("ben", ["c-0002"]),
        ("ops", ["c-0000", "c-0001", "c-0002"]),
        ("root", ["c-0000", "c-0001", "c-0002"]),
    ],
)
def test_with_a_token_one_sees_ones_own(at, who, seen):
    with client_of(at, token=TOKENS[who]) as client:
        assert names(client) == seen


@pytest.mark.parametrize("path", ["", "/history", "/test"])
def test_what_one_may_not_see_is_not_there(at, path):
    with client_of(at, token=TOKENS["ben"]) as client:
        url, missing = f"/api/v1/connections/c-0000{path}", "/api/v1/connections/none"
        method = "POST" if path == "/test" else "GET"
        mine = client.request(method, url, headers=JSON)
        nobodys = client.request(method, f"{missing}{path}", headers=JSON)

    assert mine.status_code == nobodys.status_code == 404
    assert mine.json() == nobodys.json()


def test_a_reader_may_not_act(at):
    with client_of(at, token=TOKENS["anna"]) as client:
        answer = client.post("/api/v1/connections/c-0001/test", json={})

    assert answer.status_code == 403
    assert "operator" in answer.json()["detail"]


@pytest.mark.parametrize(
    "said",
    [
        f"Bearer {TOKENS['old']}",
        "Bearer rct_" + "z" * 43,
        f"Bearer {hash_of(TOKENS['ops'])}",
        "Bearer",
        "Basic YTpi",
        "",
    ],
)
def test_a_token_that_is_none_or_has_ended_is_refused(at, said):
    with client_of(at) as client:
        answer = client.get("/api/v1/state", headers={"Authorization": said})

    assert answer.status_code == 401
    assert "Bearer" in answer.headers["www-authenticate"]


@pytest.mark.parametrize("path", ["/api/v1/state", "/api/v1/openapi.json", "/", "/x"])
def test_without_a_token_nothing_is_said(at, path):
    with client_of(at) as client:
        assert client.get(path).status_code == 401


def test_a_person_without_a_token_is_led_to_the_log_in(at):
    with client_of(at) as client:
        answer = client.get("/", headers={"Accept": "text/html"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_after_logging_in_the_cookie_counts_until_logging_out(at):
    with client_of(at) as client:
        done = client.post("/login", data={"token": TOKENS["ops"]}, headers=_own(at))
        assert done.status_code == 303
        cookie = done.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert TOKENS["ops"] not in cookie
        assert names(client) == ["c-0000", "c-0001", "c-0002"]

        client.post("/logout", headers=_own(at))
        client.cookies.set("reconcile", cookie.split("=")[1].split(";")[0])

        assert client.get("/api/v1/state").status_code == 401


def test_a_session_ends_with_its_token(at, app):
    with client_of(at) as client:
        client.post("/login", data={"token": TOKENS["ops"]}, headers=_own(at))
        assert client.get("/api/v1/state").status_code == 200

        settle(app, SETTINGS.replace("ops", "other"))
        at.take(read_rules(App(Choices(directory=app.choices.directory))))

        assert client.get("/api/v1/state").status_code == 401


def _own(at):
    return {"Origin": at.url.rstrip("/")}


def test_guessing_tokens_is_slowed_down_and_the_right_one_still_counts(at):
    with client_of(at) as client:
        guesses = [
            client.get(
                "/api/v1/state", headers={"Authorization": f"Bearer rct_{n:043}"}
            )
            for n in range(12)
        ]
        right = client.get(
            "/api/v1/state", headers={"Authorization": f"Bearer {TOKENS['ops']}"}
        )

    assert {one.status_code for one in guesses[:9]} == {401}
    assert guesses[-1].status_code == 429
    assert int(guesses[-1].headers["retry-after"]) > 0
    assert right.status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.test", "evil.test:8080", "127.0.0.1.evil.test", "", "localhost.evil"]
)
def test_a_name_that_merely_leads_here_is_refused(open_at, host):
    with client_of(open_at) as client:
        answer = client.get("/api/v1/connections", headers={"Host": host})

    assert answer.status_code == 421
    assert "c-0000" not in answer.text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]:1"])
def test_the_names_of_this_machine_are_ours(open_at, host):
    with client_of(open_at) as client:
        answer = client.get("/api/v1/connections", headers={"Host": host})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        ORIGIN | JSON,
        {"Origin": "null"} | JSON,
        {"Sec-Fetch-Site": "cross-site"} | JSON,
        {"Sec-Fetch-Site": "same-site"} | JSON,
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
    ],
)
def test_a_page_of_another_site_cannot_act(open_at, headers):
    with client_of(open_at) as client:
        answer = client.post(
            "/api/v1/connections/c-0000/test", content="{}", headers=headers
        )

    assert answer.status_code == 403


def test_a_cookie_alone_acts_only_from_our_own_page(at):
    with client_of(at) as client:
        client.post("/login", data={"token": TOKENS["root"]}, headers=_own(at))
        url = "/api/v1/connections/none/test"
        bare = client.post(url, json={})
        foreign = client.post(url, json={}, headers=ORIGIN)
        ours = client.post(url, json={}, headers=_own(at))

    codes = (bare.status_code, foreign.status_code, ours.status_code)
    assert codes == (403, 403, 404)


def test_what_came_through_an_unknown_proxy_is_not_the_operator(open_at):
    with client_of(open_at) as client:
        answer = client.get("/api/v1/state", headers={"X-Forwarded-For": "192.0.2.1"})

    assert answer.status_code == 403
    assert "behind_proxy" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("address", "settings", "why"),
    [
        ("0.0.0.0:0", "", "http.tokens"),
        (":0", "", "http.tokens"),
        ("[::]:0", "", "http.tokens"),
        ("0.0.0.0:0", SETTINGS, "--tls-certificate"),
        ("127.0.0.1:0", "http: {behind_proxy: true}\n", "http.tokens"),
    ],
)
def test_listening_to_others_without_knowing_them_is_refused(
    app, address, settings, why
):
    settle(app, settings)

    with pytest.raises(InputError, match=why), served(app, listen=listen_at(address)):
        pass


def test_behind_a_proxy_others_are_listened_to_with_tokens(app):
    settle(app, SETTINGS.replace("http:", "http:\n  behind_proxy: true"))
    fill(app)
    with served(app, listen=listen_at("0.0.0.0:0")) as at:
        url = f"http://127.0.0.1:{at.port}/api/v1/state"
        known = {"Authorization": f"Bearer {TOKENS['ops']}"}

        assert httpx.get(url).status_code == 401
        assert httpx.get(url, headers=known).status_code == 200


POLICY = """\
version: 1
admins: [root]
users: {{a: {{logins: [{login}]}}}}
owners: {{user:a: {{paths: ["b/**"]}}}}
"""


def until(condition):
    for _ in range(200):
        if condition():
            return True
        threading.Event().wait(0.05)
    return False


def test_who_is_struck_from_the_policy_sees_no_more(app):
    settle(app, SETTINGS)
    file = app.choices.directory / "policy.yaml"
    file.write_text(POLICY.format(login="anna"))
    fill(app, owners=("admin", "user:a"))
    held = Limits(renewal_s=0.05)
    with served(app, limits=held) as at, client_of(at, token=TOKENS["anna"]) as client:
        assert names(client) == ["c-0001"]

        file.write_text("admins: {")
        threading.Event().wait(0.3)
        assert names(client) == ["c-0001"]

        file.write_text(POLICY.format(login="somebody-else"))
        assert until(lambda: names(client) == [])


def test_rules_that_are_not_safe_do_not_replace_those_that_are(app):
    settle(app, SETTINGS.replace("http:", "http:\n  behind_proxy: true"))
    with served(app, listen=listen_at("0.0.0.0:0")) as at:
        before = at.site.rules
        settle(app, "")

        with pytest.raises(InputError):
            at.take(read_rules(App(Choices(directory=app.choices.directory))))

        assert at.site.rules is before


def test_a_port_that_is_taken_is_said(app):
    with (
        served(app) as at,
        pytest.raises(InputError, match="cannot listen at"),
        served(app, listen=listen_at(f"127.0.0.1:{at.port}")),
    ):
        pass


def test_every_answer_tells_browsers_to_be_careful(open_at):
    with client_of(open_at) as client:
        for path in ("/healthz", "/api/v1/state", "/nothing"):
            headers = client.get(path).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["cache-control"] == "no-store"
            assert "server" not in headers


def test_sentences_of_the_daemon_are_for_who_sees_everything(app):
    settle(app, SETTINGS)
    fill(app, owners=("admin", "user:anna"))
    said = {
        "not_ready": ("the file of c-0000 is broken",),
        "revisions": Revisions(refused="r", why="c-0000 is broken"),
    }
    with served(app, control=RealControl(app, said=said)) as at:
        texts = {}
        for who in ("anna", "ops"):
            with client_of(at, token=TOKENS[who]) as client:
                state, ready = client.get("/api/v1/state"), client.get("/readyz")
                assert ready.status_code == 503
                texts[who] = state.text + ready.text

    assert "c-0000" in texts["ops"]
    assert "c-0000" not in texts["anna"]
