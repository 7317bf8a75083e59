"""10,000 connections in a real browser: the served page, and the report as one file.

Run with `python benchmarks/status_page.py [CONNECTIONS]`; needs Chromium. Floors, in
the same run: a served page of one connection, and a bare table of as many bytes.
Targets: first paint of the list at most 2 times that of one connection; typing until
the results stand below 250 ms; the file's first paint at most 1.5 times that of a bare
table of its size.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Page, sync_playwright

from reconciler.core.record import Commit
from reconciler.recording import report_now
from reconciler.report.html.run import run_html
from reconciler.wiring import App, Choices
from tests.browser.conftest import FLAGS, NAMES
from tests.browser.site_play import fleet
from tests.daemon.http_play import served

ROUNDS = 7
CELL = "<td>a word and another</td>"
PAINTED = """
() => new Promise(done => {
  const said = () => performance.getEntriesByName('first-contentful-paint')[0];
  const wait = () => said() ? done(said().startTime) : setTimeout(wait, 5);
  wait();
})
"""
TYPED = """
text => new Promise(done => {
  const input = document.querySelector('input[type=search]');
  const status = document.querySelector('[role=status]');
  const start = performance.now(), before = status.textContent;
  new MutationObserver((_, watcher) => {
    if (status.textContent === before) return;
    watcher.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
  }).observe(status, {childList: true, characterData: true, subtree: true});
  input.value = text;
  input.dispatchEvent(new Event('input', {bubbles: true}));
})
"""


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        many, few = (folder / name for name in ("many", "few"))
        apps = [
            stack.enter_context(recorded(place, count))
            for place, count in ((many, number), (few, 1))
        ]
        sites = [stack.enter_context(served(app)) for app in apps]
        page = stack.enter_context(browser())
        measure_site(page, *(site.url for site in sites), number)
        measure_file(page, apps[0], folder)


class recorded:  # noqa: N801
    """A folder whose store holds so many connections."""

    def __init__(self, folder: Path, count: int) -> None:
        folder.mkdir()
        self.app, self.count = App(Choices(directory=folder)), count

    def __enter__(self) -> App:
        records = fleet(self.app.clock.now(), self.count)
        for start in range(0, len(records), 1000):
            self.app.store.commit(Commit(put=records[start : start + 1000]))
        return self.app

    def __exit__(self, *_: object) -> None:
        self.app.close()


class browser:  # noqa: N801
    """A page of the system's Chromium."""

    def __enter__(self) -> Page:
        path = next(filter(None, map(shutil.which, NAMES)), None)
        if path is None:
            sys.exit("there is no Chromium here; 'make browser' as root installs it")
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(
            executable_path=path, args=list(FLAGS)
        )
        return self.browser.new_page(viewport={"width": 1280, "height": 900})

    def __exit__(self, *_: object) -> None:
        self.browser.close()
        self.playwright.stop()


def painted(page: Page, address: str) -> float:
    page.goto("about:blank")
    page.goto(address, wait_until="commit")
    return float(page.evaluate(PAINTED))


def measure_site(page: Page, many: str, few: str, number: int) -> None:
    painted(page, many), painted(page, few)
    pairs = [(painted(page, many), painted(page, few)) for _ in range(ROUNDS)]
    tell(f"first paint of {number:,} / of one", pairs, 2.0)
    deep = f"{many}?offset={max(0, number - 100)}&sort=latency"
    pairs = [(painted(page, deep), painted(page, few)) for _ in range(ROUNDS)]
    tell("first paint of the last page, sorted / of one", pairs, 2.0)
    times = []
    for turn in range(ROUNDS):
        painted(page, many)
        times.append(float(page.evaluate(TYPED, f"kraken 00{turn}")))
    print(
        f"{'typing until the results stand':48} {median(times):6.0f} ms"
        f"  (target 250 ms, of which 120 wait for the next letter)"
    )


def measure_file(page: Page, app: App, folder: Path) -> None:
    report = report_now(app)
    records = {one.name: one for one in app.store.scan(limit=100_000)}
    started = time.perf_counter()
    html = run_html(report, records=records)
    took = time.perf_counter() - started
    file, bare = folder / "report.html", folder / "bare.html"
    file.write_text(html)
    size = file.stat().st_size
    cells = CELL * 6
    rows = size // len(f"<tr>{cells}</tr>")
    bare.write_text(f"<!doctype html><table>{f'<tr>{cells}</tr>' * rows}</table>")
    print(
        f"{'the file':48} {size / 1e6:6.1f} MB, {size / len(records):.0f} bytes per "
        f"connection, made in {took:.1f} s"
    )
    pairs = [
        (painted(page, file.as_uri()), painted(page, bare.as_uri()))
        for _ in range(ROUNDS)
    ]
    tell("first paint of the file / bare table of its size", pairs, 1.5)
    painted(page, file.as_uri())
    page.wait_for_load_state()
    first = float(page.evaluate(TYPED, "kraken 00"))
    again = [float(page.evaluate(TYPED, f"okx 0{turn}")) for turn in range(ROUNDS)]
    print(
        f"{'finding in the file':48} {median(again):6.0f} ms, {first:.0f} ms the first "
        "time  (target 250 ms)"
    )


def tell(what: str, pairs: list[tuple[float, float]], target: float) -> None:
    ratio = median(ours / floor for ours, floor in pairs)
    ms = median(ours for ours, _ in pairs)
    print(f"{what:48} {ratio:6.2f} x  (target {target} x, median {ms:.0f} ms)")


if __name__ == "__main__":
    main()
