"""Sealing, composed: what is done to sealed files, how they stand, and with which keys.

Every function takes a text and returns the new one; nothing is written here. Keys
are looked for when the first text needs one. `file` is what `.sops.yaml` is asked
about, and what messages call the text.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.core.errors import DocumentError, SecretError
from reconciler.wiring import App

if TYPE_CHECKING:
    from reconciler.adapters.layers import Layer
    from reconciler.adapters.sops import CreationRule, KeyChange, Recipients
    from reconciler.adapters.sops.merge.merging import Merged
    from reconciler.core.defaults import Merge
    from reconciler.core.diagnostic import Diagnostic
    from reconciler.core.origins import Origin
    from reconciler.core.seals import FileSeal
    from reconciler.core.source import Source


def seal_text(
    app: App,
    text: str,
    *,
    file: Path,
    named: Sequence[str] = (),
    rebind: bool = False,
) -> str:
    """Return the document sealed; `text` itself when nothing is to be done.

    Args:
        app: The keys and the clock.
        text: A connection, its credentials in plain text or sealed.
        file: Where it lies or will lie.
        named: Public keys to seal for, instead of what `SOPS_AGE_RECIPIENTS` or
            else `.sops.yaml` says.
        rebind: Accept a changed type, provider, owner or config.
    """
    from reconciler.adapters.sops import Recipients, seal

    named = named or _named_by_environment(app)
    rule = None if named else _rule_for(app, file)
    rule_keys = rule.recipients if rule else Recipients()
    return seal(
        text,
        file=str(file),
        recipients=Recipients.of(named) if named else rule_keys,
        now=app.clock.now(),
        reuse=app.keyring,
        rebind=rebind,
        rule=rule.rule if rule else None,
        only_encrypted=rule.mac_only_encrypted if rule else None,
        merge=merge_for(app, file),
    )


def _named_by_environment(app: App) -> Sequence[str]:
    listed = app.choices.environment.get("SOPS_AGE_RECIPIENTS", "")
    return [key.strip() for key in listed.split(",") if key.strip()]


def decrypt_text(app: App, text: str, *, file: Path) -> str:
    """Return a sealed document in plain text."""
    from reconciler.adapters.sops import decrypt_document

    return decrypt_document(text, file=str(file), keyring=app.keyring)


def reseal_text(app: App, before: str, plain: str, *, file: Path) -> str:
    """Return an edited document sealed; `before` itself when nothing was changed."""
    from reconciler.adapters.sops import reseal

    if not is_sealed(before, file=file):
        return seal_text(app, plain, file=file)
    now = app.clock.now()
    return reseal(
        before,
        plain,
        file=str(file),
        keyring=app.keyring,
        now=now,
        merge=merge_for(app, file),
    )


def set_in_text(app: App, text: str, values: Mapping[str, Any], *, file: Path) -> str:
    """Return the document with values set; `text` itself when they stood there."""
    from reconciler.adapters.sops import Recipients, set_values

    sealed = is_sealed(text, file=file)
    named = () if sealed else _named_by_environment(app)
    rule = None if named else _rule_for(app, file, needed=not sealed)
    rule_keys = rule.recipients if rule else None
    return set_values(
        text,
        values,
        file=str(file),
        keyring=app.keyring,
        now=app.clock.now(),
        recipients=Recipients.of(named) if named else rule_keys,
        rule=rule.rule if rule else None,
        only_encrypted=rule.mac_only_encrypted if rule else None,
        merge=merge_for(app, file),
    )


def unset_in_text(app: App, text: str, keys: Sequence[str], *, file: Path) -> str:
    """Return the document without some values; `text` itself when it had none."""
    from reconciler.adapters.sops import unset_values

    now = app.clock.now()
    return unset_values(
        text,
        keys,
        file=str(file),
        keyring=app.keyring,
        now=now,
        merge=merge_for(app, file),
    )


def rotate_text(app: App, text: str, *, file: Path) -> str:
    """Return a sealed document under a new data key, for the same recipients.

    A connection follows the rule that `.sops.yaml` has for it now.
    """
    from reconciler.adapters.sops import rotate

    rule = _rule_for(app, file, needed=False)
    return rotate(
        text,
        file=str(file),
        keyring=app.keyring,
        now=app.clock.now(),
        rule=rule.rule if rule else None,
        only_encrypted=rule.mac_only_encrypted if rule else None,
        merge=merge_for(app, file),
    )


def merge_for(app: App, file: Path) -> Merge:
    """Return what completes a file's data by its folder's defaults and by variables.

    It raises `DocumentError` for what is invalid: nothing is bound to what is unclear.
    """
    from reconciler.adapters.layers import layer_beside, whole_data

    layer = layer_beside(os.fspath(app.choices.directory), os.fspath(file))
    return lambda data: whole_data(data, layer, app.variables, file=str(file))


def whole_text(app: App, text: str, *, file: Path) -> str:
    """Return a document that needs neither defaults nor variables: they are in it."""
    from reconciler.adapters import documents
    from reconciler.adapters.layers import self_contained

    source = documents.parse(text, file=str(file))[0]
    return self_contained(_surrounded(app, source))


def origins_at(app: App, file: Path) -> tuple[Origin, ...]:
    """Return where each value of a document comes from; raises `DocumentError`."""
    from reconciler.adapters import documents
    from reconciler.core.origins import origins_of

    source, problems = documents.read(app.choices.directory / file, file=str(file))
    if source.data is None or problems:
        raise DocumentError(problems)
    return origins_of(_surrounded(app, source), stem=file.stem)


def _surrounded(app: App, source: Source) -> Source:
    """Return a source with all that holds for it; raises `DocumentError`."""
    from reconciler.adapters.layers import layer_beside, surrounded

    layer = layer_beside(os.fspath(app.choices.directory), source.file)
    found = surrounded(source, layer, app.variables)
    if problems := (*found.problems, *(layer.problems if layer else ())):
        raise DocumentError(problems)
    return found.source


def rule_change(before: str, after: str, *, file: Path) -> str:
    """Tell what is chosen by another rule in the second of two sealed texts."""
    from reconciler.adapters.sops.block import read_metadata
    from reconciler.adapters.sops.opened import parse_file

    old, new = (
        read_metadata(parse_file(text, file=str(file)).documents[0], file=str(file))
        for text in (before, after)
    )
    notes = []
    if old.rule != new.rule:
        notes.append(f"values are chosen by {new.rule.kind.value} {new.rule.pattern}")
    if old.mac_only_encrypted != new.mac_only_encrypted:
        covered = "the sealed values only" if new.mac_only_encrypted else "every value"
        notes.append(f"the MAC covers {covered}")
    return f"{' and '.join(notes)} now, as .sops.yaml asks" if notes else ""


def key_change_of(app: App, text: str, *, file: Path) -> KeyChange:
    """Return how a file's recipients differ from `.sops.yaml`; needs no key."""
    from reconciler.adapters.sops import key_change

    wanted = _recipients_for(app, file)
    return key_change(text, file=str(file), recipients=wanted)


