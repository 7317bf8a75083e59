"""What one more connection costs in memory while `test --all` runs.

Run `python benchmarks/memory_per_test.py [FEW MANY]`. The peak of whole processes over
a small and a large fleet, so that imports and markets, which all share, fall out. The
sandbox plays the exchanges in this process.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from test_all import prepare, timed

from reconciler.sandbox import running_sandbox

TARGET_KB = 50


def main(few: int = 100, many: int = 1000) -> None:
    peaks = {count: peak_kb(count) for count in (few, many)}
    each = (peaks[many] - peaks[few]) / (many - few)
    print(
        f"peak of test --all: {peaks[few] / 1024:.0f} MB for {few} connections, "
        f"{peaks[many] / 1024:.0f} MB for {many}; "
        f"{each:.0f} kB for each more, target {TARGET_KB}"
    )


def peak_kb(count: int) -> int:
    """Return the peak resident size of one `test --all`, in KiB as Linux counts."""
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        root = Path(folder)
        with running_sandbox(root / "sandbox") as sandbox:
            environment = prepare(root, sandbox, count)
            ours = (sys.executable, "-m", "reconciler", "-C", str(root))
            timed((*ours, "apply", "--yes"), environment)
            watched = (sys.executable, __file__, "--watch", *ours, "test", "--all")
            done = subprocess.run(
                watched, env=environment, check=True, stdout=subprocess.PIPE, text=True
            )
    return int(done.stdout)


def watch(command: list[str]) -> None:
    """Run a command and print its peak: a process of its own, so it is its alone."""
    quiet = subprocess.DEVNULL
    subprocess.run(command, check=True, stdout=quiet, stderr=quiet)
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--watch"]:
        watch(sys.argv[2:])
    else:
        main(*map(int, sys.argv[1:]))
