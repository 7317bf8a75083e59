"""What `maintenance:` in `reconcile.yaml` may say: when nobody is to be woken up."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from reconciler.core.alert_settings import Conditions, Globs
from reconciler.core.document_sections import Section
from reconciler.core.document_words import Wants
from reconciler.core.window_section import WINDOW_WISH, WindowSection


class MaintenanceWindow(WindowSection):
    """A window of time in which nobody is told of some connections, or of any."""

    names: Globs = Field(
        default=(),
        title="Names",
        description="Only connections of these names; globs.",
        examples=[["mt4-*"]],
    )
    owners: Globs = Field(
        default=(),
        title="Owners",
        description="Only connections of these owners; globs.",
        examples=[["user:alice"]],
    )
    providers: Globs = Field(
        default=(),
        title="Providers",
        description="Only connections to these providers; globs.",
        examples=[["binance"]],
    )
    labels: Conditions = Field(
        default=(),
        title="Labels",
        description="Only connections whose labels fit all of these.",
        examples=[["desk=fx"]],
    )


class MaintenanceSection(Section):
    """Windows in which alerts wait; tests go on, and are recorded."""

    windows: Annotated[
        tuple[MaintenanceWindow, ...],
        Field(max_length=1000),
        Wants("a list of windows", items=WINDOW_WISH),
    ] = Field(
        default=(),
        title="Windows",
        description="While one is open, nobody is told of the connections that it "
        "selects; what still fails at its end is told then.",
    )
