"""What holds for every test: sops and age are found, signals heard, no law timed."""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

from tests.interop.peers import AGE, SOPS, cache_folder

# Before any test module asks whether they are there.
BUILT = (
    cache_folder() / "bin" / f"sops-{SOPS[0]}",
    cache_folder() / "bin" / f"age-{AGE}",
)
os.environ["PATH"] = os.pathsep.join([os.environ["PATH"], *map(str, BUILT)])

# What runs in the background, or under nohup, ignores signals and its children do, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# A busy machine is no counterexample.
settings.register_profile(
    "steady", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("steady")
