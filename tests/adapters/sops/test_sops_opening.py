"""Opening: tampering is noticed, bindings are judged, nothing prints a value."""

from __future__ import annotations

import re
import traceback

import pytest

from reconciler.adapters import documents
from reconciler.adapters.sops import (
    BindingState,
    check_binding,
    decrypt_document,
    generate_identity,
    unseal,
    unseal_source,
)
from reconciler.adapters.sops.age.keyring import data_key
from reconciler.adapters.sops.envelope import encrypt, new_cipher, parse_envelope
from reconciler.core.errors import SecretError
from reconciler.core.secret import Secret
from tests.adapters.sops.sops_helpers import (
    NOW,
    PLAIN,
    RECIPIENT,
    VECTORS,
    keyring_of,
    open_all,
    own_keyring,
    sealed,
    typed_documents,
)

KEYRING = own_keyring()
SEALED = sealed()


def opened(text: str):
    return unseal(text, file="f.yaml", keyring=KEYRING, verify_binding=False)


def swapped(text: str, one: str, other: str) -> str:
    """Exchange the sealed values of two keys."""
    values = {key: re.search(rf"{key}: (ENC\S+)", text)[1] for key in (one, other)}
    marked = text.replace(values[one], "<1>").replace(values[other], values[one])
    return marked.replace("<1>", values[other])


def test_a_parsed_source_opens_like_its_text():
    source, problems = documents.parse(SEALED, file="f.yaml")
    from_source = unseal_source(source, keyring=KEYRING)

    assert not problems
    assert from_source == opened(SEALED)


def test_everything_that_was_sealed_is_a_secret():
    found = opened(SEALED)

    assert all(isinstance(one, Secret) for one in found.data["credentials"].values())
    assert isinstance(found.data["binding"], Secret)
    assert found.data["settings"] == {"symbols": ["AAPL", "MSFT"]}
    assert "sops" not in found.data


def test_numbers_and_booleans_become_text_and_collections_json():
    text = "credentials: {i: 30, b: true, f: 1.50, l: [x, 2], e: '', z: ~}\n"
    found = opened(sealed(text)).credentials

    assert {name: one.reveal() for name, one in found.items()} == {
        "i": "30", "b": "true", "f": "1.5", "l": '["x", "2"]', "e": "",
    }  # fmt: skip


def test_nothing_prints_a_credential():
    found = opened(SEALED)

    for text in (repr(found), str(found), f"{found}", repr(found.data)):
        assert "k$%{}#:" not in text


TAMPERED = {
    "values swapped": (swapped(SEALED, "api_key", "secret"), 25),
    "a key renamed": (SEALED.replace("  secret: ENC", "  renamed: ENC"), 25),
    "a value removed": (re.sub(r"  secret: ENC.*\n", "", SEALED), 51),
    "a value emptied": (re.sub(r"api_key: ENC\S+", "api_key: ''", SEALED), 51),
    "a value in plain text": (re.sub(r"api_key: ENC\S+", "api_key: x", SEALED), 25),
    "a plain number": (re.sub(r"api_key: ENC\S+", "api_key: 5", SEALED), 25),
    "the binding removed": (re.sub(r"\nbinding: .*", "", SEALED), 51),
    "another time": (SEALED.replace("12:00:00Z", "12:00:01Z"), 51),
    "no MAC": (re.sub(r"    mac: .*\n", "", SEALED), 51),
    "an empty MAC": (re.sub(r"    mac: .*\n", "    mac: ''\n", SEALED), 51),
    "another cover": (SEALED.replace("encrypted: true", "encrypted: false"), 51),
    "a narrower rule": (SEALED.replace("(credentials|binding)", "credentials"), 51),
    "a rule without hits": (SEALED.replace("^(credentials|binding)$", "^no$"), 51),
    "a broken rule": (SEALED.replace("^(credentials|binding)$", "("), 1),
    "no block": (SEALED[: SEALED.index("sops:")], 1),
    "no YAML": (SEALED.replace("name: main", "name: [main"), 2),
    "no mapping": ("- a\n", 2),
    "nothing": ("", 2),
    "two documents": (f"{SEALED}---\na: 1\n", 2),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_tampering_is_refused_with_the_exit_code_of_sops(name):
    tampered, code = TAMPERED[name]

    with pytest.raises(SecretError) as refusal:
        opened(tampered)

    assert refusal.value.code == code
    assert "f.yaml" in str(refusal.value)


def test_the_format_does_not_authenticate_the_type_but_the_value_it_does():
    found = opened(SEALED.replace(",type:int]", ",type:str]"))

    assert found.credentials["timeout"].reveal() == "30"


def test_a_tampered_mac_is_refused():
    mac = re.search(r"mac: (ENC\S+)", SEALED)[1]
    parts = parse_envelope(mac)
    cipher = new_cipher(b"k" * 32)
    forged = encrypt(cipher, b"0" * 128, "str", aad="2026-11-22T12:00:00Z", iv=parts.iv)

    with pytest.raises(SecretError) as refusal:
        opened(SEALED.replace(mac, forged))

    assert refusal.value.code == 51


def test_a_genuine_key_with_a_wrong_digest_is_a_mismatch():
    block = typed_documents(SEALED)[0]
    from reconciler.adapters.sops.block import read_metadata

    key = data_key(read_metadata(block, file="f"), KEYRING, file="f")
    stamp = "2026-11-22T12:00:00Z"
    forged = encrypt(new_cipher(key), b"0" * 128, "str", aad=stamp, iv=b"i" * 32)
    mac = re.search(r"mac: (ENC\S+)", SEALED)[1]

    with pytest.raises(SecretError, match="MAC mismatch"):
        opened(SEALED.replace(mac, forged))


def test_plain_settings_may_be_edited_without_a_key():
    found = opened(SEALED.replace("[AAPL, MSFT]", "[AAPL, TSLA]"))

    assert found.binding_state is BindingState.BOUND
    assert not found.mac_covers_plain
    assert check_binding(found) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("https://a.test", "https://evil.test"), ("provider: feed", "provider: other"),
        ("type: custom_api", "type: mtapi"), ("version: 1", "owner: 'user:eve'"),
        ("config: {endpoint", "confgi: {endpoint"),
        ("rate_limit: 10", "rate_limit: 10, proxy: x"),
    ],
)  # fmt: skip
def test_a_changed_destination_is_refused_and_says_what_is_bound(old, new):
    found = opened(SEALED.replace(old, new))

    assert found.binding_state is BindingState.MISMATCH
    with pytest.raises(
        SecretError, match=r"type, provider, owner and config .*--rebind"
    ):
        check_binding(found)
    with pytest.raises(SecretError, match="another destination"):
        unseal(SEALED.replace(old, new), file="f.yaml", keyring=KEYRING)


