"""What must not be sealed as it stands."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import yaml

from reconciler.adapters.documents import Node, compose
from reconciler.adapters.sops.rules import Rule
from reconciler.adapters.sops.spans import comments, last_offset, leaves, line_end
from reconciler.core.binding import BOUND_FIELDS
from reconciler.core.errors import SecretError


def stamp_of(now: datetime) -> str:
    """Write a time as `lastmodified` has it: UTC, whole seconds."""
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def refuse_sealed_destination(file: str, root: yaml.MappingNode, rule: Rule) -> None:
    """Refuse a key named like the credentials within what they are bound to.

    The rule would seal it, and its ciphertext differs every time it is sealed.
    """
    for leaf in leaves(root, rule):
        top = leaf.aad.split(":")[0]
        if leaf.sealed and top in BOUND_FIELDS:
            raise SecretError(
                f"{file}: '{top}' holds a key that the rule {rule.pattern} seals;"
                " credentials and binding may stand at the top of the file only"
            )


def refuse_list_comments(file: str, body: str, rule: Rule) -> None:
    """Refuse what sops would turn into list items, and then fail to read (2243)."""
    noted = list(comments(body)) if "#" in body else []
    for name, node in _sealed_lists(compose(body)[0], rule):
        start, last = name.end_mark.index, last_offset(body, node)
        # Behind its last item a comment is the list's, behind a brace it is not.
        beside = _BESIDE.match(body, last, line_end(body, last))
        end = beside.end() if beside else last
        for comment in noted:
            if start <= comment.start <= end:
                line = body.count("\n", 0, comment.start) + 1
                raise SecretError(
                    f"{file}:{line}: a comment within a list of credentials"
                    " cannot be sealed; move it above the list's key"
                )


_BESIDE: Final = re.compile(r"[ \t,]*")


def _sealed_lists(root: Node, rule: Rule) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []

    def visit(node: Any, *, sealed: bool) -> None:
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                visit(item, sealed=sealed)
        if isinstance(node, yaml.MappingNode):
            for name, child in node.value:
                inner = rule.below(name.value, sealed=sealed)
                listed = isinstance(child, yaml.SequenceNode) and child.value
                if inner and listed and name.value != "sops":
                    found.append((name, child))
                visit(child, sealed=inner)

    visit(root, sealed=rule.at_root)
    return found
