"""The options that say where the daemon listens; files cannot choose files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from reconciler.wiring import App

if TYPE_CHECKING:
    from reconciler.daemon.http.listening import Listen

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def listen_options(command: F) -> F:
    """Add `--listen`, `--tls-certificate` and `--tls-key`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def listen_of(
    app: App,
    *,
    listen: str | None,
    tls_certificate: Path | None,
    tls_key: Path | None,
) -> Listen | None:
    """Return where to listen, None for nowhere; the option wins over the settings.

    Raises:
        InputError: The address is none, or a certificate has no key.
        DocumentError: `http:` in the settings is invalid.
    """
    from reconciler.core.http_settings import HttpSection

    address = listen or app.part(HttpSection).listen
    if not address:
        return None
    from reconciler.daemon.http.listening import listen_at

    return listen_at(address, certificate=tls_certificate, key=tls_key)


_OPTIONS = (
    click.option(
        "--listen",
        metavar="HOST:PORT",
        help="Answer HTTP there: the API, metrics and the status page. Beyond this"
        " machine only with http.tokens, and with TLS or behind a proxy.",
    ),
    click.option(
        "--tls-certificate",
        type=_FILE,
        metavar="FILE",
        help="Speak TLS with this certificate chain (PEM); read again when it changes.",
    ),
    click.option(
        "--tls-key", type=_FILE, metavar="FILE", help="The certificate's private key."
    ),
)