def resealed_without_binding(*, only_encrypted: bool) -> str:
    """Make what plain sops would: the same file, no binding, either kind of MAC."""
    from reconciler.adapters.sops.block import read_metadata
    from reconciler.adapters.sops.mac import Hasher, seal_mac
    from reconciler.adapters.sops.reader import decrypt_values

    text = re.sub(r"\nbinding: .*", "", SEALED)
    if not only_encrypted:
        text = text.replace("    mac_only_encrypted: true\n", "")
    data = typed_documents(text)[0]
    metadata = read_metadata(data, file="f")
    cipher = new_cipher(data_key(metadata, KEYRING, file="f"))
    hasher = Hasher(only_encrypted=only_encrypted)
    decrypt_values([data], metadata.rule, cipher, hasher=hasher, file="f")
    mac = seal_mac(
        cipher, hasher.hexdigest(), lastmodified=metadata.lastmodified, iv=b"i" * 32
    )
    return re.sub(r"    mac: ENC\S+", f"    mac: {mac}", text)


def test_without_a_binding_a_mac_over_everything_will_do_with_a_warning():
    found = opened(resealed_without_binding(only_encrypted=False))

    assert found.binding_state is BindingState.UNBOUND_MAC_COVERS_ALL
    assert found.mac_covers_plain
    assert [one.code for one in check_binding(found)] == ["R305"]
    assert "not bound" in found.warning
    assert opened(SEALED).warning == ""


def test_with_neither_it_is_refused():
    found = opened(resealed_without_binding(only_encrypted=True))

    assert found.binding_state is BindingState.UNBOUND
    with pytest.raises(SecretError, match="not bound"):
        check_binding(found)


def test_a_binding_in_plain_text_counts_as_none():
    text = resealed_without_binding(only_encrypted=True)
    text = text.replace("^(credentials|binding)$", "^credentials$")
    found = opened(f"binding: {'0' * 64}\n{text}")

    assert found.binding is None
    assert found.binding_state is BindingState.UNBOUND


def test_a_document_without_credentials_needs_no_key():
    found = unseal("name: public\n", file="f", keyring=keyring_of(""))

    assert found.binding_state is BindingState.NOTHING_SEALED
    assert found.credentials == {}
    assert check_binding(found) == ()


def test_the_wrong_key_is_told_with_everything_needed_to_fix_it():
    identity, other = generate_identity(NOW)
    keyring = keyring_of(identity.reveal())

    with pytest.raises(SecretError) as refusal:
        unseal(SEALED, file="connections.d/f.yaml", keyring=keyring)

    message = str(refusal.value)
    assert refusal.value.code == 128
    for needed in (
        "connections.d/f.yaml", RECIPIENT, other, "SOPS_AGE_KEY: 1 identity",
        "SOPS_AGE_KEY_FILE", "keys.txt", "reconcile updatekeys",
    ):  # fmt: skip
        assert needed in message
    assert "AGE-SECRET-KEY" not in message


def test_a_failure_shows_no_value_not_even_in_its_traceback():
    text = re.sub(r"api_key: ENC\S+", "api_key: hunter2", SEALED)

    with pytest.raises(SecretError) as refusal:
        opened(text)

    shown = "".join(traceback.format_exception(refusal.value))
    assert "hunter2" not in shown
    assert refusal.value.__cause__ is None


def test_decrypting_keeps_the_layout():
    text = decrypt_document(SEALED, file="f.yaml", keyring=KEYRING)

    assert text.splitlines()[:8] == PLAIN.splitlines()[:8]
    assert "sops:" not in text


def test_decrypting_verifies_first():
    with pytest.raises(SecretError):
        decrypt_document(
            SEALED.replace("12:00:00Z", "12:00:01Z"), file="f", keyring=KEYRING
        )


@pytest.mark.skipif(not VECTORS.is_dir(), reason="no test vectors here")
def test_alias_bombs_are_refused():
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]

    with pytest.raises(SecretError, match="too many"):
        open_all("\n".join(lines), KEYRING)
