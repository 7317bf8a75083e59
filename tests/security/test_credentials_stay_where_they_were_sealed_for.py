"""What somebody without a key can do to a sealed file: nothing that moves the key.

The attacker has the repository, every recipient's public key and any old version of
the file. Whatever is tried must be refused by `unseal`, which stands before every
use, or leave the credentials bound to the same place.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re

import pytest

from reconciler.adapters.documents import parse
from reconciler.adapters.sops import inspect, unseal
from reconciler.adapters.sops.age.keyring import data_key
from reconciler.adapters.sops.block import read_metadata
from reconciler.adapters.sops.envelope import new_cipher
from reconciler.adapters.sops.mac import Hasher, seal_mac
from reconciler.adapters.sops.reader import decrypt_values
from reconciler.core.binding import binding_digest
from reconciler.core.errors import SecretError
from tests.adapters.sops.sops_helpers import own_keyring, sealed, typed_documents

EVIL = "https://evil.test"
TEXT = """\
version: 1
name: main
type: custom_api
provider: feed
owner: admin
credentials:
  api_key: k-0123456789
  endpoint: https://good.test/v1
config:
  headers: {X-Desk: spot}
settings:
  symbols: [AAPL]
"""
IN_CONFIG = TEXT.replace("  endpoint: https://good.test/v1\n", "").replace(
    "config:\n", "config:\n  endpoint: https://good.test/v1\n"
)
REGEX = "encrypted_regex: ^(credentials|binding)$"
FLIPPED = ("mac_only_encrypted: true", "mac_only_encrypted: false")
CONFIG = "config:\n"


def line_of(text, key):
    return re.search(rf"(?m)^ *{key}: .*\n", text)[0]


def changed(*pairs, base=TEXT):
    """Return the sealed file with texts replaced; each must be there."""
    text = sealed(base)
    for what, new in pairs:
        old = line_of(text, what[1:]) if what.startswith("@") else what
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def renamed(old, new, base=TEXT):
    text = sealed(base)
    line = line_of(text, old)
    assert line in text
    return text.replace(line, line.replace(f"{old}:", f"{new}:", 1), 1)


def digest_of(base):
    return binding_digest(parse(base, file="f")[0].data)


def seed_as_plain_value():
    """Feed the MAC's seed and the binding as plain values, from unbound places."""
    seed = base64.b64encode(hashlib.sha256(b"sops").digest()).decode()
    return changed(
        ("version: 1", f"labels: {{a: !!binary {seed}}}\nversion: 1"),
        FLIPPED,
        ("@binding", f"expires: {digest_of(TEXT)}\n"),
    )


def sealed_endpoint_moved():
    text = sealed(TEXT)
    line = line_of(text, "  endpoint")
    return text.replace(line, "", 1).replace(CONFIG, CONFIG + line, 1)


def reordered():
    text = sealed(TEXT)
    key, endpoint = line_of(text, "  api_key"), line_of(text, "  endpoint")
    return text.replace(key + endpoint, endpoint + key)


def exchanged():
    text = reordered().replace("  api_key:", "  x:")
    return text.replace("  endpoint:", "  api_key:").replace("  x:", "  endpoint:")


def other_credentials():
    one, two = sealed(TEXT), sealed(TEXT)
    return one.replace(line_of(one, "  api_key"), line_of(two, "  api_key"), 1)


