"""Rules and dashboard: they ask for metrics that there are, and mean what they say."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest

from reconciler.core.health import Health
from tests.daemon.conftest import app as app  # noqa: PLC0414  # pytest finds it here
from tests.daemon.http.test_metrics import scraped
from tests.daemon.http_play import served
from tests.daemon.records_play import fill
from tests.deploy.deploy_files import DEPLOY, ROOT, load

promtool = shutil.which("promtool")
with_prometheus = pytest.mark.skipif(not promtool, reason="no promtool here")
_EMPTY_AT_FIRST = {
    "reconcile_queue_moved_timestamp_seconds",
    "reconcile_last_apply_timestamp_seconds",
}
"""Metrics that begin with the first test, and with the first apply."""
NAME = re.compile(r"\b(?:reconcile|process)_[a-z_]+\b")


def prometheus(*arguments, cwd):
    return subprocess.run(
        (promtool, *arguments),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path):
    """The rules, the way to scrape, and the situations, in one place."""
    for path in (
        DEPLOY / "prometheus/alerts.yaml",
        DEPLOY / "prometheus/scrape.yaml",
        ROOT / "tests/deploy/alerts_test.yaml",
    ):
        shutil.copy(path, tmp_path)
    return tmp_path


@with_prometheus
def test_each_situation_raises_the_alerts_that_it_should(folder):
    done = prometheus("test", "rules", "alerts_test.yaml", cwd=folder)

    assert done.returncode == 0, done.stdout + done.stderr


@with_prometheus
def test_the_way_to_scrape_is_valid(folder):
    done = prometheus("check", "config", "--syntax-only", "scrape.yaml", cwd=folder)

    assert done.returncode == 0, done.stdout + done.stderr


def rules():
    return [rule for one in load("prometheus/alerts.yaml")["groups"]
            for rule in one["rules"]]  # fmt: skip


def expressions():
    """Yield every expression of the rules and the dashboard, with its home."""
    for rule in rules():
        yield rule.get("alert") or rule["record"], rule["expr"]
    for panel in dashboard()["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]


def dashboard():
    return json.loads((DEPLOY / "grafana/dashboard.json").read_text("utf-8"))


def test_every_expression_asks_for_metrics_that_the_daemon_has(app):
    fill(app, 1)
    with served(app) as at:
        families, samples = scraped(at)
    exported = {name for name, *_ in samples} | set(families)
    exported |= {f"{name}_total" for name, one in families.items()
                 if one.type == "counter"}  # fmt: skip

    strange = {
        home: missing
        for home, expression in expressions()
        if (missing := set(NAME.findall(expression)) - exported - _EMPTY_AT_FIRST)
    }
    assert strange == {}


@pytest.mark.parametrize(("home", "expression"), list(expressions()))
def test_every_word_of_health_is_one(home, expression):
    asked = re.findall(r'health=~?"([a-z|]+)"', expression)
    words = {word for text in asked for word in text.split("|")}

    assert words <= {health.value for health in Health}, home


def test_every_alert_says_what_is_wrong_and_what_to_do_and_has_a_situation():
    situations = (ROOT / "tests/deploy/alerts_test.yaml").read_text("utf-8")
    alerts = [rule for rule in rules() if "alert" in rule]

    assert all(rule["labels"]["severity"] in {"warning", "critical"} for rule in alerts)
    assert all({"summary", "description"} <= rule["annotations"].keys()
               for rule in alerts)  # fmt: skip
    assert [rule["alert"] for rule in alerts if rule["alert"] not in situations] == []


def test_panels_have_names_and_words_and_do_not_lie_over_each_other():
    panels = [panel for panel in dashboard()["panels"] if panel["type"] != "row"]
    places = set()
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & places, panel["title"]
        places |= cells

    assert all(panel["title"] and panel["description"] for panel in panels)
    assert len({panel["id"] for panel in dashboard()["panels"]}) == len(
        dashboard()["panels"]
    )