def update_text(app: App, text: str, *, file: Path) -> KeyChange:
    """Return a sealed document with the recipients of `.sops.yaml`."""
    from reconciler.adapters.sops import update_keys

    wanted, keyring = _recipients_for(app, file), app.keyring
    return update_keys(text, file=str(file), keyring=keyring, recipients=wanted)


def people_of(app: App) -> Mapping[str, str]:
    """Return the names that `.sops.yaml` has for public keys, by key."""
    from reconciler.adapters.sops.upkeep.rulebook import Rulebook

    return Rulebook(os.fspath(app.choices.directory)).people


def is_sealed(text: str, *, file: Path) -> bool:
    """Tell whether a document has a `sops` block, also one of plain sops.

    Raises:
        SecretError: It is not YAML that could be sealed.
    """
    from reconciler.adapters.documents import BOM
    from reconciler.adapters.sops.tree import load_nodes, plain_documents

    name = str(file)
    roots = load_nodes(text.removeprefix(BOM), file=name)
    return "sops" in plain_documents(roots, file=name)[0]


def documents_below(app: App, folder: Path) -> Mapping[Path, str]:
    """Return the documents below a folder, sorted, each with why it may not be used.

    Raises:
        InputError: The folder cannot be listed.
    """
    from reconciler.adapters.files import list_documents

    listing = list_documents(os.fspath(app.choices.directory), os.fspath(folder))
    return {Path(one): listing.refused.get(one, "") for one in sorted(listing.files)}


