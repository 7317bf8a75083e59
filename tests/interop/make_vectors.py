"""Makes the committed vectors with real sops: `python -m tests.interop.make_vectors`.

Run by hand, when there is a new kind to keep. Every name gives NAME.yaml (what the
author wrote), NAME.VERSION.sealed.yaml (what sops wrote) and NAME.VERSION.opened.yaml
(what sops reads in it). The keys lie in `keys/`, public on purpose.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

from reconciler.adapters.sops import Recipients, seal
from tests.interop import peers
from tests.interop.changes import NOW
from tests.interop.sops_program import Sops
from tests.interop.throwaway import DATA, key_env, recipient

_CREDENTIALS: Final = "^(credentials|binding)$"

Vector = tuple[str, dict[str, Any], tuple[str, ...]]
"""The author's file, the creation rule without its people, and the people."""

VECTORS: Final[dict[str, Vector]] = {
    "types": ("types", {}, ("alice", "bob", "carol")),
    "suffix": ("feed", {"encrypted_suffix": "_key"}, ("alice",)),
    "unencrypted_suffix": ("feed", {"unencrypted_suffix": "s"}, ("alice",)),
    "regex": ("feed", {"encrypted_regex": _CREDENTIALS}, ("bob",)),
    "unencrypted_regex": ("feed", {"unencrypted_regex": "^(?i)SETTINGS$"}, ("bob",)),
    "mac_only": (
        "feed", {"encrypted_regex": _CREDENTIALS, "mac_only_encrypted": True}, ("bob",)
    ),
    "comments": ("comments", {}, ("alice",)),
    "list_comments": ("list_comments", {}, ("alice",)),
    "documents": ("documents", {}, ("alice",)),
    "anchors": ("anchors", {}, ("alice",)),
    "ssh_ed25519": ("feed", {}, ("ssh_ed25519",)),
    "ssh_locked": ("feed", {}, ("ssh_ed25519_locked", "bob")),
    "ssh_rsa": ("feed", {}, ("ssh_rsa",)),
    "quantum": ("feed", {}, ("quantum",)),
    "locked_identity": ("feed", {}, ("dave",)),
}  # fmt: skip
SPLIT: Final = ("alice", "ssh_ed25519", "quantum")
"""Key groups, any two of which open the file."""


def main() -> None:
    for version in peers.SOPS:
        program = peers.sops(version, install=True).path
        if program is None:
            raise SystemExit(f"there is no sops {version}")
        for name, (source, rule, people) in VECTORS.items():
            age = [recipient(one) for one in people]
            _make(program, version, name, source, {**rule, "age": age}, people)
        groups = [{"age": [recipient(one)]} for one in SPLIT]
        split = {"key_groups": groups, "shamir_threshold": 2}
        _make(program, version, "split", "feed", split, SPLIT)
        _make_changed(program, version)


def _make(  # the parts of a vector
    program: Path, version: str, name: str, source: str, rule: dict[str, Any],
    people: tuple[str, ...],
) -> None:  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        sops = Sops(path=program, folder=Path(folder), env=_env(people))
        sealed = sops.encrypt((DATA / f"{source}.yaml").read_text(), rule)
        _keep(f"{name}.{version}", sealed, sops.decrypt(sealed))


def _make_changed(program: Path, version: str) -> None:
    """Seal a connection here, and let sops change a credential in it."""
    text = (DATA / "feed.yaml").read_text()
    to = Recipients.of([recipient("alice")])
    ours = seal(text, file="feed.yaml", recipients=to, now=NOW)
    with tempfile.TemporaryDirectory() as folder:
        sops = Sops(path=program, folder=Path(folder), env=key_env("alice"))
        words = ("set", "f.yaml", '["credentials"]["api_key"]', '"changed-by-sops"')
        changed = sops.change(ours, *words)
        _keep(f"changed.{version}", changed, sops.decrypt(changed))


def _keep(name: str, sealed: str, opened: str) -> None:
    (DATA / f"{name}.sealed.yaml").write_bytes(sealed.encode())
    (DATA / f"{name}.opened.yaml").write_bytes(opened.encode())


def _env(people: tuple[str, ...]) -> dict[str, str]:
    """Return keys that need no passphrase: sops would ask for one at a terminal."""
    return key_env(*(one for one in people if one != "ssh_ed25519_locked"))


if __name__ == "__main__":
    main()
