"""The panel's `data_connections`, row by row, into drafts.

What the panel did silently is written out or remarked on: its defaults, statuses
that contradict its flags, credentials that never were encrypted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from reconciler.adapters.importing import cells, laravel, tables
from reconciler.adapters.importing.cells import CellError
from reconciler.adapters.importing.laravel import AppKeys, PayloadError, WrongKeyError
from reconciler.adapters.importing.leftovers import leftover
from reconciler.adapters.importing.sql_dump import Row
from reconciler.adapters.providers.redaction import Scrubber
from reconciler.core.errors import InputError
from reconciler.core.parity import Draft, Past, Remark, Standing

TABLE: Final = "data_connections"
USERS: Final = "users"
_OWNER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,62}")
_TIMES: Final = (
    *("created_at", "last_connected_at", "last_tested_at", "last_used_at"),
)
_KNOWN: Final = frozenset(
    {
        *("id", "name", "type", "provider", "credentials", "config"),
        *("settings", "status"),
        *("is_active", "is_admin_owned", "user_id", "admin_id", "last_error"),
        *("updated_at", "deleted_at", *_TIMES),
    }
)
_STATUSES: Final = frozenset(("active", "inactive", "error", "testing", ""))
_ERROR_CHARS: Final = 160
_DEFAULTS: Final[Mapping[str, Any]] = {
    "base_url": "https://api.mtapi.io",
    "timeout": 30,
}
"""What the panel's mtapi adapter took where a row said nothing."""

Remarks = list[Remark]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What is known of the panel beside the dump; `users` are names by id."""

    keys: AppKeys = field(default_factory=AppKeys, repr=False)
    users: Mapping[str, str] = field(default_factory=dict)
    table: str = TABLE


def read_panel(path: Path, panel: Panel) -> list[Draft]:
    """Return a draft per row, in the order of the dump, also for broken rows.

    Raises:
        InputError: The dump cannot be read, has no such table, or the APP_KEY is
            not the one that its credentials were sealed with.
    """
    text = tables.read_text(path)
    rows = tables.read_rows(text, (panel.table, USERS), file=str(path))
    mine = [row for row in rows if row.table != USERS]
    if not mine:
        raise InputError(
            f"'{path}' has no rows of the table '{panel.table}'; name another with"
            " --table, or dump that table with its data"
        )
    people = {**_usernames(rows), **panel.users}
    known = replace(panel, users=people)
    is_sql = not text.lstrip().startswith(("[", "{"))
    drafts = [_draft(row, known, file=str(path), by_line=is_sql) for row in mine]
    _refuse_wrong_key(drafts, panel)
    return drafts


def _usernames(rows: Sequence[Row]) -> dict[str, str]:
    """Return the users' names by id; nothing else of them is looked at."""
    return {
        str(row.values["id"]): str(row.values["username"])
        for row in rows
        if row.table == USERS and row.values.get("username") and "id" in row.values
    }


_SHUT: Final = (
    "they do not open with any key given; is one of APP_PREVIOUS_KEYS missing?"
)
_UNSEALED: Final = "they lay in the database unencrypted: change them at the provider"


def _refuse_wrong_key(drafts: Sequence[Draft], panel: Panel) -> None:
    """Say it once when no sealed row opens: then it is the key, and not the rows."""
    said = [{remark.text for remark in one.remarks} for one in drafts]
    shut = [texts for texts in said if _SHUT in texts]
    opened = [
        one
        for one, texts in zip(drafts, said, strict=True)
        if one.credentials and _UNSEALED not in texts
    ]
    if not shut or opened:
        return
    if not panel.keys.keys:
        raise InputError(
            "the credentials are encrypted and no APP_KEY was given; put the panel's"
            " into the environment as APP_KEY, name its .env with --env-file, or pipe"
            " it in with --app-key-stdin"
        )
    raise InputError(
        f"none of {len(shut)} encrypted rows opens with the APP_KEY given: it is"
        " another panel's, or it was changed since; take the APP_KEY from the .env of"
        " the panel that made the dump, and earlier ones as APP_PREVIOUS_KEYS"
    )


