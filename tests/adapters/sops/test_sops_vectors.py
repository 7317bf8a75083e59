"""Files that real sops, and other writers, encrypted: values, types and MAC.

Skipped where the vectors are absent; they are third-party material and never part
of this repository.
"""

from __future__ import annotations

import pytest

from reconciler.adapters.sops import decrypt_document
from reconciler.core.errors import SecretError
from tests.adapters.sops.sops_helpers import (
    VECTORS,
    keyring_of,
    open_all,
    typed_documents,
)

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason="no test vectors here")

NOT_YET = ("config_pq", "config_ssh", "config_shamir", "algorithms__age-pq")
KEY_FILES = {
    "generated": ["all_keys.txt"],
    "flux-kustomize-controller": [
        "keys__age.txt", "keys__age-global.txt",
        "internal__decryptor__testdata__age.txt",
    ],
    "helm-secrets": ["age__key.txt"],
    "peak-scale-sops-operator": [
        "keys__key-1.agekey", "keys__key-2.agekey",
        "internal__decryptor__testdata__age.agekey",
    ],
    "rops": ["key.txt"],
    "sops-age-js": ["key.txt"],
    "sops-nix": ["age-keys.txt"],
    "sops-secrets-operator": ["key-file.txt"],
}  # fmt: skip


def pairs():
    for folder in KEY_FILES:
        for path in sorted((VECTORS / folder).glob("*.yaml")):
            for ours, theirs in (
                (".enc.yaml", ".dec.yaml"),
                (".yaml", ".expected.yaml"),
                (".yaml", "_plaintext.yaml"),
            ):
                plain = path.with_name(path.name.removesuffix(ours) + theirs)
                if path.name.endswith(ours) and plain.exists() and plain != path:
                    yield path, plain


SUPPORTED = [pair for pair in pairs() if not pair[0].name.startswith(NOT_YET)]
UNSUPPORTED = [pair[0] for pair in pairs() if pair[0].name.startswith(NOT_YET)]


def keyring_for(path):
    folder = path.parent
    texts = [(folder / name).read_text() for name in KEY_FILES[folder.name]]
    return keyring_of("\n".join(texts))


def named(path):
    return f"{path.parent.name}/{path.name}"


def test_there_are_vectors():
    assert len(SUPPORTED) > 40


@pytest.mark.parametrize(("path", "plain"), SUPPORTED, ids=named)
def test_values_and_types_are_those_of_sops(path, plain):
    opened = open_all(path.read_text(), keyring_for(path), path.name)
    expected = typed_documents(plain.read_text(), plain.name)

    assert expected == opened


@pytest.mark.parametrize(("path", "plain"), SUPPORTED, ids=named)
def test_the_decrypted_text_reads_as_that_of_sops(path, plain):
    text = decrypt_document(path.read_text(), file=path.name, keyring=keyring_for(path))

    assert typed_documents(plain.read_text(), plain.name) == typed_documents(text)
    assert "ENC[" not in text


@pytest.mark.parametrize("path", UNSUPPORTED, ids=named)
def test_other_kinds_of_keys_are_named_and_refused(path):
    with pytest.raises(SecretError, match="not supported yet") as refusal:
        open_all(path.read_text(), keyring_for(path), path.name)

    assert refusal.value.code == 128


def test_a_file_that_is_broken_upstream_is_refused_like_sops_does():
    path = VECTORS / "sops-secrets-operator" / "01-test-secrets.yaml"

    with pytest.raises(SecretError, match=r"spec\.secretTemplates") as refusal:
        open_all(path.read_text(), keyring_for(path), path.name)

    assert refusal.value.code == 25


def test_sealed_comments_come_back_where_they_stood():
    path = VECTORS / "generated" / "mapcomment.v3.13.2.enc.yaml"
    text = decrypt_document(path.read_text(), file="f", keyring=keyring_for(path))

    assert text == "# top\na: 1 # inline\n# before b\nb:\n    # inside\n    c: 2\n"


def test_sealed_comments_in_lists_become_comments_again():
    path = VECTORS / "generated" / "listcomment.v3.12.2.enc.yaml"
    text = decrypt_document(path.read_text(), file="f", keyring=keyring_for(path))

    assert text == (
        "items:\n    # comment on a sequence item\n    - one\n    # inline\n    - two\n"
    )
