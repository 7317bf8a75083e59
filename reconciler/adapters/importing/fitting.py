"""A draft made to fit our file: the same rules that `validate` holds files to.

What another tool accepted may be unknown here. So the checks of the shape and of the
type are asked, what they refuse is respelt where only the spelling is wrong, left out
where the connection works without it, and otherwise the row cannot be expressed. Each
of these is remarked on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from reconciler.adapters import documents
from reconciler.adapters.importing.leftovers import leftover
from reconciler.adapters.importing.writing import document_text
from reconciler.adapters.providers.ccxt_crypto.names import RENAMED
from reconciler.core.connection import Connection
from reconciler.core.document import to_connection
from reconciler.core.errors import InputError
from reconciler.core.market import timeframe_ms
from reconciler.core.parity import Draft, Standing
from reconciler.core.ports import Adapter, Finding

Adapters = Mapping[str, Adapter]

_ROUNDS: Final = 40
_LENGTH: Final = re.compile(
    r"(?i)([0-9]{1,4})\s*(m|min|minute|h|hr|hour|d|day|w|week)s?"
)
_MINUTE_MS: Final = 60_000
_URLS: Final = ("endpoint", "base_url")
_UNKNOWN_KEY: Final = "R405"
_BAD_VALUE: Final = "R406"
_UNUSED: Final = "R307"
_BAD_TIMEFRAME: Final = "R404"
_TWICE: Final = "R408"


def fitted(draft: Draft, adapters: Adapters, *, allow_http: bool) -> Draft:
    """Return the draft as it can be written, with a remark for every change.

    Args:
        draft: With its name; one that cannot be expressed comes back as it is.
        adapters: By type.
        allow_http: Let credentials travel over plain HTTP where they did so before.
    """
    if not draft.is_expressible:
        return draft
    if draft.type not in adapters:
        missing = "it has no type"
        named = f"there is no type '{_word(draft.type)}' here"
        text = named if draft.type else missing
        return draft.noting(Standing.CANNOT, "type", text)
    try:
        adapter = adapters[draft.type]
        draft = _checked_http(_renamed(draft, adapter), allow_http=allow_http)
        return _mended(draft, adapter)
    except InputError as error:  # a plug-in that does not load
        return draft.noting(Standing.CANNOT, "type", str(error))


def _mended(draft: Draft, adapter: Adapter) -> Draft:
    for _ in range(_ROUNDS):
        if not draft.is_expressible:
            return draft
        connection, draft = _connection(draft)
        if connection is None:
            return draft
        found = [one for one in adapter.check(connection) if not one.warning]
        if not found:
            return draft
        draft = _without(draft, found[0], adapter)
    return draft.noting(Standing.CANNOT, "row", "too much in it is unknown here")


def _connection(draft: Draft) -> tuple[Connection | None, Draft]:
    """Return the draft as a connection; None, and why, for a wrong shape."""
    text = document_text(draft, schema="", open_=False)
    source, problems = documents.parse(text, file=draft.name)
    connection, wrong = to_connection(source, stem=draft.name)
    for one in dict.fromkeys((*problems, *wrong)):
        draft = draft.noting(Standing.CANNOT, "file", one.message)
    return (connection if not problems else None), draft


def _without(draft: Draft, finding: Finding, adapter: Adapter) -> Draft:
    """Return the draft without the one thing that is refused, or with it mended."""
    match finding.code, finding.path:
        case (code, ("settings", "timeframes", int() as place)) if (
            code == _BAD_TIMEFRAME
        ):
            return _other_timeframe(draft, place, adapter)
        case (code, ("config", str() as key, *deeper)) if (
            code
            in {
                _UNKNOWN_KEY,
                _BAD_VALUE,
                _TWICE,
            }
            and key in draft.config
        ):
            return _other_config(draft, finding, (key, *deeper))
        case (code, ("credentials", str() as name)) if code == _UNUSED:
            kept = {k: v for k, v in draft.credentials.items() if k != name}
            less = replace(draft, credentials=kept)
            return less.noting(Standing.DIFFERS, "credentials", finding.message)
        case _:
            hint = f"; {finding.hint}" if finding.hint else ""
            about = ".".join(map(str, finding.path[:1])) or "row"
            return draft.noting(Standing.CANNOT, about, finding.message + hint)


def _other_config(draft: Draft, finding: Finding, path: tuple[Any, ...]) -> Draft:
    """Try another type of the same value once, then leave the key out."""
    value = _at(draft.config, path)
    if finding.code == _BAD_VALUE:
        for other in _retyped(value):
            retyped = replace(draft, config=_set(draft.config, path, other))
            text = f"was {_kind(value)} there, and is {_kind(other)} now"
            return retyped.noting(Standing.DEFECT, _dotted(path), text)
        if path[0] in _URLS:
            return draft.noting(Standing.CANNOT, _dotted(path), finding.message)
    less = replace(
        draft,
        config=_set(draft.config, path, None),
        unplaced=(*draft.unplaced, leftover(_dotted(path), value)),
    )
    standing = Standing.DEFECT if finding.code == _BAD_VALUE else Standing.DIFFERS
    return less.noting(standing, "config", f"{finding.message}; it was left out")


def _retyped(value: Any) -> Iterable[Any]:
    """Yield what a text that should be a number or a boolean means."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value.strip()):
        yield int(value)
    elif isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        yield value.strip().lower() == "true"
    elif type(value) is int and value in {0, 1}:
        yield bool(value)
    elif isinstance(value, float) and value.is_integer():
        yield int(value)


