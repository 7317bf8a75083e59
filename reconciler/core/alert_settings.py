"""What `alerts:` in `reconcile.yaml` may say: who is told, of what, and how.

Addresses and keys are never in the file: nearly every service's address is a secret,
and the file is in Git. It names environment variables and files instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from reconciler.core import shape
from reconciler.core.diagnostic import Diagnostic
from reconciler.core.document_sections import Line, Section, duration
from reconciler.core.document_words import Wants
from reconciler.core.incidents.causes import Cause, Severity
from reconciler.core.selecting import label_term
from reconciler.core.source import Path, Source
from reconciler.core.suggest import did_you_mean

CHANNEL_PATTERN: Final = r"^[a-z0-9][a-z0-9_-]{0,40}$"
_VARIABLE_PATTERN: Final = r"^[A-Z_][A-Z0-9_]{0,100}$"
_FILE_PATTERN: Final = r"^(/[^\x00-\x1f\x7f]+|[A-Za-z0-9_.-]{1,100})$"
_OWNER_PATTERN: Final = r"^[A-Za-z0-9:._@*?-]{1,100}$"
_CAUSES: Final = tuple(cause.value for cause in Cause)
_SEVERITIES: Final = tuple(severity.value for severity in Severity)

Variable = Annotated[
    str,
    Field(pattern=_VARIABLE_PATTERN),
    Wants("the name of an environment variable, such as OPS_ALERTS_URL"),
]
SecretFile = Annotated[
    str,
    Field(pattern=_FILE_PATTERN),
    Wants("an absolute path, or the name of a systemd credential"),
]
ChannelName = Annotated[
    str,
    Field(pattern=CHANNEL_PATTERN),
]
ChannelNames = Annotated[
    tuple[ChannelName, ...],
    Field(json_schema_extra={"uniqueItems": True}),
    Wants("a list of channels", items="a channel's name: lower-case letters, '-', '_'"),
]
Globs = Annotated[
    tuple[Annotated[str, Field(pattern=_OWNER_PATTERN)], ...],
    Wants("a list of names", items="a name; '*' and '?' stand for anything"),
]


def _is_condition(text: str) -> str:
    if label_term(text) is None:
        raise PydanticCustomError("string_pattern_mismatch", "no condition")
    return text


Conditions = Annotated[
    tuple[Annotated[Line, AfterValidator(_is_condition)], ...],
    Wants(
        "a list of conditions on labels",
        items="a condition on a label: desk=spot, desk!=spot, desk or !desk",
    ),
]


class AddressSection(Section):
    """Where an address is kept: one of the two."""

    url_env: Variable | None = Field(
        default=None,
        title="URL from the environment",
        description="The environment variable that holds the address.",
        examples=["OPS_ALERTS_URL"],
    )
    url_file: SecretFile | None = Field(
        default=None,
        title="URL from a file",
        description="The file that holds the address: an absolute path, or the name of "
        "a credential that systemd hands over (LoadCredential).",
        examples=["/run/secrets/ops-alerts-url", "ops-alerts-url"],
    )
    url: Annotated[Any, Wants("left out: the file is in Git")] = Field(
        default=None,
        title="URL",
        description="Refused: an address is a secret. Use url_env or url_file.",
    )


class ChannelSection(AddressSection):
    """One place where messages go: through Apprise, or as a signed webhook."""

    kind: Annotated[
        Literal["apprise", "webhook"],
        Wants("apprise or webhook", words=("apprise", "webhook")),
    ] = Field(
        default="apprise",
        title="Kind",
        description="apprise: an Apprise URL, for a hundred services; webhook: JSON "
        "posted to an http(s) address, signed.",
    )
    secret_env: Variable | None = Field(
        default=None,
        title="Secret from the environment",
        description="The variable that holds the key with which a webhook is signed.",
        examples=["OPS_ALERTS_SECRET"],
    )
    secret_file: SecretFile | None = Field(
        default=None,
        title="Secret from a file",
        description="The file, or systemd credential, that holds that key.",
    )
    format: Annotated[
        Literal["text", "markdown"],
        Wants("text or markdown", words=("text", "markdown")),
    ] = Field(
        default="text",
        title="Format",
        description="What Apprise is given, to turn into what the service takes.",
    )
    timeout: duration("1s", "60s") = Field(  # type: ignore[valid-type]
        default=10,
        title="Timeout",
        description="How long one delivery may take.",
        examples=["10s"],
    )
    per_minute: Annotated[
        int, Field(ge=1, le=1000), Wants("a whole number from 1 to 1000")
    ] = Field(
        default=10,
        title="Per minute",
        description="At most so many messages; what is more is summed up in one.",
    )


class RouteSection(Section):
    """Which incidents go to which channels; what is left out selects all."""

    names: Globs = Field(
        default=(),
        title="Names",
        description="Connections by name; globs.",
        examples=[["binance-*"]],
    )
    owners: Globs = Field(
        default=(),
        title="Owners",
        description="Connections of these owners; globs.",
        examples=[["user:alice"]],
    )
    providers: Globs = Field(
        default=(),
        title="Providers",
        description="Connections to these providers; globs.",
        examples=[["binance", "okx"]],
    )
    labels: Conditions = Field(
        default=(),
        title="Labels",
        description="Connections whose labels fit all of these.",
        examples=[["desk=spot"]],
    )
    severity: Annotated[
        Literal["info", "warning", "error"],
        Wants("info, warning or error", words=_SEVERITIES),
    ] = Field(
        default="info", title="Severity", description="What is this bad, or worse."
    )
    causes: Annotated[
        tuple[
            Literal[
                "network",
                "proxy",
                "exchange",
                "account",
                "symbol",
                "connection",
                "refused",
                "daemon",
                "expiry",
                "unusual",
            ],
            ...,
        ],
        Field(json_schema_extra={"uniqueItems": True}),
        Wants(
            f"a list of causes: {', '.join(_CAUSES)}", items="a cause", words=_CAUSES
        ),
    ] = Field(
        default=(),
        title="Causes",
        description="Only incidents with one of these causes.",
        examples=[["exchange", "network"]],
    )
    channels: ChannelNames = Field(
        default=(),
        title="Channels",
        description="Where they go; an empty list: nowhere.",
        examples=[["ops"]],
    )


class HeartbeatSection(AddressSection):
    """An address that is called as long as the daemon's work moves on."""

    interval: duration("10s", "24h") = Field(  # type: ignore[valid-type]
        default=60, title="Interval", description="How often.", examples=["1m"]
    )
    timeout: duration("1s", "60s") = Field(  # type: ignore[valid-type]
        default=10, title="Timeout", description="How long one call may take."
    )


