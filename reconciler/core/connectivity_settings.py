"""What `connectivity:` in `reconcile.yaml` may say."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.core.document_sections import Section, duration
from reconciler.core.document_words import Wants

CHECK_PATTERN = (
    r"^(https://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?"
    r"|tcp://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5})$"
)

Endpoint = Annotated[
    str,
    Field(pattern=CHECK_PATTERN),
    Wants("an address such as https://example.com/ or tcp://192.0.2.1:53"),
]


class ConnectivitySection(Section):
    """Who tells whether this machine's own network is up."""

    check: Annotated[tuple[Endpoint, ...], Wants("a list of at most 8 addresses")] = (
        Field(
            default=(),
            max_length=8,
            title="Check",
            description="Asked before a provider that cannot be reached is believed to "
            "be down; one that answers is enough. Without any, other providers are.",
            examples=[["https://www.example.com/", "tcp://192.0.2.1:53"]],
        )
    )
    interval: duration("1s", "1h") = Field(  # type: ignore[valid-type]
        default=10,
        title="Interval",
        description="So often they are asked at most.",
        examples=["10s"],
    )
