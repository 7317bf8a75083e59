"""Splitting a data key so that some of its shares, but not fewer, give it back.

Shamir's scheme over GF(2^8), as sops has it from Vault: every byte of the key is the
value at 0 of a random polynomial, and a share is the values at its own place, followed
by that place (1 to 255).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import reduce
from operator import xor
from typing import Final

MIN_THRESHOLD: Final = 2
MAX_SHARES: Final = 255


def split(secret: bytes, *, shares: int, threshold: int) -> tuple[bytes, ...]:
    """Return the shares, each a byte longer than the secret.

    Raises:
        ValueError: There cannot be so many shares, or such a threshold.
    """
    if not MIN_THRESHOLD <= threshold <= shares <= MAX_SHARES:
        raise ValueError(f"{threshold} of {shares} shares is impossible")
    # One row per power of x; the row for x^0 is the secret.
    rows = [secret, *(os.urandom(len(secret)) for _ in range(threshold - 1))]
    return tuple(_share(rows, place) for place in range(1, shares + 1))


def combine(shares: Sequence[bytes]) -> bytes:
    """Return the secret; nonsense when the shares are too few or of several secrets.

    Raises:
        ValueError: Fewer than two shares, one twice, or of different lengths.
    """
    places = [share[-1] for share in shares if share]
    alike = len({len(share) for share in shares}) == 1
    if not alike or len(set(places)) < max(len(shares), MIN_THRESHOLD):
        raise ValueError("the shares do not belong together")
    weights = [_weight(place, places) for place in places]
    columns = zip(*(share[:-1] for share in shares), strict=True)
    return bytes(
        reduce(xor, (_times(weight, y) for weight, y in zip(weights, ys, strict=True)))
        for ys in columns
    )


def _share(rows: Sequence[bytes], place: int) -> bytes:
    values = bytes(len(rows[0]))
    for row in reversed(rows):  # Horner
        values = bytes(
            _times(value, place) ^ term for value, term in zip(values, row, strict=True)
        )
    return values + bytes([place])


def _weight(place: int, places: Sequence[int]) -> int:
    """Return what a share counts at 0 (Lagrange)."""
    others = [one for one in places if one != place]
    above = reduce(_times, others, 1)
    below = reduce(_times, (one ^ place for one in others), 1)
    return _times(above, _inverse(below))


def _inverse(value: int) -> int:
    """Return the 254th power: 255 elements make the multiplicative group."""
    result, power = 1, value
    for _ in range(7):
        power = _times(power, power)
        result = _times(result, power)
    return result


def _times(a: int, b: int) -> int:
    """Multiply modulo x^8 + x^4 + x^3 + x + 1, bit by bit and without branches."""
    product = 0
    for bit in range(7, -1, -1):
        product = product << 1 ^ 0x11B * (product >> 7)
        product ^= a * (b >> bit & 1)
    return product