def _draft(row: Row, panel: Panel, *, file: str, by_line: bool) -> Draft:
    place = f"{file}:{row.number}" if by_line else f"{file}, row {row.number}"
    if row.why:
        draft = Draft(place=place, title="")
        return draft.noting(Standing.CANNOT, "row", f"the row is broken: {row.why}")
    reader = _Reader(row.values, panel)
    return reader.draft(place)


class _Reader:
    """One row being read; remarks are collected on the way."""

    def __init__(self, values: Mapping[str, Any], panel: Panel) -> None:
        self._values = values
        self._panel = panel
        self._remarks: Remarks = []

    def draft(self, place: str) -> Draft:
        """Return the row as a draft."""
        config = self._read("config", cells.mapping_of, {})
        settings = self._read("settings", cells.mapping_of, {})
        credentials = self._credentials()
        past = self._past(credentials.values())
        kind = self._text("type")
        if kind == "mtapi":
            config = self._with_defaults(config, credentials)
        symbols, timeframes, unplaced = self._settings(settings)
        draft = Draft(
            place=place,
            title=self._text("name"),
            id=self._text("id"),
            type=kind,
            provider=self._text("provider"),
            owner=self._owner(),
            active=self._active(past),
            deleted=self._values.get("deleted_at") not in (None, ""),
            labels=self._labels(),
            credentials=credentials,
            config=config,
            symbols=symbols,
            timeframes=timeframes,
            unplaced=(*unplaced, *self._other_columns()),
            past=past,
        )
        return replace(draft, remarks=tuple(self._remarks))

    def _note(self, standing: Standing, about: str, text: str) -> None:
        self._remarks.append(Remark(standing=standing, field=about, text=text))

    def _read(self, column: str, reads: Any, instead: Any) -> Any:
        """Return what a cell means; one that cannot be read is a defect."""
        try:
            return reads(self._values.get(column))
        except CellError as error:
            grave = column in {"config", "settings", "type", "provider"}
            standing = Standing.CANNOT if grave else Standing.DEFECT
            self._note(standing, column, f"the panel's {column} {error}")
            return instead

    def _text(self, column: str) -> str:
        return str(self._read(column, cells.text_of, ""))

    def _credentials(self) -> dict[str, Any]:
        try:
            cell = self._values.get("credentials")
            values, was_sealed = _opened(cell, self._panel.keys)
            kept, odd = cells.scalars_of(values)
        except (PayloadError, CellError) as error:
            self._note(Standing.CANNOT, "credentials", _said(error))
            return {}
        if kept and not was_sealed:
            self._note(Standing.DEFECT, "credentials", _UNSEALED)
        for name in odd:
            self._note(Standing.DIFFERS, _shown("credentials", name), _ONE_VALUE)
        return kept

    def _with_defaults(
        self, config: Mapping[str, Any], credentials: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Write out what the panel's MetaTrader adapter took silently."""
        silent = {
            name: value
            for name, value in _DEFAULTS.items()
            if name not in config and name not in credentials
        }
        for name, value in silent.items():
            text = f"the panel silently took {value}; it is written out"
            self._note(Standing.DEFECT, f"config.{name}", text)
        return {**config, **silent}

    def _settings(
        self, settings: Mapping[str, Any]
    ) -> tuple[tuple[str, ...], tuple[str, ...], list[str]]:
        lists: dict[str, tuple[str, ...]] = {}
        for key in ("symbols", "timeframes"):
            try:
                lists[key] = cells.lines_of(settings.get(key))
            except CellError as error:
                self._note(Standing.CANNOT, f"settings.{key}", f"the list {error}")
            given = settings.get(key)
            if isinstance(given, list) and len(given) != len(lists.get(key, given)):
                text = "repetitions and empty entries were left out"
                self._note(Standing.DEFECT, f"settings.{key}", text)
        unplaced = []
        for key, value in settings.items():
            if key not in {"symbols", "timeframes"}:
                unplaced.append(leftover(f"settings.{key}", value))
                self._note(Standing.DIFFERS, _shown("settings", key), _NO_PLACE)
        return lists.get("symbols", ()), lists.get("timeframes", ()), unplaced

    def _other_columns(self) -> Iterator[str]:
        for column, value in self._values.items():
            if column not in _KNOWN and value not in (None, ""):
                self._note(Standing.DIFFERS, _shown("", column), _NO_PLACE)
                yield leftover(column, value)

    def _owner(self) -> str:
        user = self._text("user_id")

        def is_admins(value: Any) -> bool:
            return cells.flag_of(value, default=not user)

        if self._read("is_admin_owned", is_admins, not user):
            return "admin"
        if not user:
            self._note(Standing.DEFECT, "owner", "neither an admin's nor a user's")
            return "admin"
        name = self._panel.users.get(user, "")
        if _OWNER.fullmatch(name):
            return f"user:{name}"
        why = "has a name that no owner can have" if name else "is not in the dump"
        text = f"user {user} {why}; say --user {user}=NAME to name the owner"
        self._note(Standing.DIFFERS, "owner", text)
        return f"user:{user}" if _OWNER.fullmatch(user) else "admin"

    def _labels(self) -> dict[str, str]:
        pairs = {
            "panel_id": self._text("id"),
            "panel_name": self._text("name"),
            "panel_admin_id": self._text("admin_id"),
        }
        return {key: text for key, text in pairs.items() if text}

    def _active(self, past: Past) -> bool:
        def given(value: Any) -> bool:
            return cells.flag_of(value, default=past.status != "inactive")

        active = bool(self._read("is_active", given, False))
        if active and past.status == "inactive":
            text = "is_active says yes, status says inactive; is_active is taken"
            self._note(Standing.DEFECT, "active", text)
        elif not active and past.status in {"active", "testing"}:
            text = f"is_active says no, status says {past.status}; is_active is taken"
            self._note(Standing.DEFECT, "active", text)
        elif active and past.status == "active" and not past.has_worked:
            text = "the panel calls it active and never connected; it is tested first"
            self._note(Standing.DEFECT, "status", text)
        return active

    def _past(self, secrets: Any) -> Past:
        times = {name: self._read(name, cells.time_of, None) for name in _TIMES}
        status = self._text("status").lower()
        if status not in _STATUSES:
            self._note(Standing.DEFECT, "status", "is none of the panel's words")
        elif status == "testing":
            self._note(Standing.DEFECT, "status", "a test that never ended")
        error = ""
        if self._values.get("last_error") not in (None, ""):
            scrub = Scrubber(str(secret) for secret in secrets)
            said = scrub.clean(self._values["last_error"], limit=_ERROR_CHARS)
            error = cells.text_of(said)
        return Past(status=status, last_error=error, **times)


_NO_PLACE: Final = "has no place in our file; kept there as a comment"
_ONE_VALUE: Final = "is more than one value, and was left out"


def _said(error: PayloadError | CellError) -> str:
    if isinstance(error, WrongKeyError):
        return _SHUT
    if isinstance(error, CellError):
        return f"what they hold {error}"
    return f"they are damaged: {error}"


def _shown(section: str, name: str) -> str:
    """Return a field as it may be shown: a name can be anything."""
    legal = re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", name)
    word = name if legal else "a field with an odd name"
    return f"{section}.{word}" if section and legal else word


def _opened(cell: Any, keys: AppKeys) -> tuple[dict[str, Any], bool]:
    """Return the credentials, and whether they were encrypted."""
    sealed = False
    text = cells.json_of(cell) if _is_quoted(cell) else cell
    if isinstance(text, str) and text and not text.lstrip().startswith(("{", "[")):
        if not laravel.looks_like_payload(text):
            raise PayloadError("they are neither a Laravel payload nor JSON")
        text, sealed = laravel.open_payload(text, keys), True
    return cells.mapping_of(text), sealed


def _is_quoted(cell: Any) -> bool:
    return isinstance(cell, str) and cell.startswith('"')
