"""The shape of one connection's file, and from a parsed file to a `Connection`.

Pydantic does the checking (strictly, on the JSON form: a list becomes a tuple there,
but text never becomes a number); every word said about a problem is ours. Each field
carries the phrase that completes "must be …", so one sentence serves every way of
getting it wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from reconciler.core import document_checks, durations
from reconciler.core import document_words as words
from reconciler.core.connection import (
    DEFAULT_OWNER,
    Connection,
    HealthPolicy,
    Permissions,
)
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.document_checks import (
    FORMAT_VERSION,
    NAME_PATTERN,
    NAME_WISH,
)
from reconciler.core.document_words import Wants, Wishes
from reconciler.core.source import Source

_OWNER_PATTERN = r"^(admin|(user|team):[A-Za-z0-9][A-Za-z0-9._@-]{0,62})$"
_LINE_PATTERN = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$"
"""One line: what stands in reports and terminals must not steer them."""
_MARKET_PATTERN = r"^(24/7|fx|[A-Z]{4})$"
_DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


def _seconds(value: object) -> int:
    found = durations.parse_duration(value)
    if found is None:
        raise PydanticCustomError("duration_type", "not a duration")
    return found


def _scalar(value: object) -> object:
    if not isinstance(value, str | bool | int | float):
        raise PydanticCustomError("scalar_type", "not a scalar")
    return value


def _calendar_date(value: str) -> str:
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


def _duration(least: str, most: str) -> Any:
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
        default=(),
        title="Forbidden",
        description="A key that is allowed to do any of this is refused.",
        examples=[["trade", "withdraw"]],
    )
    ip_restricted: Annotated[bool, Wants("true or false")] | None = Field(
        default=None,
        title="IP restricted",
        description="Whether the key must be limited to listed addresses.",
    )


class HealthSection(Section):
    """When to test again, and when to call the connection broken."""

    interval: _duration("10s", "7d") = Field(  # type: ignore[valid-type]
        default=900,
        title="Interval",
        description="Time between two tests of the daemon.",
        examples=["15m", 900],
    )
    stale_after: _duration("1m", "366d") = Field(  # type: ignore[valid-type]
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


class ConnectionDocument(Section):
    """One market-data connection, as its file declares it."""

    version: Annotated[int, Wants("the number 1")] = Field(
        default=FORMAT_VERSION,
        title="Format version",
        description="Version of this file format.",
        json_schema_extra={"const": FORMAT_VERSION},
    )
    name: Annotated[str, Field(pattern=NAME_PATTERN), Wants(NAME_WISH)] = Field(
        default="",
        title="Name",
        description="Identity of the connection; equals the file's stem.",
        examples=["binance-main"],
    )
    type: Annotated[Line, Wants("text, such as ccxt_crypto")] = Field(
        title="Type",
        description="How to speak to the provider; 'reconcile providers' lists them.",
        examples=["ccxt_crypto", "mtapi", "custom_api"],
    )
    provider: Annotated[Line, Wants("one line of text, such as binance")] = Field(
        title="Provider",
        description="Who is at the other end.",
        examples=["binance", "mt4_account_123", "custom-market-data"],
    )
    owner: Annotated[
        str, Field(pattern=_OWNER_PATTERN), Wants("text: admin, user:NAME or team:NAME")
    ] = Field(
        default=DEFAULT_OWNER,
        title="Owner",
        description="Whose connection it is: admin, user:NAME or team:NAME.",
        examples=["admin", "user:alice", "team:desk"],
    )
    active: Annotated[bool, Wants("true or false")] = Field(
        default=True,
        title="Active",
        description="False deactivates the connection and keeps it.",
    )
    protected: Annotated[bool, Wants("true or false")] = Field(
        default=False,
        title="Protected",
        description="True: never deleted, not even after the file is gone.",
    )
    labels: Annotated[
        dict[Line, Line], Wants("a mapping of text to text", items="one line of text")
    ] = Field(
        default_factory=dict,
        title="Labels",
        description="Free text pairs to select and group by.",
        examples=[{"desk": "spot", "env": "prod"}],
    )
    credentials: Annotated[
        dict[Line, Scalar],
        Wants("a mapping of names to sealed values", items="one sealed value"),
    ] = Field(
        default_factory=dict,
        title="Credentials",
        description="Sealed by SOPS; plain text here is an error.",
        examples=[{"api_key": "ENC[AES256_GCM,data:…,iv:…,tag:…,type:str]"}],
    )
    binding: Annotated[str, Wants("one sealed value")] = Field(
        default="",
        title="Binding",
        description="Sealed digest of type, provider, owner and config; written by "
        "'reconcile encrypt'.",
    )
    config: Annotated[dict[str, Any], Wants("a mapping")] = Field(
        default_factory=dict,
        title="Config",
        description="Options of the type, such as timeout, sandbox or base_url.",
        examples=[{"sandbox": False, "timeout": 20}],
    )
    permissions: Annotated[PermissionSection, Wants("a mapping")] = Field(
        default_factory=PermissionSection,
        title="Permissions",
        description="What the key must and must not be allowed to do.",
    )
    health: Annotated[HealthSection, Wants("a mapping")] = Field(
        default_factory=HealthSection,
        title="Health",
        description="When to test again and when to call it broken.",
    )
    settings: Annotated[DataSection, Wants("a mapping")] = Field(
        default_factory=DataSection,
        title="Settings",
        description="Which market data is wanted.",
    )
    expires: Annotated[
        str,
        Field(pattern=_DATE_PATTERN),
        AfterValidator(_calendar_date),
        Wants('text: a day such as "2027-01-31"'),
    ] = Field(
        default="",
        title="Expires",
        description="The day on which the credentials end, in quotes.",
        examples=["2027-01-31"],
    )
    sops: Annotated[dict[str, Any], Wants("the mapping that sops writes")] = Field(
        default_factory=dict,
        title="SOPS metadata",
        description="Recipients and MAC, written by sops or by us.",
    )


def to_connection(
    source: Source, *, stem: str
) -> tuple[Connection | None, tuple[Diagnostic, ...]]:
    """Validate a parsed document; pure, every problem in one pass.

    Args:
        source: The parsed file; its `data` may come from a text with problems.
        stem: The file's name without folder and suffix; "" when there is none
            (a document kept in the store), then `name` is required.

    Returns:
        The connection, None when anything is wrong, and the problems sorted by
        place. Empty problems with no connection never happens, except for a source
        without data: whoever parsed it has said why.
    """
    if source.data is None:
        return None, ()
    foreign = document_checks.foreign_version(source)
    if foreign:
        return None, (foreign,)
    model, found = _validated(source)
    found += document_checks.check_document(source, stem=stem)
    connection = _connection(model, source.data, stem) if model else None
    if connection:
        found += document_checks.check_connection(source, connection)
    if found:
        return None, tuple(sorted(found, key=lambda item: item.sort_key))
    return connection, ()


def _validated(source: Source) -> tuple[ConnectionDocument | None, list[Diagnostic]]:
    data = dict(source.data or {})
    if isinstance(data.get("sops"), dict):
        data["sops"] = {}  # sops owns what is inside
    try:
        return ConnectionDocument.model_validate_json(json.dumps(data)), []
    except ValidationError as error:
        return None, list(_explained(source, error))


def _explained(source: Source, error: ValidationError) -> Iterator[Diagnostic]:
    details = error.errors(
        include_url=False, include_input=False, include_context=False
    )
    for detail in details:
        if detail["type"] != "json_invalid":  # bad Unicode: see the checks
            yield words.explain(
                source, kind=detail["type"], loc=detail["loc"], wishes=_wishes()
            )


@cache
def _wishes() -> Wishes:
    return dict(_wishes_below(ConnectionDocument, ()))


def _wishes_below(
    model: type[BaseModel], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Wants]]:
    for name, info in model.model_fields.items():
        here = (*path, name)
        yield here, _wants_of(info.metadata, info.annotation)
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from _wishes_below(info.annotation, here)


def _wants_of(metadata: Sequence[object], annotation: object) -> Wants:
    # Beside `| None` pydantic leaves the metadata inside the union's first arm.
    inner = getattr(annotation, "__args__", ())
    nested = getattr(inner[0], "__metadata__", ()) if inner else ()
    return next(item for item in (*metadata, *nested) if isinstance(item, Wants))


def _end_of(day: str) -> datetime | None:
    if not day:
        return None
    return datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)


def _connection(
    model: ConnectionDocument, data: Mapping[str, Any], stem: str
) -> Connection:
    health, wanted = model.health, model.settings
    return Connection(
        name=model.name or stem,
        type=model.type,
        provider=model.provider,
        owner=model.owner,
        active=model.active,
        protected=model.protected,
        labels=model.labels,
        credential_names=tuple(data.get("credentials", ())),
        config=model.config,
        permissions=Permissions(
            require=model.permissions.require,
            forbid=model.permissions.forbid,
            ip_restricted=model.permissions.ip_restricted,
        ),
        health=HealthPolicy(
            interval_s=health.interval,
            stale_after_s=health.stale_after,
            failure_threshold=health.failure_threshold,
            success_threshold=health.success_threshold,
        ),
        symbols=wanted.symbols,
        timeframes=wanted.timeframes,
        market=wanted.market,
        expires_at=_end_of(model.expires),
    )
