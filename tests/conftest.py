"""What holds for every test: the real sops and age are found, and no law is timed."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from tests.interop.peers import AGE, SOPS, cache_folder

# Before any test module asks whether they are there.
BUILT = (
    cache_folder() / "bin" / f"sops-{SOPS[0]}",
    cache_folder() / "bin" / f"age-{AGE}",
)
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *map(str, BUILT)])

# A busy machine is no counterexample.
settings.register_profile(
    "steady", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")
