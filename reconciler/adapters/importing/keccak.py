"""Keccak-256 as Ethereum uses it: SHA-3 before NIST changed its padding.

No library of ours has it (`hashlib.sha3_256` pads otherwise), and what it is needed
for, the check value of a key file, is a few hundred bytes.
Source: the Keccak reference, https://keccak.team/keccak_specs_summary.html.
"""

from __future__ import annotations

from typing import Final

_RATE: Final = 136
_MASK: Final = (1 << 64) - 1
_SHIFTS: Final = (
    *((0, 36, 3, 41, 18), (1, 44, 10, 45, 2), (62, 6, 43, 15, 61)),
    *((28, 55, 25, 21, 56), (27, 20, 39, 8, 14)),
)
"""By column, then row."""

_Lanes = list[list[int]]


def keccak_256(data: bytes) -> bytes:
    """Return the 32 bytes of the digest."""
    padded = bytearray(data) + b"\x01" + bytes(-(len(data) + 1) % _RATE)
    padded[-1] |= 0x80
    lanes: _Lanes = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), _RATE):
        for index in range(_RATE // 8):
            at = start + 8 * index
            word = int.from_bytes(padded[at : at + 8], "little")
            lanes[index % 5][index // 5] ^= word
        lanes = _permuted(lanes)
    return b"".join(lanes[x][0].to_bytes(8, "little") for x in range(4))


def _permuted(lanes: _Lanes) -> _Lanes:
    register = 1
    for _ in range(24):
        sums = [_xor(column) for column in lanes]
        spread = [sums[x - 1] ^ _turned(sums[(x + 1) % 5], 1) for x in range(5)]
        moved: _Lanes = [[0] * 5 for _ in range(5)]
        for x in range(5):
            for y in range(5):
                lane = lanes[x][y] ^ spread[x]
                moved[y][(2 * x + 3 * y) % 5] = _turned(lane, _SHIFTS[x][y])
        lanes = [
            [
                moved[x][y] ^ (~moved[(x + 1) % 5][y] & moved[(x + 2) % 5][y])
                for y in range(5)
            ]
            for x in range(5)
        ]
        constant, register = _constant(register)
        lanes[0][0] ^= constant
    return lanes


def _constant(register: int) -> tuple[int, int]:
    """Return a round's constant, made by a shift register, and its next state."""
    constant = 0
    for place in range(7):
        if register & 1:
            constant |= 1 << ((1 << place) - 1)
        register = (register << 1) ^ (0x171 if register & 0x80 else 0)
    return constant, register


def _xor(column: list[int]) -> int:
    total = 0
    for lane in column:
        total ^= lane
    return total


def _turned(lane: int, by: int) -> int:
    return ((lane << by) | (lane >> (64 - by))) & _MASK
