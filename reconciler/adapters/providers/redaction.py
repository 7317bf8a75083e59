"""Take every known secret, in every spelling, out of text that leaves an adapter.

A foreign error carries more than it says: ccxt puts the signed URL into its
message, HTTP libraries print header mappings, servers echo what they were sent.
So the revealed values are removed by value, in the spellings in which they travel
(URL-encoded, base64, JSON-escaped, hex), and what looks like a credential is
removed by shape, for what is computed from a secret: a signature is not in our
list. Text is scrubbed before it is cut: half a key is still half a key.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

from reconciler.core.diagnosis import Diagnosis
from reconciler.core.secret import MASK, Credentials

MAX_EVIDENCE_CHARS = 300
_MAX_SCRUBBED_CHARS = 65_536
_LONGEST_SECRET_CHARS = 8_192
_MIN_SECRET_CHARS = 4
_MIN_PART_CHARS = 8
_PLAIN_NAMES = frozenset({"timeout"})
"""Settings that may stand among the credentials and are no secret."""

_NOTHING = r"(?!)"
_WORD = r"[\w.-]*(?:signature|sign|secret|token|passw(?:or)?d|passphrase|api-?_?key)"
_QUOTE = r"(?:\\*[\"']|&quot;|&#3[49];)"
"""A quotation mark, also one that JSON within JSON or a web page has escaped."""
_SECRET_NAME = re.compile(rf"(?i)^(?:{_WORD}|(?:proxy-)?authorization)$")
_BETWEEN = (
    rf"(?:{_QUOTE}?\]?\s*(?:[:=]|=>|%3D)\s*\[?\s*{_QUOTE}?"
    rf"|{_QUOTE}\s*,\s*b?{_QUOTE}|</\w+>\s*<\w+>)"
)
"""What stands between a name and its value: `: `, `=`, `": ["`, `", "`, `</td><td>`."""
_VALUE = r"(?:[^\s\\\"',}<>&]|\\+/|\\+u00(?:2[bf]|3d))+"
r"""Ends at a backslash, since `\n` may stand for the end of the line; not at `\/`."""
_SHAPES = (
    re.compile(rf"(?i)(\b{_WORD}(?:=|%3D))[^&\s\\\"'<>]+"),
    re.compile(rf"(?i)([\"']{_WORD}[\"']\s*:\s*[\"'])[^\"']+"),
    re.compile(rf"(?i)({_QUOTE}{_WORD}{_BETWEEN}){_VALUE}"),
    re.compile(rf"(?i)((?:proxy[-_])?authorization{_BETWEEN})(?:[\w-]+\s+)?{_VALUE}"),
    re.compile(
        r"(?i)((?:(?<![a-z0-9])|(?<=\\[nrt]))(?:x|kc|ok|access|bx|gate|cb|api)[-_][\w-]*"
        rf"(?:key|sign|signature|passphrase|token|secret){_BETWEEN}){_VALUE}"
    ),
    re.compile(r"(?i)(\b(?:bearer|basic)\s+)[\w+/=.~-]{8,}"),
    re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^/\s:@]+:[^/\s@]*(?=@)"),
)


def names_a_secret(name: str) -> bool:
    """Tell whether what stands under this name is a secret, or made from one."""
    return _SECRET_NAME.search(name) is not None


class Scrubber:
    """Removes one connection's secrets from text; shows none of them itself."""

    __slots__ = ("_compiled", "_values")

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = tuple(filter(None, values))
        self._compiled: re.Pattern[str] | None = None

    def learn(self, value: str) -> None:
        """Remove one more value from now on: a token that was lent to us."""
        if value and value not in self._values:
            self._values = (*self._values, value)
            self._compiled = None

    def clean(self, text: object, *, limit: int = MAX_EVIDENCE_CHARS) -> str:
        """Return `text` without secrets, on one line, at most `limit` characters."""
        whole = str(text)
        scrubbed = self.scrub(whole[:_MAX_SCRUBBED_CHARS])
        if len(whole) > _MAX_SCRUBBED_CHARS:  # half a key may stand at the cut
            scrubbed = scrubbed[:-_LONGEST_SECRET_CHARS]
        cleaned = " ".join(scrubbed.split())
        return cleaned if len(cleaned) <= limit else cleaned[: limit - 1] + "…"

    def scrub(self, text: str) -> str:
        """Return `text` without secrets, at full length."""
        text = self._pattern().sub(MASK, text)
        for shape in _SHAPES:
            text = shape.sub(rf"\g<1>{MASK}", text)
        return text

    def _pattern(self) -> re.Pattern[str]:
        # Built on first use: a test that passes has nothing to scrub.
        if self._compiled is None:
            spellings = {s for value in self._values for s in _spellings(value)}
            ordered = sorted(spellings, key=len, reverse=True)
            joined = "|".join(re.escape(spelling) for spelling in ordered)
            # Case is ignored: percent-encoding comes in both, %2f and %2F.
            self._compiled = re.compile(joined or _NOTHING, re.IGNORECASE)
        return self._compiled

    def clean_all(self, evidence: Mapping[str, object]) -> dict[str, str]:
        """Return evidence with every value cleaned, empty ones left out."""
        cleaned = {name: self.clean(value) for name, value in evidence.items()}
        return {name: value for name, value in cleaned.items() if value}

    def clean_diagnosis(self, diagnosis: Diagnosis) -> Diagnosis:
        """Return a diagnosis without secrets, wherever an adapter got its words."""
        known = self._pattern()
        return replace(
            diagnosis,
            summary=known.sub(MASK, diagnosis.summary),
            fix=known.sub(MASK, diagnosis.fix),
            evidence=self.clean_all(diagnosis.evidence),
        )

    def __repr__(self) -> str:
        return "Scrubber()"


