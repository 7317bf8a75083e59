"""A sealed file for people's eyes, without any key: what changed, not to what.

For `git diff` and `git log -p`. A sealed value is shown by its type, its length and
a mark of its ciphertext, which is public; nothing here is computed from a plaintext.
The `sops` block shrinks to what people decide: who, which values, and the day.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final

from reconciler.adapters.documents import BOM
from reconciler.adapters.sops.block import Metadata, read_metadata
from reconciler.adapters.sops.envelope import EnvelopeError, parse_envelope
from reconciler.adapters.sops.places import member
from reconciler.adapters.sops.spans import last_offset
from reconciler.adapters.sops.tree import load_nodes, plain_documents
from reconciler.core.errors import SecretError

_MARK_LENGTH: Final = 6
_DAY_LENGTH: Final = len("2026-11-23")


def unvalued(text: str) -> str:
    """Return any text with its sealed values described; never raises.

    In a file that cannot be read as YAML, as with conflict markers in it, the block
    is shortened when it stands alone at the end; else only the wrapped keys are.
    """
    body = text.removeprefix(BOM)
    short = _with_small_block(body)
    start = body.rfind("\nsops:") + 1
    if short == body and start:
        short = body[:start] + _with_small_block(body[start:])
    shown = _ENVELOPE.sub(_described, short)
    return text[: text.startswith(BOM)] + _ARMOUR.sub(_wrapped_key, shown)


_ENVELOPE: Final = re.compile(r"ENC\[AES256_GCM,[^\]\s]*\]")
_ARMOUR: Final = re.compile(
    r"-----BEGIN AGE ENCRYPTED FILE-----.*?-----END AGE ENCRYPTED FILE-----", re.DOTALL
)


def _described(match: re.Match[str]) -> str:
    mark = f"#{_digest(match[0])}"
    try:
        parts = parse_envelope(match[0])
    except EnvelopeError:
        return f"<sealed, malformed, {mark}>"
    size = len(parts.data)
    return f"<sealed {parts.kind}, {size} byte{'s' * (size != 1)}, {mark}>"


def _wrapped_key(match: re.Match[str]) -> str:
    return f"<wrapped key, #{_digest(match[0])}>"


def _digest(public: str) -> str:
    return hashlib.sha256(public.encode("utf-8", "surrogateescape")).hexdigest()[
        :_MARK_LENGTH
    ]


def _with_small_block(text: str) -> str:
    """Put the short form in place of the block, where the file can be read."""
    try:
        root: Any = load_nodes(text, file="")[0]
        metadata = read_metadata(plain_documents([root], file="")[0], file="")
    except SecretError:
        return text
    found = member(root, "sops")
    if found is None:  # pragma: no cover  # read_metadata saw it
        return text
    start, end = found[0].end_mark.index, last_offset(text, found[1])
    short = _short_json(metadata) if root.flow_style else _short_yaml(metadata)
    return text[:start] + short + text[end:]


def _short_yaml(metadata: Metadata) -> str:
    facts = _facts(metadata)
    keys = "".join(f"\n        - {one}" for one in facts.pop("recipients"))
    lines = "".join(f"\n    {name}: {value}" for name, value in facts.items())
    return f":\n    recipients:{keys}{lines}"


def _short_json(metadata: Metadata) -> str:
    return f": {json.dumps(_facts(metadata), indent=4, ensure_ascii=False)}"


def _facts(metadata: Metadata) -> dict[str, Any]:
    """Return what is worth seeing; key groups only where there are several."""
    wrapped = metadata.wrapped
    recipients = [
        *metadata.recipients,
        *(f"{kind} (not age)" for kind in metadata.foreign),
    ]
    facts: dict[str, Any] = {"recipients": recipients}
    if wrapped.is_split:
        facts["groups"] = (
            f"{len(wrapped.groups)}, {wrapped.threshold} must come together"
        )
    facts["rule"] = f"{metadata.rule.kind.value} {metadata.rule.pattern}"
    covers = "sealed values" if metadata.mac_only_encrypted else "all values"
    facts["mac"] = f"over {covers}" if metadata.mac else "none"
    return {**facts, "lastmodified": metadata.lastmodified[:_DAY_LENGTH]}
