"""What the operator chose, as every command takes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reconciler.core.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the operator chose: global options, and the environment as given.

    `sandbox` is the `sandbox.json` of a running sandbox; it comes from a flag or
    the environment only, never from a file of the repository.
    """

    directory: Path = field(default_factory=Path)
    config: Path | None = None
    state: str | None = None
    sandbox: Path | None = None
    parallelism: int | None = None
    as_login: str = ""
    """Whose part of everything is looked at; empty for all of it."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    allow_unset: bool = False  # take such variables for unknown, in reviews
    ask_passphrase: Callable[[str], Secret | None] | None = None
    """Asks somebody at a terminal; None where nobody is."""

    @classmethod
    def of_environment(cls) -> Choices:
        """Return what the process's environment says, as every command reads it."""
        from reconciler.adapters.environment import process_environment

        env = process_environment()
        config, sandbox = env.get("RECONCILE_CONFIG"), env.get("RECONCILE_SANDBOX")
        return cls(
            directory=Path(env.get("RECONCILE_CHDIR") or "."),
            config=Path(config) if config else None,
            state=env.get("RECONCILE_STATE") or None,
            sandbox=Path(sandbox) if sandbox else None,
            environment=env,
        )
