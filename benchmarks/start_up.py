"""What a start costs, as ratios in one run: whole processes, pairs in turn.

Run with `python benchmarks/start_up.py`. Targets: `--help` at most 1.5 times a bare
`import click`; `plan` of one file at most 1.3 times importing click, yaml and the
document model.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

PAIRS = 9
DOCUMENT = "type: ccxt_crypto\nprovider: binance\nsettings: {symbols: [BTC/USDT]}\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        connections = Path(folder, "connections.d")
        connections.mkdir()
        Path(connections, "one.yaml").write_text(DOCUMENT)
        reconcile = (sys.executable, "-m", "reconciler", "-C", folder)
        click = (sys.executable, "-c", "import click")
        models = (
            sys.executable,
            "-c",
            "import click, yaml, reconciler.core.document",
        )
        compare("--help / import click", (*reconcile, "--help"), click, 1.5)
        compare("plan, cold / models", (*reconcile, "plan"), models, 1.3)
        compare("plan, warm / import click", (*reconcile, "plan"), click, 2.0)
        compare("validate, warm / models", (*reconcile, "validate"), models, 1.3)


def compare(
    what: str, ours: tuple[str, ...], theirs: tuple[str, ...], target: float
) -> None:
    timed(ours), timed(theirs)
    pairs = [(timed(ours), timed(theirs)) for _ in range(PAIRS)]
    ratio = median(a / b for a, b in pairs)
    ms = median(a for a, _ in pairs) * 1000
    print(f"{what:32} {ratio:5.2f} x  (target {target} x, median {ms:.0f} ms)")


def timed(command: tuple[str, ...]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
