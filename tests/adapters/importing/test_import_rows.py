"""Rows of any content become drafts, or a sentence; never anybody else's error."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.adapters.importing.fitting import fitted
from reconciler.adapters.importing.freqtrade import read_freqtrade
from reconciler.adapters.importing.hummingbot import read_hummingbot
from reconciler.adapters.importing.laravel import read_keys
from reconciler.adapters.importing.leftovers import leftover
from reconciler.adapters.importing.naming import legal, named
from reconciler.adapters.importing.panel import Panel, read_panel
from reconciler.adapters.importing.plain_json import read_bodies
from reconciler.adapters.importing.writing import document_text
from reconciler.adapters.providers.registry import find_adapters
from reconciler.core.document_checks import NAME_PATTERN
from reconciler.core.errors import InputError
from reconciler.core.parity import Draft, Standing, standing_of
from tests.adapters.importing.laravel_writer import APP_KEY, panel_row, sealed

ADAPTERS = find_adapters()
COLUMNS = [*sorted(panel_row(1, "x", "")), "deleted_at", "colour"]
TYPES = ("ccxt_crypto", "mtapi", "custom_api", "metaapi")
GOOD = {"api_key": "k" * 20, "api_secret": "s" * 20}
half = st.text(st.characters(), max_size=12) | st.just("\ud800")
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | half,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(half, inner, max_size=3)
    ),
    max_leaves=6,
)
cells = anything | anything.map(json.dumps)


def brought(drafts):
    """Do everything but seal and write, and return how each stands."""
    found = [fitted(draft, ADAPTERS, allow_http=False) for draft in named(drafts)]
    for draft in found:
        if draft.is_expressible:
            document_text(draft, schema="x")
    return [standing_of(draft.remarks) for draft in found]


@given(
    st.lists(
        st.dictionaries(st.sampled_from(COLUMNS), cells, max_size=8),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from(TYPES),
)
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_panels_row_can_hold_anything(tmp_path, changes, kind):
    rows = [panel_row(1, "x", json.dumps(GOOD), type=kind) | row for row in changes]
    file = tmp_path / "dump.json"
    file.write_text(json.dumps(rows))
    panel = Panel(keys=read_keys([APP_KEY]))

    drafts = read_panel(file, panel)

    assert len(brought(drafts)) == len(rows)


@given(anything, st.sampled_from(["json", "freqtrade", "hummingbot"]))
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_other_tools_files_can_hold_anything(tmp_path, data, kind):
    readers = {
        "json": read_bodies,
        "freqtrade": lambda path: read_freqtrade([path]),
        "hummingbot": lambda path: read_hummingbot([path], "pw"),
    }
    file = tmp_path / "file.json"
    body = {
        "connector": "okx",
        "type": "mtapi",
        "exchange": {"name": "okx", "ccxt_config": data, "uid": data},
        **dict.fromkeys(("credentials", "settings", "config"), data),
    }
    for content in (data, body):
        file.write_text(json.dumps(content))
        try:
            drafts = readers[kind](file)
        except InputError:
            continue
        brought(drafts)


@given(st.lists(st.text(max_size=80), max_size=8))
def test_names_are_legal_and_each_of_its_own(titles):
    drafts = [Draft(place="", title=t, provider="p", id="7") for t in titles]

    names = [draft.name for draft in named(drafts)]

    assert len(set(names)) == len(titles)
    assert all(re.fullmatch(NAME_PATTERN, n) for n in names)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Binance Main", "binance-main"),
        ("Börse №1", "borse-no1"),
        ("..//--", ""),
        ("漢", ""),
        ("a" * 80, "a" * 63),
        ("MT4_Account.1", "mt4_account.1"),
    ],
)
def test_the_nearest_legal_name(title, name):
    assert legal(title) == name


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("config.depth", 5, "config.depth: 5"),
        ("config.fast", True, "config.fast: true"),
        ("config.mode", "one way", "config.mode: one way"),
        ("config.mode", "a1b2c3", "config.mode"),
        ("config.account", 12345678, "config.account"),
        ("config.pin", 1234, "config.pin"),
        ("config.my_secret", "word", "config.my_secret"),
        ("config.list", ["x"], "config.list"),
        ("a\nb", "x", "a field with an odd name"),
    ],
)
def test_what_a_comment_may_show(name, value, shown):
    assert leftover(name, value) == shown


def test_a_key_that_opens_some_rows_leaves_the_others_to_the_report(tmp_path):
    rows = [
        panel_row(1, "a", sealed(GOOD)),
        panel_row(2, "b", sealed(GOOD, key=bytes(32))),
    ]
    file = tmp_path / "dump.json"
    file.write_text(json.dumps(rows))

    drafts = read_panel(file, Panel(keys=read_keys([APP_KEY])))

    assert brought(drafts) == [Standing.SAME, Standing.CANNOT]
    with pytest.raises(InputError, match="none of 2 encrypted rows"):
        read_panel(file, Panel(keys=read_keys(["base64:" + "B" * 43 + "="])))
