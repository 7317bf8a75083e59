"""Unseal many files with three secrets each: ours against pyrage and AES-GCM alone.

Run it as `python benchmarks/unseal_10k.py [FILES] [ROUNDS]`. Both open the same
files in turn, a slice each, so that a busy machine slows both; quote the ratio.

The bare side unwraps the data key with pyrage (its identity parsed once) and opens
the five sealed values of a file (three secrets, the binding, the MAC) with AES-GCM,
their base64 decoded beforehand. Ours does what a use of the file does: finds our
stanza, decodes, opens and types every value, verifies the MAC and the binding. The
files are parsed beforehand, as they are in a run; the cost from text is told too.
"""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyrage
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reconciler.adapters.documents import parse
from reconciler.adapters.sops import (
    Recipients,
    generate_identity,
    load_keyring,
    seal,
    unseal,
    unseal_source,
)
from reconciler.adapters.sops.envelope import parse_envelope
from reconciler.core.source import Source

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SLICE = 250
DISTINCT = 1000
"""Sealing takes longer than opening, so the files of a run come round again."""
DOCUMENT = """\
version: 1
name: c{n:05}
type: ccxt_crypto
provider: okx
credentials:
  api_key: key-{n:032}
  api_secret: secret-{n:032}
  api_passphrase: passphrase-{n}
config: {{sandbox: false, timeout: 20}}
settings:
  symbols: [BTC/USDT, ETH/USDT]
  timeframes: [1m, 1h]
"""


def make_texts(count: int, recipient: str) -> list[str]:
    to = Recipients.of([recipient])
    return [
        seal(DOCUMENT.format(n=n), file=f"c{n:05}.yaml", recipients=to, now=NOW)
        for n in range(count)
    ]


def bare_parts(source: Source) -> tuple[bytes, list[tuple[bytes, bytes, bytes]]]:
    """Return a file's wrapped key and its values as AES-GCM takes them."""
    data: Any = source.data
    named = {f"credentials:{key}:": text for key, text in data["credentials"].items()}
    named |= {"binding:": data["binding"]}
    named |= {data["sops"]["lastmodified"]: data["sops"]["mac"]}
    values = []
    for aad, text in named.items():
        one = parse_envelope(text)
        values.append((one.iv, one.data + one.tag, aad.encode()))
    return data["sops"]["age"][0]["enc"].encode(), values


def bare(parts: Sequence[Any], identities: Sequence[Any]) -> None:
    for wrapped, values in parts:
        cipher = AESGCM(pyrage.decrypt(wrapped, identities))
        for iv, sealed, aad in values:
            cipher.decrypt(iv, sealed, aad)


def timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main(files: int = 10_000, rounds: int = 3) -> None:
    identity, recipient = generate_identity(NOW)
    keyring = load_keyring(
        {"SOPS_AGE_KEY": identity.reveal()}, home=Path("/nonexistent")
    )
    texts = make_texts(min(files, DISTINCT), recipient)
    sources = [parse(text, file="c.yaml")[0] for text in texts]
    parts = [bare_parts(source) for source in sources]
    line = identity.reveal().splitlines()[-1]
    identities = [pyrage.x25519.Identity.from_str(line)]
    gc.disable()
    ratios, from_text = [], []
    for _ in range(rounds):
        floor = ours = whole = 0.0
        for at in range(0, files, SLICE):
            chosen = [n % len(texts) for n in range(at, min(at + SLICE, files))]
            some = [parts[n] for n in chosen]
            floor += timed(lambda some=some: bare(some, identities))
            ours += timed(
                lambda chosen=chosen: [
                    unseal_source(sources[n], keyring=keyring) for n in chosen
                ]
            )
            if at < files // 10:
                whole += timed(
                    lambda chosen=chosen: [
                        unseal(texts[n], file="c", keyring=keyring) for n in chosen
                    ]
                )
        ratios.append(ours / floor)
        from_text.append(whole * 10 / floor)
        print(
            f"{files} files: bare {floor / files * 1e6:.0f} us a file, "
            f"ours {ours / files * 1e6:.0f} us, ratio {ours / floor:.2f}; "
            f"from text {whole * 10 / files * 1e6:.0f} us"
        )
    print(f"unseal / bare: {statistics.median(ratios):.2f} (target <= 1.5)")
    print(f"parse and unseal / bare: {statistics.median(from_text):.1f} (no target)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
