"""What is made of several endpoints of one feed: one verdict, one answer.

A backup stands in where an endpoint gives no answer at all. Where it answers, what
it says counts: a refused key or rubbish is not made good by another endpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.core.diagnosis import Category, Diagnosis
from reconciler.core.verdict import Probe, ProbeName, ProbeStatus, Verdict

GONE = frozenset(
    {
        *(Category.DNS_FAILURE, Category.CONNECTION_REFUSED, Category.CONNECTION_RESET),
        *(Category.TLS_HANDSHAKE, Category.TLS_CERTIFICATE, Category.TIMEOUT),
        *(Category.MAINTENANCE, Category.EXCHANGE_UNAVAILABLE),
    }
)
"""The diagnoses of an endpoint that is not there; the next one is asked."""


def is_gone(diagnosis: Diagnosis | None) -> bool:
    """Tell whether a failure lets a backup stand in."""
    return diagnosis is not None and diagnosis.category in GONE


def merged(names: Sequence[str], verdicts: Sequence[Verdict]) -> Verdict:
    """Return one verdict of several endpoints, the first being the main one.

    Each endpoint has a row of its own. Passing through a backup alone is degraded.
    """
    main, *backups = verdicts
    rows = tuple(map(_row, names, verdicts))
    warnings = tuple(
        f"{name} failed: {verdict.diagnosis.summary}"
        for name, verdict in zip(names, verdicts, strict=True)
        if verdict.diagnosis is not None
    )
    if main.passed:
        return replace(
            main, probes=(*main.probes, *rows), warnings=(*main.warnings, *warnings)
        )
    pairs = zip(names[1:], backups, strict=True)
    stand_in = next(((n, v) for n, v in pairs if v.passed), None)
    if stand_in is None or not is_gone(main.diagnosis):
        return replace(main, probes=(*main.probes, *rows))
    name, verdict = stand_in
    reasons = (f"only {name} works", verdict.degraded)
    return replace(
        verdict,
        probes=(*verdict.probes, *rows),
        warnings=(*verdict.warnings, *warnings),
        degraded="; ".join(filter(None, reasons)),
    )


def _row(name: str, verdict: Verdict) -> Probe:
    """Return an endpoint's row; a broken one is unproven, since others decide too."""
    diagnosis = verdict.diagnosis
    if diagnosis is None:
        took = verdict.latency_ms
        timed = f" ({took:g} ms)" if took is not None else ""
        return Probe(
            name=ProbeName.ENDPOINT,
            status=ProbeStatus.PASSED,
            detail=f"{name} works{timed}",
        )
    return Probe(
        name=ProbeName.ENDPOINT,
        status=ProbeStatus.UNPROVEN,
        detail=f"{name}: {diagnosis.category}: {diagnosis.summary}",
    )
