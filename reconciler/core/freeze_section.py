"""What `freeze:` in `reconcile.yaml` may say."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from reconciler.core.document_sections import Line, Lines, Section
from reconciler.core.document_words import Wants
from reconciler.core.freezing import Freeze
from reconciler.core.selecting import label_term
from reconciler.core.window_section import WINDOW_WISH, WindowSection

_ACTIONS: Final = (
    "create",
    "update",
    "delete",
    "activate",
    "deactivate",
    "adopt",
    "credentials",
)
_ACTIONS_WISH: Final = f"one of {', '.join(_ACTIONS)}"
_LABELS_WISH: Final = "a condition on a label: desk=spot, desk!=spot, desk or !desk"


def _is_condition(text: str) -> str:
    if label_term(text) is None:
        raise PydanticCustomError("label", "no condition")
    return text


class FreezeWindow(WindowSection):
    """A window of time in which apply leaves alone what runs, or a part of it."""

    names: Annotated[
        Lines, Wants("a list of names or globs", items="a name or a glob")
    ] = Field(
        default=(),
        title="Names",
        description="Only these connections; globs are possible.",
        examples=[["binance-*"]],
    )
    labels: Annotated[
        tuple[Annotated[Line, AfterValidator(_is_condition)], ...],
        Wants("a list of conditions on labels", items=_LABELS_WISH),
    ] = Field(
        default=(),
        title="Labels",
        description="Only connections whose labels fit all of these.",
        examples=[["desk=spot"]],
    )
    owners: Annotated[
        Lines, Wants("a list of owners or globs", items="an owner or a glob")
    ] = Field(
        default=(),
        title="Owners",
        description="Only connections of these owners.",
        examples=[["team:*"]],
    )
    actions: Annotated[
        tuple[
            Literal[
                "create",
                "update",
                "delete",
                "activate",
                "deactivate",
                "adopt",
                "credentials",
            ],
            ...,
        ],
        Wants("a list of actions", items=_ACTIONS_WISH, words=_ACTIONS),
    ] = Field(
        default=(),
        title="Actions",
        description="Only these actions; 'credentials' is any change of credentials.",
        examples=[["credentials"]],
    )

    def freeze(self) -> Freeze:
        """Return the freeze that this declares."""
        return Freeze(
            window=self.window(),
            names=self.names,
            labels=tuple(filter(None, map(label_term, self.labels))),
            owners=self.owners,
            actions=self.actions,
        )


class FreezeSection(Section):
    """When apply leaves alone what runs."""

    windows: Annotated[
        tuple[FreezeWindow, ...], Wants("a list of windows", items=WINDOW_WISH)
    ] = Field(
        default=(),
        title="Windows",
        description="The times, and for which connections each holds.",
    )

    def freezes(self) -> tuple[Freeze, ...]:
        """Return the freezes that this declares."""
        return tuple(window.freeze() for window in self.windows)