def _other_timeframe(draft: Draft, place: int, adapter: Adapter) -> Draft:
    given = draft.timeframes[place]
    others = (*draft.timeframes[:place], *draft.timeframes[place + 1 :])
    for spelt in _spellings(given):
        changed = [*draft.timeframes]
        changed[place] = spelt
        tried = replace(draft, timeframes=tuple(dict.fromkeys(changed)))
        connection, _ = _connection(tried)
        refused = connection and any(
            one.code == _BAD_TIMEFRAME and one.path[-1] == place
            for one in adapter.check(connection)
        )
        if spelt in others or not refused:
            text = f"'{_word(given)}' is spelt '{spelt}' here"
            return tried.noting(Standing.DIFFERS, "settings.timeframes", text)
    less = replace(draft, timeframes=others)
    text = f"'{_word(given)}' does not exist at {draft.provider}; it was left out"
    return less.noting(Standing.DEFECT, "settings.timeframes", text)


def _spellings(given: str) -> Iterable[str]:
    """Yield how else a bar of this length is spelt: 60min, 1H, H1, 1h."""
    length = timeframe_ms(given)
    found = _LENGTH.fullmatch(given)
    if length is None and found:
        length = timeframe_ms(f"{int(found[1])}{found[2][0].lower()}")
    if not length or length % _MINUTE_MS:
        return
    for unit, size in (("w", 10_080), ("d", 1_440), ("h", 60), ("m", 1)):
        number, rest = divmod(length // _MINUTE_MS, size)
        if number and not rest:
            yield from (f"{number}{unit}", f"{unit.upper()}{number}")


def _renamed(draft: Draft, adapter: Adapter) -> Draft:
    """Return the draft under the name that its provider has here."""
    known = {one.id for one in adapter.providers()}
    lower = draft.provider.lower()
    if not known or draft.provider in known:
        return draft
    for name in (lower, RENAMED.get(lower, "")):
        if name in known:
            text = f"'{_word(draft.provider)}' is called '{name}' here"
            return replace(draft, provider=name).noting(
                Standing.DIFFERS, "provider", text
            )
    return draft


def _checked_http(draft: Draft, *, allow_http: bool) -> Draft:
    """Refuse plain HTTP, unless somebody wants to keep it for now."""
    places = {"config": draft.config, "credentials": draft.credentials}
    plain = [
        f"{section}.{key}"
        for section, values in places.items()
        for key in _URLS
        if str(values.get(key, "")).lower().startswith("http://")
    ]
    if not plain or draft.config.get("allow_http") is True:
        return draft
    if allow_http:
        text = "credentials travel unencrypted (http://); move to https"
        config = {**draft.config, "allow_http": True}
        return replace(draft, config=config).noting(Standing.DEFECT, plain[0], text)
    text = (
        "an http:// address sends credentials unencrypted; change it to https://"
        " there, or say --allow-http to take it over as it is"
    )
    return draft.noting(Standing.DEFECT, plain[0], text).noting(
        Standing.CANNOT, plain[0], "credentials over plain HTTP are refused"
    )


def _at(config: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        config = config.get(step) if isinstance(config, Mapping) else None
    return config


def _set(
    config: Mapping[str, Any], path: tuple[Any, ...], value: Any
) -> dict[str, Any]:
    """Return a copy with another value at the path; None removes the key."""
    first, *deeper = path
    inner = config.get(first)
    if deeper and isinstance(inner, Mapping):
        value = _set(inner, tuple(deeper), value) or None
    changed = {**config, first: value}
    return {key: item for key, item in changed.items() if item is not None}


def _dotted(path: tuple[Any, ...]) -> str:
    words = (_word(str(step)) for step in path)
    return ".".join(("config", *words))


def _word(text: str) -> str:
    """Return a name as it may be shown: a foreign one can be anything."""
    return text if re.fullmatch(r"[\w ./:-]{1,60}", text) else "an odd name"


def _kind(value: Any) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "text"}
    return names.get(type(value), "a value")
