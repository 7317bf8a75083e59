"""What the API may be asked: query parameters and bodies, checked by their models."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, TypeVar, get_origin

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)
from starlette.datastructures import QueryParams

from reconciler.core.health import Health, Intent, Sync
from reconciler.core.query import MAX_LIMIT, Query, Sort
from reconciler.core.selecting import label_term
from reconciler.daemon.http.problems import Fault, Problem

M = TypeVar("M", bound=BaseModel)
Globs = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=50)]
_LABEL: Final = r"^(?:(?:[^!].*?|![^=].*?|!)!=|[^!=][^=]*=(?:[^=]|$)|!?[^!=][^=]*$)"
"""What `core.selecting` can read, for the description."""
Label = Annotated[str, Field(pattern=_LABEL, max_length=400)]
Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


def _whole(value: object) -> object:
    """Return 3 for 3.0: to JSON Schema both are integers."""
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if is_whole else value  # type: ignore[call-overload]


Whole = Annotated[int, BeforeValidator(_whole)]
Moment = Annotated[int, Field(ge=0, le=253_402_300_799_000), BeforeValidator(_whole)]
"""UTC milliseconds since 1970, to the end of the year 9999."""


class Asked(BaseModel):
    """What every question has in common: an unknown name is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class ListParams(Asked):
    """Which connections, in which order, and which page of them."""

    q: Annotated[str, Field(max_length=200)] = Field(
        default="",
        description="Words that name, type, provider, owner, a label or the class of "
        "the diagnosis must contain.",
    )
    intent: list[Intent] = Field(default=[], description="Any of these.")
    sync: list[Sync] = Field(default=[], description="Any of these.")
    health: list[Health] = Field(default=[], description="Any of these.")
    owner: Globs = Field(default=[], description="Any of these; globs are allowed.")
    type: Globs = Field(default=[], description="Any of these; globs are allowed.")
    provider: Globs = Field(default=[], description="Any of these; globs are allowed.")
    label: Annotated[list[Label], Field(max_length=20)] = Field(
        default=[],
        description="desk=spot, desk=sp*, desk!=spot, desk (any value) or !desk "
        "(none); all must fit.",
    )
    sort: Sort = Field(default=Sort.NAME, description="What to order by.")
    order: Literal["asc", "desc"] = Field(default="asc", description="The direction.")
    limit: int = Field(default=50, ge=1, le=MAX_LIMIT, description="Rows of a page.")
    offset: int = Field(
        default=0, ge=0, le=1_000_000, description="Rows to leave out; not with after."
    )
    after: Annotated[str, Field(max_length=1000)] = Field(
        default="", description="The 'next' of the page before, in the same order."
    )

    def query(self) -> Query:
        """Return the question that this is."""
        return Query(
            text=self.q,
            intent=frozenset(self.intent),
            sync=frozenset(self.sync),
            health=frozenset(self.health),
            owner=tuple(self.owner),
            type=tuple(self.type),
            provider=tuple(self.provider),
            labels=tuple(term for one in self.label if (term := label_term(one))),
            sort=self.sort,
            descending=self.order == "desc",
            limit=self.limit,
            offset=0 if self.after else self.offset,
            after=self.after,
        )


class HistoryParams(Asked):
    """How much of the action log."""

    limit: int = Field(default=50, ge=1, le=1000, description="How many lines.")


class NoParams(Asked):
    """Nothing may be asked."""


class NoBody(Asked):
    """An empty object: that it is JSON tells it from a form of another site."""


class SampleBody(Asked):
    """What to fetch; without a symbol the first that the last test looked at."""

    symbol: Text = Field(default="", description="As the provider spells it.")
    timeframe: Text = Field(default="", description="As the provider spells it.")
    limit: Whole = Field(default=100, ge=1, le=1000, description="How many candles.")
    since_ms: Moment | None = Field(
        default=None,
        description="UTC milliseconds since 1970 of the first candle.",
    )
    candles: bool = Field(default=True, description="Whether to fetch candles.")
    ticker: bool = Field(default=False, description="Whether to fetch the price.")
    symbols: bool = Field(
        default=False, description="Whether to fetch what can be asked for."
    )
    account: bool = Field(
        default=False, description="Whether to fetch what is said of the account."
    )


class SuspendBody(Asked):
    """Why a connection is taken out of service, and until when."""

    reason: Annotated[
        str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
    ] = Field(description="One line; others read it.")
    until: AwareDatetime | None = Field(
        default=None, description="With an offset, in the future; null: until resumed."
    )

    def checked_until(self, now: datetime) -> datetime | None:
        """Return the end in UTC; raises `Problem` 422 for one that is over."""
        if self.until is None:
            return None
        until = self.until.astimezone(UTC)
        if until <= now:
            fault = Fault(at="until", detail="it must lie in the future")
            raise Problem(422, "the end of the suspension is over", errors=(fault,))
        return until


def params_of(model: type[M], given: QueryParams) -> M:
    """Return the parameters of a URL; raises `Problem` 422 with every fault."""
    data: dict[str, Any] = {}
    for name in given:
        values = given.getlist(name)
        found = model.model_fields.get(name)
        many = found is not None and _is_list(found.annotation)
        data[name] = values if many or len(values) > 1 else values[0]
    return _checked(model, data, "a parameter")


def body_of(model: type[M], body: bytes) -> M:
    """Return the body; raises `Problem` 422 with every fault, 400 for no JSON."""
    try:
        return model.model_validate_json(body or b"{}", strict=True)
    except ValidationError as error:
        raise _problem(error, "a field") from None


def _is_list(annotation: object) -> bool:
    return get_origin(annotation) is list


def _checked(model: type[M], data: Mapping[str, Any], what: str) -> M:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _problem(error, what) from None


def _problem(error: ValidationError, what: str) -> Problem:
    """Return where and why, never what stood there: it could be a secret."""
    details = error.errors(
        include_input=False, include_url=False, include_context=False
    )
    if any(detail["type"] == "json_invalid" for detail in details):
        return Problem(400, "the body is no JSON")
    faults = tuple(
        Fault(at=".".join(map(str, detail["loc"])) or "the body", detail=detail["msg"])
        for detail in details[:20]
    )
    return Problem(422, f"{what} is not what it must be", errors=faults)