def make_scrubber(credentials: Credentials, *extra: str) -> Scrubber:
    """Return the scrubber of one connection's credentials.

    `extra` are further secret values: a proxy's password, a derived signature.
    """
    return Scrubber([*_secret_values(credentials), *extra])


def _secret_values(credentials: Credentials) -> Iterator[str]:
    for name, secret in credentials.items():
        if name not in _PLAIN_NAMES:
            yield secret.reveal()


def _spellings(value: str) -> Iterator[str]:
    for part in {value, value.strip(), *_parts(value)}:
        if len(part) < _MIN_SECRET_CHARS:
            continue
        yield part
        yield quote(part, safe="")
        yield quote(part)
        yield quote_plus(part)
        yield json.dumps(part)[1:-1]
        yield part.encode().hex()
        yield from _base64_spellings(part.encode())


def _parts(value: str) -> Iterator[str]:
    """Yield the pieces in which a long secret may show: PEM lines, a URL's parts."""
    unfolded = value.replace("\\n", "\n")
    if "\n" in unfolded.strip():
        yield unfolded
        yield from (s for s in map(str.strip, unfolded.splitlines()) if _is_part(s))
    if "://" in value:
        yield from _url_parts(value)


def _url_parts(value: str) -> Iterator[str]:
    try:
        url = urlsplit(value)
        host = url.hostname or ""
    except ValueError:
        return
    values = (value for _, value in parse_qsl(url.query))
    pieces = (url.netloc, host, url.username, url.password, url.query, *values)
    for piece in (*pieces, *url.path.split("/")):
        if piece and _is_part(piece):
            yield from {piece, unquote(piece)}


def _is_part(text: str) -> bool:
    return len(text) >= _MIN_PART_CHARS and not text.startswith("-----")


def _base64_spellings(data: bytes) -> Iterator[str]:
    """Yield the base64 of `data` wherever it stands in a longer text.

    Basic authentication encodes `user:password` as one: depending on where the
    password starts, its characters fall into three different alignments. The
    characters shared with a neighbour are left out.
    """
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + data).decode().rstrip("=")
        start = (0, 2, 3)[offset]
        end = len(encoded) - (1 if (offset + len(data)) % 3 else 0)
        core = encoded[start:end]
        if len(core) >= _MIN_SECRET_CHARS:
            yield core
            yield core.replace("+", "-").replace("/", "_")


def reveal_plain(credentials: Credentials, name: str) -> Any:
    """Return a setting that stands among the credentials, None when it does not."""
    secret = credentials.get(name)
    return None if secret is None else secret.reveal()
