"""The parts of a connection's file: their fields, and the phrase for each.

Every `Wants` completes "must be …", so that one sentence serves every way of getting
a field wrong.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from reconciler.core import durations, moments
from reconciler.core.connection import NEEDED_BY_NO_DATA
from reconciler.core.document_words import Wants

_LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
"""One line: what stands in reports and terminals must not steer them."""
_MARKET_PATTERN = r"^(24/7|fx|[A-Z]{4})$"
DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _seconds(value: object) -> int:
    found = durations.parse_duration(value)
    if found is None:
        raise PydanticCustomError("duration_type", "not a duration")
    return found


def _scalar(value: object) -> object:
    if not isinstance(value, str | bool | int | float):
        raise PydanticCustomError("scalar_type", "not a scalar")
    return value


def calendar_date(value: str) -> str:
    """Return a day that exists; raises pydantic's error for one that does not."""
    try:
        date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date", "no such day") from None
    return value


_PERMISSIONS = ("read", "trade", "withdraw")
_LIST_OF_PERMISSIONS = Wants(
    "a list of permissions: read, trade, withdraw",
    items="read, trade or withdraw",
    words=_PERMISSIONS,
)

Line = Annotated[str, Field(pattern=_LINE_PATTERN, max_length=200)]
Lines = Annotated[tuple[Line, ...], Field(json_schema_extra={"uniqueItems": True})]
Scalar = Annotated[
    Any,
    AfterValidator(_scalar),
    WithJsonSchema({"type": ["string", "number", "boolean"]}),
]
PermissionList = Annotated[
    tuple[Literal["read", "trade", "withdraw"], ...],
    Field(json_schema_extra={"uniqueItems": True}),
    _LIST_OF_PERMISSIONS,
]
Count = Annotated[int, Field(ge=1, le=100), Wants("a whole number from 1 to 100")]


def duration(least: str, most: str) -> Any:
    """Return the type of a duration; becomes whole seconds."""
    low, high = durations.parse_duration(least), durations.parse_duration(most)
    number = {"type": "integer", "minimum": low, "maximum": high}
    text = {"type": "string", "pattern": durations.PATTERN}
    return Annotated[
        int,
        Field(ge=low, le=high),
        BeforeValidator(_seconds),
        WithJsonSchema({"anyOf": [text, number]}),
        Wants(f"a duration such as 15m, from {least} to {most}"),
    ]


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise PydanticCustomError("moment_type", "not text")
    found = moments.parse_moment(value)
    if found is None:
        raise PydanticCustomError("moment", "not a moment")
    return found


def moment(more: str = "") -> Any:
    """Return the type of a moment, aware UTC; `more` ends its phrase."""
    return Annotated[
        datetime,
        BeforeValidator(_moment),
        WithJsonSchema({"type": "string", "pattern": moments.PATTERN}),
        Wants(f'text: a moment such as "2026-12-24T18:00:00Z"{more}'),
    ]


class Section(BaseModel):
    """What every part of the file has in common."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, hide_input_in_errors=True
    )


class PermissionSection(Section):
    """What the key must, and must not, be allowed to do at the provider."""

    require: PermissionList = Field(
        default=(), title="Required", description="What the key must be allowed to do."
    )
    forbid: PermissionList = Field(
        default=NEEDED_BY_NO_DATA,
        title="Forbidden",
        description="A key that is allowed to do any of this is refused. By default "
        "withdraw, unless it is required; an empty list allows everything.",
        examples=[["trade", "withdraw"]],
    )
    ip_restricted: Annotated[bool, Wants("true or false")] | None = Field(
        default=None,
        title="IP restricted",
        description="Whether the key must be limited to listed addresses.",
    )


class SuspendSection(Section):
    """Out of service for a time: kept as it is, and not tested."""

    reason: Annotated[Line, Wants("one line of text: why")] = Field(
        title="Reason", description="Why it is out of service.", examples=["migration"]
    )
    until: moment() | None = Field(  # type: ignore[valid-type]
        default=None,
        title="Until",
        description="When it ends by itself, in quotes; by default when the key is "
        "removed from the file.",
        examples=["2026-12-24T18:00:00Z"],
    )
    by: Annotated[Line, Wants("one line of text: who")] = Field(
        default="", title="By", description="Who wants it.", examples=["alice"]
    )


class HealthSection(Section):
    """When to test again, and when to call the connection broken."""

    interval: duration("10s", "7d") = Field(  # type: ignore[valid-type]
        default=900,
        title="Interval",
        description="Time between two tests of the daemon.",
        examples=["15m", 900],
    )
    retry_interval: duration("10s", "7d") = Field(  # type: ignore[valid-type]
        default=60,
        title="Retry interval",
        description="Time until a failing connection is tested again; doubled with "
        "each failure, up to the interval.",
        examples=["1m", 60],
    )
    stale_after: duration("1m", "366d") = Field(  # type: ignore[valid-type]
        default=86_400,
        title="Stale after",
        description="A last test, or last fresh data, older than this is stale.",
        examples=["24h"],
    )
    failure_threshold: Count = Field(
        default=3,
        title="Failures to break",
        description="So many failures in a row make a working connection broken.",
    )
    success_threshold: Count = Field(
        default=2,
        title="Successes to mend",
        description="So many successes in a row make a broken connection healthy.",
    )


class DataSection(Section):
    """Which market data is wanted."""

    symbols: Annotated[
        Lines, Wants("a list of symbols", items="a symbol: one line of text")
    ] = Field(
        default=(),
        title="Symbols",
        description="Symbols as the provider spells them, each once.",
        examples=[["BTC/USDT", "ETH/USDT"]],
    )
    timeframes: Annotated[
        Lines, Wants("a list of timeframes", items="a timeframe: text such as 1h")
    ] = Field(
        default=(),
        title="Timeframes",
        description="Bar lengths as the provider spells them, each once.",
        examples=[["1m", "1h", "4h"]],
    )

    market: Annotated[
        str,
        Field(pattern=_MARKET_PATTERN),
        Wants("24/7, fx, or an exchange's code such as XNYS"),
    ] = Field(
        default="",
        title="Market",
        description="When the market is open, so that Friday's last bar is fresh on "
        "Sunday: 24/7, fx (the week of foreign exchange) or the ISO 10383 code of "
        "an exchange. By default what the type is for.",
        examples=["fx", "XNYS"],
    )
