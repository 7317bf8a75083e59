"""For programs: a connection that passed its test, opened."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from reconciler.core.errors import StateError
from reconciler.core.ports import Ask, Sample, Session
from reconciler.recording import record_fetch, running_job
from reconciler.waiting import require_no_wait
from reconciler.wiring import App, Choices


@asynccontextmanager
async def open_connection(
    name: str, *, choices: Choices | None = None
) -> AsyncIterator[Session]:
    """Open the active revision of a recorded connection, for a program.

    The use is noted in the store, as the panel did (`last_used_at`, a `fetch` in the
    action log); a store that cannot be written does not keep anybody from its data.
    All that one event loop opens of a repository shares a network, the exchanges'
    limits, and what providers said of bans and keys.

    Args:
        name: The connection's name.
        choices: Where the repository, its store and the age keys are; by default
            what the environment says (`RECONCILE_STATE`, `SOPS_AGE_KEY_FILE` …).

    Raises:
        StateError: No active revision of that name is recorded.
        SecretError: Its credentials cannot be unsealed here.
        ProviderError: The provider says no, or said to wait a while ago.
    """
    from reconciler.adapters.providers.running.commons import in_common  # noqa: PLC0415  # heavy

    app = App(choices or Choices.of_environment())
    try:
        job = running_job(app, name)
        require_no_wait(app, job)
        place = (app.choices.directory.resolve(), app.choices.sandbox)
        async with in_common(place, app.open_tester) as test:
            own = replace(test, unsealer=app.unsealer, adapters=app.adapters)
            async with own.session(job) as session:
                with suppress(StateError):
                    record_fetch(app, name, Ask(), sample=Sample(), detail="opened")
                yield session
    finally:
        app.close()
