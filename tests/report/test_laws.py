"""What holds of every view, whatever files and providers say."""

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.core.diagnostic import Diagnostic
from reconciler.core.diff import FieldChange
from reconciler.core.outcome import Outcome
from reconciler.core.plan import Change, Plan
from reconciler.core.ports import LockInfo, ProviderInfo, Sample, StoreInfo
from reconciler.core.record import Action, Record
from reconciler.core.run import Row, RunReport
from reconciler.report import (
    connections,
    diagnostics,
    plan,
    providers,
    run,
    samples,
    state,
    verdicts,
)
from tests.report import report_samples as some

NOW = some.NOW
HOSTILE = "\x1b]0;x\x07\x9b2J\u202e\r\n`````<img src=x>|@all #1 [x](http://y)"

HUMAN_VIEWS = {
    "plan": lambda v: plan.plan_human(v(some.PLAN), verbose=True),
    "run": lambda v: run.run_human(v(some.a_report()), now=NOW, verbose=True),
    "list": lambda v: connections.list_human(v(some.ROWS), now=NOW, verbose=True),
    "status": lambda v: connections.status_human(v(some.ROWS), now=NOW, verbose=True),
    "show": lambda v: connections.show_human(
        v(some.RECORD), v(some.REJECTED), now=NOW, sealed=(HOSTILE,)
    ),
    "history": lambda v: connections.history_human(v(some.ACTIONS)),
    "verdicts": lambda v: verdicts.verdicts_human(v(some.OUTCOMES)),
    "diagnostics": lambda v: diagnostics.diagnostics_human(
        v(some.PROBLEMS), texts={HOSTILE: f"name: x\nlabels:\n  {HOSTILE}"}
    ),
    "sample": lambda v: samples.sample_human(
        v(some.SAMPLE), symbol=HOSTILE, timeframe=HOSTILE
    ),
    "providers": lambda v: providers.providers_human(v(some.INFOS)),
    "info": lambda v: state.info_human(v(some.STORE)),
    "lock": lambda v: state.lock_human(v(some.LOCK), now=NOW),
}
PAGES = {
    "plan": lambda v: plan.plan_markdown(v(some.PLAN)),
    "run": lambda v: run.run_markdown(
        v(some.a_report(diagnostics=some.PROBLEMS, refusals=(some.REFUSAL,)))
    ),
}


def hostile(value):
    """Return the value with every free text in it replaced."""
    if type(value) is str:
        return HOSTILE
    if isinstance(value, tuple | list):
        return type(value)(map(hostile, value))
    if isinstance(value, dict):
        return {hostile(key): hostile(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value):
        fields = (field.name for field in dataclasses.fields(value))
        return dataclasses.replace(
            value, **{name: hostile(getattr(value, name)) for name in fields}
        )
    return value


@pytest.mark.parametrize("name", HUMAN_VIEWS)
def test_no_text_drives_the_terminal(name):
    shown = HUMAN_VIEWS[name](hostile)

    assert all(line.isprintable() for line in shown.split("\n"))
    assert "\\x1b]0;" in shown


@pytest.mark.parametrize("name", PAGES)
def test_no_text_drives_the_page(name):
    page = PAGES[name](hostile)
    outside = page.split("\n``````diff\n")[0]

    assert all(line.isprintable() for line in page.split("\n"))
    assert not any(text in outside for text in ("<img", "@", "[x]", "http://", "```"))


def test_json_is_ascii_whatever_it_holds():
    text = run.run_json(hostile(some.a_report()))

    assert text.isascii()
    assert "\x7f" not in text
    assert json.loads(text)["who"] == HOSTILE


moments = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001  # hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
texts = st.text(st.characters(exclude_categories=()), max_size=8)
json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=5,
)
SIMPLE = {
    str: texts,
    int: st.integers(),
    float: st.floats(),
    bool: st.booleans(),
    type(None): st.none(),
    Decimal: st.decimals(),
    datetime: moments,
    Any: json_data,
}


