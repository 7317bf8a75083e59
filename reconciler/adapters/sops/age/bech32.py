"""Bech32 (BIP 173) without its limit of ninety characters, as age uses it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_ALPHABET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM: Final = 6
"""Characters of the checksum, each of five bits."""


def encode(prefix: str, data: bytes) -> str:
    """Return the data as text in lower case."""
    digits = list(_regrouped(data, 8, 5))
    seed = _polymod([*_expanded(prefix), *digits, *[0] * _CHECKSUM]) ^ 1
    digits += [seed >> 5 * (_CHECKSUM - 1 - i) & 31 for i in range(_CHECKSUM)]
    return f"{prefix}1{''.join(_ALPHABET[one] for one in digits)}"


def decode(text: str) -> tuple[str, bytes]:
    """Return the prefix, in lower case, and the data.

    Raises:
        ValueError: It is mistyped. The message does not hold the text.
    """
    if text not in (text.lower(), text.upper()):
        raise ValueError("upper and lower case are mixed")
    prefix, separator, rest = text.lower().rpartition("1")
    digits = [_ALPHABET.find(one) for one in rest]
    if not (prefix and separator) or -1 in digits or len(digits) < _CHECKSUM:
        raise ValueError("it is not bech32")
    if _polymod([*_expanded(prefix), *digits]) != 1:
        raise ValueError("its checksum does not fit")
    return prefix, _bytes(digits[:-_CHECKSUM])


def _bytes(digits: list[int]) -> bytes:
    whole, left = divmod(len(digits) * 5, 8)
    found = list(_regrouped(digits, 5, 8))
    # What is left over must be less than a digit (of five bits), and nought.
    if left // 5 or any(found[whole:]):
        raise ValueError("its padding is not nought")
    return bytes(found[:whole])


def _regrouped(values: Iterable[int], width: int, new: int) -> Iterable[int]:
    """Yield the same bits in groups of another width; the last is filled up."""
    buffer = bits = 0
    for value in values:
        buffer, bits = buffer << width | value, bits + width
        while bits >= new:
            bits -= new
            yield buffer >> bits
            buffer &= (1 << bits) - 1
    if bits:
        yield buffer << (new - bits)


def _expanded(prefix: str) -> list[int]:
    codes = [ord(one) for one in prefix]
    return [*(code >> 5 for code in codes), 0, *(code & 31 for code in codes)]


def _polymod(digits: Iterable[int]) -> int:
    check = 1
    for digit in digits:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ digit
        for bit, term in enumerate(_GENERATOR):
            check ^= term if top >> bit & 1 else 0
    return check
