"""The program itself and the machine below it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.adapters import machine
from reconciler.core.checkup import Check, broken, fine, warning
from reconciler.core.errors import InputError
from reconciler.core.version import VERSION
from reconciler.wiring import App

_FILES_PER_TEST: Final = 2
_FILES_BESIDE: Final = 128


def versions(app: App) -> Iterator[Check]:
    """Tell what is installed, and which adapter does not load."""
    libraries = machine.library_versions()
    parts = [f"reconcile {VERSION}", f"Python {machine.python_version()}"]
    parts += [f"{name} {found}" for name, found in libraries.items()]
    yield fine("versions", ", ".join(parts))
    faults = broken_adapters(app)
    for message in faults.values():
        yield broken("versions", message, "install its package again, or remove it")
    if not faults:
        yield fine("versions", f"types: {', '.join(app.adapters)}")


def broken_adapters(app: App) -> dict[str, str]:
    """Return what is wrong with each type that does not load, by type."""
    faults = {}
    for name in app.adapters:
        try:
            _ = app.adapters[name]
        except InputError as error:
            faults[name] = str(error)
    return faults


def limits(app: App) -> Iterator[Check]:
    """Tell whether as many tests as wanted can run, and TLS can be checked."""
    wanted = app.settings.parallelism * _FILES_PER_TEST + _FILES_BESIDE
    allowed = machine.open_files_limit()
    if allowed < wanted:
        text = f"{allowed} open files allowed, {wanted} wanted for "
        text += f"{app.settings.parallelism} tests at a time"
        yield warning("machine", text, f"raise it (ulimit -n {wanted}) or parallelism")
    else:
        yield fine("machine", "enough files may be open")
    trusted = machine.trusted_authorities()
    if trusted:
        yield fine("machine", f"{trusted} certificate authorities are trusted")
    else:
        text = "no certificate authority is trusted: every TLS connection will fail"
        yield broken("machine", text, "install the package ca-certificates")
