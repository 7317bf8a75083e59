"""A real Chromium, and a page that notices what no page of ours may do."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

AXE = "4.14.1"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def chromium():
    """A browser per module: while one runs, Playwright's loop runs in this thread.

    Tests of other modules that call `asyncio.run` could not, beside it.
    """
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("there is no Chromium here; 'make tools' as root installs it")
    expect.set_options(timeout=20_000)  # a busy machine is no fault of the page
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe():
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = base / f"reconcile-connections/npm/axe-core-{AXE}"
    script = folder / "node_modules/axe-core/axe.min.js"
    if not script.is_file():
        pytest.skip("there is no axe-core here; 'make tools' fetches it")
    return script.read_text()


class Watched:
    """A browser's page together with everything that it should not have done."""

    def __init__(self, page, host):
        self.page = page
        self.trouble = []
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("pageerror", lambda error: self.trouble.append(f"error {error}"))
        page.on("dialog", lambda dialog: self.trouble.append(f"{dialog.message}"))
        page.on("request", lambda asked: self._note(asked.url, host))

    def _hear(self, kind, text):
        # The browser says by itself that an answer's status was not a good one.
        if not text.startswith("Failed to load resource: the server responded"):
            self.trouble.append(f"{kind} {text}")

    def _note(self, url, host):
        if not url.startswith(("data:", "file:", host)):
            self.trouble.append(f"asked {url}")


@pytest.fixture
def open_page(chromium):
    """Open addresses in fresh contexts; ends with what each of them did wrong."""
    opened = []

    def visit(url, *, host="file:", javascript=True, clock=False, **context):
        context.setdefault("viewport", {"width": 1280, "height": 900})
        made = chromium.new_context(java_script_enabled=javascript, **context)
        made.set_default_timeout(20_000)
        watched = Watched(made.new_page(), host)
        opened.append((made, watched))
        if clock:
            watched.page.clock.install()
        watched.page.goto(url)
        return watched.page

    yield visit
    trouble = [one for _, watched in opened for one in watched.trouble]
    for made, _ in opened:
        made.close()
    assert trouble == []


@pytest.fixture
def open_file(open_page, tmp_path):
    """Show a text as a file of its own."""

    def show(html, **context):
        file = tmp_path / "page.html"
        file.write_text(html)
        return open_page(file.as_uri(), **context)

    return show


@pytest.fixture
def faults_of(axe):
    """Return what axe-core finds at fault in a page, a line each."""

    def check(page):
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        return [
            f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    return check
