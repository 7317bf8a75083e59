"""Options that several commands share, and the shape of their help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from reconciler.core.selecting import LabelTerm

F = TypeVar("F", bound=Callable[..., Any])


def example(*lines: str) -> str:
    """Return a help text's last paragraph, kept line by line."""
    return "\n".join(["\b", "Example:", *(f"  {line}" for line in lines)])


def format_option(*more: str) -> Callable[[F], F]:
    """Return `--format human|json` and whatever else a command can print."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(["human", "json", *more]),
        default="human",
        show_default=True,
        help="What to print on stdout.",
    )


def plan_options(command: F) -> F:
    """Add what `plan` and `apply` have in common."""
    for option in reversed(_PLAN[_CHOSEN:]):
        command = option(command)
    command = select_option(command)
    for option in reversed(_PLAN[:_CHOSEN]):
        command = option(command)
    return command


def label_option(command: F) -> F:
    """Add `--label KEY=VALUE`, to be given several times."""
    return click.option(
        "--label",
        "labels",
        multiple=True,
        metavar="KEY=VALUE",
        callback=_pairs,
        help="A label; several are possible.",
    )(command)


def select_option(command: F) -> F:
    """Add `-l/--label SELECTOR`: the same notation wherever connections are chosen."""
    return click.option(
        "-l",
        "--label",
        "labels",
        multiple=True,
        metavar="SELECTOR",
        callback=_terms,
        help="Only those with this label: desk=spot, desk!=sp*, desk or !desk; "
        "several must all fit.",
    )(command)


def as_option(command: F) -> F:
    """Add `--as LOGIN`: what is theirs, as if nothing else were there."""
    return click.option(
        "--as",
        "as_login",
        default="",
        metavar="LOGIN",
        envvar="RECONCILE_AS",
        help="Show only what this login sees by policy.yaml; admins see everything.",
    )(command)


def _terms(
    _ctx: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> tuple[LabelTerm, ...]:
    from reconciler.core.selecting import label_term

    found = []
    for value in values:
        term = label_term(value)
        if term is None:
            raise click.BadParameter(
                f"'{value}' is none of KEY=VALUE, KEY!=VALUE, KEY and !KEY"
            )
        found.append(term)
    return tuple(found)


def codes_of(
    _ctx: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Return codes such as R311, or what they begin with; each must be known."""
    from reconciler.core.diagnostic import RULES
    from reconciler.core.suggest import did_you_mean

    codes = [code.strip().upper() for value in values for code in value.split(",")]
    for code in codes:
        if not code or not any(known.startswith(code) for known in RULES):
            hint = did_you_mean(code, RULES) or "'reconcile explain' lists them"
            raise click.BadParameter(f"there is no code '{code}'; {hint}")
    return tuple(codes)


def _pairs(
    _ctx: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> dict[str, str]:
    pairs = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not (key and equals):
            raise click.BadParameter(f"'{value}' is not KEY=VALUE")
        pairs[key] = text
    return pairs


_PLAN = (
    click.option(
        "--prune/--no-prune",
        default=None,
        help="Delete what no file declares, instead of switching it off.",
    ),
    click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="GLOB",
        help="Look at these connections only; several are possible.",
    ),
    click.option(
        "--exclude",
        "excludes",
        multiple=True,
        metavar="GLOB",
        help="Leave these connections out; several are possible.",
    ),
    click.option(
        "--allow-removals",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="Let up to N connections go, however large a share that is.",
    ),
    click.option(
        "--allow-empty",
        is_flag=True,
        help="Let every connection go when no file is left.",
    ),
    click.option(
        "--allow-protected",
        multiple=True,
        metavar="NAME",
        help="Let this protected connection go; several are possible.",
    ),
    click.option(
        "--take-over",
        multiple=True,
        metavar="NAME",
        help="Take this record over from another workspace; several are possible.",
    ),
    click.option(
        "--during-freeze",
        multiple=True,
        metavar="WINDOW",
        help="Change what runs although this window of freeze: is open; several are "
        "possible.",
    ),
    click.option(
        "--retry", is_flag=True, help="Test rejected revisions now, without waiting."
    ),
)

_CHOSEN = 3
"""Where among them `--label` stands: after the other ways to choose."""


class End(click.ParamType[float | datetime]):
    """When something ends: a moment with its offset, or a duration from now on."""

    name = "end"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float | datetime:
        """Return a moment, or seconds from now on."""
        from reconciler.core.moments import parse_moment

        if moment := parse_moment(str(value)):
            return moment
        seconds = _seconds(str(value))
        if seconds is None:
            forms = "a duration such as 4h, or a moment such as 2026-12-24T18:00:00Z"
            self.fail(f"'{value}' is none of: {forms}", param, ctx)
        return seconds


class Duration(click.ParamType[float]):
    """A length of time as files have it: 30s, 5m, 1h30m, or seconds."""

    name = "duration"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Return seconds."""
        seconds = _seconds(str(value))
        if seconds is None:
            self.fail(f"'{value}' is not a duration such as 30s or 5m", param, ctx)
        return seconds


def _seconds(text: str) -> float | None:
    from reconciler.core.durations import parse_duration

    seconds = parse_duration(int(text) if text.isdecimal() else text)
    return None if seconds is None else float(seconds)
