"""What there is to say about a code beyond its rule."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a code exists, and one small example each way.

    An example is the text of one file, or of several: a line `# FILE` begins each.
    Without such a line it is connections.d/spot.yaml. `ENC[…]` stands for a sealed
    value of 64 characters, `sops: {…}` for the block that sealing writes for Alice,
    `age1alice…` for her public key.
    """

    cause: str
    wrong: str
    right: str


HEAD = "type: ccxt_crypto\nprovider: binance\n"
KEYS = "credentials:\n  api_key: ENC[…]\n  api_secret: ENC[…]\n"
BOUND = "binding: ENC[…]\n"
SOPS = "sops: {…}\n"
SEALED = f"{HEAD}{KEYS}{BOUND}{SOPS}"
