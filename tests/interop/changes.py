"""Changes to a sealed file, by sops and by us, each with what must be read after it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from reconciler.adapters.sops import (
    Keyring,
    decrypt_document,
    load_keyring,
    reseal,
    rotate,
    set_values,
    unset_values,
    update_keys,
)
from tests.interop import documents, spelling
from tests.interop.compare import as_json
from tests.interop.people import any_recipients, as_recipients
from tests.interop.sops_program import Sops
from tests.interop.throwaway import key_env, recipient

NOW: Final = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EVERYBODY: Final = ("alice", "bob", "carol", "ssh_ed25519", "quantum")
Data = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What a round needs: chances, the program and a folder of its own."""

    rng: Random
    program: Path
    folder: Path

    def sops(self, *names: str) -> Sops:
        return Sops(path=self.program, folder=self.folder, env=key_env(*names))

    def keyring(self, *names: str) -> Keyring:
        return load_keyring(key_env(*names), home=self.folder)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed file, what it means, and keys that are enough to open it."""

    text: str
    data: list[Data]
    keys: tuple[str, ...]


Change = Callable[[Workplace, Sealed], Sealed]


def sops_set(work: Workplace, old: Sealed) -> Sealed:
    value = _new_value(work.rng)
    words = ("set", "f.yaml", '["credentials"]["api_key"]', json.dumps(value))
    text = work.sops(*old.keys).change(old.text, *words)
    return Sealed(text, _with_credentials(old, api_key=value), old.keys)


def sops_unset(work: Workplace, old: Sealed) -> Sealed:
    secrets = dict(old.data[0]["credentials"])
    # sops cannot name every key there: not one with a quote in it, say.
    gone = work.rng.choice([key for key in secrets if re.fullmatch("[a-z_]+", key)])
    secrets.pop(gone)
    words = ("unset", "f.yaml", f'["credentials"]["{gone}"]')
    text = work.sops(*old.keys).change(old.text, *words)
    return Sealed(text, [{**old.data[0], "credentials": secrets}], old.keys)


def sops_rotate(work: Workplace, old: Sealed) -> Sealed:
    words = ("rotate", "-i", "--add-age", recipient("bob"), "f.yaml")
    text = work.sops(*old.keys).change(old.text, *words)
    return Sealed(text, old.data, (work.rng.choice((*old.keys, "bob")),))


def sops_updatekeys(work: Workplace, old: Sealed) -> Sealed:
    """Change who opens it; sops then takes all groups, whatever the rule says."""
    people, keys = any_recipients(work.rng)
    sops = work.sops(*old.keys)
    sops.configure(people)
    text = sops.change(old.text, "updatekeys", "-y", "f.yaml")
    return Sealed(text, old.data, EVERYBODY if "key_groups" in people else keys)


def sops_edit(work: Workplace, old: Sealed) -> Sealed:
    """Edit as a script would: another text over the temporary file of sops."""
    sops = work.sops(*old.keys)
    new = _with_credentials(old, api_key=_new_value(work.rng), added=True)
    plain = json.loads(sops.decrypt(old.text, as_json=True))
    plain["credentials"] = as_json(new[0]["credentials"])
    text = json.dumps(plain, ensure_ascii=False)
    sops.put(documents.as_yaml(text), name="new")
    editor = shlex.join(["cp", str(work.folder / "new.yaml")])
    edited = sops.change(old.text, "edit", "f.yaml", SOPS_EDITOR=editor)
    return Sealed(edited, new, old.keys)


def our_set(work: Workplace, old: Sealed) -> Sealed:
    value = _new_value(work.rng)
    text = set_values(old.text, {"api_key": value}, **_with(work, old))
    return Sealed(text, _with_credentials(old, api_key=value), old.keys)


def our_unset(work: Workplace, old: Sealed) -> Sealed:
    grown = set_values(old.text, {"surplus": "s-1"}, **_with(work, old))
    text = unset_values(grown, ["api_key"], **_with(work, old))
    secrets = {**old.data[0]["credentials"], "surplus": "s-1"}
    secrets.pop("api_key")
    return Sealed(text, [{**old.data[0], "credentials": secrets}], old.keys)


def our_rotate(work: Workplace, old: Sealed) -> Sealed:
    return Sealed(rotate(old.text, **_with(work, old)), old.data, old.keys)


def our_update_keys(work: Workplace, old: Sealed) -> Sealed:
    people, keys = any_recipients(work.rng)
    change = update_keys(
        old.text, file="f.yaml", keyring=work.keyring(*old.keys),
        recipients=as_recipients(people),
    )  # fmt: skip
    return Sealed(change.text, old.data, keys)


def our_edit(work: Workplace, old: Sealed) -> Sealed:
    """Add a line below the plain text, and seal it again."""
    plain = decrypt_document(old.text, file="f.yaml", keyring=work.keyring(*old.keys))
    value = _new_value(work.rng, text_only=True)
    quoted = documents.as_yaml(json.dumps(value, ensure_ascii=False))
    more = f"api_key_added: {quoted}\n"
    text = reseal(old.text, plain + more, **_with(work, old))
    last = {**old.data[-1], "api_key_added": value}
    return Sealed(text, [*old.data[:-1], last], old.keys)


def our_edit_of_credential(work: Workplace, old: Sealed) -> Sealed:
    """Put another word where the key stands in plain text, and seal it again."""
    plain = decrypt_document(old.text, file="f.yaml", keyring=work.keyring(*old.keys))
    edited = plain.replace(documents.SURE_SECRET, "another-1")
    text = reseal(old.text, edited, **_with(work, old))
    return Sealed(text, _with_credentials(old, api_key="another-1"), old.keys)


BY_SOPS: Final = (sops_set, sops_unset, sops_rotate, sops_edit, sops_updatekeys)
OF_CONNECTION: Final = (
    our_set, our_unset, our_rotate, our_update_keys, our_edit_of_credential,
)  # fmt: skip
OF_ANYTHING: Final = (our_rotate, our_update_keys, our_edit)


def _with(work: Workplace, old: Sealed) -> dict[str, Any]:
    return {"file": "f.yaml", "keyring": work.keyring(*old.keys), "now": NOW}


def _new_value(rng: Random, *, text_only: bool = False) -> Any:
    if not text_only and rng.random() < 0.2:
        return rng.choice((True, 7.5, -3.25))
    return spelling.odd_text(rng) or "x"


def _with_credentials(old: Sealed, **new: Any) -> list[Data]:
    return [{**old.data[0], "credentials": {**old.data[0]["credentials"], **new}}]
