"""How plan and first apply grow from N to ten times N connections.

Run `python benchmarks/growth.py [N]`. Whole processes, processor time (the disk that
every commit waits for costs the same each); a ratio of 10 is linear. Tests pass at
once, so that what grows is ours. Peak memory is of the larger run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from plan_10k import FILL, NO_CHANGES, PLAN, change_some, write_documents

TARGET = 11.0
TIMES = 10
REPEATS = 3
KB_PER_MB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One script at one size."""

    cpu_s: float
    peak_mb: int


def main(small: int = 1_000) -> None:
    folder = Path(tempfile.mkdtemp(prefix="growth-"))
    try:
        few, many = folder / "few", folder / "many"
        for place, count in ((few, small), (many, small * TIMES)):
            place.mkdir()
            write_documents(place, count)
        print(f"{small} and {small * TIMES} connections; target {TARGET}")
        compare("plan of all, new, cold", PLAN % "to create", few, many)
        compare("plan of all, new, warm", PLAN % "to create", few, many, REPEATS)
        compare("first apply of all", FILL, few, many)
        compare("apply again, nothing to do", FILL, few, many, REPEATS)
        compare("plan, nothing to do", PLAN % NO_CHANGES, few, many, REPEATS)
        for place, count in ((few, small), (many, small * TIMES)):
            change_some(place, count // 100)
        compare("plan, 1 % changed", PLAN % "to update", few, many, REPEATS)
    finally:
        shutil.rmtree(folder)


def compare(what: str, script: str, few: Path, many: Path, repeats: int = 1) -> None:
    first = [measured(script, few) for _ in range(repeats)]
    second = [measured(script, many) for _ in range(repeats)]
    ratio = median(r.cpu_s for r in second) / median(r.cpu_s for r in first)
    peak = max(run.peak_mb for run in second)
    print(f"{what:28} {ratio:5.2f} x, peak {peak} MB")


def measured(script: str, folder: Path) -> Run:
    """Run one process to its end and ask the system what it cost."""
    child = subprocess.Popen((sys.executable, "-c", script), cwd=folder)
    _, status, used = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"a script failed in {folder.name}")
    cpu_s = used.ru_utime + used.ru_stime
    return Run(cpu_s=cpu_s, peak_mb=used.ru_maxrss // KB_PER_MB)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