ATTACKS = {
    "endpoint changed": lambda: changed(("https://good.test/v1", EVIL), base=IN_CONFIG),
    "endpoint added to config": lambda: changed(
        (CONFIG, f"{CONFIG}  endpoint: {EVIL}\n")
    ),
    "endpoint moved to config in plain": lambda: changed(
        ("@  endpoint", ""), (CONFIG, f"{CONFIG}  endpoint: {EVIL}\n")
    ),
    "sealed endpoint moved to config": sealed_endpoint_moved,
    "endpoint beside the sealed key": lambda: changed(
        ("credentials:\n", f"credentials:\n  endpoint: {EVIL}\n"), base=IN_CONFIG
    ),
    "proxy in config": lambda: changed((CONFIG, f"{CONFIG}  proxy: {EVIL}\n")),
    "proxy in credentials": lambda: changed(
        ("credentials:\n", f"credentials:\n  proxy: {EVIL}\n")
    ),
    "a header": lambda: changed(("X-Desk: spot", "X-Desk: spot, X-Http-Method: POST")),
    "provider": lambda: changed(("provider: feed", "provider: other")),
    "type": lambda: changed(("type: custom_api", "type: mtapi")),
    "owner": lambda: changed(("owner: admin", "owner: user:mallory")),
    "binding removed": lambda: changed(("@binding", "")),
    "binding removed, mac covers all": lambda: changed(("@binding", ""), FLIPPED),
    "binding in plain": lambda: changed(("@binding", f"binding: {digest_of(TEXT)}\n")),
    "binding in plain, not covered": lambda: changed(
        ("@binding", f"binding: {digest_of(TEXT)}\n"),
        (REGEX, "encrypted_regex: ^credentials$"),
    ),
    "binding null": lambda: changed(("@binding", "binding:\n")),
    "binding in a list": lambda: changed(("binding: ENC", "binding:\n- ENC")),
    "mac removed": lambda: changed(("@    mac", "")),
    "mac emptied": lambda: changed(("@    mac", '    mac: ""\n')),
    "mac only flipped": lambda: changed(FLIPPED),
    "mac only as text": lambda: changed(
        ("mac_only_encrypted: true", 'mac_only_encrypted: "true"')
    ),
    "regex covers nothing": lambda: changed((REGEX, "encrypted_regex: ^nothing$")),
    "regex covers less, endpoint in plain": lambda: changed(
        (REGEX, "encrypted_regex: ^(api_key|binding)$"),
        ("credentials:\n", f"credentials:\n  endpoint: {EVIL}\n"),
        base=IN_CONFIG,
    ),
    "regex covers less, proxy in plain": lambda: changed(
        (REGEX, "encrypted_regex: ^(api_key|endpoint|binding)$"),
        ("credentials:\n", f"credentials:\n  proxy: {EVIL}\n"),
    ),
    "suffix instead of regex": lambda: changed(
        (REGEX, "unencrypted_suffix: x"),
        ("credentials:\n", f"credentials:\n  proxyx: {EVIL}\n"),
    ),
    "rule by comment, proxy in plain": lambda: changed(
        (REGEX, "encrypted_comment_regex: seal"),
        ("credentials:\n", f"credentials:\n  proxy: {EVIL}\n"),
    ),
    "two rules": lambda: changed((REGEX, f"{REGEX}\n    unencrypted_regex: ^x$")),
    "key moved to another name": lambda: renamed("  api_key", "  secret"),
    "key and endpoint exchanged": exchanged,
    "order of credentials": reordered,
    "duplicate config": lambda: sealed(TEXT) + f"config: {{endpoint: '{EVIL}'}}\n",
    "a second document": lambda: (
        sealed(TEXT) + f"---\nconfig: {{endpoint: '{EVIL}'}}\n"
    ),
    "merge key": lambda: changed(
        (CONFIG, f"{CONFIG}  <<: {{endpoint: '{EVIL}'}}\n"), base=IN_CONFIG
    ),
    "lastmodified": lambda: changed(("2026-11-22T12", "2027-11-22T12")),
    "the seed as a plain value": seed_as_plain_value,
    "other credentials under this mac": other_credentials,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_without_a_key_is_refused(attack):
    text = ATTACKS[attack]()
    assert text != sealed(TEXT)

    with pytest.raises(SecretError) as caught:
        unseal(text, file="main.yaml", keyring=own_keyring())

    for secret in ("k-0123456789", "good.test"):
        assert secret not in str(caught.value).replace("'https://good.test/v1'", "")


HARMLESS = {
    "symbols": (("symbols: [AAPL]", "symbols: [AAPL, MSFT]"),),
    "a comment": (("version: 1", "# hello\nversion: 1"),),
    "the default owner left out": (("owner: admin\n", ""),),
    "labels": (("version: 1", "labels: {config: x}\nversion: 1"),),
}


@pytest.mark.parametrize("change", HARMLESS)
def test_what_anybody_may_change_keeps_the_destination(change):
    found = unseal(changed(*HARMLESS[change]), file="f", keyring=own_keyring())

    assert found.credentials["endpoint"].reveal() == "https://good.test/v1"


def test_a_block_copied_into_another_file_is_of_use_in_the_same_place_only():
    victim, copied = sealed(TEXT), sealed(TEXT).replace("name: main", "name: copy")
    assert unseal(copied, file="copy.yaml", keyring=own_keyring()).credentials

    tail = victim[victim.index("credentials:") :].replace("X-Desk: spot", "X-Desk: x")
    other = "name: copy\ntype: custom_api\nprovider: feed\nowner: admin\n" + tail
    with pytest.raises(SecretError, match="another destination"):
        unseal(other, file="copy.yaml", keyring=own_keyring())


def test_validate_without_a_key_already_sees_plain_text_beside_sealed_values():
    text = ATTACKS["regex covers less, endpoint in plain"]()

    found = inspect(parse(text, file="main.yaml")[0])

    assert [item.code for item in found] == ["R301"]


def with_full_mac(base):
    """Return a bound file whose MAC covers the plain values too, as sops does it."""
    text = sealed(base).replace(*FLIPPED)
    [document] = typed_documents(text)
    metadata = read_metadata(document, file="f")
    cipher = new_cipher(data_key(metadata, own_keyring(), file="f"))
    hasher = Hasher(only_encrypted=False)
    decrypt_values([document], metadata.rule, cipher, hasher=hasher, file="f")
    stamp = metadata.lastmodified
    mac = seal_mac(cipher, hasher.hexdigest(), lastmodified=stamp, iv=os.urandom(32))
    return text.replace(metadata.mac, mac)


SPLITS = {
    "in one label": lambda digest: f"labels: {{x: {digest}}}\n",
    "in pieces": lambda digest: (
        f"labels: {{x: {digest[:20]!r}, y: {digest[20:41]!r}, z: {digest[41:]!r}}}\n"
    ),
    "as a plain binding": lambda digest: f"binding: {digest}\n",
}


@pytest.mark.parametrize("split", SPLITS)
def test_a_binding_cannot_be_laid_down_by_hiding_it_from_the_mac(split):
    """The MAC covers values, not keys: the sealed digest becomes plain values."""
    text = with_full_mac(IN_CONFIG)
    assert unseal(text, file="f", keyring=own_keyring()).binding_state == "bound"

    hidden = text.replace(line_of(text, "binding"), SPLITS[split](digest_of(IN_CONFIG)))
    moved = hidden.replace(REGEX, "encrypted_regex: ^credentials$").replace(
        "  endpoint: https://good.test/v1\n  headers: {X-Desk: spot}\n",
        "  endpoint: https://good.te\n  headers: {X-Desk: st/v1spot}\n",
    )

    for attack in (hidden.replace(REGEX, "encrypted_regex: ^credentials$"), moved):
        with pytest.raises(SecretError, match="another destination"):
            unseal(attack, file="f", keyring=own_keyring())
