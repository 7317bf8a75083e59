"""A connection sealed by the rule of `.sops.yaml`, where it was sealed by another.

Which values are sealed, and what the MAC covers, was decided when the file was made.
To follow another rule the file is opened, and sealed as if it were new.
"""

from __future__ import annotations

from datetime import datetime

from reconciler.adapters.documents import parse
from reconciler.adapters.sops.age.key_groups import Recipients
from reconciler.adapters.sops.age.keyring import Keyring
from reconciler.adapters.sops.block import Metadata
from reconciler.adapters.sops.change.notes import notes_of, seal_secret_comments
from reconciler.adapters.sops.change.resealing import refuse_other_destination
from reconciler.adapters.sops.opened import Opened, open_file
from reconciler.adapters.sops.printer import print_opened
from reconciler.adapters.sops.rules import Rule, suits_connections
from reconciler.adapters.sops.spans import apply_edits
from reconciler.adapters.sops.writer import seal
from reconciler.core.defaults import Merge, as_written


def follow_rule(
    opened: Opened,
    *,
    keyring: Keyring,
    now: datetime,
    rule: Rule | None,
    only_encrypted: bool | None,
    merge: Merge = as_written,
) -> Opened:
    """Return a connection sealed by another rule; anything else as it was.

    The recipients stay. Comments that were sealed stay so beside what is sealed. The
    `sops` block moves to the end of the file.

    Args:
        opened: The file.
        keyring: Opens what was sealed.
        now: Becomes `lastmodified`; aware, cut to seconds.
        rule: Which values are to be sealed; None for the file's own rule.
        only_encrypted: Whether the MAC is to leave plain values out; None for as now.
        merge: As for `seal`.

    Raises:
        SecretError: Its credentials were sealed for another destination, somebody
            could not open it any more, or it cannot be sealed as it stands.
    """
    metadata, file = opened.metadata, opened.parsed.file
    wanted = rule or metadata.rule
    only = metadata.mac_only_encrypted if only_encrypted is None else only_encrypted
    if _follows(metadata, wanted, only=only) or not suits_connections(wanted):
        return opened
    shown = print_opened(opened)
    if not _is_connection(opened, shown):
        return opened
    refuse_other_destination(opened, merge)
    to = Recipients.in_file(metadata.wrapped)
    text = seal(
        shown,
        file=file,
        recipients=to,
        now=now,
        rule=wanted,
        only_encrypted=only,
        merge=merge,
    )
    new = open_file(text, file=file, keyring=keyring)
    if not notes_of(opened):
        return new
    body = apply_edits(new.parsed.body, seal_secret_comments(new))
    return open_file(new.parsed.bom + body, file=file, keyring=keyring)


def _follows(metadata: Metadata, rule: Rule, *, only: bool) -> bool:
    return (metadata.rule, metadata.mac_only_encrypted) == (rule, only)


def _is_connection(opened: Opened, shown: str) -> bool:
    """Tell whether a file is one of our documents, whatever was sealed of it."""
    data = opened.plain[0]
    is_ours = isinstance(data.get("credentials"), dict) and "provider" in data
    if len(opened.plain) != 1 or not is_ours:
        return False
    _, problems = parse(shown, file=opened.parsed.file)
    return not problems