@cache
def values_of(hint):
    """Return a strategy for a type of ours, with the wildest text everywhere."""
    if hint in SIMPLE:
        return SIMPLE[hint]
    if dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.builds(
            hint, **{name: values_of(kind) for name, kind in hints.items()}
        )
    inner = [values_of(kind) for kind in get_args(hint) if kind is not Ellipsis]
    if get_origin(hint) in {Union, UnionType}:
        return st.one_of(inner)
    if get_origin(hint) is Mapping:
        return st.dictionaries(*inner, max_size=3)
    if get_origin(hint) is tuple:
        many = get_args(hint)[-1] is Ellipsis
        return st.lists(inner[0], max_size=3).map(tuple) if many else st.tuples(*inner)
    return st.sampled_from(hint)


def some_of(kind):
    return st.lists(values_of(kind), max_size=3).map(tuple)


quick = settings(
    max_examples=20, deadline=None, suppress_health_check=list(HealthCheck)
)


@quick
@given(values_of(Plan), st.booleans(), st.integers(1_000, 5_000))
def test_every_plan_can_be_shown(value, flag, limit):
    page = plan.plan_markdown(value, limit=limit)
    shown = plan.plan_human(value, color=flag, verbose=flag)

    assert all(text.endswith("\n") for text in (shown, page, plan.plan_json(value)))
    assert len(page.encode()) <= limit


@quick
@given(values_of(RunReport), st.booleans(), moments)
def test_every_report_can_be_shown(value, flag, now):
    page = run.run_markdown(value, limit=1_500)
    shown = run.run_human(value, color=flag, verbose=flag, now=now)

    assert all(text.endswith("\n") for text in (shown, page, run.run_json(value)))
    assert len(page.encode()) <= 1_500
    assert page.count("<details>") == page.count("</details>")


@quick
@given(some_of(Row), values_of(Record), some_of(Action), moments)
def test_every_connection_can_be_shown(rows, record, actions, now):
    row = rows[0] if rows else some.REJECTED
    shown = [
        connections.list_human(rows, now=now),
        connections.status_human(rows, now=now),
        connections.show_human(record, row, now=now),
        connections.show_json(record, row),
        connections.rows_json(rows),
        connections.history_human(actions),
    ]

    assert all(text.endswith("\n") for text in shown)


@quick
@given(
    some_of(Outcome),
    some_of(Diagnostic),
    values_of(Sample),
    some_of(ProviderInfo),
    st.text(max_size=40),
)
def test_everything_else_can_be_shown(outcomes, problems, sample, infos, text):
    sources = {one.span.file: text for one in problems}
    shown = [
        verdicts.verdicts_human(outcomes),
        diagnostics.diagnostics_human(problems, texts=sources),
        diagnostics.diagnostics_json(problems, files=1),
        samples.sample_human(sample, timeframe=text),
        samples.sample_csv(sample),
        providers.providers_human({text: infos}),
    ]

    assert all(text.endswith("\n") for text in shown)


@quick
@given(values_of(StoreInfo), values_of(LockInfo), moments)
def test_every_store_can_be_shown(info, lock, now):
    assert state.info_human(info).endswith("\n")
    assert state.lock_human(lock, now=now).endswith("\n")


secrets = st.text("XYZ", min_size=12, max_size=12)


@quick
@given(secrets, secrets, st.sampled_from(["added", "removed", "changed"]))
def test_no_view_shows_a_sealed_value(before, after, kind):
    field = FieldChange(
        path="credentials.k", kind=kind, sealed=True, before=before, after=[after]
    )
    change = Change(
        name="n", action=some.ActionKind.UPDATE, reason="r", fields=(field,)
    )
    value = Plan(changes=(change,))
    views = (
        plan.plan_human(value, verbose=True),
        plan.plan_markdown(value),
        plan.plan_json(value),
    )

    assert not any(before in view or after in view for view in views)
