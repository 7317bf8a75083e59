"""What both programs read in one file, held against what was meant."""

from __future__ import annotations

import json
from typing import Any

from reconciler.adapters.sops import (
    BindingState,
    Keyring,
    decrypt_document,
    unseal,
)
from reconciler.core.errors import InputError
from tests.adapters.sops.sops_helpers import open_all, typed_documents
from tests.interop.changes import Sealed, Workplace
from tests.interop.compare import Disagreement, as_json, difference, has_json
from tests.interop.sops_program import SopsError


class SopsFaultError(Exception):
    """sops wrote what it cannot read back, or changed a value on the way."""


class DialectError(Exception):
    """sops spells a plain value in a way that our dialect refuses, with the fix."""


def judge_sops(work: Workplace, sealed: Sealed, document: str) -> int:
    """Let sops read a file.

    Raises:
        Disagreement: It does not read what was meant.
        SopsFaultError: It prints what nobody can read.
    """
    sops = work.sops(*sealed.keys)
    try:
        plain = sops.decrypt(sealed.text)
        first = difference(sealed.data, without_binding(typed_documents(plain)))
    except (SopsError, InputError) as error:
        first = f"what it prints: {error}"
        if len(sealed.data) > 1 and isinstance(error, InputError):
            raise SopsFaultError(first) from None
    if first and len(sealed.data) == 1 and has_json(sealed.data):
        # It has layouts in which it prints text wrongly as YAML, never as JSON.
        return judge_sops_json(work, sealed, document) + 1
    if first:
        raise _differs("sops", first, sealed, document)
    return 1


def judge_sops_json(work: Workplace, sealed: Sealed, document: str) -> int:
    """Do the same through the JSON of sops, which another reader reads: Python's."""
    try:
        printed = work.sops(*sealed.keys).decrypt(sealed.text, as_json=True)
    except SopsError as error:
        what = str(error)
        raise Disagreement(what, document=document, sealed=sealed.text) from None
    opened = without_binding([json.loads(printed)])
    first = difference(as_json(sealed.data), opened)
    if first:
        raise _differs("sops, as JSON", first, sealed, document)
    return 1


def judge_us(work: Workplace, sealed: Sealed, document: str) -> int:
    """Read here what sops wrote.

    Raises:
        Disagreement: We do not read what was meant.
        SopsFaultError: Nor does sops.
    """
    try:
        return _read(sealed, work.keyring(*sealed.keys), document)
    except Disagreement as found:
        try:
            judge_sops(work, sealed, document)
        except Disagreement as fault:
            raise SopsFaultError(fault.what) from None
        raise found from None


def check_bound(work: Workplace, sealed: Sealed, document: str) -> None:
    """Raise `Disagreement` unless the credentials may still be used."""
    keyring = work.keyring(*sealed.keys)
    try:
        state = unseal(sealed.text, file="f.yaml", keyring=keyring).binding_state
    except InputError as error:
        why = f"we refuse to use it: {error}"
        raise Disagreement(why, document=document, sealed=sealed.text) from None
    if state is not BindingState.BOUND:
        why = f"its binding is {state}"
        raise Disagreement(why, document=document, sealed=sealed.text)


def without_binding(opened: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in one.items() if key != "binding"} for one in opened
    ]


def _read(sealed: Sealed, keyring: Keyring, document: str) -> int:
    try:
        opened = open_all(sealed.text, keyring)
        text = decrypt_document(sealed.text, file="f.yaml", keyring=keyring)
        shown = typed_documents(text)
    except InputError as error:
        why = f"we refuse: {error}"
        raise Disagreement(why, document=document, sealed=sealed.text) from None
    for who, found in (("we", opened), ("our plain text", shown)):
        first = difference(sealed.data, without_binding(found))
        if first:
            raise _differs(who, first, sealed, document)
    return 2


def _differs(who: str, first: str, sealed: Sealed, document: str) -> Disagreement:
    what = f"{who}: meant and read differ at {first}"
    return Disagreement(what, document=document, sealed=sealed.text)
