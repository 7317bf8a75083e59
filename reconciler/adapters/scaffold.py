"""The files that `init` and `new` write, before anybody edits them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from reconciler.core import settings
from reconciler.core.durations import format_duration

Scalar = str | int | float | bool

SCHEMA_FILE: Final = "schemas/connection.schema.json"


def repository_files(
    *, workspace: str, recipients: Sequence[str], schema: str, readme: bool
) -> dict[str, str]:
    """Return every file of a new repository by its path, in the order to list."""
    files = {
        settings.DEFAULT_FILE: _settings_text(workspace),
        "connections.d/.gitkeep": "",
        ".sops.yaml": _SOPS.format(age=_age(recipients)),
        ".gitignore": _GITIGNORE,
        ".gitattributes": _GITATTRIBUTES,
        SCHEMA_FILE: schema,
    }
    return {**files, "README.md": _README} if readme else files


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """What `new` was told; `body` is the adapter's template.

    `schema` is the schema's path as seen from the file. `credentials` None keeps the
    template's placeholders, an empty mapping makes a public connection.
    """

    name: str
    type: str
    provider: str
    body: str
    schema: str
    owner: str | None = None
    protected: bool = False
    active: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
    symbols: Sequence[str] = ()
    timeframes: Sequence[str] = ()
    config: Mapping[str, Scalar] = field(default_factory=dict)
    credentials: Mapping[str, Scalar] | None = field(default=None, repr=False)


def connection_text(new: NewConnection) -> str:
    """Return the new document; its credentials are still in plain text."""
    blocks = _blocks(new.body)
    if new.credentials is not None:
        blocks["credentials"] = _mapping("credentials", new.credentials)
    blocks["config"] = _configured(blocks.get("config", ""), new)
    blocks["settings"] = _wanted(blocks.get("settings", "settings:\n"), new)
    return "".join([*_head(new), *filter(None, blocks.values())])


def quoted(value: Scalar) -> str:
    """Return a scalar as YAML in double quotes, or as a plain number or boolean."""
    text = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str):
        return "".join(char if char.isprintable() else _escaped(char) for char in text)
    return text


def _head(new: NewConnection) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={new.schema}\n"
    yield "version: 1\n"
    yield f"name: {_plain(new.name)}\n"
    yield f"type: {new.type}\n"
    yield f"provider: {_plain(new.provider)}\n"
    if new.owner:
        yield f"owner: {_plain(new.owner)}\n"
    if not new.active:
        yield "active: false\n"
    if new.protected:
        yield "protected: true\n"
    if new.labels:
        pairs = (f"{_plain(key)}: {quoted(text)}" for key, text in new.labels.items())
        yield f"labels: {{{', '.join(pairs)}}}\n"


def _blocks(body: str) -> dict[str, str]:
    """Return the template's top-level entries by key, comments with what follows."""
    blocks: dict[str, str] = {}
    key = ""
    for line in body.splitlines(keepends=True):
        found = re.match(r"([a-z_]+):", line)
        key = found[1] if found else key
        blocks[key] = blocks.get(key, "") + line
    return blocks


def _mapping(key: str, values: Mapping[str, Scalar]) -> str:
    if not values:
        return ""
    lines = (f"  {_plain(name)}: {quoted(value)}\n" for name, value in values.items())
    return f"{key}:\n{''.join(lines)}"


def _configured(block: str, new: NewConnection) -> str:
    """Return `config` with what was asked for; a setting stands in one place only."""
    given = {**(new.credentials or {}), **new.config}
    kept = [
        line
        for line in block.splitlines(keepends=True)
        if (found := re.match(r"  ([a-z_]+):", line)) is None or found[1] not in given
    ]
    if not new.config:
        return _without_value(kept)
    head = kept or ["config:\n"]
    added = _mapping("config", new.config).splitlines(keepends=True)[1:]
    return "".join([head[0], *added, *head[1:]])


