"""Shared by the sops tests: a key, a clock, a document, and the test vectors."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from reconciler.adapters.sops import (
    Keyring,
    Recipients,
    generate_identity,
    load_keyring,
    seal,
)
from reconciler.adapters.sops.age.keyring import data_key
from reconciler.adapters.sops.block import read_metadata
from reconciler.adapters.sops.envelope import new_cipher
from reconciler.adapters.sops.reader import open_documents
from reconciler.adapters.sops.tree import load_nodes, plain_documents
from reconciler.core.secret import Secret

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 9, 30, 15, 999, tzinfo=UTC)
NOWHERE = Path("/nonexistent")

VECTORS = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "sops"

IDENTITY, RECIPIENT = generate_identity(NOW)

PLAIN = """\
# about this file
version: 1
name: main   # = stem

type: custom_api
provider: feed
credentials:   # sealed
  # the key
  api_key: 'k$%{}#:'   # keep me
  secret: "a\\nb"

  timeout: 30
config: {endpoint: 'https://a.test', rate_limit: 10}
settings:
  symbols: [AAPL, MSFT]   # two
"""


class Person:
    """Answers with each of some passphrases, and remembers the questions."""

    def __init__(self, *answers):
        self.answers, self.questions = list(answers), []

    def __call__(self, question):
        self.questions.append(question)
        return Secret(self.answers.pop(0)) if self.answers else None


def keyring_of(text: str) -> Keyring:
    return load_keyring({"SOPS_AGE_KEY": text}, home=NOWHERE)


def own_keyring() -> Keyring:
    return keyring_of(IDENTITY.reveal())


def sealed(text: str = PLAIN, **more) -> str:
    return seal(
        text, file="f.yaml", recipients=Recipients.of([RECIPIENT]), now=NOW, **more
    )


def typed_documents(text: str, name: str = "f.yaml"):
    return plain_documents(load_nodes(text, file=name), file=name)


def open_all(text: str, keyring: Keyring, name: str = "f.yaml"):
    """Return the typed content of every document, MAC verified."""
    documents = typed_documents(text, name)
    metadata = read_metadata(documents[0], file=name)
    cipher = new_cipher(data_key(metadata, keyring, file=name))
    return open_documents(documents, metadata, cipher, file=name)
