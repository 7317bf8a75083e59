"""What an exception means that nobody foresaw: a bug, in us or in a plug-in."""

from __future__ import annotations

import contextlib

from reconciler.adapters.providers.redaction import Scrubber
from reconciler.core.diagnosis import Category, Diagnosis, diagnose


def bug(error: Exception, scrub: Scrubber) -> Diagnosis:
    """Return its diagnosis: the class, and the text as far as it can be had."""
    evidence = {"exception": type(error).__qualname__}
    with contextlib.suppress(Exception):  # a plug-in's `__str__` may fail, too
        evidence["message"] = scrub.clean(error)
    return diagnose(
        Category.INTERNAL, detail=type(error).__qualname__, evidence=evidence
    )
