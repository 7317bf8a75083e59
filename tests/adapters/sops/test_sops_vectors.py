"""Files that real sops, and other writers, encrypted: values, types and MAC.

Skipped where the vectors are absent; they are third-party material and never part
of this repository.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from base64 import b64decode
from functools import cache
from pathlib import Path

import pytest

from reconciler.adapters.sops import decrypt_document, load_keyring
from reconciler.core.errors import SecretError
from tests.adapters.sops.sops_helpers import (
    NOWHERE,
    VECTORS,
    open_all,
    typed_documents,
)

pytestmark = pytest.mark.skipif(not VECTORS.is_dir(), reason="no test vectors here")

KEY_FILES = {
    "generated": ["all_keys.txt"],
    "flux-kustomize-controller": [
        "keys__age.txt", "keys__age-global.txt", "keys__age-pq.txt",
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


PAIRS = list(pairs())


def keyring_for(path):
    folder = path.parent
    texts = [(folder / name).read_text() for name in KEY_FILES[folder.name]]
    env = {"SOPS_AGE_KEY": "\n".join(texts)}
    if folder.name == "generated":
        ssh = decoded_once(folder / "ssh_ed25519.b64")
        env["SOPS_AGE_SSH_PRIVATE_KEY_FILE"] = str(ssh)
    return load_keyring(env, home=NOWHERE)


@cache
def decoded_once(path):
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    file = folder / path.stem
    file.write_bytes(b64decode(path.read_bytes()))
    return file


def named(path):
    return f"{path.parent.name}/{path.name}"


def test_there_are_vectors():
    assert len(PAIRS) > 40


@pytest.mark.parametrize(("path", "plain"), PAIRS, ids=named)
def test_values_and_types_are_those_of_sops(path, plain):
    opened = open_all(path.read_text(), keyring_for(path), path.name)
    expected = typed_documents(plain.read_text(), plain.name)

    assert expected == opened


@pytest.mark.parametrize(("path", "plain"), PAIRS, ids=named)
def test_the_decrypted_text_reads_as_that_of_sops(path, plain):
    text = decrypt_document(path.read_text(), file=path.name, keyring=keyring_for(path))

    assert typed_documents(plain.read_text(), plain.name) == typed_documents(text)
    assert "ENC[" not in text


SEALED = sorted(
    path
    for folder in KEY_FILES
    for path in (VECTORS / folder).glob("*.yaml")
    if "sops" in (typed_documents(path.read_text(), path.name)[0])
)
BROKEN = "01-test-secrets.yaml"


def test_no_sealed_file_is_left_out():
    compared = {path for path, _ in PAIRS}

    assert [path.name for path in SEALED if path not in compared] == [BROKEN]


def test_a_file_that_is_broken_upstream_is_refused_like_sops_does():
    path = VECTORS / "sops-secrets-operator" / BROKEN

    with pytest.raises(SecretError, match=r"spec\.secretTemplates") as refusal:
        open_all(path.read_text(), keyring_for(path), path.name)

    assert refusal.value.code == 25


@pytest.mark.parametrize(
    "path", sorted(VECTORS.glob("*/*.env")), ids=lambda path: path.name
)
def test_a_dotenv_file_is_refused_as_what_it_is(path):
    with pytest.raises(SecretError, match="it is a dotenv file") as refusal:
        open_all(path.read_text(), keyring_for(path), path.name)

    assert refusal.value.code == 2


@pytest.mark.parametrize(
    "name",
    [
        "flux-kustomize-controller/files__file.txt",
        "sops-age-js/tests__data__secret.enc.json",
    ],
)
def test_json_is_read_like_yaml(name):
    path = VECTORS / name
    text = decrypt_document(path.read_text(), file=name, keyring=keyring_for(path))

    assert json.loads(text) == open_all(path.read_text(), keyring_for(path))[0]


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
