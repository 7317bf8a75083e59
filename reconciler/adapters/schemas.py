"""JSON Schemas for editors and other programs, generated from what we validate with.

`python -m reconciler.adapters.schemas` writes them all to `schemas/`, and the list of
diagnostic codes to `docs/diagnostics.md`; tests keep the committed files equal. The
schemas are hints: only `validate` has the last word.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from textwrap import wrap
from typing import Any, Final

from reconciler.core import settings
from reconciler.core.codec import schema_of
from reconciler.core.defaults import KEYS, SETTINGS
from reconciler.core.diagnostic import RULES
from reconciler.core.document import ConnectionDocument
from reconciler.core.durations import format_duration
from reconciler.core.explanations import EXPLANATIONS, PLACEHOLDERS
from reconciler.core.plan import Plan
from reconciler.core.run import RunReport
from reconciler.core.structured import PARTS, model_of

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
BUILT_IN_TYPES: Final = ("ccxt_crypto", "mtapi", "metaapi", "custom_api")
"""Offered for completion; a plug-in's type is as good."""

Schema = dict[str, Any]


def schema_for(kind: str) -> Schema:
    """Return one schema by name.

    Raises:
        KeyError: There is none of that name; `KINDS` has them all.
    """
    head = {"$schema": DIALECT, "$id": f"urn:reconcile:schema:{kind}:1"}
    return {**head, **KINDS[kind](), **head}


def write_schemas(directory: Path) -> tuple[Path, ...]:
    """Write every schema as `KIND.schema.json` and return the files."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for kind in KINDS:
        path = directory / f"{kind}.schema.json"
        path.write_text(schema_text(kind), encoding="utf-8")
        written.append(path)
    return tuple(written)


def schema_text(kind: str) -> str:
    """Return a schema as its committed file has it."""
    return json.dumps(schema_for(kind), indent=2, ensure_ascii=False) + "\n"


def diagnostics_page() -> str:
    """Return the page that explains every diagnostic code, as Markdown."""
    lines = [_INTRODUCTION.format(placeholders=PLACEHOLDERS.replace("'", "`"))]
    for family, heading in _FAMILIES.items():
        codes = [code for code in RULES if code.startswith(family)]
        rows = [f"| {one} | {RULES[one].title} | {RULES[one].fix} |" for one in codes]
        table = ["| code | what is wrong | how to fix it |", "|---|---|---|", *rows]
        lines.append("\n".join((f"## {heading}\n", *table, "")))
        lines += map(_explained, codes)
    return "\n".join(lines)


def _explained(code: str) -> str:
    """Return what `reconcile explain CODE` says, as a section."""
    why = EXPLANATIONS[code]
    cause = "\n".join(wrap(why.cause, _WIDTH))
    wrong, right = (f"```yaml\n{text}```\n" for text in (why.wrong, why.right))
    parts = [f"### {code}\n", f"{cause}\n", "Wrong:\n", wrong, "Right:\n", right]
    return "\n".join(parts)


_WIDTH: Final = 88
_INTRODUCTION: Final = """\
# Diagnostics

What `reconcile validate` says of a file: `file:line:column CODE message`, then how to
fix it. Codes are never reused. Every problem of every file is found in one pass; an
error keeps the file's connection as it is, a warning does not, and can be allowed for
a time by a comment; see [files.md](files.md#allowing-a-warning).

`reconcile explain CODE` tells what stands here. In the examples {placeholders}

This page is generated: `python -m reconciler.adapters.schemas`.
"""
_FAMILIES: Final = {
    "R1": "The text is not the YAML that we accept",
    "R2": "The document does not have the shape of a connection",
    "R3": "Credentials and their seal",
    "R4": "What the type or the provider cannot do",
    "R5": "What the policy allows, and to whom",
}


def _connection() -> Schema:
    schema: Schema = ConnectionDocument.model_json_schema()
    schema["title"] = "A market-data connection"
    _drop_nothings(schema, *schema["$defs"].values())
    schema["properties"]["type"] = {
        **schema["properties"]["type"],
        "anyOf": [{"enum": list(BUILT_IN_TYPES)}, {"type": "string"}],
    }
    return schema


def _defaults() -> Schema:
    """Return what a folder's `_defaults.yaml` may say: a part of a connection."""
    schema = _connection()
    fields = schema["properties"]
    data = schema["$defs"]["DataSection"]["properties"]
    for name in [name for name in data if name not in SETTINGS]:
        del data[name]
    return {
        **schema,
        "title": "Defaults of a folder: _defaults.yaml",
        "description": "What holds for the connection files of this very folder.",
        "required": [],
        "properties": {name: fields[name] for name in fields if name in KEYS},
    }


def _config() -> Schema:
    version = {
        "title": "Format version",
        "description": "Version of this file format.",
        "type": "integer",
        "const": settings.FORMAT_VERSION,
        "default": settings.FORMAT_VERSION,
    }
    properties: Schema = {"version": version}
    for field in settings.FIELDS:
        home = properties
        if len(field.path) > 1:
            home = _section(properties, field.path[0])
        home[field.path[-1]] = _setting(field)
    definitions: Schema = {}
    for name in PARTS:
        part = model_of(name).model_json_schema()
        more = part.pop("$defs", {})
        _drop_nothings(part, *more.values())
        definitions |= more
        properties[name] = {**part, "title": _title(name)}
        properties[name]["description"] = PARTS[name].about
    return {
        "title": "Settings of one repository: reconcile.yaml",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        **({"$defs": definitions} if definitions else {}),
    }


def _drop_nothings(*models: Schema) -> None:
    """Drop the defaults that only say "left out": they would be offered as values."""
    for model in models:
        for field in model.get("properties", {}).values():
            if field.get("default") in ("", None):
                field.pop("default", None)


def _section(properties: Schema, name: str) -> Schema:
    section = properties.setdefault(
        name,
        {
            "title": _title(name),
            "description": settings.SECTIONS[name],
            "type": "object",
            "additionalProperties": False,
            "properties": {},
        },
    )
    found: Schema = section["properties"]
    return found


def _setting(field: settings.Setting) -> Schema:
    default = settings.default_of(field)
    if field.path[-1] != field.attribute[-1]:
        default = format_duration(default)
    title = {"title": _title(field.path[-1]), "description": field.about}
    known = {} if default is None else {"default": default}
    return {**title, **field.schema, **known}


def _title(key: str) -> str:
    return key.replace("_", " ").capitalize()


def _value(kind: type) -> Callable[[], Schema]:
    return lambda: schema_of(kind)


KINDS: Final[Mapping[str, Callable[[], Schema]]] = {
    "connection": _connection,
    "defaults": _defaults,
    "config": _config,
    "plan": _value(Plan),
    "report": _value(RunReport),
}
"""Every schema by name."""


if __name__ == "__main__":
    write_schemas(Path("schemas"))
    Path("docs/diagnostics.md").write_text(diagnostics_page(), encoding="utf-8")
