"""Random values, and the many ways in which YAML can spell each of them.

A value and its spelling are made together, so what a text means is known without
reading it: no YAML reader, ours included, is the judge of its own work.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from reconciler.adapters.sops.values import Timestamp

_WORDS: Final = (
    "binance", "kraken", "feed", "EURUSD", "BTC/USDT", "Zürich", "東京", "Ωmega",
    "ключ", "🔑🪙", "e\u0301", "a.b", "x-y_z", "https://a.test/v1?k=v&n=2#top",
    "p@ss", "50%", "~tilde", "C:\\feeds\\new", "it's", '"quoted"', "a: b", "a #b",
    "- dash", "? ask", "[list]", "{map}", "*star", "&amp", "!bang", "|pipe", ">fold",
    "`tick`", "%TAG", "@at", ",comma", "key:", "ENC", "<<", "=", "\u00a0", "ﬀ",
)  # fmt: skip
_LOOK_ALIKES: Final = (
    "yes", "No", "on", "OFF", "y", "true", "False", "null", "~", "NULL", "0777", "08",
    "0x1F", "0b11", "0o17", "1e3", "1.0", "-0", "+1", ".5", "5.", ".inf", "-.INF",
    ".nan", "1_000", "12:30:45", "190:20:30", "2026-11-22", "2026-11-22T01:02:03Z",
    "---", "...", "-", "#", "18446744073709551615", "9223372036854775808",
    " ENC[AES256_GCM,data:AAAA,iv:AA==,tag:AA==,type:str]", "enc[AES256_GCM]",
    "xENC[AES256_GCM,data:Q,iv:Q,tag:Q,type:int]", "sops:", "type:str]", ":", "::",
)  # fmt: skip
_HOSTILE: Final = (
    "\n", "\t", "\r", "\r\n", "\0", "\a", "\x1b", "\x7f", "\x85", "\u2028", "\u2029",
    "\ufeff", "\ufffd", "\ufffe", "\U0010ffff", "\\", '"', "'", "\n\n", " \n ", "\n\t",
    "\\n", "\xad", "\u200b", "\u202e",
)  # fmt: skip
_RESERVED: Final = re.compile(
    r"(?i)(y|n|yes|no|on|off|true|false|null|nan|inf|~|)\Z|[-+.\d]"
)
_PLAIN: Final = re.compile(r"[A-Za-z][]A-Za-z0-9_./+=@ :#'\"\[{},&*!|>%`~?-]*")
_NOT_PLAIN: Final = re.compile(r": | #|[: ]\Z")
_PRINTABLE: Final = re.compile(
    r"[\t\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
)
_BREAKS: Final = re.compile("[\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Spelled:
    """A value and one text for it; `block` texts need a line of their own."""

    value: Any
    text: str
    block: bool = False


def odd_text(rng: Random) -> str:
    """Return text as credentials are, and as they are when somebody is careless."""
    text = _text(rng)
    # sops and we agree to refuse what only claims to be sealed; that has its test.
    return "x" + text if text.startswith("ENC[") else text


def _text(rng: Random) -> str:
    kind = rng.random()
    if kind < 0.15:
        return rng.choice(_LOOK_ALIKES)
    if kind < 0.35:
        letters = "ABCDEFabcdef0123456789+/=_-"
        return "".join(rng.choices(letters, k=rng.randint(1, 72)))
    if kind < 0.42:
        return _pem(rng)
    if kind < 0.70:
        return rng.choice(("", " ", "-")).join(rng.choices(_WORDS, k=rng.randint(1, 4)))
    pieces = rng.choices(_WORDS + _HOSTILE + _LOOK_ALIKES, k=rng.randint(1, 6))
    return "".join(pieces)


def _pem(rng: Random) -> str:
    lines = [
        "".join(rng.choices("ABCabc123+/", k=32)) for _ in range(rng.randint(1, 3))
    ]
    body = "\n".join(["-----BEGIN TEST-----", *lines, "-----END TEST-----"])
    return body + rng.choice(("", "\n", "\n\n"))


def number(rng: Random) -> Spelled:
    """Return a number as JSON would write it."""
    if rng.random() < 0.6:
        value = rng.choice(
            (0, 1, -1, 30, rng.randint(-999, 99999), 2**53 + 1, 2**63 - 1, -(2**63))
        )
        return Spelled(value, str(value))
    value = rng.choice((0.5, -1.25, 3.0, 1e-7, rng.uniform(-10, 10), 1.1, 123456.789))
    return Spelled(value, json.dumps(value) if abs(value) > 1e-4 else f"{value:.9f}")


def boolean(rng: Random, *, wide: bool = False) -> Spelled:
    value = rng.random() < 0.5
    text = json.dumps(value)
    ways = (text, text.title(), text.upper()) if wide else (text,)
    return Spelled(value, rng.choice(ways))


def wide_number(rng: Random) -> Spelled:
    """Return a number as YAML 1.1 and go-yaml also write them."""
    value = rng.randint(0, 2**40)
    ways = [
        Spelled(value, hex(value)), Spelled(value, f"0{value:o}" if value else "0"),
        Spelled(value, oct(value)), Spelled(value, bin(value)),
        Spelled(value, f"{value:_}"), Spelled(value, f"+{value}"),
        Spelled(-value, f"-{value}"), Spelled(-value, f"-0x{value:x}"),
        Spelled(89.0, "089"), Spelled(0.5, ".5"), Spelled(5.0, "5."),
        Spelled(1e3, "1e3"), Spelled(1.5e21, "1.5e+21"), Spelled(1e-7, "1e-7"),
        Spelled(float("inf"), ".inf"), Spelled(float("-inf"), "-.Inf"),
        Spelled(float("nan"), ".NaN"), Spelled(1.1, "1.10"), Spelled(0.1, ".1_0"),
        Spelled(2.0**70, str(2**70)), Spelled(7, '!!int "7"'),
        Spelled(7.5, '!!float "7.5"'), Spelled("7", "!!str 7"),
        Spelled("1e400", "1e400"),
    ]  # fmt: skip
    return rng.choice(ways)


def moment(rng: Random) -> Spelled:
    """Return a timestamp in one of the forms that go-yaml takes for one."""
    year, month, day = rng.randint(1, 9999), rng.randint(1, 12), rng.randint(1, 28)
    date = f"{year:04}-{month:02}-{day:02}"
    clock = f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:{rng.randint(0, 59):02}"
    digits = rng.choice(("", "5", "120", "123456789", "000"))
    fraction = f".{digits}" if digits else ""
    kept = f".{digits.rstrip('0')}" if digits.strip("0") else ""
    zone = rng.choice(("Z", "+02:00", "-09:30", "+00:00"))
    shown = "Z" if zone == "+00:00" else zone
    meant, form = rng.choice((
        (Timestamp(f"{date}T00:00:00Z"), "{date}"),
        (Timestamp(f"{date}T{clock}{kept}{shown}"), "{date}T{clock}{fraction}{zone}"),
        (Timestamp(f"{date}T{clock}{kept}{shown}"), "{date}t{clock}{fraction}{zone}"),
        (Timestamp(f"{date}T{clock}{kept}Z"), "{date} {clock}{fraction}"),
        (f"{date}T{clock}", "{date}T{clock}"),
        (f"{date} {clock}Z", "{date} {clock}Z"),
    ))  # fmt: skip
    text = form.format(date=date, clock=clock, fraction=fraction, zone=zone)
    return Spelled(meant, text)


def spelled_text(
    rng: Random, value: str, *, indent: str, flow: bool, wide: bool
) -> Spelled:
    """Spell text in any of the styles that can hold it.

    Args:
        rng: The source of choices.
        value: The text.
        indent: What further lines of it begin with, deeper than its key.
        flow: Within brackets, where block styles and most plain text are not.
        wide: For sops itself, whose reader does not know JSON's escaped slash.
    """
    ways = [_double(rng, value, indent, wide=wide)]
    tame = _PRINTABLE.fullmatch(value) and not _BREAKS.search(value)
    if tame:
        ways.append("'" + value.replace("'", "''") + "'")
    if _is_plain(value) and not (flow and re.search(r"[\[\]{},?]", value)):
        ways += [value, value]
    if not flow and _fits_block(value):
        ways += [_literal(value, indent)] * 2
        if _fits_folding(value):
            ways.append(_folded(value, indent))
    if "\n" in value and _fits_folding(value) and not value.endswith("\n"):
        lines = value.replace("'", "''").replace("\n", f"\n\n{indent}")
        ways.append(f"'{lines}'")
    text = rng.choice(ways)
    return Spelled(value, text, block=text[0] in "|>" and "\n" in text)


def _is_plain(value: str) -> bool:
    return bool(
        _PLAIN.fullmatch(value)
        and not _NOT_PLAIN.search(value)
        and not _RESERVED.match(value)
    )


def _fits_block(value: str) -> bool:
    lines = value.split("\n")
    return (
        bool(value.strip())
        and not _BREAKS.search(value)
        and all(_PRINTABLE.fullmatch(line) for line in lines)
        # Blanks before the first word need an indicator; alone on a line, luck.
        and not any(
            line.startswith("\t") or (line and not line.strip()) for line in lines
        )
        and not value.startswith("\n")
    )


def _fits_folding(value: str) -> bool:
    lines = value.removesuffix("\n").split("\n")
    return bool(value) and all(
        line and line == line.strip() and _PRINTABLE.fullmatch(line)
        and not _BREAKS.search(line) and "\u00a0" not in (line[0], line[-1])
        for line in lines
    )  # fmt: skip


def _literal(value: str, indent: str) -> str:
    body = value.rstrip("\n")
    ends = len(value) - len(body)
    chomp = "-" if ends == 0 else "" if ends == 1 else "+"
    lead = str(len(indent) - _outer(indent)) if body.startswith(" ") else ""
    lines = "\n".join(indent + line if line else "" for line in body.split("\n"))
    return f"|{lead}{chomp}\n{lines}" + "\n" * max(0, ends - 1)


def _outer(indent: str) -> int:
    """Return the indentation of the key: ours goes two deeper, always."""
    return len(indent) - 2


def _folded(value: str, indent: str) -> str:
    body = value.removesuffix("\n")
    chomp = "" if value.endswith("\n") else "-"
    return f">{chomp}\n{indent}" + body.replace("\n", f"\n\n{indent}")


_SHORT: Final = {
    "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0", "\a": "\\a", "\x1b": "\\e",
    '"': '\\"', "\\": "\\\\", "\x85": "\\N", "\u2028": "\\L", "\u2029": "\\P",
    "\u00a0": "\\_", "/": "\\/",
}  # fmt: skip


def _double(rng: Random, value: str, indent: str, *, wide: bool) -> str:
    """Quote with the escapes of YAML, sometimes more of them than are needed."""
    eager = rng.random() < 0.2
    out: list[str] = []
    for char in value:
        must = not _PRINTABLE.fullmatch(char) or char in '"\\\u2028\u2029'
        if must or (eager and rng.random() < 0.3):
            known = char in _SHORT and not (wide and char == "/")
            short = known and rng.random() < 0.8
            out.append(_SHORT[char] if short else _numbered(char))
            continue
        if eager and char.isalnum() and rng.random() < 0.05:
            out.append(f"\\\n{indent}")  # the text goes on in the next line
        out.append(char)
    return '"' + "".join(out) + '"'


def _numbered(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
