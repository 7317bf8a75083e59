"""For programs: a connection that passed its test, opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from reconciler.core.errors import StateError
from reconciler.core.ports import Ask, Sample, Session
from reconciler.recording import record_fetch, running_job
from reconciler.wiring import App, Choices


@asynccontextmanager
async def open_connection(
    name: str, *, choices: Choices | None = None
) -> AsyncIterator[Session]:
    """Open the active revision of a recorded connection, for a program.

    The use is noted in the store, as the panel did (`last_used_at`, a `fetch` in the
    action log); a store that cannot be written does not keep anybody from its data.

    Args:
        name: The connection's name.
        choices: Where the repository, its store and the age keys are; by default
            what the environment says (`RECONCILE_STATE`, `SOPS_AGE_KEY_FILE` …).

    Raises:
        StateError: No active revision of that name is recorded.
        SecretError: Its credentials cannot be unsealed here.
        ProviderError: The provider says no.
    """
    from reconciler.adapters.providers.network.session import (  # noqa: PLC0415  # heavy
        open_network,
    )

    app = App(choices or Choices.of_environment())
    try:
        job = running_job(app, name)
        unsealed = app.unsealer.unseal(job.text, file=job.file)
        adapter = app.adapters[job.connection.type]
        with suppress(StateError):
            record_fetch(app, name, Ask(), sample=Sample(), detail="opened")
        async with (
            open_network(
                app.choices.sandbox,
                clock=app.clock,
                allow=app.settings.network.allow,
            ) as network,
            adapter.open(job.connection, unsealed.credentials, network) as session,
        ):
            yield session
    finally:
        app.close()