def plain_data(text: str, *, file: Path) -> Mapping[str, Any]:
    """Return a document's plain content; raises `DocumentError`."""
    from reconciler.adapters.documents import parse

    source, problems = parse(text, file=str(file))
    if source.data is None:
        raise DocumentError(problems)
    return source.data


def _rule_for(app: App, file: Path, *, needed: bool = True) -> CreationRule | None:
    """Return the rule of `.sops.yaml`; one that cannot be had may not be `needed`."""
    from reconciler.adapters.sops import find_creation_rule

    try:
        return find_creation_rule(app.choices.directory, file)
    except SecretError:
        if needed:
            raise
        return None  # a sealed file has a rule and recipients of its own


def _recipients_for(app: App, file: Path) -> Recipients:
    rule = _rule_for(app, file)
    if rule is None or not rule.recipients:
        where = rule.config if rule else ".sops.yaml"
        raise SecretError(
            f"{file}: {where} names nobody to seal for; add age public keys there "
            "('reconcile keygen' makes one)"
        )
    return rule.recipients


def merge_texts(
    app: App, base: str, ours: str, theirs: str, *, file: Path, marker_size: int
) -> Merged:
    """Return two versions of a file merged by value; see `adapters/sops/merging`."""
    from reconciler.adapters.sops.merge.merging import merge_documents

    texts = {"base": base, "ours": ours, "theirs": theirs}
    return merge_documents(
        base,
        ours,
        theirs,
        file=str(file),
        keyring=app.keyring,
        now=app.clock.now(),
        marker_size=marker_size,
        merges=_merges_of_sides(app, file, texts),
    )


def _merges_of_sides(
    app: App, file: Path, texts: Mapping[str, str]
) -> Mapping[str, Merge]:
    """Return what completes each side of a merge by the defaults that it had itself."""
    from reconciler.adapters.layers import whole_data
    from reconciler.adapters.side_layers import layers_on_sides

    layers = layers_on_sides(app.choices.directory, os.fspath(file), texts)

    def merge_of(layer: Layer | None) -> Merge:
        return lambda data: whole_data(data, layer, app.variables, file=str(file))

    return {side: merge_of(layer) for side, layer in layers.items()}


def without_values(text: str) -> str:
    """Return any text with its sealed values described, for `git diff`."""
    from reconciler.adapters.sops.unvalued import unvalued

    return unvalued(text)


def teach_git(directory: Path) -> Path | None:
    """Tell Git how sealed files are merged and shown; None outside a repository."""
    from reconciler.adapters import git_setup

    return git_setup.install(directory) if git_setup.top_of(directory) else None


def changes_since(
    app: App, rev: str, files: Sequence[Path] = ()
) -> tuple[Diagnostic, ...]:
    """Return what changed in sealed files since they left a commit; needs no key.

    Args:
        app: The working directory and its settings.
        rev: A branch, tag or commit.
        files: Look at these documents or folders only.

    Raises:
        InputError: There is no such commit, no Git repository, or no such folder.
    """
    from reconciler.adapters.base_check import check_against

    found = _documents(app, files)
    return check_against(app.choices.directory, rev, found, variables=app.variables)


def seals_of(app: App, files: Sequence[Path] = ()) -> tuple[FileSeal, ...]:
    """Return how sealed files stand, sorted by name; public ones are left out.

    With a key their bindings are checked; without one nothing is opened.
    """
    from reconciler.adapters.sops.upkeep.standing import file_seals

    directory, names = app.choices.directory, sorted(set(_documents(app, files)))
    keyring = None if app.keyring.is_empty else app.keyring
    return file_seals(directory, names, keyring=keyring, variables=app.variables)


def _documents(app: App, targets: Sequence[Path]) -> Iterator[str]:
    from reconciler.adapters.files import list_documents

    root = os.fspath(app.choices.directory)
    for target in targets or (Path(app.settings.connections),):
        if (app.choices.directory / target).is_dir():
            yield from list_documents(root, os.fspath(target)).files
        else:
            yield os.path.normpath(target)
