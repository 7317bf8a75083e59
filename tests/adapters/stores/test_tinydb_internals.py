"""What we rely on of TinyDB's inside, and that its API works on our storage."""

from __future__ import annotations

import inspect

import pytest
import tinydb
from tinydb import where
from tinydb.table import Document, Table

from reconciler.adapters.stores.tinydb import TinyDBStore
from reconciler.adapters.stores.tinydb.storage import JournalDB, JournalStorage
from reconciler.adapters.stores.tinydb.table import Overlay
from reconciler.core import codec
from reconciler.core.record import Commit, head_of
from tests.adapters.stores.builders import FakeClock, action, record, rejected_record


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.json"


@pytest.fixture
def store(path):
    store = TinyDBStore(path, now=FakeClock().now)
    store.commit(
        Commit(
            put=(rejected_record("a"), record("b", provider="kraken")),
            actions=(action("a", "1"), action("b", "2")),
        )
    )
    yield store
    store.close()


@pytest.fixture
def database(store):
    """TinyDB on the store's own disk; outside the store's locks, so for one thread."""
    storage = JournalStorage(store._disk)
    return JournalDB(storage=lambda: storage)


def document(name, **changes):
    return Document(codec.to_data(record(name, **changes)), name)


def test_stock_tinydb_reads_the_snapshot(store, path):
    store.compact()

    with tinydb.TinyDB(path) as stock:
        assert stock.tables() == {"records", "actions", "meta"}
        records = stock.table("records")
        assert [found.doc_id for found in records] == [1, 2]
        assert records.get(where("name") == "b")["provider"] == "kraken"
        assert stock.table("actions").get(doc_id=2)["detail"] == "2"
        (meta,) = stock.table("meta").all()
        assert (meta["format_version"], meta["sequence"]) == (1, 1)


def test_stock_tinydb_reads_an_empty_snapshot(path):
    store = TinyDBStore(path, now=FakeClock().now)
    store.commit(Commit())
    store.compact()

    with tinydb.TinyDB(path) as stock:
        assert stock.table("records").all() == stock.table("actions").all() == []


def test_every_change_of_a_table_goes_through_the_methods_we_replace():
    source = inspect.getsource(Table)
    for name in ("insert", "insert_multiple", "remove", "truncate", "update"):
        assert "self._update_table(" in inspect.getsource(getattr(Table, name))
    assert source.count("_storage.write(") == 1
    assert source.count("_storage.read(") == 2
    parameters = {
        name: list(inspect.signature(getattr(Table, name)).parameters)
        for name in ("_update_table", "_read_table", "_get_next_id")
    }
    assert parameters == {
        "_update_table": ["self", "updater"],
        "_read_table": ["self"],
        "_get_next_id": ["self"],
    }


def test_tinydbs_reading_calls_work(database):
    records = database.table("records")

    assert len(records) == 2
    assert {found.doc_id for found in records} == {"a", "b"}
    assert records.contains(where("provider") == "kraken")
    assert records.get(doc_id="a")["name"] == "a"
    assert records.get(doc_id="zz") is None
    assert records.count(where("status") == "error") == 1
    assert database.table("meta").get(doc_id="1")["sequence"] == 1


def test_tinydbs_writing_calls_work_and_keep_the_heads_right(database, store):
    records = database.table("records")

    records.insert(document("c"))
    records.update({"provider": "okx"}, where("name") == "b")
    records.update({"owner": "user:bob"}, doc_ids=["c"])
    records.upsert(document("d"))
    records.remove(doc_ids=["a"])

    assert store.get("b").provider == "okx"
    assert store.get("c").owner == "user:bob"
    assert store.heads() == {found.name: head_of(found) for found in store.scan()}
    assert set(store.heads()) == {"b", "c", "d"}
    records.truncate()
    assert store.scan() == ()


def test_a_search_that_changes_nothing_writes_no_document(database, store):
    before = store.get("b")

    database.table("records").update({"provider": "x"}, where("name") == "zz")

    assert store.get("b") == before


def test_several_changes_are_one_commit_or_none(database, store):
    storage = database.storage

    def fail_half_way():
        with storage.transaction():
            database.table("records").insert(document("c"))
            assert database.table("records").contains(doc_id="c")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()

    assert store.info().sequence == 1
    assert set(store.heads()) == {"a", "b"}
    with storage.transaction(desired=True):
        database.table("records").insert(document("c"))
        database.table("actions").insert(codec.to_data(action("c", "3")))
    assert (store.info().sequence, store.info().serial) == (2, 1)
    assert store.actions()[0].detail == "3"


def test_a_record_needs_its_name_as_id(database):
    with pytest.raises(ValueError, match="whose id is"):
        database.table("records").insert(codec.to_data(record("c")))
    with pytest.raises(ValueError, match="has the id 'x'"):
        database.table("records").insert(Document(codec.to_data(record("c")), "x"))
    with pytest.raises(ValueError, match="cannot be written"):
        database.table("meta").update({"serial": 7})


def test_what_a_query_returns_is_no_alias(database, store):
    found = database.table("records").get(doc_id="a")
    found["labels"]["desk"] = "changed"
    query = where("name") == "a"
    database.table("records").search(query)[0]["labels"]["desk"] = "changed"

    assert database.table("records").search(query)[0]["labels"]["desk"] == "spot"
    assert store.get("a").labels["desk"] == "spot"


def test_the_database_can_be_lent_for_queries(store):
    with store.database() as lent:
        found = lent.table("records").search(where("provider") == "kraken")

    assert [each["name"] for each in found] == ["b"]


def test_an_overlay_behaves_as_a_dict_and_knows_its_changes():
    base = {"a": {"n": [1]}, "b": {"n": [2]}, "c": {"n": [3]}}
    overlay = Overlay(base)

    assert overlay["a"] == {"n": [1]}
    overlay["b"]["n"].append(9)
    del overlay["c"]
    overlay["d"] = {"n": []}

    assert dict(overlay) == {"a": {"n": [1]}, "b": {"n": [2, 9]}, "d": {"n": []}}
    assert len(overlay) == 3
    assert "c" not in overlay
    assert overlay.changes() == {"b": {"n": [2, 9]}, "c": None, "d": {"n": []}}
    assert base == {"a": {"n": [1]}, "b": {"n": [2]}, "c": {"n": [3]}}
    for missing in ("c", "zz"):
        with pytest.raises(KeyError):
            del overlay[missing]
        with pytest.raises(KeyError):
            overlay[missing]
    overlay.clear()
    assert (dict(overlay), len(overlay)) == ({}, 0)
