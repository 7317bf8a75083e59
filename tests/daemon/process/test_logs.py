"""The log: one line each, scrubbed, and known to which work it belongs."""

import io
import json
import logging
import sys

import pytest

from reconciler.daemon.process.logs import begin_log, end_log
from reconciler.daemon.process.tracks import track
from reconciler.wiring import scrubbed

logger = logging.getLogger("reconciler.daemon.test")


@pytest.fixture(params=["json", "text"])
def log(request, monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    handler = begin_log(request.param, run_id="the-run", clean=scrubbed)
    yield request.param, lambda: written.getvalue().splitlines()
    end_log(handler)


def test_each_line_tells_its_run_and_its_work(log):
    format_, lines = log
    with track() as mine:
        logger.info("test finished", extra={"connection": "spot", "latency_ms": 4})

    [line] = lines()

    if format_ == "json":
        told = json.loads(line)
        assert told["message"] == "test finished"
        assert (told["run_id"], told["reconcile_id"]) == ("the-run", mine)
        assert (told["connection"], told["latency_ms"]) == ("spot", 4)
    else:
        assert f"test finished reconcile_id={mine}" in line
        assert "connection=spot" in line


def test_secrets_in_urls_and_headers_do_not_come_through(log):
    _, lines = log
    secret = "hunter2hunter2"
    logger.warning(
        "asked https://x.example/?signature=%s&api_key=%s", secret, secret,
        extra={"error": f"Authorization: Bearer {secret}"},
    )  # fmt: skip

    assert secret not in "".join(lines())


def test_of_an_exception_only_its_class_is_told(log):
    _, lines = log
    try:
        int("the key is hunter2hunter2")
    except ValueError:
        logger.exception("it broke")

    [line] = lines()

    assert "ValueError" in line
    assert "hunter2" not in line


def test_a_line_stays_one_line(log):
    _, lines = log
    logger.info("two\nlines", extra={"error": "a\r\nb"})

    assert len(lines()) == 1


def test_what_libraries_log_stays_quiet(log):
    _, lines = log
    logging.getLogger("aiohttp.client").error("GET https://x.example/?key=1")

    assert lines() == []
