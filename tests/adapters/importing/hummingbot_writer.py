"""hummingbot's connector files, written anew for the tests."""

from __future__ import annotations

import hashlib
import json
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from reconciler.adapters.importing.keccak import keccak_256


def key_file(text, password, *, kdf="pbkdf2"):
    """Return a key file of version 3, with little work so that tests are quick."""
    salt, iv = os.urandom(16), os.urandom(16)
    if kdf == "pbkdf2":
        params = {"c": 10, "dklen": 32, "prf": "hmac-sha256", "salt": salt.hex()}
        key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 10)
    else:
        params = {"dklen": 32, "n": 16, "r": 8, "p": 1, "salt": salt.hex()}
        key = hashlib.scrypt(password.encode(), salt=salt, n=16, r=8, p=1, dklen=32)
    encryptor = Cipher(algorithms.AES(key[:16]), modes.CTR(iv)).encryptor()
    sealed = encryptor.update(text.encode()) + encryptor.finalize()
    crypto = {
        "cipher": "aes-128-ctr",
        # As hummingbot does it: the number in hexadecimal, without leading zeros.
        "cipherparams": {"iv": iv.hex().lstrip("0")},
        "ciphertext": sealed.hex(),
        "kdf": kdf,
        "kdfparams": params,
        "mac": keccak_256(key[16:32] + sealed).hex(),
    }
    return json.dumps({"crypto": crypto, "version": 3}).encode()


def connector(name, password=None, **values):
    """Return `conf/connectors/NAME.yml`; without a password its values are plain."""
    lines = [
        "#####################################",
        f"###   {name} config   ###",
        "#####################################",
        "",
        f"connector: {name}",
        "",
    ]
    for key, value in values.items():
        sealed = key_file(value, password).hex() if password else f'"{value}"'
        lines.append(f"{name}_{key}: {sealed}\n")
    return "\n".join(lines)
