"""Windows as `reconcile.yaml` has them: read, or refused with the place."""

import sys
import zoneinfo
from datetime import UTC, datetime
from typing import Annotated

import pytest
from pydantic import Field

from reconciler.adapters.documents import parse
from reconciler.core.document_sections import Section
from reconciler.core.document_words import Wants
from reconciler.core.modelled import modelled
from reconciler.core.window_section import WINDOW_WISH, WindowSection
from reconciler.core.windows import Once, Weekly

ONCE = 'starts: "2026-12-24T12:00Z", ends: "2026-12-25T12:00Z"'


class Some(Section):
    """A part that has windows."""

    windows: Annotated[
        tuple[WindowSection, ...], Wants("a list of windows", items=WINDOW_WISH)
    ] = Field(default=())


def read(window):
    source = parse(f"some:\n  windows:\n    - {window}\n", file="reconcile.yaml")[0]
    model, found = modelled(Some, source, source.data["some"], at=("some",))
    return model.windows[0].window() if model else None, found


def test_a_window_of_every_week_is_read():
    window, _ = read(
        '{name: night, reason: quiet, days: [fri, mon], from: "22:00", to: "06:30",'
        " timezone: Europe/London}"
    )

    assert window == Weekly(
        name="night",
        reason="quiet",
        days=(0, 4),
        begins=1320,
        ends=390,
        zone="Europe/London",
    )


@pytest.mark.parametrize(
    ("text", "days", "begins", "ends"),
    [
        ("days: [sat]", (5,), 0, 1440),
        ('from: "17:00"', (0, 1, 2, 3, 4, 5, 6), 1020, 1440),
        ('to: "00:30"', (0, 1, 2, 3, 4, 5, 6), 0, 30),
        ('days: [sun], to: "24:00"', (6,), 0, 1440),
    ],
)
def test_what_a_window_leaves_out_is_whole(text, days, begins, ends):
    window, _ = read(f"{{name: w, {text}}}")

    assert (window.days, window.begins, window.ends) == (days, begins, ends)
    assert window.zone == "UTC"


def test_a_window_that_comes_once_is_read_in_utc():
    window, _ = read(
        '{name: move, starts: "2026-12-24T12:00:00+01:00", ends: "2026-12-25T12:00Z"}'
    )

    assert window == Once(
        name="move",
        starts=datetime(2026, 12, 24, 11, tzinfo=UTC),
        ends=datetime(2026, 12, 25, 12, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("{days: [sat]}", "3:7", "windows[0].name is missing"),
        ("{name: w}", "3:7", "must be a window: days, from and to, or starts"),
        ("{name: w, days: []}", "3:23", "must be a list of days"),
        ("{name: w, days: [Sat]}", "3:24", "must be a day: mon, tue"),
        ('{name: w, from: "9:00"}', "3:23", 'must be text: a time such as "09:00"'),
        ("{name: w, from: 9}", "3:23", 'must be text: a time such as "09:00"'),
        ('{name: w, from: "24:30"}', "3:23", "must be text: a time"),
        ('{name: w, from: "09:00", to: "09:00"}', "3:36", "other than from"),
        ('{name: w, to: "00:00"}', "3:21", "other than from"),
        ("{name: w, days: [sat], timezone: Mars}", "3:40", "a time zone such as UTC"),
        ("{name: w, days: [sat], timezone: ../zone}", "3:40", "a time zone such"),
        ('{name: w, starts: "2026-12-24T12:00Z"}', "3:7", "windows[0].ends is missing"),
        ('{name: w, starts: "2026-12-24T12:00"}', "3:25", "must be text: a moment"),
        ('{name: w, starts: "2026-02-30T12:00Z"}', "3:25", "must be text: a moment"),
        ('{name: w, ends: "2026-12-24T12:00Z"}', "3:23", "after starts"),
        (
            '{name: w, starts: "2026-12-24T12:00Z", ends: "2026-12-24T13:00+01:00"}',
            "3:52",
            "after starts",
        ),
        (
            f"{{name: w, days: [sat], {ONCE}}}",
            "3:7",
            "must be a window: days, from and to, or starts",
        ),
        (
            f"{{name: w, timezone: UTC, {ONCE}}}",
            "3:7",
            "must be a window",
        ),
        (
            "{name: w, days: [mon, tue, wed, thu, fri, sat, sun]}",
            "3:7",
            "must be a window",
        ),
    ],
)
def test_a_window_that_cannot_be_is_refused_in_its_place(text, place, words):
    window, found = read(text)

    assert window is None
    assert words in found[0].message
    assert f"{found[0].span.line}:{found[0].span.column}" == place


def test_a_machine_without_time_zones_says_what_to_install(monkeypatch):
    before = zoneinfo.TZPATH
    for module in ("tzdata", *(name for name in sys.modules if "tzdata." in name)):
        monkeypatch.setitem(sys.modules, module, None)
    zoneinfo.ZoneInfo.clear_cache()
    zoneinfo.reset_tzpath(to=())
    try:
        _, found = read("{name: w, days: [sat], timezone: Europe/London}")
        window, _ = read("{name: w, days: [sat]}")
    finally:
        zoneinfo.reset_tzpath(to=before)

    assert "pip install tzdata" in found[0].hint
    assert window is not None
