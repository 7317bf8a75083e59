r"""The journal: one framed record per commit, appended and waited for.

    %R1 CRC32 LENGTH\n      over the length and the payload
    {"sequence": 7, ...}\n  what changed, see `disk`
    {document}\n            the documents it speaks of, one a line
    ...

No JSON line starts with `%`, so a reader finds the next frame behind a broken
one. A broken frame with no sound frame behind it is a torn tail: a write that
never finished and was never acknowledged. With one behind it is damage.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

from reconciler.core.errors import DamagedError

_MAGIC = b"%R1 "
_HEADER = re.compile(rb"%R1 ([0-9a-f]{8}) ([0-9]{1,12})\n")
_HEADER_LIMIT = 32
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Frame:
    """One record: its first line, and where its documents and its end are."""

    head: dict[str, Any]
    body: int
    end: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """A record ready to append; `body` is where the documents start in it."""

    data: bytes
    body: int


def dump(value: object) -> bytes:
    """Return a value as one compact line of JSON, without the newline."""
    import orjson  # noqa: PLC0415  # costs start-up time; a plan writes nothing

    try:
        return orjson.dumps(value)
    except TypeError:  # a whole number beyond 64 bits, half a surrogate pair
        return _encode(value).encode()


def encode(head: dict[str, Any], documents: Sequence[bytes] = ()) -> Encoded:
    """Frame one record."""
    first = dump(head)
    payload = b"\n".join((first, *documents)) + b"\n"
    header = b"%%R1 %08x %d\n" % (_checksum(payload), len(payload))
    return Encoded(header + payload, len(header) + len(first) + 1)


def frames(data: bytes, *, at: int, file: Path, way_out: str) -> Iterator[Frame]:
    """Yield the sound frames of `data`, which starts at offset `at` of the file.

    Ends before a torn tail.

    Raises:
        DamagedError: A broken frame is followed by a sound one.
    """
    position = 0
    while position < len(data):
        frame = _frame(data, position, at)
        if frame is None:
            _refuse_damage(data, position, at=at, file=file, way_out=way_out)
            return
        yield frame
        position = frame.end - at


def _frame(data: bytes, position: int, at: int) -> Frame | None:
    match = _HEADER.match(data, position, position + _HEADER_LIMIT)
    if match is None:
        return None
    start = match.end()
    end = start + int(match[2])
    payload = data[start:end]
    if len(payload) != end - start or _checksum(payload) != int(match[1], 16):
        return None
    first = payload.find(b"\n") + 1
    return Frame(json.loads(payload[:first]), at + start + first, at + end)


def _checksum(payload: bytes) -> int:
    return crc32(payload, crc32(b"%d" % len(payload)))


def _refuse_damage(
    data: bytes, position: int, *, at: int, file: Path, way_out: str
) -> None:
    following = data.find(b"\n" + _MAGIC, position)
    while following >= 0:
        if _frame(data, following + 1, at) is not None:
            raise DamagedError(
                f"{file} is damaged at byte {at + position}: that commit does not "
                f"match its checksum, but later ones do; {way_out}"
            )
        following = data.find(b"\n" + _MAGIC, following + 1)
