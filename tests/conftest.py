"""What holds for every test: the real sops and age are found where they were built."""

from __future__ import annotations

import os

from tests.interop.peers import AGE, SOPS, cache_folder

# Before any test module asks whether they are there.
BUILT = (
    cache_folder() / "bin" / f"sops-{SOPS[0]}",
    cache_folder() / "bin" / f"age-{AGE}",
)
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *map(str, BUILT)])
