"""The static checks that every type shares: config keys, values, credential names.

A config key is declared once, as a `Key`: its name, what it accepts, and whether
it may stand among the sealed credentials instead. Adapters list their keys; what
is not listed is an error, with the nearest name as a hint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from reconciler.core.connection import Connection
from reconciler.core.diagnostic import RULES
from reconciler.core.market import timeframe_ms
from reconciler.core.ports import Finding
from reconciler.core.shape import key_name, key_word
from reconciler.core.suggest import closest

MAX_TIMEOUT_S = 600.0
MAX_RATE_PER_MINUTE = 60_000

Accepts = Callable[[Any], str]
"""Returns what is wrong with a value as the end of a sentence, empty when fine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One config key; `sealable` ones may stand in `credentials` instead."""

    name: str
    accepts: Accepts
    sealable: bool = False


def check_config(
    config: Mapping[str, Any],
    keys: Sequence[Key],
    *,
    path: tuple[str | int, ...] = ("config",),
    wrong_names: Mapping[str, str] | None = None,
) -> Iterator[Finding]:
    """Yield unknown keys (R405) and values that cannot be used (R406).

    `wrong_names` maps names that people try to the right one.
    """
    known = {key.name: key for key in keys}
    for name, value in config.items():
        if name not in known:
            right = (wrong_names or {}).get(name) or nearest(name, known)
            yield Finding(
                code="R405",
                message=f"unknown config key '{key_name(name)}'",
                path=(*path, name),
                hint=did_you_mean(right) or f"known keys: {', '.join(sorted(known))}",
                at_key=True,
            )
        elif fault := known[name].accepts(value):
            yield bad_value((*path, name), fault)


def bad_value(path: tuple[str | int, ...], fault: str, hint: str = "") -> Finding:
    """Return the finding of a config value that the type cannot use (R406)."""
    dotted = ".".join(str(part) for part in path)
    return Finding(code="R406", message=f"{dotted} {fault}", path=path, hint=hint)


def check_places(connection: Connection, keys: Sequence[Key]) -> Iterator[Finding]:
    """Yield settings that stand both in credentials and in config (R408)."""
    names = set(connection.credential_names)
    for key in keys:
        if key.sealable and key.name in names and key.name in connection.config:
            yield Finding(
                code="R408",
                message=f"'{key.name}' stands both in credentials and in config",
                path=("config", key.name),
                hint=RULES["R408"].fix,
                at_key=True,
            )


def check_credentials(
    names: Iterable[str], *, required: Sequence[str], accepted: Iterable[str]
) -> Iterator[Finding]:
    """Yield missing (R306) and superfluous (R307) credential names."""
    given = tuple(names)
    known = {*required, *accepted}
    for name in required:
        if name not in given:
            yield Finding(
                code="R306",
                message=f"the credential '{name}' is missing",
                path=("credentials",),
                hint=f"required: {', '.join(required)}",
            )
    for name in given:
        if name not in known:
            yield _superfluous(name, known, required)


def _superfluous(name: str, known: Iterable[str], required: Sequence[str]) -> Finding:
    wanted = f"used: {', '.join(required)}" if required else RULES["R307"].fix
    return Finding(
        code="R307",
        message=f"the credential '{key_word(name)}' is not used",
        path=("credentials", name),
        hint=did_you_mean(nearest(name, known)) or wanted,
        at_key=True,
    )


def check_lengths(
    connection: Connection, legal: Mapping[str, Sequence[int]], *, whose: str
) -> Iterator[Finding]:
    """Yield sealed credentials of a length that the provider does not issue (R315).

    Args:
        connection: Its `credential_lengths` say how long the values are.
        legal: The lengths that the provider issues, by credential, shortest first.
        whose: The provider's name, for the message.
    """
    for name, lengths in legal.items():
        size = connection.credential_lengths.get(name, lengths[0])
        if fault := _wrong_length(size, lengths):
            yield Finding(
                code="R315",
                message=f"credentials.{name} is {fault} {whose} issues",
                path=("credentials", name),
                hint=RULES["R315"].fix,
                warning=True,
            )


def _wrong_length(size: int, legal: Sequence[int]) -> str:
    """Return how a length is wrong, empty when it may be right.

    Far shorter than half is no key that lost its end, but something else that was
    put there on purpose: a placeholder, or the key of a sandbox.
    """
    if size in legal:
        return ""
    if size - 1 in legal or size - 2 in legal:
        return "a line end or a blank longer than what"
    return "shorter than what" if legal[0] // 2 <= size < legal[0] else ""


def check_timeframes(
    given: Sequence[str], known: Sequence[str], *, whose: str
) -> Iterator[Finding]:
    """Yield timeframes that are not in `known` (R404), listing what is."""
    for index, timeframe in enumerate(given):
        if timeframe not in known:
            meant = did_you_mean(_same_length(timeframe, known))
            yield Finding(
                code="R404",
                message=f"{whose} has no timeframe '{timeframe}'",
                path=("settings", "timeframes", index),
                hint=f"{meant} It has {', '.join(known)}".strip(),
            )


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that `name` was probably meant to be, or nothing."""
    return closest(name, known) or ""


