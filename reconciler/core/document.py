"""The shape of one connection's file, and from a parsed file to a `Connection`.

Pydantic does the checking (strictly, on the JSON form: a list becomes a tuple there,
but text never becomes a number); every word said about a problem is ours. Each field
carries the phrase that completes "must be …", so one sentence serves every way of
getting it wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from reconciler.core import document_checks
from reconciler.core.connection import (
    DEFAULT_OWNER,
    Connection,
    HealthPolicy,
    OnRemove,
    Permissions,
)
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.document_checks import (
    FORMAT_VERSION,
    NAME_PATTERN,
    NAME_WISH,
)
from reconciler.core.document_sections import (
    DATE_PATTERN,
    DataSection,
    HealthSection,
    Line,
    Lines,
    PermissionSection,
    Scalar,
    Section,
    SuspendSection,
    calendar_date,
)
from reconciler.core.document_words import Wants
from reconciler.core.modelled import modelled
from reconciler.core.source import Source
from reconciler.core.suspension import Suspension

_ON_REMOVE: Final = tuple(OnRemove)
_OWNER_PATTERN = r"^(admin|(user|team):[A-Za-z0-9][A-Za-z0-9._@-]{0,62})$"


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
    previous_names: Annotated[
        tuple[Annotated[str, Field(pattern=NAME_PATTERN)], ...],
        Field(json_schema_extra={"uniqueItems": True}),
        Wants("a list of earlier names", items=NAME_WISH),
    ] = Field(
        default=(),
        title="Previous names",
        description="Names that it had before: a rename keeps record and history.",
        examples=[["binance-old"]],
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
    suspend: Annotated[SuspendSection, Wants("a mapping with a reason")] | None = Field(
        default=None,
        title="Suspend",
        description="Out of service for a time, with a reason: kept as it is, and "
        "not tested.",
        examples=[{"reason": "migration", "until": "2026-12-24T18:00:00Z"}],
    )
    protected: Annotated[bool, Wants("true or false")] = Field(
        default=False,
        title="Protected",
        description="True: never deleted, not even after the file is gone.",
    )
    on_remove: Annotated[
        Literal["deactivate", "delete", "orphan"],
        Wants("deactivate, delete or orphan", words=_ON_REMOVE),
    ] = Field(
        default="deactivate",
        title="On remove",
        description="What becomes of it once the file is gone: switched off and kept, "
        "deleted, or left running and no longer ours.",
    )
    used_by: Annotated[Lines, Wants("a list of texts", items="one line of text")] = (
        Field(
            default=(),
            title="Used by",
            description="Who depends on it; told when a change takes it away.",
            examples=[["grafana", "strategy-x"]],
        )
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
        Field(pattern=DATE_PATTERN),
        AfterValidator(calendar_date),
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
    return modelled(ConnectionDocument, source, data)


def _suspension(asked: SuspendSection | None) -> Suspension | None:
    if asked is None:
        return None
    return Suspension(
        who=asked.by, reason=asked.reason, until=asked.until, declared=True
    )


def _permissions(asked: PermissionSection) -> Permissions:
    says = "forbid" in asked.model_fields_set
    return Permissions(
        require=asked.require,
        forbid=asked.forbid if says else None,
        ip_restricted=asked.ip_restricted,
    )


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
        on_remove=OnRemove(model.on_remove),
        previous_names=model.previous_names,
        used_by=model.used_by,
        labels=model.labels,
        credential_names=tuple(data.get("credentials", ())),
        config=model.config,
        permissions=_permissions(model.permissions),
        health=HealthPolicy(
            interval_s=health.interval,
            retry_interval_s=health.retry_interval,
            stale_after_s=health.stale_after,
            failure_threshold=health.failure_threshold,
            success_threshold=health.success_threshold,
        ),
        symbols=wanted.symbols,
        timeframes=wanted.timeframes,
        market=wanted.market,
        expires_at=_end_of(model.expires),
        suspension=_suspension(model.suspend),
    )
