"""What `daemon:` in `reconcile.yaml` may say."""

from __future__ import annotations

from pydantic import Field

from reconciler.core.document_sections import Section, duration


class DaemonSection(Section):
    """How the daemon watches the files and tests what runs."""

    rescan: duration("1s", "24h") = Field(  # type: ignore[valid-type]
        default=300,
        title="Rescan",
        description="How often everything is read anew although no change was heard.",
        examples=["5m"],
    )
