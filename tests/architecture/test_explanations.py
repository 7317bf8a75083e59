"""Every code is explained, and its examples are what they are said to be."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reconciler.adapters import schemas
from reconciler.adapters.providers.registry import find_adapters
from reconciler.adapters.source import FileSource
from reconciler.core.diagnostic import RULES
from reconciler.core.explanations import EXPLANATIONS
from reconciler.report.explaining import explanation_human

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 22, tzinfo=UTC)
ALICE = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
BOB = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"
NOT_SHOWN_BY_A_FILE = {
    "R107": "a link cannot be written in an example",
    "R210": "is reconcile.yaml",
    "R309": "needs a key",
    "R317": "needs Git",
    "R318": "needs Git",
    "R319": "needs Git",
    "R510": "needs Git",
    "R511": "needs Git",
    "R512": "needs Git",
}
"""Codes whose wrong example shows no more than what it is about."""


def sealed(match):
    data = base64.b64encode(b"x" * int(match[1] or 64)).decode()
    iv, tag = (base64.b64encode(b"y" * size).decode() for size in (32, 16))
    return f"ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]"


def block(match):
    words = match[1] or ""
    lines = ["sops:", "  age:"]
    for key in (ALICE, BOB) if "bob" in words or "new" in words else (ALICE,):
        lines += [f"    - recipient: {key}", "      enc: |"]
        lines += [
            "        -----BEGIN AGE ENCRYPTED FILE-----",
            f"        {base64.b64encode(b'z' * 150).decode()[:64]}",
            "        -----END AGE ENCRYPTED FILE-----",
        ]
    lines += ["  encrypted_regex: ^(credentials|binding)$"]
    lines += ['  lastmodified: "2026-11-01T10:00:00Z"']
    lines += [] if "covers plain" in words else ["  mac_only_encrypted: true"]
    lines += [] if "without mac" in words else ["  mac: ENC[…, 128 characters]"]
    return "\n".join([*lines, "  version: 3.10.2"])


def written_out(text):
    """Return an example as it would stand in a file."""
    text = re.sub(r"sops: \{…([^}]*)\}", block, text)
    text = re.sub(r"ENC\[…(?:, (\d+) characters?)?\]", sealed, text)
    return text.replace("age1alice…", ALICE).replace("age1bob…", BOB)


def codes_of(root, text):
    parts = re.split(r"(?m)^# (\S+\.yaml)$\n", text)
    files = dict(zip(parts[1::2], parts[2::2], strict=True))
    for file, content in (files or {"connections.d/spot.yaml": text}).items():
        path = root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written_out(content), encoding="utf-8")
    (root / "connections.d").mkdir(exist_ok=True)
    source = FileSource(
        directory=root,
        connections="connections.d",
        adapters=find_adapters,
        cache=False,
        lengths=True,
        now=lambda: NOW,
    )
    return {one.code for one in source.read().diagnostics}


def test_every_code_is_explained():
    assert EXPLANATIONS.keys() == RULES.keys()
    assert all(one.cause and one.wrong != one.right for one in EXPLANATIONS.values())


@pytest.mark.parametrize("code", sorted(RULES.keys() - NOT_SHOWN_BY_A_FILE.keys()))
def test_a_wrong_example_shows_its_code_and_nothing_else(tmp_path, code):
    assert codes_of(tmp_path, EXPLANATIONS[code].wrong) == {code}


@pytest.mark.parametrize("code", RULES)
def test_a_right_example_is_right(tmp_path, code):
    assert codes_of(tmp_path, EXPLANATIONS[code].right) == set()


@pytest.mark.parametrize("code", RULES)
def test_page_and_command_tell_the_same(code):
    page = schemas.diagnostics_page().partition(f"### {code}\n")[2].partition("\n##")[0]
    shown = explanation_human(code)

    why = EXPLANATIONS[code]
    for text in (why.cause, why.wrong, why.right):
        assert " ".join(text.split()) in " ".join(page.split())
        assert " ".join(text.split()) in " ".join(shown.split())
