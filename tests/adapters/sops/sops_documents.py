"""Documents to write into: connections and what others keep in sops files."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from hypothesis import strategies as st

from tests.adapters.sops.sops_helpers import IDENTITY, NOWHERE, PLAIN

ENC = re.compile(r"ENC\[AES256_GCM,[^\]]*\]")
SOPS = shutil.which("sops")
needs_sops = pytest.mark.skipif(not SOPS, reason="needs the sops program")

JSON = """\
{
  "name": "main",
  "type": "custom_api",
  "provider": "feed",
  "credentials": {
    "api_key": "k",
    "timeout": 30,
    "list": ["a", "b"]
  },
  "config": {"endpoint": "https://a.test"},
  "settings": {"symbols": ["AAPL"]}
}
"""
FLOW = "{name: main, provider: feed, credentials: {key: k, two: 2}, config: {a: 1}}\n"
NESTED = """\
provider: feed
credentials:
  api_key: k
  pem: |
    -----BEGIN
    line
    -----END
  deep: {a: x, "b c": 'y'}   # inline
  list:
  - one
  - two

config:
    endpoint: https://a.test
# the end
"""
BODIES = {
    "plain": PLAIN,
    "nested": NESTED,
    "json": JSON,
    "flow": FLOW,
    "crlf": PLAIN.replace("\n", "\r\n"),
    "bom": "\ufeff" + PLAIN,
}
each_body = pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)


def sops(*words: str, path, then: tuple[str, ...] = (), **env: str) -> str:
    """Run the real program; fails the test when it fails."""
    done = subprocess.run(
        [str(SOPS), *words, str(path), *then],
        env={
            "SOPS_AGE_KEY": IDENTITY.reveal(), "HOME": str(NOWHERE),
            "PATH": "/usr/bin:/bin", **env,
        },
        capture_output=True, text=True, check=False,
        cwd=path.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def masked(text: str) -> str:
    """Leave out what sealing makes: sealed values, keys and the time."""
    text = ENC.sub("ENC", text)
    text = re.sub(r"(?ms)^ {4}age:\r?\n.*?(?=^ {4}\w)", "KEYS", text)
    text = re.sub(r'(?s)"age": \[.*?\]', "KEYS", text)
    return re.sub(r'("?lastmodified"?: )"[^"]*"', r"\1TIME", text)


_SCALARS = st.sampled_from(
    ["x", "'quoted'", '"dou\\tble"', "12", "1.50", "true", "a b", "'#no'", '"yes"']
)
_KEYS = st.sampled_from(["api_key", "secret", "'odd key'", "passphrase", "n1"])


@st.composite
def _in_blocks(draw) -> str:
    lines = [*draw(_NOISE), "name: main", "provider: feed", *draw(_NOISE)]
    lines.append(draw(st.sampled_from(["credentials:", "credentials:  # sealed"])))
    indent = draw(st.sampled_from(["  ", "    "]))
    for key in draw(st.lists(_KEYS, min_size=1, max_size=4, unique=True)):
        tail = draw(st.sampled_from(["", "", "  # why"]))
        lines += [*draw(_NOISE), f"{indent}{key}: {draw(_SCALARS)}{tail}"]
    if draw(st.booleans()):
        lines += [f"{indent}flow: {{a: {draw(_SCALARS)}, b: [1, z]}}"]
    lines += [*draw(_NOISE), "config: {endpoint: 'https://a.test', rate_limit: 10}"]
    if draw(st.booleans()):
        lines += ["settings:", "  symbols:", "  - AAPL   # one", "", "  - 'B'"]
    lines += draw(_NOISE)
    text = "".join(f"{line}\n" for line in lines)
    text = text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n"])))
    return draw(st.sampled_from(["", "", "\ufeff"])) + text


@st.composite
def _in_flow(draw) -> str:
    text = st.text(st.sampled_from("ab 1#:'\"\\n{}é"), min_size=1, max_size=5)
    value = st.one_of(text, st.integers(-9, 99), st.booleans(), st.just(1.5))
    nested = st.one_of(value, st.lists(value, min_size=1, max_size=2))
    names = st.sampled_from(["api_key", "secret", "odd key", "n1"])
    data = {
        "name": "main",
        "provider": "feed",
        "credentials": draw(st.dictionaries(names, nested, min_size=1, max_size=3)),
        "config": {"endpoint": "https://a.test", "rate_limit": 10},
    }
    if draw(st.booleans()):
        data["settings"] = {"symbols": draw(st.lists(text, max_size=2))}
    layout = draw(st.sampled_from([{}, {"indent": 2}, {"indent": 4}, {"indent": "\t"}]))
    text = json.dumps(data, ensure_ascii=draw(st.booleans()), **layout) + "\n"
    return draw(st.sampled_from(["", "# top\n", "\ufeff"])) + text


_NOISE = st.lists(st.sampled_from(["", "# note", "  # deeper"]), max_size=2)


def connections() -> st.SearchStrategy[str]:
    """Make connection documents as people and programs write them."""
    return st.one_of(_in_blocks(), _in_flow())
