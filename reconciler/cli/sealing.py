"""Files sealed and opened where they lie."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reconciler.cli.reading import read_text
from reconciler.core.errors import InputError
from reconciler.sealing import decrypt_text, plain_data, recipients_for, seal_text
from reconciler.wiring import App, write_file

PLACEHOLDER = "PASTE-HERE"
"""What the templates of `new` have where a credential belongs."""


def seal_file(
    app: App, file: Path, *, recipients: Sequence[str] = (), rebind: bool = False
) -> bool:
    """Seal one file in place, its mode kept; return whether anything was to do."""
    target = file.resolve()  # a link stays a link
    text = read_text(file)
    _refuse_placeholders(plain_data(text, file=file), file)
    known = recipients_for(app, file, named=recipients)
    sealed = seal_text(app, text, file=file, recipients=known, rebind=rebind)
    if sealed == text:
        return False
    mode = stat.S_IMODE(target.stat().st_mode)
    write_file(target, sealed.encode(), mode=mode)
    return True


def open_file(app: App, file: Path, *, extract: str | None) -> bytes:
    """Return a sealed file, or one of its values, in plain text."""
    plain = decrypt_text(app, read_text(file), file=file)
    if extract is None:
        return plain.encode()
    value = _found(plain_data(plain, file=file), extract, file)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode()


def _refuse_placeholders(data: Mapping[str, Any], file: Path) -> None:
    credentials = data.get("credentials")
    if isinstance(credentials, Mapping) and PLACEHOLDER in credentials.values():
        names = [name for name, value in credentials.items() if value == PLACEHOLDER]
        raise InputError(
            f"'{file}' still says {PLACEHOLDER} for {', '.join(names)}; "
            "fill it in, then seal it"
        )


def _found(data: Mapping[str, Any], key: str, file: Path) -> Any:
    """Return the value of a credential, or at a path with dots."""
    credentials = data.get("credentials")
    if isinstance(credentials, Mapping) and key in credentials:
        return credentials[key]
    value: Any = data
    for step in key.split("."):
        if not isinstance(value, Mapping) or step not in value:
            raise InputError(
                f"'{file}' has no '{key}'; name a credential, or a path such as "
                "config.timeout"
            )
        value = value[step]
    return value
