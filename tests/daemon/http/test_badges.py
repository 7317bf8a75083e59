"""Badges are images: escaped, readable, cached, and no more than one may see."""

from __future__ import annotations

from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.connection import HealthPolicy
from reconciler.core.record import Commit
from reconciler.core.statistics import Statistics, counted
from reconciler.daemon.http.monitoring.badges import COLORS, badge_svg
from tests.daemon.http_play import client_of, served
from tests.daemon.records_play import fill, record

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def client(app):
    at = app.clock.now() - timedelta(days=20)
    began = counted(Statistics(), at=at, up=True, speaks_for_s=30 * 86_400)
    stats = counted(
        counted(began, at=at + timedelta(days=10), up=False, speaks_for_s=30 * 86_400),
        at=at + timedelta(days=10, seconds=20),
        up=True,
        speaks_for_s=30 * 86_400,
    )
    policy = HealthPolicy(stale_after_s=30 * 86_400)
    fill(app, 2, stats=stats, policy=policy)
    bad = record("bad", at=app.clock.now(), failures=5, last_test=None)
    app.store.commit(Commit(put=(bad,)))
    with served(app) as at, client_of(at) as client:
        yield client


def texts(answer):
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "image/svg+xml"
    return [one.text for one in ET.fromstring(answer.text).iter(f"{SVG}text")]  # noqa: S314  # our own


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/badge/c-0000.svg", ["c-0000", "healthy"]),
        ("/badge/bad.svg", ["bad", "error"]),
        ("/badge/c-0000.svg?show=latency", ["c-0000 latency", "12 ms"]),
        ("/badge/c-0000.svg?show=uptime", ["c-0000 uptime 30d", "99.99 %"]),
        ("/badge/bad.svg?show=uptime", ["bad uptime 30d", "unknown"]),
        ("/badge/bad.svg?show=latency", ["bad latency", "unknown"]),
        ("/badge.svg", ["connections", "1 error"]),
    ],
)
def test_a_badge_says_one_thing(client, path, said):
    assert texts(client.get(path)) == said


def test_a_badge_may_be_kept_for_a_while_and_asked_for_again(client):
    first = client.get("/badge.svg")
    again = client.get("/badge.svg", headers={"If-None-Match": first.headers["etag"]})

    assert "max-age=60" in first.headers["cache-control"]
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    ("path", "status"), [("/badge/none.svg", 404), ("/badge.svg?show=all", 422)]
)
def test_what_there_is_no_badge_of_is_a_problem(client, path, status):
    assert client.get(path).status_code == status


@settings(deadline=None)
@given(st.text(max_size=90), st.text(max_size=90))
def test_whatever_the_words_it_is_an_image_of_these_words_only(about, said):
    root = ET.fromstring(badge_svg(about, said, "#123"))  # noqa: S314  # our own

    tags = {one.tag.removeprefix(SVG) for one in root.iter()}
    assert tags == {"svg", "title", "clipPath", "rect", "g", "text"}
    assert len(list(root.iter(f"{SVG}text"))) == 2


def luminance(color):
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("color", sorted(set(COLORS.values())))
def test_white_on_each_colour_can_be_read(color):
    assert 1.05 / (luminance(color) + 0.05) >= 4.5


@pytest.mark.parametrize(("public", "status"), [("true", 200), ("false", 401)])
def test_badges_are_public_only_where_the_settings_say_so(app, public, status):
    settings = f"""\
http:
  public_badges: {public}
  tokens: [{{name: a, principal: admin, hash: "sha256:{"0" * 64}"}}]
"""
    (app.choices.directory / "reconcile.yaml").write_text(settings)
    fill(app, 1)
    with served(app) as at, client_of(at) as client:
        assert client.get("/badge/c-0000.svg").status_code == status
        assert client.get("/badge.svg").status_code == status
        assert client.get("/api/v1/connections").status_code == 401
