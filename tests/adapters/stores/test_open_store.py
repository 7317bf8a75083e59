"""State URLs, and how little a warm plan loads."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC

import pytest

from reconciler.adapters.clock import SystemClock
from reconciler.adapters.stores import open_store
from reconciler.core.errors import StateError
from reconciler.core.record import Commit
from tests.adapters.stores.builders import FakeClock, record


@pytest.fixture
def open_at(tmp_path):
    def open_one(url, **options):
        return open_store(url, base=tmp_path, now=FakeClock().now, **options)

    return open_one


def test_a_path_is_relative_to_the_base(open_at, tmp_path):
    info = open_at("tinydb:a/b/state.json").commit(Commit())

    assert (tmp_path / "a" / "b" / "state.json").is_file()
    assert info.url == "tinydb:a/b/state.json"


def test_an_absolute_path_is_itself(open_at, tmp_path):
    open_at(f"tinydb:{tmp_path}/x.json").commit(Commit())

    assert (tmp_path / "x.json").is_file()


def test_an_unknown_scheme_is_refused_with_those_that_are_known(open_at):
    with pytest.raises(StateError, match=r"'mysql'; known are: .*tinydb"):
        open_at("mysql:x")


@pytest.mark.parametrize("url", ["", "state.json", "tinydb:"])
def test_a_url_without_scheme_or_location_is_refused(open_at, url):
    with pytest.raises(StateError, match="SCHEME:LOCATION"):
        open_at(url)


def test_a_missing_store_is_refused_when_it_may_not_be_made(open_at):
    with pytest.raises(StateError, match="there is no state at"):
        open_at("tinydb:state.json", create=False)

    open_at("tinydb:state.json").commit(Commit())
    assert open_at("tinydb:state.json", create=False).info().sequence == 1


def test_a_folder_is_no_store(open_at):
    with pytest.raises(StateError, match="is a folder; name a file"):
        open_at("tinydb:.")


def test_the_heads_of_a_warm_store_load_neither_tinydb_nor_models(open_at, tmp_path):
    store = open_at("tinydb:state.json")
    store.commit(Commit(put=tuple(record(f"c{number}") for number in range(100))))
    store.commit(Commit(put=(record("c1"),)))
    store.close()
    code = """
import sys
from pathlib import Path
from reconciler.adapters.stores import open_store
store = open_store("tinydb:state.json", base=Path(sys.argv[1]), now=None)
assert (len(store.heads()), store.info().records) == (100, 100)
assert store.heads()["c1"].version == 2
store.close()
heavy = {"tinydb", "pydantic", "asyncio", "importlib.metadata"}
print(sorted(heavy & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout == "[]\n"


def test_the_clock_is_aware_and_goes_on():
    clock = SystemClock()
    before_s, before = clock.monotonic_s(), clock.now()
    clock.sleep(0.01)
    clock.sleep(-1)

    assert before.tzinfo is UTC
    assert clock.now() >= before
    assert clock.monotonic_s() - before_s >= 0.01
