"""Whether this machine can open what it is to test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from reconciler.adapters import machine
from reconciler.adapters.sops.age.sources import KEY_FILE, SSH_FILE, default_key_file
from reconciler.core.checkup import Check, broken, fine, skipped, warning
from reconciler.core.seals import FileSeal, Tie
from reconciler.report.text import count, names
from reconciler.sealing import seals_of
from reconciler.wiring import App

_NAMES_SHOWN = 5


def identities(app: App) -> Iterator[Check]:
    """Tell which keys are at hand, who else can read them, and what they open."""
    for path in _key_files(app):
        if machine.readable_by_others(path):
            text = f"{path} can be read by others on this machine"
            yield warning("keys", text, f"chmod 600 {path}")
    sealed = [one for one in seals_of(app) if one.binding is not Tie.NONE]
    if not sealed:
        yield skipped("keys", "nothing is sealed yet")
        return
    yield from _opened(app, sealed)


def _opened(app: App, sealed: Sequence[FileSeal]) -> Iterator[Check]:
    number = count(len(sealed), "sealed file")
    if app.keyring.is_empty:
        places = "; ".join(app.keyring.looked_in)
        text = f"no age key for {number}. Looked in: {places}"
        yield broken("keys", text, "set SOPS_AGE_KEY_FILE to a key file")
        return
    shut = [one.file for one in sealed if one.binding is Tie.UNCHECKED]
    if shut:
        text = f"{len(shut)} of {number} cannot be opened by the keys at hand: "
        text += names(shut, limit=_NAMES_SHOWN)
        fix = "have somebody run 'reconcile updatekeys' with this machine's public key"
        yield broken("keys", text, fix)
    wrong = [one for one in sealed if not one.is_well]
    if wrong:
        text = f"{count(len(wrong), 'file')} with a seal that wants a look: "
        text += names([one.file for one in wrong], limit=_NAMES_SHOWN)
        yield warning("keys", text, "run 'reconcile secrets status'")
    if not shut:
        yield fine("keys", f"{number}, and the keys at hand open them all")


def _key_files(app: App) -> Iterator[Path]:
    env = app.choices.environment
    for variable in (KEY_FILE, SSH_FILE):
        if env.get(variable):
            yield Path(env[variable])
    yield default_key_file(env, home=Path.home())
