"""The keys of the committed vectors: published on purpose, worth nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).resolve().parents[1] / "data" / "sops"
KEYS: Final = DATA / "keys"

PASSPHRASE: Final = "correct horse"
"""Opens `ssh_ed25519_locked` and `dave_locked.age`."""

X25519: Final = ("alice", "bob", "carol", "dave")
SSH: Final = ("ssh_ed25519", "ssh_rsa", "ssh_ed25519_locked")


def recipient(name: str) -> str:
    """Return the public key that belongs to one of the key files."""
    if name in SSH:
        kind, key, *_ = (KEYS / f"{name}.pub").read_text().split()
        return f"{kind} {key}"
    lines = (KEYS / f"{name}.txt").read_text().splitlines()
    return next(one.split(": ")[1] for one in lines if "public key" in one)


def key_env(*names: str) -> dict[str, str]:
    """Return the environment in which sops, and we, find these keys and no others.

    At most one SSH key: there is one variable for it.
    """
    env: dict[str, str] = {}
    lines: list[str] = []
    for name in names:
        if name in SSH:
            env["SOPS_AGE_SSH_PRIVATE_KEY_FILE"] = str(KEYS / name)
        else:
            text = (KEYS / f"{name}.txt").read_text()
            lines += [one for one in text.splitlines() if not one.startswith("#")]
    if lines:
        env["SOPS_AGE_KEY"] = "\n".join(lines)
    return env
