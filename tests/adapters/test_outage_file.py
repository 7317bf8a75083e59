"""What a daemon leaves for others of its network is there while it is down only."""

from __future__ import annotations

from datetime import datetime

import pytest

from reconciler.adapters.local_socket import bound_socket
from reconciler.adapters.outage_file import NAME, note, noted
from reconciler.core.connectivity import Outage
from reconciler.wiring import App, Choices
from tests.fakes import START

DOWN = Outage(since=START)


def test_what_is_noted_is_read_until_it_is_over(tmp_path):
    folder = tmp_path / "daemon"
    note(folder, DOWN)

    assert noted(folder) == DOWN
    assert (folder / NAME).stat().st_mode & 0o777 == 0o600

    note(folder, None)
    assert noted(folder) is None
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"down_since": 4}', '{"down_since": "now"}', "\xff"],
)
def test_what_nobody_can_read_is_no_outage(tmp_path, text):
    (tmp_path / NAME).write_text(text)

    assert noted(tmp_path) is None


def test_a_time_without_a_zone_is_no_moment(tmp_path):
    plain = datetime(2026, 1, 1, 12, 0, 0).isoformat()  # noqa: DTZ001
    (tmp_path / NAME).write_text(f'{{"down_since": "{plain}"}}')

    assert noted(tmp_path) is None


def test_what_a_daemon_noted_counts_while_it_lives(tmp_path):
    app = App(Choices(directory=tmp_path))
    app.note_outage(DOWN)
    alone = app.outage()

    with bound_socket(app.socket_path):
        lives = app.outage()

    assert (alone, lives, app.outage()) == (None, DOWN, None)
