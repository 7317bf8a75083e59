"""Tones: how a page paints a word that says how something is.

Five tones: `ok` needs nothing, `warn` wants a look, `bad` is broken, `mute` is
switched off or not known, `info` is new. A word always stands beside its tone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.core.health import Health, Intent, Sync
from reconciler.core.incidents.causes import Severity
from reconciler.core.plan import ActionKind
from reconciler.core.record import Result
from reconciler.core.verdict import ProbeStatus

TONES: Final[Mapping[str, str]] = {
    Severity.INFO: "info",
    Severity.WARNING: "warn",
    Severity.ERROR: "bad",
    Health.HEALTHY: "ok",
    Health.DEGRADED: "warn",
    Health.STALE: "warn",
    Health.UNKNOWN: "mute",
    Health.INACTIVE: "mute",
    Sync.IN_SYNC: "ok",
    Sync.PENDING: "info",
    Sync.REJECTED: "bad",
    Sync.DRIFTED: "warn",
    Sync.ORPHANED: "warn",
    Intent.ACTIVE: "ok",
    Intent.SUSPENDED: "warn",
    Result.APPLIED: "ok",
    Result.REJECTED: "bad",
    Result.FAILED: "bad",
    Result.SKIPPED: "mute",
    ProbeStatus.PASSED: "ok",
    ProbeStatus.FAILED: "bad",
    ProbeStatus.UNPROVEN: "warn",
    ProbeStatus.SKIPPED: "mute",
    ActionKind.CREATE: "info",
    ActionKind.UPDATE: "warn",
    ActionKind.DELETE: "bad",
    ActionKind.ACTIVATE: "info",
    ActionKind.DEACTIVATE: "bad",
    ActionKind.RETEST: "mute",
    ActionKind.ADOPT: "info",
    ActionKind.KEEP: "mute",
}
"""By the word's text; a word of two axes (error, inactive) means the same in both."""
