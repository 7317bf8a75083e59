"""From a parsed document to everything that can be said of it, and across documents.

One pass finds every problem: syntax, shape, seal, and what the type's adapter knows
offline. The tools arrive as functions, so this module loads none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from reconciler.core import shape
from reconciler.core.connection import Connection
from reconciler.core.diagnostic import Diagnostic, Severity, Span
from reconciler.core.errors import ReconcilerError
from reconciler.core.ports import Adapter, Finding
from reconciler.core.source import Source
from reconciler.core.suggest import did_you_mean

Diagnostics = tuple[Diagnostic, ...]


class Validate(Protocol):
    """`core.document.to_connection`."""

    def __call__(
        self, source: Source, *, stem: str
    ) -> tuple[Connection | None, Diagnostics]:
        """Return the connection, None when anything is wrong, and the problems."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What judges a parsed document; `adapters` are those installed, by type.

    `lengths` tells how long the sealed texts are; None where that is no evidence.
    """

    validate: Validate
    inspect: Callable[[Source], Diagnostics]
    adapters: Mapping[str, Adapter]
    lengths: Callable[[Source], Mapping[str, int]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What became of one document; `connection` is None when it has an error.

    `names` are the names that it claims, the declared one first, `former_names` those
    that it had: while it is invalid, none of them may be taken for gone.
    """

    connection: Connection | None
    diagnostics: Diagnostics
    names: tuple[str, ...]
    former_names: tuple[str, ...] = ()


def examine(
    source: Source,
    problems: Diagnostics,
    *,
    stem: str,
    rules: Rules,
    unknown: frozenset[Span] = frozenset(),
) -> Examined:
    """Judge one parsed document; pure as far as the rules are.

    Args:
        source: The document.
        problems: What parsing it found.
        stem: Its file's name without folder and suffix.
        rules: What to judge it by.
        unknown: Where values stand that are not known here, so cannot be judged.
    """
    connection, found = None, list(problems)
    if source.data is not None:
        connection, wrong = rules.validate(source, stem=stem)
        found += _elsewhere(wrong, found)
        if not any(item.code == "R207" for item in wrong):
            found += rules.inspect(source)
            subject = connection or _draft(source, stem)
            if subject and rules.lengths:
                subject = replace(subject, credential_lengths=rules.lengths(source))
            more = _adapter_problems(source, subject, rules.adapters)
            found += _elsewhere(more, [] if connection else found)
    found = [one for one in found if one.span not in unknown] if unknown else found
    if is_invalid(found):
        connection = None
    return Examined(
        connection=connection,
        diagnostics=tuple(sorted(found, key=lambda item: item.sort_key)),
        names=_names(source, stem),
        former_names=_former_names(source),
    )


def is_invalid(diagnostics: Iterable[Diagnostic]) -> bool:
    """Tell whether any of the problems is an error."""
    return any(item.severity is Severity.ERROR for item in diagnostics)


def diagnostic_of(source: Source, finding: Finding) -> Diagnostic:
    """Return an adapter's finding with its place."""
    return Diagnostic(
        code=finding.code,
        message=finding.message,
        span=source.span(finding.path, key=finding.at_key),
        hint=finding.hint,
        severity=Severity.WARNING if finding.warning else Severity.ERROR,
    )


def shared_names(claims: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """Return the names that several files declare, with the files, sorted.

    Args:
        claims: The declared name by file.
    """
    files: dict[str, list[str]] = {}
    for file, name in claims.items():
        files.setdefault(name, []).append(file)
    return {
        name: tuple(sorted(several))
        for name, several in sorted(files.items())
        if len(several) > 1
    }


def same_name(name: str, places: Iterable[Span]) -> Iterator[Diagnostic]:
    """Yield R206 for each place after the first, which each is related to."""
    first, *others = sorted(places)
    for place in others:
        yield Diagnostic(
            code="R206",
            message=f"the name '{name}' is declared by another file too: {first.file}",
            span=place,
            hint="rename one of the two; until then neither is touched",
            related=((first, "it is declared here first"),),
        )


def _elsewhere(
    more: Iterable[Diagnostic], found: Iterable[Diagnostic]
) -> list[Diagnostic]:
    """Leave out what stands where something is wrong already: one cause, one line."""
    places = {problem.span for problem in found}
    return [item for item in more if item.span not in places]


def _draft(source: Source, stem: str) -> Connection | None:
    """Return what can be made of an invalid document, so that its adapter is heard.

    Only what an adapter looks at offline; None without a type and a provider.
    """
    kind, provider = (shape.value_at(source, (key,)) for key in ("type", "provider"))
    if not (isinstance(kind, str) and isinstance(provider, str)):
        return None
    return Connection(
        name=stem,
        type=kind,
        provider=provider,
        credential_names=tuple(_mapping(source, "credentials")),
        config=_mapping(source, "config"),
        symbols=_texts(source, "symbols"),
        timeframes=_texts(source, "timeframes"),
    )


def _mapping(source: Source, key: str) -> Mapping[str, object]:
    value = shape.value_at(source, (key,))
    return value if isinstance(value, Mapping) else {}


def _texts(source: Source, key: str) -> tuple[str, ...]:
    """Return a list of texts with its positions; empty when it holds anything else."""
    value = shape.value_at(source, ("settings", key))
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        return ()
    return tuple(value)


def _adapter_problems(
    source: Source, connection: Connection | None, adapters: Mapping[str, Adapter]
) -> Iterator[Diagnostic]:
    kind = shape.value_at(source, ("type",))
    if not isinstance(kind, str) or not kind:
        return
    if kind not in adapters:
        yield _unknown_type(source, kind, adapters)
        return
    try:
        adapter = adapters[kind]
    except ReconcilerError as error:
        # A plug-in that does not load takes its own connections down, no others.
        yield shape.problem(source, ("type",), code="R401", message=str(error))
        return
    for finding in adapter.check(connection) if connection else ():
        yield diagnostic_of(source, finding)


def _unknown_type(source: Source, kind: str, known: Iterable[str]) -> Diagnostic:
    types = sorted(known)
    message = f"unknown type {shape.described(kind).removeprefix('text ')}"
    hint = did_you_mean(kind, types) or f"known: {', '.join(types)}"
    return shape.problem(source, ("type",), code="R401", message=message, hint=hint)


def _names(source: Source, stem: str) -> tuple[str, ...]:
    name = (source.data or {}).get("name", stem)
    if not isinstance(name, str) or not name or name == stem:
        return (stem,)
    return (name, stem)


def _former_names(source: Source) -> tuple[str, ...]:
    several = (source.data or {}).get("previous_names")
    if not isinstance(several, list):
        return ()
    return tuple(name for name in several if isinstance(name, str))
