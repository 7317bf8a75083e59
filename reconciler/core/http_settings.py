"""What `http:` in `reconcile.yaml` may say: who may ask the daemon, and how much.

Where it listens beyond this, and with which certificate, is the operator's to say on
the command line: files of a repository choose no files outside of it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from reconciler.core.access import HASH_PATTERN, NAME_PATTERN
from reconciler.core.document_sections import DATE_PATTERN, Section, calendar_date
from reconciler.core.document_words import Wants

_LISTEN_PATTERN = r"^((\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]*):[0-9]{1,5}|systemd)$"
_HOST_PATTERN = r"^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)$"
_URL_PATTERN = r"^https?://[A-Za-z0-9.\[\]:-]+(/[A-Za-z0-9._~/-]*)?$"
_ROLES = ("reader", "operator", "admin")

Name = Annotated[
    str,
    Field(pattern=NAME_PATTERN),
    Wants("letters, digits, '.', '_', '@' and '-', at most 63"),
]


class TokenSection(Section):
    """One token, as its hash: what the daemon compares with, not what one sends."""

    name: Name = Field(
        title="Name", description="What the token is for; stands in logs."
    )
    principal: Name = Field(
        title="Principal",
        description="Login of whoever holds it, as policy.yaml knows them; 'admin' "
        "sees everything.",
        examples=["alice"],
    )
    role: Annotated[
        Literal["reader", "operator", "admin"],
        Wants("reader, operator or admin", words=_ROLES),
    ] = Field(
        default="reader",
        title="Role",
        description="A reader sees; an operator also tests, samples, suspends and "
        "resumes; an admin does so with everybody's.",
    )
    hash: Annotated[
        str,
        Field(pattern=HASH_PATTERN),
        Wants("what 'reconcile tokens new' prints: sha256: and 64 digits"),
    ] = Field(title="Hash", description="SHA-256 of the token.")
    expires: (
        Annotated[
            str,
            Field(pattern=DATE_PATTERN),
            AfterValidator(calendar_date),
            Wants("a day such as 2027-01-31"),
        ]
        | None
    ) = Field(
        default=None,
        title="Expires",
        description="Last day (UTC) on which it is accepted.",
    )


def _distinct(tokens: tuple[TokenSection, ...]) -> tuple[TokenSection, ...]:
    if len({token.name for token in tokens}) < len(tokens):
        raise PydanticCustomError("same_name", "two tokens have the same name")
    return tokens


class HttpSection(Section):
    """How the daemon answers over HTTP; off unless it is told where to listen."""

    listen: Annotated[
        str,
        Field(pattern=_LISTEN_PATTERN),
        Wants("HOST:PORT such as 127.0.0.1:8080, or systemd"),
    ] = Field(
        default="",
        title="Listen",
        description="Where to listen; '--listen' of the daemon says it too, and wins. "
        "Beyond this machine only with tokens, and with TLS or behind a proxy. "
        "'systemd' takes the socket of a socket unit.",
        examples=["127.0.0.1:8080"],
    )
    url: Annotated[
        str,
        Field(pattern=_URL_PATTERN, max_length=500),
        Wants("an address of http or https, without a password or a query"),
    ] = Field(
        default="",
        title="URL",
        description="Where people reach the status page; alerts link to it.",
        examples=["https://status.example.com"],
    )
    behind_proxy: Annotated[bool, Wants("true or false")] = Field(
        default=False,
        title="Behind a proxy",
        description="A proxy in front speaks TLS; the address of a client is the last "
        "of X-Forwarded-For. Tokens are needed, also on this machine.",
    )
    hosts: Annotated[
        tuple[Annotated[str, Field(pattern=_HOST_PATTERN, max_length=253)], ...],
        Wants("a list of host names", items="a host name, without a port"),
    ] = Field(
        default=(),
        title="Hosts",
        description="Names under which it may be called; by default any with tokens, "
        "and only those of this machine without.",
        examples=[["status.example.com"]],
    )
    tokens: Annotated[
        tuple[TokenSection, ...],
        Field(max_length=1000),
        AfterValidator(_distinct),
        Wants("a list of tokens, each with a name of its own", items="a token"),
    ] = Field(
        default=(),
        title="Tokens",
        description="Who may ask; 'reconcile tokens new' makes one.",
    )
    public_badges: Annotated[bool, Wants("true or false")] = Field(
        default=False,
        title="Public badges",
        description="Whether badges are shown without a token: they tell the health of "
        "whoever's connection one can name.",
    )
    series: Annotated[
        int, Field(ge=0, le=10_000), Wants("a whole number from 0 to 10000")
    ] = Field(
        default=0,
        title="Series",
        description="Up to so many connections, metrics have series by connection.",
    )
    requests_per_minute: Annotated[
        int, Field(ge=10, le=100_000), Wants("a whole number from 10 to 100000")
    ] = Field(
        default=600,
        title="Requests per minute",
        description="How often one token, or one address without, may ask.",
    )
