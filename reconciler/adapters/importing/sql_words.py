"""The words of SQL dumps: how texts, names and values are spelt, and what they mean.

MySQL escapes with backslashes in every text; PostgreSQL and SQLite in none, except
PostgreSQL's `E'…'`. Nothing is evaluated but the four functions that `sqlite3 .dump`
writes around a text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

# Groups are held by `(?>…)`: before 3.11.5 Python repeats a possessive group wrongly.
_ESCAPED: Final = r"'(?>(?:[^'\\]++|\\.|'')*)'"
_PLAIN: Final = r"'(?>(?:[^']++|'')*)'"
_STANDARD: Final = rf"(?:(?<=\b[eE]){_ESCAPED}|{_PLAIN})"
_COMMENT: Final = r"--[^\n]*+|/\*.*?\*/"
_NAME: Final = r'`(?>(?:[^`]|``)+)`|"(?>(?:[^"]|"")+)"'
_MARKS: Final = "'\"`;$/\\-#"


class SqlError(ValueError):
    """A row cannot be read; the message holds nothing of it."""


class Token(NamedTuple):
    """One word: its kind (`text`, `name`, `number`, `word`, `mark`) and spelling."""

    kind: str
    text: str
    prefix: str = ""


class Spelling(NamedTuple):
    """How one dump spells things; `piece` is a part of a statement, never its end."""

    token: re.Pattern[str]
    piece: re.Pattern[str]
    escapes: bool


def _spelling(text: str, *, escapes: bool) -> Spelling:
    token = rf"""(?P<gap>\s++|{_COMMENT})
        |(?P<prefix>(?:\b[eExXbBnN]|\b_[A-Za-z0-9]++\s*+)(?='))?(?P<text>{text})
        |(?P<name>{_NAME})
        |(?P<number>0x[0-9A-Fa-f]*+|[-+]?(?:\d++\.?\d*+|\.\d++)(?:[eE][-+]?\d++)?)
        |(?P<word>[A-Za-z_][\w$]*+)
        |(?P<mark>::|.)"""
    piece = (
        rf"(?:[^{_MARKS}]++|{text}|{_NAME}|\$(?P<tag>\w*+)\$.*?\$(?P=tag)\$"
        rf"|{_COMMENT}|[$/\-#])"
    )
    flags = re.DOTALL | re.VERBOSE
    return Spelling(re.compile(token, flags), re.compile(piece, re.DOTALL), escapes)


MYSQL: Final = _spelling(_ESCAPED, escapes=True)
STANDARD: Final = _spelling(_STANDARD, escapes=False)


def next_token(text: str, at: int, spelling: Spelling) -> tuple[Token, int]:
    """Return the next word and where it ends; raises `SqlError` at the very end."""
    while found := spelling.token.match(text, at):
        kind = str(found.lastgroup)
        if kind != "gap":
            return Token(
                kind, found[kind], (found["prefix"] or "").strip()
            ), found.end()
        at = found.end()
    raise SqlError("the dump ends in the middle of a row")


def named(token: Token) -> str:
    """Return the name that a word stands for, without its quotes, in lower case."""
    text = token.text
    if token.kind == "name":
        quote = text[0]
        text = text[1:-1].replace(quote * 2, quote)
    return text.lower()


def value_of(tokens: Sequence[Token], spelling: Spelling) -> Any:
    """Return what one value of a row means: None, bool, int, float or str.

    Raises:
        SqlError: It is an expression that no dump writes.
    """
    value, left = _value(list(tokens), spelling)
    while len(left) >= 2 and left[0].text == "::":  # noqa: PLR2004  # a cast
        kind, left = left[1].text.lower(), left[2:]
        if kind == "bytea" and isinstance(value, str) and value.startswith("\\x"):
            value = _bytes_text(value[2:])
        while left and left[0].text != "::":
            left = left[1:]
    if left:
        raise SqlError("a value is an expression, which no dump has")
    return value


def _value(tokens: list[Token], spelling: Spelling) -> tuple[Any, list[Token]]:
    if not tokens:
        raise SqlError("a value is missing")
    first, left = tokens[0], tokens[1:]
    if first.kind == "text":
        return _text(first, spelling), left
    if first.kind == "number":
        return _number(first.text), left
    if first.kind == "word" and left and left[0].text == "(":
        return _called(first.text.lower(), left, spelling)
    words: Mapping[str, Any] = {"null": None, "true": True, "false": False}
    if first.kind == "word" and first.text.lower() in words:
        return words[first.text.lower()], left
    if first.kind == "word" and first.text.startswith("_") and left:
        return _value(left, spelling)  # MySQL's introducer: _binary 0x41
    raise SqlError("a value is no text, no number and not NULL")


def _called(
    name: str, left: list[Token], spelling: Spelling
) -> tuple[Any, list[Token]]:
    """Return the value of a function that `sqlite3 .dump` writes around a text."""
    arguments, left = _arguments(left, spelling)
    function = _FUNCTIONS.get(name)
    if function is None:
        raise SqlError("a value calls a function, and functions are not run")
    try:
        return function(*arguments), left
    except (TypeError, ValueError, OverflowError):
        raise SqlError(f"a value calls {name}() in a way no dump does") from None


def _arguments(
    tokens: list[Token], spelling: Spelling
) -> tuple[list[Any], list[Token]]:
    values: list[Any] = []
    left = tokens
    while left and left[0].text in {"(", ","}:
        value, left = _value(left[1:], spelling)
        values.append(value)
    if not left or left[0].text != ")":
        raise SqlError("a function's arguments are damaged")
    return values, left[1:]


def _replaced(text: str, old: str, new: str) -> str:
    return text.replace(old, new)


def _unistr(text: str) -> str:
    return re.sub(
        r"\\(\\|u[0-9A-Fa-f]{4}|\+[0-9A-Fa-f]{6}|[0-9A-Fa-f]{4})",
        lambda found: (
            "\\" if found[1] == "\\" else chr(int(found[1].lstrip("u+"), base=16))
        ),
        text,
    )


_FUNCTIONS: Final[Mapping[str, Callable[..., str]]] = {
    "replace": _replaced,
    "char": lambda *codes: "".join(map(chr, codes)),
    "unistr": _unistr,
}


def _text(token: Token, spelling: Spelling) -> str:
    inner, prefix = token.text[1:-1], token.prefix.lower()
    if prefix == "x":
        return _bytes_text(inner)
    if prefix == "b":
        return str(int(inner or "0", 2)) if set(inner) <= {"0", "1"} else inner
    if spelling.escapes or prefix == "e":
        return re.sub(r"\\(.)|''", _unescaped, inner, flags=re.DOTALL)
    return inner.replace("''", "'")


_ESCAPES: Final = {"0": "\0", "b": "\b", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a"}


def _unescaped(found: re.Match[str]) -> str:
    letter = found[1]
    if letter is None:
        return "'"
    if letter in "%_":  # MySQL keeps the backslash before its wildcards
        return "\\" + letter
    return _ESCAPES.get(letter, letter)


def _number(text: str) -> int | float | str:
    if text.lower().startswith("0x"):
        return _bytes_text(text[2:])
    if re.fullmatch(r"[-+]?[0-9]{1,30}", text):
        return int(text)
    return float(text)


def _bytes_text(digits: str) -> str:
    try:
        return bytes.fromhex(digits).decode()
    except ValueError:
        raise SqlError("a value in hexadecimal is not UTF-8 text") from None
