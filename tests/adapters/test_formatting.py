"""The canonical layout: what moves, and that nothing else does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.adapters.documents import parse
from reconciler.adapters.formatting import format_document
from reconciler.adapters.sops import decrypt_document
from reconciler.core.errors import DocumentError
from reconciler.core.revision import revision_of
from tests.adapters.sops.sops_helpers import own_keyring, sealed

DATA = Path(__file__).parents[1] / "data"
HEAD = "type: ccxt_crypto\nprovider: binance\n"
MESSY = """\
# yaml-language-server: $schema=x

# about this file
provider: binance\x20\x20


type: ccxt_crypto
# the labels,
# in two lines
labels:
    desk: spot   # x
    env:   "a  "\x20
settings:
   symbols:
      - BTC/USDT
      - ETH/USDT
name: a


# the end

"""
NEAT = """\
# yaml-language-server: $schema=x

# about this file
name: a

type: ccxt_crypto
provider: binance
# the labels,
# in two lines
labels:
  desk: spot   # x
  env:   "a  "
settings:
  symbols:
    - BTC/USDT
    - ETH/USDT


# the end
"""
SEALED = sealed()
ALL_COVERED = sealed(only_encrypted=False)
NOISE = ("", "\n", "\n\n", "# a remark\n", "\n# a remark  \n\n", "# one\n# two\n")


def formatted(text):
    return format_document(text, file="a.yaml")


def blocks_of(text):
    """Return the top-level blocks of a sealed text by key."""
    parts = re.split(r"(?m)^(?=[a-z_]+:)", text)
    return {part.partition(":")[0]: part for part in parts[1:]}


def revision(text):
    return revision_of(parse(text, file="a")[0].data, name="a")


def opened(text):
    """Return what the sealed text holds, after its MAC was verified."""
    return decrypt_document(text, file="main.yaml", keyring=own_keyring())


def test_keys_stand_in_order_with_their_comments():
    assert formatted(MESSY) == NEAT


@pytest.mark.parametrize("folder", ["valid", "doubtful"])
def test_documents_in_order_stay_as_they_are(folder):
    for path in (DATA / folder).iterdir():
        once = formatted(path.read_text("utf-8"))
        assert formatted(once) == once


@pytest.mark.parametrize(
    ("text", "neat"),
    [
        (HEAD.rstrip("\n"), HEAD),
        (f"{HEAD}\n\n\n", HEAD),
        (HEAD.replace("\n", "\r\n"), HEAD),
        (f"\ufeff{HEAD}\n", f"\ufeff{HEAD}"),
        (f"---\nprovider: a\n{HEAD.splitlines()[0]}\n", None),
        ("{provider: a,  \n type: b}", "{provider: a,\n type: b}\n"),
        ('{"type": "a",\r\n"provider": "b"}', '{"type": "a",\n"provider": "b"}\n'),
        (
            f"{HEAD}labels:\n    a: |\n        x  \n\n",
            f"{HEAD}labels:\n    a: |\n        x  \n",
        ),
        (
            f"{HEAD}labels: {{a: 'x  \n    y'}}\n",
            f"{HEAD}labels: {{a: 'x  \n    y'}}\n",
        ),
        (f"{HEAD}settings:\n  symbols:\n  - A\n  -   B\n", None),
    ],
)
def test_line_ends_and_blanks_follow_values_with_care(text, neat):
    found = formatted(text)

    assert parse(found, file="a")[0].data == parse(text, file="a")[0].data
    assert neat is None or found == neat


@pytest.mark.parametrize("text", ["a: [", "", "- a\n", "a: 1\na: 2\n", "a: yes\n"])
def test_what_is_no_good_yaml_is_refused_with_its_problems(text):
    with pytest.raises(DocumentError) as caught:
        formatted(text)

    assert caught.value.diagnostics


@pytest.mark.parametrize("text", [SEALED, ALL_COVERED])
def test_what_we_seal_has_the_layout_already(text):
    assert formatted(text) == text


def test_what_the_mac_covers_keeps_its_order():
    parts = blocks_of(ALL_COVERED)
    settings = parts.pop("settings")
    moved = f"{settings}{''.join(parts.values())}"
    parts = blocks_of(SEALED)
    credentials = parts.pop("credentials")
    late = "".join(parts.values()).replace("sops:", f"{credentials}sops:")

    assert next(iter(blocks_of(formatted(moved)))) == "settings"
    order = [
        key for key in blocks_of(formatted(late)) if key in {"binding", "credentials"}
    ]
    assert order == ["binding", "credentials"]
    assert formatted(formatted(late)) == formatted(late)


@given(st.data())
def test_no_layout_costs_a_seal_a_value_or_a_comment(data):
    text = data.draw(st.sampled_from((SEALED, ALL_COVERED)))
    parts = blocks_of(text)
    if text is SEALED:
        fixed = iter(("credentials", "binding"))
        keys = data.draw(st.permutations(list(parts)))
        keys = [
            next(fixed) if key in {"credentials", "binding"} else key for key in keys
        ]
        parts = {key: parts[key] for key in keys}
    noise = st.sampled_from(NOISE)
    parts["settings"] = parts["settings"].replace(
        "  ", data.draw(st.sampled_from(("  ", "      ")))
    )
    messy = "".join(data.draw(noise) + parts[key] for key in parts) + data.draw(noise)
    messy = messy.replace("\n", data.draw(st.sampled_from(("\n", "\r\n"))))
    messy = messy.replace("feed", "feed" + data.draw(st.sampled_from(("", "  ", "\t"))))

    neat = formatted(messy)

    assert formatted(neat) == neat
    assert revision(neat) == revision(messy)
    assert parts["sops"].strip() in neat
    assert neat.count("#") == messy.count("#")
    assert (
        parse(opened(neat), file="a")[0].data == parse(opened(messy), file="a")[0].data
    )


@given(st.text())
def test_any_text_is_formatted_once_or_refused(text):
    for each in (text, f"{HEAD}{text}", f"{HEAD}labels: {text}\n", f"{text}\n{HEAD}"):
        try:
            once = formatted(each)
        except DocumentError:
            continue
        assert formatted(once) == once
        assert revision_or_none(once) == revision_or_none(each)


def revision_or_none(text):
    data = parse(text, file="a")[0].data
    try:
        return revision_of(data, name="a")
    except ValueError:
        return repr(data)


def test_a_comment_that_allows_a_warning_does_not_come_to_allow_it_everywhere():
    text = (
        "provider: p\n# reconcile: allow R311 until 2027-01-31 because of x\ntype: t\n"
    )

    assert formatted(text) == text