def _without_value(lines: Sequence[str]) -> str:
    """Return a block; one that only has comments left becomes a comment whole."""
    if all(line.lstrip().startswith("#") for line in lines[1:]):
        bare = (re.sub(r"^( *)# ?", r"\1", line) for line in lines)
        return "".join(f"# {line}" for line in bare)
    return "".join(lines)


def _wanted(block: str, new: NewConnection) -> str:
    for key, values in (("symbols", new.symbols), ("timeframes", new.timeframes)):
        if not values:
            continue
        line = f"  {key}: [{', '.join(map(_plain, values))}]\n"
        pattern = rf"(?m)^  {key}:.*\n"
        if re.search(pattern, block):
            block = re.sub(pattern, lambda _: line, block)  # noqa: B023  # used at once
        else:
            block += line
    return block


def _plain(text: str) -> str:
    """Return text without quotes where every reader of YAML takes it for text."""
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_./@-]*", text) and text.lower() not in _WORDS:
        return text
    if re.fullmatch(r"[0-9]{1,4}[mhdwM]", text):
        return text
    return quoted(text)


_WORDS: Final = frozenset(
    {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf"}
)


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def _settings_text(workspace: str) -> str:
    parts = [_SETTINGS_HEAD.format(workspace=workspace)]
    fields = [one for one in settings.FIELDS if one.path != ("workspace",)]
    for section, members in groupby(fields, key=lambda one: _section_of(one.path)):
        if section:
            parts.append(f"# {settings.SECTIONS[section]}\n# {section}:\n")
        parts += [_setting(member, indent=bool(section)) for member in members]
        parts.append("\n" if section else "")
    return "\n".join(filter(None, (part.rstrip("\n") for part in parts))) + "\n"


def _section_of(path: tuple[str, ...]) -> str:
    return path[0] if len(path) > 1 else ""


def _setting(one: settings.Setting, *, indent: bool) -> str:
    default: Any = settings.default_of(one)
    if one.path[-1] != one.attribute[-1]:
        default = format_duration(default)
    shown = default if isinstance(default, str) else json.dumps(default)
    line = f"{one.path[-1]}: {shown}"
    if indent:
        return f"#   {line}{' ' * max(1, 26 - len(line))}# {one.about}\n"
    return f"# {line}{' ' * max(2, 40 - len(line))}# {one.about}\n"


def _age(recipients: Sequence[str]) -> str:
    if not recipients:
        return _NOBODY
    return "".join(f"      - {recipient}\n" for recipient in recipients)


_SETTINGS_HEAD: Final = """\
# Settings of this repository. Every key is optional; what is commented out shows
# the default. `reconcile schema config` describes them all.
version: 1
# Identity of this repository in a store that several share.
workspace: {workspace}
"""

_SOPS: Final = """\
# For whom `reconcile new` and `reconcile encrypt` (and sops) seal the credentials.
creation_rules:
  - path_regex: connections\\.d/.*
    encrypted_regex: ^(credentials|binding)$
    mac_only_encrypted: true
    age:
{age}"""

_NOBODY: Final = """\
      # Put public keys here, one a line; `reconcile keygen` makes one.
      # - age1...
"""

_GITIGNORE: Final = """\
# The embedded store, its lock, caches and the last report.
.reconcile/
# Private keys never belong here.
*.agekey
*age-key*.txt
keys.txt
"""

_GITATTRIBUTES: Final = """\
# The same bytes on every machine, so that a revision is the same everywhere. Sealed
# files merge and show by value once a clone ran `reconcile merge-driver --install`.
connections.d/** text eol=lf merge=reconcile diff=reconcile
reconcile.yaml text eol=lf
.sops.yaml text eol=lf
"""

_README: Final = """\
# Market-data connections

Each file in `connections.d/` is one connection; its credentials are sealed in it.

    reconcile new binance-main --type ccxt_crypto --provider binance
    reconcile validate     # every problem, without a key
    reconcile plan         # what would be done
    reconcile apply        # test what changed and make it live

Propose a change as a pull request: settings need no key. Private keys stay out of
this repository.
"""
