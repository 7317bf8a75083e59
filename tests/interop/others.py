"""Independent peers: age itself on the data keys, and a reader in JavaScript."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from random import Random
from typing import Any, Final

from reconciler.adapters.sops import Keyring, Recipients, load_keyring
from reconciler.adapters.sops.age.key_groups import (
    KeyGroup,
    Stanza,
    WrappedKey,
    wrap_key,
)
from reconciler.adapters.sops.age.keyring import data_key
from reconciler.adapters.sops.block import Metadata
from reconciler.adapters.sops.rules import OURS
from reconciler.core.errors import InputError
from tests.interop import documents
from tests.interop.changes import Workplace
from tests.interop.compare import Disagreement, as_json, difference, has_json
from tests.interop.judging import without_binding
from tests.interop.rounds import sealed_here
from tests.interop.throwaway import KEYS, SSH, key_env, recipient

_KINDS: Final = ("alice", "ssh_ed25519", "ssh_rsa", "quantum")
_READER: Final = Path(__file__).with_name("npm_reader.mjs")
_LIMIT_S: Final = 300


def age_both_ways(work: Workplace) -> int:
    """Wrap a data key here and open it with age; the other way round as well."""
    name = work.rng.choice(_KINDS)
    key = work.rng.randbytes(32)
    to = recipient(name)
    ours = wrap_key(Recipients.of([to]), key).groups[0].stanzas[0].enc
    identity = KEYS / (name if name in SSH else f"{name}.txt")
    by_age = _age(
        work, ["-d", "-i", str(_private(identity, work.folder))], ours.encode()
    )
    theirs = _age(work, ["-a", "-r", to], key).decode()
    by_us = _unwrapped(theirs, to, load_keyring(key_env(name), home=work.folder))
    for who, found, text in (("age", by_age, ours), ("we", by_us, theirs)):
        if found != key:
            raise Disagreement(f"{who}: another data key for {name}", document=text)
    return 2


def ours_read_by_npm(rng_for, count: int, package: Path) -> tuple[int, list[Any]]:
    """Let the JavaScript reader read many of our files in one process.

    Args:
        rng_for: From a number to the chances of that document.
        count: How many documents to make; those beyond the reader are left out.
        package: Its folder.

    Returns:
        How many it read (none, when Node cannot run it), and every (number,
        disagreement).
    """
    made = [(number, documents.connection(rng_for(number))) for number in range(count)]
    fit = [(number, one) for number, one in made if _fits_javascript(one.data[0])]
    sealed = [sealed_here(one, ["alice"], "alice").text for _, one in fit]
    key = key_env("alice")["SOPS_AGE_KEY"]
    done = subprocess.run(
        ["node", _READER, package, key], input=json.dumps(sealed).encode(),
        capture_output=True, check=False, timeout=_LIMIT_S,
    )  # fmt: skip
    if done.returncode != 0:
        return 0, []  # a Node that is too old for the package
    found = []
    answers = json.loads(done.stdout)
    for (number, document), text, answer in zip(fit, sealed, answers, strict=True):
        first = answer.get("error") or difference(
            _in_javascript(as_json(document.data[0])),
            _in_javascript(without_binding([answer["data"]])[0]),
        )
        if first:
            what = f"sops-age: {first}"
            one = Disagreement(what, document=document.text, sealed=text)
            found.append((number, one))
    return len(fit), found


def _age(work: Workplace, words: list[str], given: bytes) -> bytes:
    done = subprocess.run(
        [work.program, *words], input=given, capture_output=True, check=False,
        timeout=_LIMIT_S, env={"HOME": str(work.folder), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise Disagreement(f"age refuses: {said}", document=given.decode("latin-1"))
    return done.stdout


def _private(identity: Path, folder: Path) -> Path:
    """Copy a key with the mode that programs ask of it, which Git does not keep."""
    copy = folder / identity.name
    copy.write_bytes(identity.read_bytes())
    copy.chmod(0o600)
    return copy


def _unwrapped(theirs: str, to: str, keyring: Keyring) -> bytes | str:
    group = KeyGroup(stanzas=(Stanza(recipient=to, enc=theirs),))
    metadata = Metadata(
        wrapped=WrappedKey(groups=(group,)), rule=OURS, lastmodified="", mac="",
        mac_only_encrypted=True, version="3.9.0",
    )  # fmt: skip
    try:
        return data_key(metadata, keyring, file="f.yaml")
    except InputError as error:
        return str(error)


def _fits_javascript(value: Any) -> bool:
    """Leave out what that reader is known to read wrongly, whoever sealed it.

    It takes keys of digits for places in a list, also below a list, and drops a byte
    order mark at the start of a text. Not in JSON: what is infinite.
    """
    if isinstance(value, dict):
        return all(
            not re.fullmatch(r"\d+", key) and _fits_javascript(child)
            for key, child in value.items()
        )
    if isinstance(value, list):
        return not any(
            isinstance(item, dict | list) and item for item in value
        ) and all(map(_fits_javascript, value))
    if isinstance(value, str):
        return not value.startswith("\ufeff")
    return has_json(value)


def _in_javascript(value: Any) -> Any:
    """Every number is a double there."""
    if isinstance(value, dict):
        return {key: _in_javascript(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_in_javascript(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return json.loads(json.dumps(float(value)))
    return value


def chances(seed: int, label: str) -> Random:
    """Return the chances of one document; the same for the same seed and label."""
    return Random(f"{seed}:{label}")  # noqa: S311  # repeatable, not secret
