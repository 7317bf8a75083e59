"""Reading 10,000 sealed documents: warm and cold, each paired with its floor.

Run `python benchmarks/plan_10k.py [FILES] [PAIRS]`. Every measurement is a whole
process; ours and the floor alternate, so that a busy machine slows both. Quote the
ratios of the medians, never the seconds. `WORKS` is the list to extend.
"""

from __future__ import annotations

import base64
import hashlib
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FLOOR_HASH = """
import hashlib, json, os
digests = json.load(open("digests.json"))
same = 0
for entry in os.scandir("connections.d"):
    with open(entry.path, "rb", buffering=0) as stream:
        same += digests[entry.name] == hashlib.sha256(stream.read()).hexdigest()
assert same == len(digests)
"""
FLOOR_SQLITE = """
import hashlib, os, sqlite3
digests = dict(sqlite3.connect("digests.db").execute("SELECT name, digest FROM d"))
same = 0
for entry in os.scandir("connections.d"):
    with open(entry.path, "rb", buffering=0) as stream:
        same += digests[entry.name] == hashlib.sha256(stream.read()).hexdigest()
assert same == len(digests)
"""
FLOOR_PARSE = """
import os, yaml
for entry in os.scandir("connections.d"):
    with open(entry.path, "rb") as stream:
        yaml.load(stream.read(), Loader=yaml.CSafeLoader)
"""
READ = """
from pathlib import Path
from reconciler.adapters.source import FileSource
def adapters():
    try:
        from reconciler.adapters.providers.registry import find_adapters
        return find_adapters()
    except ImportError:
        return {"ccxt_crypto": type("None_", (), {"check": lambda self, _: ()})()}
source = FileSource(
    directory=Path(), connections="connections.d", adapters=adapters, cache=%s
)
result = source.read()
assert not result.diagnostics, result.diagnostics[0]
assert len(result.heads) == result.files
"""
PLAN = """
import contextlib, io, sys
from reconciler.__main__ import main
with contextlib.redirect_stdout(io.StringIO()) as out:
    sys.argv = ["reconcile", "plan"]
    assert main() == 0
assert %r in out.getvalue(), out.getvalue()[-300:]
"""
FILL = """
from dataclasses import replace
from pathlib import Path
from reconciler.core.plan import PlanOptions
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict
from reconciler.pipeline import PlanRequest, apply_plan, make_plan
from reconciler.wiring import App, Choices
class Passing:
    def run(self, jobs, *, decide):
        probe = Probe(name=ProbeName.AUTH, status=ProbeStatus.PASSED, latency_ms=9.0)
        for job in jobs:
            decide(job, Verdict(probes=(probe,), at=app.clock.now()))
        return ()
app = App(Choices(directory=Path()))
ports = replace(app.ports(), tester=Passing())
options = PlanOptions(workspace=app.workspace)
apply_plan(ports, make_plan(ports, PlanRequest(options=options)), lock_id="")
app.close()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One measurement and what it is held against."""

    name: str
    ours: str
    floor: str
    floor_name: str
    target: float


WORKS = [
    Work(
        name="warm read",
        ours=READ % True,
        floor=FLOOR_HASH,
        floor_name="read + hash all, digests from JSON",
        target=2.0,
    ),
    Work(
        name="cold validate",
        ours=READ % False,
        floor=FLOOR_PARSE,
        floor_name="CSafeLoader alone",
        target=1.35,
    ),
]
NO_CHANGES = "No changes."
WARM_PLAN = Work(
    name="warm no-op plan",
    ours=PLAN % NO_CHANGES,
    floor=FLOOR_SQLITE,
    floor_name="read + hash all, digests from SQLite",
    target=2.0,
)


