"""Whether the providers can be reached from here, and whether clocks agree.

Asked as the tests ask, through the same door, but without a key: what any visitor
may see. One connection of each exchange stands for all.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from reconciler.core.checkup import Check, broken, fine, skipped
from reconciler.core.connection import Connection
from reconciler.core.ports import Job
from reconciler.core.verdict import ProbeName, Verdict
from reconciler.wiring import App

_PUBLIC_TYPE: Final = "ccxt_crypto"
"""The type whose providers show something without a key."""
_MOST: Final = 5
_TIMEFRAMES: Final = 1


def egress(app: App) -> Iterator[Check]:
    """Ask at most five of the declared exchanges what anybody may ask."""
    jobs = list(islice(_public_jobs(app).values(), _MOST))
    if not jobs:
        yield skipped("egress", "no exchange is declared that shows anything in public")
        return
    found: dict[str, Verdict] = {}

    def decide(job: Job, verdict: Verdict) -> None:
        found[job.connection.provider] = verdict

    app.tester.run(jobs, decide=decide)
    for provider, verdict in sorted(found.items()):
        yield _told(provider, verdict)


def _public_jobs(app: App) -> Mapping[str, Job]:
    """Return one test by provider, without credentials."""
    source = app.source()
    jobs: dict[str, Job] = {}
    for name in sorted(source.read().heads):
        connection = source.load(name).connection
        if connection.type == _PUBLIC_TYPE and connection.provider not in jobs:
            text = _public_text(connection)
            parsed = source.parse(text, file=f"{name} in public")
            jobs[connection.provider] = Job(
                connection=parsed.connection, text=text, file=parsed.file
            )
    return jobs


def _public_text(connection: Connection) -> str:
    settings = {
        "symbols": list(connection.symbols[:1]),
        "timeframes": list(connection.timeframes[:_TIMEFRAMES]),
    }
    body = {
        "version": 1,
        "name": connection.name,
        "type": connection.type,
        "provider": connection.provider,
        "config": dict(connection.config),
        "settings": {key: value for key, value in settings.items() if value},
    }
    return json.dumps(body)


def _told(provider: str, verdict: Verdict) -> Check:
    diagnosis = verdict.diagnosis
    if diagnosis is not None:
        return broken("egress", f"{provider}: {diagnosis.summary}", diagnosis.fix)
    clocks = (p.detail for p in verdict.probes if p.name is ProbeName.CLOCK)
    details = [f"answers in {verdict.latency_ms or 0:.0f} ms", *filter(None, clocks)]
    if verdict.egress_ip:
        details.append(f"sees {verdict.egress_ip}")
    return fine("egress", f"{provider} {', '.join(details)}")
