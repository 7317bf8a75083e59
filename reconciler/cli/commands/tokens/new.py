"""`reconcile tokens new`."""

from __future__ import annotations

from datetime import datetime

import click

from reconciler.cli.console import Console
from reconciler.cli.options import example, format_option


@click.command(
    "new",
    epilog=example(
        "reconcile tokens new grafana --principal admin --role reader"
        " --expires 2027-12-31"
    ),
)
@click.argument("name")
@click.option(
    "--principal",
    required=True,
    metavar="LOGIN",
    help="Who holds it, as policy.yaml knows them; 'admin' sees everything.",
)
@click.option(
    "--role",
    type=click.Choice(["reader", "operator", "admin"]),
    default="reader",
    show_default=True,
    help="A reader looks; an operator also tests, samples, suspends and resumes; an"
    " admin does so with everybody's.",
)
@click.option(
    "--expires",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Last day (UTC) on which it is accepted; by default it does not end.",
)
@format_option()
@click.pass_obj
def command(  # what a token is
    console: Console,
    /,
    *,
    name: str,
    principal: str,
    role: str,
    expires: datetime | None,
    format_: str,
) -> None:
    """Make a token, and print it: it is shown this once and kept nowhere.

    Tells the line for http.tokens in reconcile.yaml, which has the token's hash only.
    """
    from reconciler.core.access import Role, is_name
    from reconciler.core.errors import InputError
    from reconciler.core.http_settings import HttpSection
    from reconciler.daemon.http.access.tokens import new_token

    for what, word in (("NAME", name), ("--principal", principal)):
        if not is_name(word):
            allowed = "letters, digits, '.', '_', '@' and '-', at most 63"
            raise click.UsageError(f"{what} must be {allowed}")
    if any(one.name == name for one in console.app().part(HttpSection).tokens):
        raise InputError(
            f"there is a token '{name}' in reconcile.yaml; choose another name, or"
            " remove that one to replace it"
        )
    made = new_token(
        name,
        principal=principal,
        role=Role(role),
        expires=expires.date() if expires else None,
    )
    console.result_of(
        format_, f"{made.token}\n", token=made.token, hash=made.hash, line=made.line
    )
    console.say("Keep the token where its user keeps secrets; it is not shown again.")
    console.say("Put this below 'http: tokens:' in reconcile.yaml:")
    console.say_line(f"    {made.line}")
