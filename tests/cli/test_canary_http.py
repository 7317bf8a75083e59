"""No secret leaves by HTTP: answers, headers, metrics, badges and logs are searched."""

from __future__ import annotations

import logging

import pytest
from starlette.routing import Route

from reconciler.daemon.http.api.operations import PREFIX
from reconciler.daemon.http.app import OPERATIONS
from reconciler.daemon.pages.routes import PAGES
from reconciler.wiring import App, Choices
from tests.cli.test_canary import KEY, Watch, plant
from tests.daemon.http_play import client_of, served

QUERY = "CANARY-in-a-query-of-http-0123456789"
BODIES = ({}, {"limit": 2, "ticker": True}, {"reason": "moves"}, {"x": 1})


class Log(logging.Handler):
    """Keeps everything that is logged, as the richest formatter would show it.

    But for what the asking client logs, which runs in this process too.
    """

    def __init__(self):
        super().__init__(0)
        self.lines = []

    def emit(self, record):
        if record.name.startswith(("httpx", "httpcore")):
            return
        self.lines.append(f"{record.getMessage()} {record.__dict__}")
        if record.exc_info:
            self.lines.append(logging.Formatter().formatException(record.exc_info))


@pytest.fixture
def log():
    log, root = Log(), logging.getLogger()
    before = root.level
    root.addHandler(log)
    root.setLevel(0)
    yield log
    root.removeHandler(log)
    root.setLevel(before)


@pytest.fixture
def watch(live):
    keys = live.path.parent / "home/config/sops/age/keys.txt"
    watch = Watch(live)
    watch.secrets.append(keys.read_text().split()[-1])
    return watch


def crawl(client, names):
    """Yield what every route answers to every method, right and wrong."""
    paths = ["/healthz", "/readyz", "/metrics", "/badge.svg", "/login", "/logout"]
    paths += ["/api/v1/openapi.json"]
    for name in [*names, "none"]:
        paths += [f"/badge/{name}.svg", f"/badge/{name}.svg?show=latency"]
        paths += [f"{PREFIX}{one.path.format(name=name)}" for one in OPERATIONS]
        paths += [one.path.format(name=name, file="page.js") for one in PAGES]
    for path in dict.fromkeys(paths):
        yield client.get(path)
        yield client.get(path, params={"token": QUERY, "limit": QUERY})
        if path.startswith(PREFIX) and "/" in path.removeprefix(PREFIX)[1:]:
            for body in BODIES:
                yield client.post(path, json=body)
        origin = {"Origin": str(client.base_url).rstrip("/")}
        form = {"token": QUERY, "reason": "moves", "limit": "2"}
        yield client.post(path, data=form, headers=origin)


def test_what_is_planted_is_in_no_answer_and_no_log(watch, sandbox, log):
    plant(watch)
    watch("apply")
    choices = Choices(
        directory=watch.repo.path,
        sandbox=sandbox.file,
        environment=watch.repo.environment(),
    )
    app = App(choices)
    names = [record.name for record in app.store.scan()]
    assert "spot" in names
    with served(app) as at, client_of(at) as client:
        for answer in crawl(client, names):
            said = f"{answer.headers}\n{answer.text}"
            watch.said.append((f"{answer.request.method} {answer.url.path}", said))
        with client_of(at, token=KEY) as stranger:
            watch.said.append(("a key as a token", stranger.get("/metrics").text))
    app.close()

    watch.said.append(("the log", "\n".join(log.lines)))
    watch.secrets.append(QUERY)
    assert any("'route': '/metrics'" in line for line in log.lines)
    assert not [code for code in watch.said if "Our fault" in code[1]]
    watch.look_everywhere()


def test_a_made_token_is_shown_once_and_kept_nowhere(watch, log):
    made = watch("tokens", "new", "desk", "--principal", "admin", "--role", "admin")
    token = made.out.strip()
    line = next(one.strip() for one in made.err.splitlines() if "sha256:" in one)
    (watch.repo.path / "reconcile.yaml").write_text(f"http:\n  tokens:\n    {line}\n")
    watch.said.clear()
    app = App(Choices(directory=watch.repo.path))
    with served(app) as at, client_of(at, token=token) as client:
        assert client.get("/api/v1/state").status_code == 200
        for answer in crawl(client, []):
            watch.said.append((str(answer.url), f"{answer.headers}{answer.text}"))
        origin = {"Origin": at.url.rstrip("/")}
        logged_in = client.post("/login", data={"token": token}, headers=origin)
        assert logged_in.status_code == 303
        watch.said.append(("log in", f"{logged_in.headers}{logged_in.text}"))
        cookie = logged_in.headers["set-cookie"].partition("=")[2].partition(";")[0]
    app.close()

    watch.said.append(("the log", "\n".join(log.lines)))
    watch.secrets.append(token)
    watch.look_everywhere()
    watch.said = [("the log", "\n".join(log.lines))]
    watch.secrets.append(cookie)
    watch.look_everywhere()


def test_no_route_was_left_out():
    """Whoever adds a route adds it to the crawl."""
    from reconciler.daemon.http import app

    fixed = [one.path for one in app.fixed_routes() if isinstance(one, Route)]

    assert set(fixed) == {
        *("/healthz", "/readyz", "/metrics", "/badge.svg", "/badge/{name}.svg"),
        *("/login", "/logout", "/api/v1/openapi.json"),
    }
