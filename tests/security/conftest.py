"""The command line's repositories and sandbox, for attacks that need them."""

from __future__ import annotations

from tests.cli.conftest import (
    _living_sandbox,
    applied,
    bare,
    binance,
    live,
    repo,
    sandbox,
)

__all__ = ["_living_sandbox", "applied", "bare", "binance", "live", "repo", "sandbox"]