class AlertSection(Section):
    """Who is told when something fails, and how."""

    channels: Annotated[
        dict[ChannelName, ChannelSection],
        Wants("a mapping of channels", items="a channel: kind, url_env or url_file"),
    ] = Field(
        default_factory=dict,
        title="Channels",
        description="Places where messages go, by name.",
    )
    routes: Annotated[
        tuple[RouteSection, ...],
        Field(max_length=1000),
        Wants("a list of routes", items="a route: what it selects, and channels"),
    ] = Field(
        default=(),
        title="Routes",
        description="Who hears of what. Every route that matches counts; each tells of "
        "the connections that it selects, and of no others.",
    )
    default: ChannelNames = Field(
        default=(),
        title="Default",
        description="Channels for what no route selects.",
        examples=[["ops"]],
    )
    settle: duration("0s", "15m") = Field(  # type: ignore[valid-type]
        default=30,
        title="Settle",
        description="How long to wait after a first failure, so that what has one "
        "cause becomes one message; and after the last recovery.",
        examples=["30s"],
    )
    reminder: duration("0s", "30d") = Field(  # type: ignore[valid-type]
        default=86_400,
        title="Reminder",
        description="How often to tell again of what still fails: 5m or more, or 0s "
        "for never.",
        examples=["24h"],
    )
    heartbeat: (
        Annotated[
            HeartbeatSection, Wants("a mapping: url_env or url_file, and interval")
        ]
        | None
    ) = Field(
        default=None,
        title="Heartbeat",
        description="A dead man's switch: whoever is called there raises the alarm "
        "when the calls stop.",
    )

    def problems(self, source: Source, at: Path) -> Iterator[Diagnostic]:
        """Yield what is wrong between its parts, each in its place."""
        for name, channel in self.channels.items():
            yield from _address_problems(source, (*at, "channels", name), channel)
            yield from _secret_problems(source, (*at, "channels", name), channel)
        if self.heartbeat:
            yield from _address_problems(source, (*at, "heartbeat"), self.heartbeat)
        yield from _channel_problems(source, at, self)
        if 0 < self.reminder < _LEAST_REMINDER_S:
            wanted = "a duration such as 24h, from 5m to 30d, or 0s"
            path = (*at, "reminder")
            yield shape.wrong(source, path, code="R204", expected=wanted)


_LEAST_REMINDER_S: Final = 300
_PLACES: Final = "url_env: the name of an environment variable; or url_file: a file"


def _address_problems(
    source: Source, at: Path, section: AddressSection
) -> Iterator[Diagnostic]:
    given = [name for name in ("url_env", "url_file") if getattr(section, name)]
    if section.url is not None:
        yield Diagnostic(
            code="R210",
            message=f"{shape.dotted(at)}.url would keep an address, and the secret in "
            "it, in Git",
            span=source.span((*at, "url"), key=True),
            hint="put it into an environment variable or a file, name that in url_env "
            "or url_file, and change the secret if it was ever committed",
        )
    elif not given:
        yield shape.missing_key(source, (*at, "url_env"), expected=_PLACES)
    elif len(given) > 1:
        yield _two(source, (*at, "url_file"))


def _secret_problems(
    source: Source, at: Path, channel: ChannelSection
) -> Iterator[Diagnostic]:
    given = [name for name in ("secret_env", "secret_file") if getattr(channel, name)]
    if channel.kind == "webhook" and not given:
        wanted = "the name of an environment variable; or secret_file: a file"
        yield shape.missing_key(source, (*at, "secret_env"), expected=wanted)
    elif len(given) > 1:
        yield _two(source, (*at, "secret_file"))
    elif channel.kind == "apprise" and given:
        yield shape.problem(
            source,
            (*at, given[0]),
            code="R204",
            message=f"{shape.dotted((*at, given[0]))} is for webhooks only",
            hint="remove it, or choose kind: webhook",
        )


def _two(source: Source, path: Path) -> Diagnostic:
    return shape.problem(
        source,
        path,
        code="R204",
        message=f"{shape.dotted(path)} stands beside another place for the same",
        hint="keep one of the two",
    )


def _channel_problems(
    source: Source, at: Path, section: AlertSection
) -> Iterator[Diagnostic]:
    """Yield every place that names a channel which there is not."""
    named: list[tuple[Path, str]] = [
        ((*at, "default", number), name) for number, name in enumerate(section.default)
    ]
    for index, route in enumerate(section.routes):
        here = (*at, "routes", index, "channels")
        named += [((*here, number), name) for number, name in enumerate(route.channels)]
    for path, name in named:
        if name not in section.channels:
            known: Mapping[str, Any] = section.channels
            yield shape.problem(
                source,
                path,
                code="R204",
                message=f"{shape.dotted(path)} names a channel that there is not",
                hint=did_you_mean(name, list(known)) or "add it to alerts.channels",
            )
