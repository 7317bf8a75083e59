"""Laravel's Encrypter and the panel's table, written anew for the tests.

Nothing of the reader is used: AES comes from OpenSSL's program where it is there (CBC)
and from the library otherwise, PHP's serialisation is spelt out.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

KEY = bytes(range(32))
APP_KEY = "base64:" + base64.b64encode(KEY).decode()
OTHER_KEY = "base64:" + base64.b64encode(bytes(range(32, 64))).decode()


def b64(data):
    return base64.b64encode(data).decode()


def php(value):
    """Spell a value as PHP's serialize() does."""
    if value is None:
        return b"N;"
    if isinstance(value, bool):
        return b"b:%d;" % value
    if isinstance(value, int):
        return b"i:%d;" % value
    if isinstance(value, float):
        return b"d:%r;" % value
    if isinstance(value, str):
        raw = value.encode()
        return b's:%d:"%s";' % (len(raw), raw)
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    inner = b"".join(php(key) + php(item) for key, item in pairs)
    return b"a:%d:{%s}" % (len(value), inner)


def cbc_payload(plain, key=KEY):
    """Encrypt as Laravel's AES-256-CBC does: a MAC over the base64 of IV and value."""
    iv = os.urandom(16)
    value = b64(_aes_cbc(plain, key, iv))
    mac = hmac.new(key, (b64(iv) + value).encode(), hashlib.sha256).hexdigest()
    return _payload({"iv": b64(iv), "value": value, "mac": mac, "tag": ""})


def gcm_payload(plain, key=KEY):
    """Encrypt as Laravel's AES-256-GCM does: a tag and no MAC."""
    iv = os.urandom(12)
    encryptor = Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()
    value = b64(encryptor.update(plain) + encryptor.finalize())
    tag = b64(encryptor.tag)
    return _payload({"iv": b64(iv), "value": value, "mac": "", "tag": tag})


def _payload(parts):
    return b64(json.dumps(parts, separators=(",", ":")).encode())


def _aes_cbc(plain, key, iv):
    if shutil.which("openssl"):
        program = ("openssl", "enc", f"-aes-{len(key) * 8}-cbc", "-e")
        told = ("-K", key.hex(), "-iv", iv.hex())
        return subprocess.run(
            (*program, *told), input=plain, capture_output=True, check=True
        ).stdout
    pad = 16 - len(plain) % 16
    encryptor = Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()


def sealed(credentials, *, how="cbc", key=KEY):
    """Seal credentials in one of the ways a Laravel model does it."""
    text = json.dumps(credentials).encode()
    return {
        "cbc": lambda: cbc_payload(text, key),
        "gcm": lambda: gcm_payload(text, key),
        "cbc serialised text": lambda: cbc_payload(php(text.decode()), key),
        "gcm serialised array": lambda: gcm_payload(php(credentials), key),
    }[how]()


WAYS = ("cbc", "gcm", "cbc serialised text", "gcm serialised array")


def panel_row(id_, name, credentials, **changed):
    """Return one row as the panel's table has it; `credentials` as they lie there."""
    times = {
        "created_at": "2025-01-02 03:04:05",
        "updated_at": "2026-01-02 03:04:05",
        "last_connected_at": "2026-02-03 04:05:06",
        "last_tested_at": "2026-02-03 04:05:06",
        "last_used_at": "2026-02-04 00:00:00",
    }
    row = {
        "id": id_,
        "user_id": None,
        "admin_id": 1,
        "name": name,
        "type": "ccxt_crypto",
        "provider": "binance",
        "credentials": credentials,
        "config": "[]",
        "status": "active",
        "is_active": 1,
        "is_admin_owned": 1,
        "last_error": None,
        "settings": json.dumps({"symbols": ["BTC/USDT"], "timeframes": ["1h"]}),
        **times,
    }
    return {**row, **changed}


def mysql_text(value):
    """Spell a value as mysqldump does."""
    if value is None:
        return "NULL"
    if not isinstance(value, str):
        return str(value)
    out = value.replace("\\", "\\\\").replace("'", "\\'").replace('"', '\\"')
    return (
        "'" + out.replace("\n", "\\n").replace("\r", "\\r").replace("\0", "\\0") + "'"
    )


def standard_text(value):
    """Spell a value as PostgreSQL and SQLite do."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or not isinstance(value, str):
        return "NULL" if value is None else str(value)
    return "'" + value.replace("'", "''") + "'"


def copy_text(value):
    """Spell a value as COPY does."""
    if value is None:
        return r"\N"
    out = str(value).replace("\\", "\\\\").replace("\t", "\\t")
    return out.replace("\n", "\\n").replace("\r", "\\r")


def mysqldump(rows, *, table="data_connections"):
    """Return what mysqldump writes: columns declared, rows in one statement."""
    columns = ",\n".join(f"  `{name}` text" for name in rows[0])
    body = ",".join(
        "(" + ",".join(mysql_text(value) for value in row.values()) + ")"
        for row in rows
    )
    return (
        "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n"
        "/*!40101 SET NAMES utf8mb4 */;\n"
        f"DROP TABLE IF EXISTS `{table}`;\n"
        f"CREATE TABLE `{table}` (\n{columns},\n  PRIMARY KEY (`id`),\n"
        f"  KEY `{table}_type_index` (`type`,`provider`)\n) ENGINE=InnoDB;\n"
        f"LOCK TABLES `{table}` WRITE;\n"
        f"INSERT INTO `{table}` VALUES {body};\nUNLOCK TABLES;\n"
    )


def pg_copy(rows, *, table="data_connections"):
    """Return what pg_dump writes."""
    lines = "".join("\t".join(map(copy_text, row.values())) + "\n" for row in rows)
    return (
        "--\n-- PostgreSQL database dump\n--\n\\restrict abc'def\n"
        "SET standard_conforming_strings = on;\n"
        "CREATE FUNCTION public.x() RETURNS void AS $_$ begin ' end; $_$;\n"
        "COPY public.migrations (id, migration) FROM stdin;\n1\tit's; odd\n\\.\n\n"
        f"COPY public.{table} ({', '.join(rows[0])}) FROM stdin;\n{lines}\\.\n"
    )


def pg_inserts(rows, *, table="data_connections"):
    """Return what pg_dump --column-inserts writes."""
    lines = "".join(
        f"INSERT INTO public.{table} ({', '.join(row)}) VALUES "  # noqa: S608
        f"({', '.join(map(standard_text, row.values()))});\n"
        for row in rows
    )
    return f"--\n-- PostgreSQL database dump\n--\n{lines}"
