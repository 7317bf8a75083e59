"""How a window of time stands in `reconcile.yaml`, in every part that has some."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from reconciler.core.document_sections import Line, Section, moment
from reconciler.core.document_words import Wants
from reconciler.core.windows import (
    DAY_MINUTES,
    DAYS,
    Once,
    Weekly,
    Window,
    has_zones,
    zone_of,
)

WINDOW_WISH: Final = "a window: days, from and to, or starts and ends"
_TIME_PATTERN: Final = r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"
_TIME: Final = re.compile(_TIME_PATTERN)


def _minutes(value: object) -> int:
    if not isinstance(value, str):
        raise PydanticCustomError("time_type", "not text")
    if not _TIME.search(value):
        raise PydanticCustomError("time", "not a time of day")
    hours, minutes = value.split(":")
    return 60 * int(hours) + int(minutes)


def _known_zone(name: str) -> str:
    try:
        zone_of(name)
    except LookupError:
        kind = "time_zone" if has_zones() else "no_time_zones"
        raise PydanticCustomError(kind, "not known") from None
    return name


def _time_of_day(text: str) -> Any:
    return Annotated[
        int,
        BeforeValidator(_minutes),
        WithJsonSchema({"type": "string", "pattern": _TIME_PATTERN}),
        Wants(text),
    ]


class WindowSection(Section):
    """A window of time: every week by the clock of a time zone, or once."""

    name: Annotated[Line, Wants("a short name of the window")] = Field(
        title="Name",
        description="What the window is called in messages and on the command line.",
        examples=["month end"],
    )
    reason: Annotated[Line, Wants("one line of text")] = Field(
        default="", title="Reason", description="Why there is such a window."
    )
    days: Annotated[
        tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...],
        Field(min_length=1, json_schema_extra={"uniqueItems": True}),
        Wants(
            "a list of days: mon, tue, wed, thu, fri, sat, sun",
            items="a day: mon, tue, wed, thu, fri, sat or sun",
            words=DAYS,
        ),
    ] = Field(
        default=(),
        title="Days",
        description="The days on which it begins; by default every day.",
        examples=[["sat", "sun"]],
    )
    from_: _time_of_day('text: a time such as "09:00"') = Field(  # type: ignore[valid-type]
        default=None,
        alias="from",
        title="From",
        description="When it begins by the clock on the wall, in quotes; by default "
        "midnight.",
        examples=["09:00"],
    )
    to: _time_of_day(  # type: ignore[valid-type]
        'text: a time such as "17:30", other than from'
    ) = Field(
        default=None,
        title="To",
        description="When it ends, in quotes; on the next day when it is not after "
        "`from`; by default at the end of the day.",
        examples=["17:30"],
    )
    timezone: Annotated[
        Line, AfterValidator(_known_zone), Wants("text: a time zone such as UTC")
    ] = Field(
        default="",
        title="Time zone",
        description="Whose clock it goes by; by default UTC.",
        examples=["Europe/London"],
    )
    starts: moment() | None = Field(  # type: ignore[valid-type]
        default=None,
        title="Starts",
        description="When a window that comes once begins, in quotes.",
        examples=["2026-12-24T12:00:00Z"],
    )
    ends: moment(", after starts") | None = Field(  # type: ignore[valid-type]
        default=None,
        title="Ends",
        description="When a window that comes once ends, in quotes.",
        examples=["2026-12-27T06:00:00Z"],
        validate_default=True,
    )

    @field_validator("to")
    @classmethod
    def _ends_elsewhere(cls, value: int, info: ValidationInfo) -> int:
        if value == (info.data.get("from_") or 0):
            raise PydanticCustomError("time", "it would be empty")
        return value

    @field_validator("ends")
    @classmethod
    def _ends_later(
        cls, value: datetime | None, info: ValidationInfo
    ) -> datetime | None:
        starts = info.data.get("starts")
        if value is None and starts is not None:
            raise PydanticCustomError("missing", "it must end")
        if value is not None and (starts is None or value <= starts):
            raise PydanticCustomError("moment", "it would be empty")
        return value

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        weekly = bool(self.days) or self.from_ is not None or self.to is not None
        if weekly == (self.starts is not None):
            raise PydanticCustomError("window", "neither or both")
        if self.starts is not None and self.timezone:
            raise PydanticCustomError("window", "a moment has its own offset")
        if weekly and self._is_endless:
            raise PydanticCustomError("window", "it would never end")
        return self

    @property
    def _is_endless(self) -> bool:
        whole = (self.from_ or 0) == 0 and (self.to or DAY_MINUTES) == DAY_MINUTES
        return whole and len(set(self.days) or DAYS) == len(DAYS)

    def window(self) -> Window:
        """Return the window that this declares."""
        if self.starts is not None and self.ends is not None:
            return Once(
                name=self.name, reason=self.reason, starts=self.starts, ends=self.ends
            )
        days = self.days or DAYS
        return Weekly(
            name=self.name,
            reason=self.reason,
            days=tuple(sorted({DAYS.index(day) for day in days})),
            begins=self.from_ or 0,
            ends=DAY_MINUTES if self.to is None else self.to,
            zone=self.timezone or "UTC",
        )