def main(files: int = 10_000, pairs: int = 5) -> None:
    folder = Path(tempfile.mkdtemp(prefix="plan-10k-"))
    try:
        size = write_documents(folder, files)
        print(f"{files} files of {size} bytes, {pairs} alternating pairs")
        run_script(READ % True, folder)  # fills the cache
        for work in WORKS:
            report(work, folder, pairs)
        filling = run_script(FILL, folder)[0]
        print(f"first apply of all, every test passing at once: {filling:.1f} s")
        report(WARM_PLAN, folder, pairs)
        no_op = [run_script(WARM_PLAN.ours, folder) for _ in range(pairs)]
        change_some(folder, files // 100)
        changed = [run_script(PLAN % "to update", folder) for _ in range(pairs)]
        ratio = median_cpu(changed) / median_cpu(no_op)
        print(f"warm plan, 1 % changed / no-op: {ratio:.2f}, target 1.3")
    finally:
        shutil.rmtree(folder)


def report(work: Work, folder: Path, pairs: int) -> None:
    """Print one work's ratios: by the clock, and by processor time (less noisy)."""
    ours, floor = [], []
    for _ in range(pairs):
        floor.append(run_script(work.floor, folder))
        ours.append(run_script(work.ours, folder))
    walls = [statistics.median(wall for wall, _ in runs) for runs in (ours, floor)]
    cpus = [statistics.median(cpu for _, cpu in runs) for runs in (ours, floor)]
    print(
        f"{work.name}: {walls[0]:.3f} s; {work.floor_name}: {walls[1]:.3f} s; "
        f"ratio {walls[0] / walls[1]:.2f}, of processor time {cpus[0] / cpus[1]:.2f}, "
        f"target {work.target}"
    )


def median_cpu(runs: list[tuple[float, float]]) -> float:
    return statistics.median(cpu for _, cpu in runs)


def change_some(folder: Path, count: int) -> None:
    """Give the first documents another timeframe."""
    for path in sorted((folder / "connections.d").iterdir())[:count]:
        path.write_text(path.read_text().replace("1h, 4h]", "1h, 1d]"))


def run_script(code: str, folder: Path) -> tuple[float, float]:
    """Run one process; return its seconds by the clock and of the processor."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    return wall, user + system


def write_documents(folder: Path, count: int) -> int:
    """Write sealed-looking documents and their digests; return the size of one."""
    import json

    documents = folder / "connections.d"
    documents.mkdir()
    digests, size = {}, 0
    for index in range(count):
        text = document(f"binance-{index:05}").encode()
        path = documents / f"binance-{index:05}.yaml"
        path.write_bytes(text)
        digests[path.name], size = hashlib.sha256(text).hexdigest(), len(text)
    (folder / "digests.json").write_text(json.dumps(digests))
    with sqlite3.connect(folder / "digests.db") as database:
        database.execute("CREATE TABLE d (name TEXT PRIMARY KEY, digest TEXT)")
        database.executemany("INSERT INTO d VALUES (?, ?)", digests.items())
    database.close()
    return size


def document(name: str) -> str:
    """Return a document that passes the keyless checks; no key opens it."""
    noise = _noise_of(name)
    sealed = _sealer(noise)
    age = "\n".join(f"        {noise(48)}" for _ in range(5))
    return f"""\
version: 1
name: {name}
type: ccxt_crypto
provider: binance
owner: admin
active: true
labels:
  desk: spot
  env: prod
credentials:
  api_key: {sealed(64)}
  api_secret: {sealed(64)}
binding: {sealed(64)}
config:
  sandbox: false
  timeout: 20
permissions:
  require: [read]
  forbid: [trade, withdraw]
health: {{interval: 15m, stale_after: 24h, failure_threshold: 3, success_threshold: 2}}
settings:
  symbols: [BTC/USDT, ETH/USDT]
  timeframes: [1m, 5m, 15m, 1h, 4h]
sops:
  age:
    - enc: |
        -----BEGIN AGE ENCRYPTED FILE-----
{age}
        -----END AGE ENCRYPTED FILE-----
      recipient: age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p
  encrypted_regex: ^(credentials|binding)$
  lastmodified: "2026-11-01T10:00:00Z"
  mac: {sealed(128)}
  mac_only_encrypted: true
  version: 3.10.2
"""


def _noise_of(seed: str) -> Callable[[int], str]:
    state = hashlib.sha512(seed.encode())

    def noise(size: int) -> str:
        state.update(b".")
        digest = state.digest() * (size // 64 + 1)
        return base64.b64encode(digest[:size]).decode()

    return noise


def _sealer(noise: Callable[[int], str]) -> Callable[[int], str]:
    def sealed(size: int) -> str:
        data, iv, tag = noise(size), noise(32), noise(16)
        return f"ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]"

    return sealed


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
