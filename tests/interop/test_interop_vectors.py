"""Every committed vector: made by real sops, read here, with no sops at hand."""

from __future__ import annotations

import re

import pytest

from reconciler.adapters.sops import (
    BindingState,
    decrypt_document,
    load_keyring,
    unseal,
)
from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret
from tests.adapters.sops.sops_helpers import NOWHERE, open_all, typed_documents
from tests.interop.compare import difference
from tests.interop.judging import without_binding
from tests.interop.make_vectors import SPLIT, VECTORS
from tests.interop.throwaway import DATA, KEYS, PASSPHRASE, X25519, key_env

SEALED = sorted(DATA.glob("*.sealed.yaml"))
ENOUGH = {
    "split": [SPLIT[:2], SPLIT[1:], (SPLIT[0], SPLIT[2])],
    "ssh_locked": [("ssh_ed25519_locked",)],
    "locked_identity": [("dave_locked",)],
    "changed": [("alice",)],
}
"""The keys that open a vector, where not each of those it was made for."""


def keyring_of(names):
    env = key_env(*(name for name in names if name != "dave_locked"))
    if "dave_locked" in names:
        env["SOPS_AGE_KEY_FILE"] = str(KEYS / "dave_locked.age")
    return load_keyring(env, home=NOWHERE, ask_passphrase=lambda _: Secret(PASSPHRASE))


def kind_of(path):
    return path.name.split(".")[0]


def openings():
    for path in SEALED:
        kind = kind_of(path)
        people = VECTORS[kind][2] if kind in VECTORS else ()
        for names in ENOUGH.get(kind) or [(one,) for one in people]:
            yield pytest.param(path, names, id=f"{path.stem}-{'+'.join(names)}")


OPENINGS = list(openings())


def opened_by_sops(path):
    plain = path.with_name(path.name.replace(".sealed.", ".opened."))
    return typed_documents(plain.read_text(encoding="utf-8"), plain.name)


def test_every_kind_of_vector_is_there_for_each_version():
    kinds = {*VECTORS, "split", "changed"}

    assert {
        f"{kind}.{version}" for kind in kinds for version in ("v3.12.2", "v3.13.3")
    } == {path.name.removesuffix(".sealed.yaml") for path in SEALED}


@pytest.mark.parametrize(("path", "names"), OPENINGS)
def test_a_vector_reads_as_sops_reads_it(path, names):
    text = path.read_text(encoding="utf-8")
    found = open_all(text, keyring_of(names), path.name)

    assert difference(opened_by_sops(path), found) == ""


@pytest.mark.parametrize(("path", "names"), OPENINGS)
def test_a_vector_reads_as_its_author_meant_it(path, names):
    kind = kind_of(path)
    source = DATA / f"{VECTORS[kind][0] if kind in VECTORS else 'feed'}.yaml"
    meant = typed_documents(source.read_text(encoding="utf-8"), source.name)
    if kind == "changed":
        meant[0]["credentials"]["api_key"] = "changed-by-sops"
    text = path.read_text(encoding="utf-8")
    found = open_all(text, keyring_of(names), path.name)

    assert difference(meant, without_binding(found)) == ""


@pytest.mark.parametrize(("path", "names"), OPENINGS)
def test_the_plain_text_of_a_vector_reads_as_that_of_sops(path, names):
    text = path.read_text(encoding="utf-8")
    plain = decrypt_document(text, file=path.name, keyring=keyring_of(names))

    assert difference(opened_by_sops(path), typed_documents(plain)) == ""
    assert "\nsops:" not in plain


@pytest.mark.parametrize("path", SEALED, ids=lambda path: path.stem)
def test_nobody_else_opens_a_vector(path):
    strangers = {
        name for name in X25519
        if name not in (*SPLIT, *VECTORS.get(kind_of(path), ("", {}, ("alice",)))[2])
    }  # fmt: skip

    with pytest.raises(SecretError, match="no identity opens it") as refusal:
        open_all(path.read_text(), keyring_of(strangers), path.name)

    assert refusal.value.code == 128


@pytest.mark.parametrize("names", [("alice",), ("ssh_ed25519",), ("quantum",)])
def test_one_share_of_a_split_key_is_not_enough(names):
    path = DATA / "split.v3.13.3.sealed.yaml"

    with pytest.raises(SecretError, match="no identity opens it"):
        open_all(path.read_text(), keyring_of(names), path.name)


@pytest.mark.parametrize("path", SEALED, ids=lambda path: path.stem)
def test_a_vector_with_one_sealed_value_changed_is_refused(path):
    text = path.read_text(encoding="utf-8")
    first = re.search(r"ENC\[AES256_GCM,data:(.)", text)
    other = "B" if first[1] == "A" else "A"
    broken = text[: first.start(1)] + other + text[first.end(1) :]
    names = next(one.values[1] for one in OPENINGS if one.values[0] == path)

    with pytest.raises(SecretError):
        decrypt_document(broken, file=path.name, keyring=keyring_of(names))


@pytest.mark.parametrize("version", ["v3.12.2", "v3.13.3"])
def test_what_sops_set_in_our_file_stays_bound(version):
    path = DATA / f"changed.{version}.sealed.yaml"
    found = unseal(path.read_text(), file=path.name, keyring=keyring_of(("alice",)))

    assert found.binding_state is BindingState.BOUND
    assert found.credentials["api_key"].reveal() == "changed-by-sops"
