"""The rounds of the two-way fuzz: one file each, through both programs.

A round raises `Disagreement` when the programs read one file differently, and returns
how many times a file was opened. What sops itself cannot write and read back is a
`SopsFaultError`, and counted apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.adapters.sops import Recipients, seal
from reconciler.core.errors import DocumentError, InputError
from tests.interop import changes, documents
from tests.interop.changes import NOW, Change, Sealed, Workplace
from tests.interop.compare import Disagreement, has_json
from tests.interop.documents import Document
from tests.interop.judging import (
    DialectError,
    SopsFaultError,
    check_bound,
    judge_sops,
    judge_sops_json,
    judge_us,
)
from tests.interop.people import any_rule, connection_rule, some
from tests.interop.sops_program import SopsError
from tests.interop.throwaway import recipient

Round = Callable[[Workplace], int]


def ours_read_by_sops(work: Workplace) -> int:
    """Seal a connection here; sops must read the same values and accept the MAC."""
    document = documents.connection(work.rng)
    people = some(work.rng, ("alice", "bob", "carol", "ssh_ed25519", "quantum"))
    sealed = sealed_here(document, people, work.rng.choice(people))
    openings = judge_sops(work, sealed, document.text)
    if work.rng.random() < 0.3 and has_json(document.data):
        openings += judge_sops_json(work, sealed, document.text)
    return openings


def sops_read_by_us(work: Workplace) -> int:
    """Let sops seal anything under any rule; we must read what was meant."""
    document = documents.anything(work.rng)
    sealed = _sealed_by_sops(work, document, *any_rule(work.rng))
    return judge_us(work, sealed, document.text)


def ours_changed_by_sops(work: Workplace) -> int:
    """Let sops change our file; both must read the change, and it stays bound."""
    document = documents.connection(work.rng)
    sealed = sealed_here(document, ["alice"], "alice")
    changed = _changed(work.rng.choice(changes.BY_SOPS), work, sealed, document)
    openings = judge_us(work, changed, document.text)
    check_bound(work, changed, document.text)
    return openings


def ours_changed_by_us(work: Workplace) -> int:
    """Change our own connection; sops must read the change and no other."""
    document = documents.connection(work.rng)
    people = some(work.rng, ("alice", "ssh_rsa", "quantum"))
    sealed = sealed_here(document, people, work.rng.choice(people))
    changed = _changed(work.rng.choice(changes.OF_CONNECTION), work, sealed, document)
    return judge_sops(work, changed, document.text)


def sops_changed_by_us(work: Workplace) -> int:
    """Change a file that sops made; sops must read the change and no other."""
    if work.rng.random() < 0.5:
        document = documents.connection(work.rng)
        rule, ways = connection_rule(work.rng), changes.OF_CONNECTION
    else:
        document = documents.anything(work.rng)
        rule, ways = any_rule(work.rng), changes.OF_ANYTHING
    sealed = _sealed_by_sops(work, document, *rule)
    openings = judge_us(work, sealed, document.text)
    try:
        changed = _changed(work.rng.choice(ways), work, sealed, document)
    except Disagreement as found:
        if _is_spelling(found.__cause__):
            raise DialectError from None
        raise
    return openings + judge_sops(work, changed, document.text)


def sealed_here(document: Document, people: list[str], key: str) -> Sealed:
    """Seal a connection for these people, one of whom will open it."""
    to = Recipients.of(map(recipient, people))
    try:
        text = seal(document.text, file="f.yaml", recipients=to, now=NOW)
    except InputError as error:
        raise Disagreement(f"we refuse: {error}", document=document.text) from None
    return Sealed(text, document.data, (key,))


def _sealed_by_sops(
    work: Workplace, document: Document, rule: Mapping[str, Any], keys: tuple[str, ...]
) -> Sealed:
    try:
        text = work.sops().encrypt(document.text, rule)
    except SopsError as error:
        raise SopsFaultError(f"it refuses to seal: {error}") from None
    return Sealed(text, document.data, keys)


def _changed(
    change: Change, work: Workplace, sealed: Sealed, document: Document
) -> Sealed:
    try:
        return change(work, sealed)
    except (SopsError, InputError) as error:
        raise Disagreement(
            f"{change.__name__}: {error}", document=document.text, sealed=sealed.text
        ) from error


def _is_spelling(error: BaseException | None) -> bool:
    """Tell whether only our dialect objects: to a plain value, or to a tag."""
    found = error.diagnostics if isinstance(error, DocumentError) else ()
    return bool(found) and {one.code for one in found} <= {"R104", "R105"}