def did_you_mean(name: str) -> str:
    """Return the question for a hint, empty without a name."""
    return f"did you mean '{name}'?" if name else ""


def _same_length(timeframe: str, known: Sequence[str]) -> str:
    """Return the known spelling of the same duration: `H1` is `1h` elsewhere."""
    wanted = timeframe_ms(timeframe) or timeframe_ms(timeframe.lower())
    same = (name for name in known if wanted and timeframe_ms(name) == wanted)
    return next(same, "") or nearest(timeframe, known)


def is_bool(value: Any) -> str:
    """Accept true and false."""
    return "" if isinstance(value, bool) else "must be true or false"


def is_timeout(value: Any) -> str:
    """Accept a number of seconds above 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "must be a number of seconds"
    return (
        ""
        if 0 < value <= MAX_TIMEOUT_S
        else f"must be above 0, up to {MAX_TIMEOUT_S:g}"
    )


def is_rate(value: Any) -> str:
    """Accept a whole number of requests a minute."""
    if isinstance(value, bool) or not isinstance(value, int):
        return "must be a whole number of requests a minute"
    return "" if 1 <= value <= MAX_RATE_PER_MINUTE else "must be at least 1"


def is_text(value: Any) -> str:
    """Accept text that is not empty."""
    return "" if isinstance(value, str) and value.strip() else "must be text"


def is_proxy(value: Any) -> str:
    """Accept an http proxy without a password in it: config is not sealed."""
    if fault := is_sealed_proxy(value):
        return fault
    url = _split(value)
    if url.username or url.password:
        return "must not hold a password: move the proxy to credentials and seal it"
    return ""


def is_sealed_proxy(value: Any) -> str:
    """Accept an http proxy, also one with a login; no SOCKS: it would be sent HTTP."""
    url = _split(value)
    if url is None or url.scheme not in {"http", "https"} or not url.hostname:
        return "must be the URL of an HTTP proxy, like http://proxy.example:3128"
    return ""


def is_base_url(value: Any, *, allow_http: bool = False) -> str:
    """Accept an absolute https URL without user, query and fragment."""
    url = _split(value)
    if url is None or url.scheme not in {"http", "https"} or not url.hostname:
        return "must be an absolute URL, like https://md.example.com/v1"
    if url.scheme == "http" and not allow_http:
        return "must begin with https://, or set config.allow_http: true"
    if url.username or url.password:
        return "must not hold a password"
    if url.query or url.fragment:
        return "must end before any '?' or '#'"
    return ""


def _split(value: Any) -> Any:
    if not isinstance(value, str) or any(c.isspace() for c in value):
        return None
    try:
        url = urlsplit(value)
        _ = url.port  # raises for a port that is no number
    except ValueError:
        return None
    return url
